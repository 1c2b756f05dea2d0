/* SPDX-License-Identifier: MIT */
/*
 * One life of a worker under test: its process, its pipes and what it was heard to say. The rig
 * plays the supervisor as far as every worker needs it (it answers requests for shared objects) and
 * notes the first breach of the protocol; which checks there are is worker_check.c's business.
 */
#ifndef LIFEGUARD_CLI_WORKER_RIG_H
#define LIFEGUARD_CLI_WORKER_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sys/proc.h"
#include "wire/worker.h"

struct err;
struct shared;

enum { RIG_TASKS = 32, RIG_TAIL = 4096, RIG_NOTES = 1024 };

/* Where the worker's descriptors 1, 2 and 3 end here. */
enum rig_stream { RIG_OUTPUT, RIG_ERRORS, RIG_ANSWERS, RIG_STREAMS };

struct rig_task {
    uint64_t id;
    int answers;
    enum worker_verb verb; /* the answer's */
    char text[64];         /* the start of its result or reason, for people */
    size_t text_len;
};

struct rig {
    char *const *command; /* borrowed */
    const char *init;     /* sent as INIT when the life begins; NULL = none */
    int64_t patience;     /* ns that a worker has for each answer */

    struct proc proc;
    bool runs;  /* spawned and not reaped */
    int status; /* as waitpid gives it, once it no longer runs */
    int input;  /* write end of its stdin, -1 = closed */
    int streams[RIG_STREAMS];
    struct buf to_send;
    struct buf heard[RIG_STREAMS]; /* of ANSWERS: the line not ended yet; of the others the tail */

    bool in_line; /* what came last on standard output had no newline yet */
    bool ready;
    int beats;
    struct rig_task tasks[RIG_TASKS]; /* those of the check in hand */
    size_t task_count;
    uint64_t next_id;
    struct shared *shared;

    /* For the report of the check in hand; bounded, cleaned when printed. */
    struct buf sent, came;
    char why[256];    /* the first breach, "" = none yet */
    const char *todo; /* what to do against it */
};

void rig_init(struct rig *rig, char *const *command, const char *init, int64_t patience);
/* Ends the life, and all processes of its group. */
void rig_fini(struct rig *rig);

/* Starts a life. 0 or -errno with why there is none. */
int rig_start(struct rig *rig, struct err *err);
/* Kills what still runs and closes all. */
void rig_end(struct rig *rig);
/* A new check: forgets its tasks, breach and notes, not the life. */
void rig_begin_check(struct rig *rig);

/* Queue words for the worker; they leave while the rig waits. */
void rig_send_verb(struct rig *rig, enum worker_verb verb);
void rig_send_bytes(struct rig *rig, const char *bytes, size_t len);
/* The task's place in rig->tasks; attempts and limits of time are of all kinds. */
size_t rig_send_task(struct rig *rig, const char *payload, size_t len);
void rig_send_cancel(struct rig *rig, uint64_t id);
/* Closes its standard input once everything was sent. */
void rig_send_end(struct rig *rig);

/* Serves the worker until done() is true, a breach was noted, its process ended (and its pipes are
 * empty), or `limit` nanoseconds are over. Returns done(). */
bool rig_wait(struct rig *rig, bool (*done)(const struct rig *rig), int64_t limit);
/* After its end: does nobody else hold its descriptor 3? Waits so long for it. */
bool rig_wait_closed(struct rig *rig, int64_t limit);
/* Notes a breach unless there is one. */
void rig_breach(struct rig *rig, const char *todo, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
