/* SPDX-License-Identifier: MIT */
/*
 * A task: its input, its state and what came of it. Every accepted task is in exactly one state
 * and has exactly one owner: the queue (held, delayed, ready, retry), a worker (running), or the
 * pool's history (the final ones). Each arrow between them is a move.
 */
#ifndef LIFEGUARD_POOL_TASK_H
#define LIFEGUARD_POOL_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"

struct task_progress;
struct worker;

enum task_state {
    TASK_HELD,
    TASK_DELAYED,
    TASK_READY,
    TASK_RUNNING,
    TASK_RETRY,
    TASK_DONE,
    TASK_FAILED,
    TASK_BURIED,
    TASK_CANCELLED,
    TASK_SKIPPED,
    TASK_STATES
};

enum { TASK_PRIORITY_DEFAULT = 5, TASK_PRIORITY_MAX = 9, TASK_ERROR_MAX = 160 };

/* Millions of them may wait: what fits into fewer bytes has fewer. */
struct task {
    struct list link; /* in a ready list, the running ones or the history */
    union {
        struct list in_hand;  /* in the list of its worker, while running */
        struct heap_node due; /* while it waits for a time; `place` is 0 otherwise */
    };
    uint64_t id;         /* unique in the supervisor; printed in base 36 */
    uint64_t seq;        /* 1, 2, ... in the order in which the pool accepted them */
    int64_t accepted_at; /* monotonic, as the following */
    int64_t started_at;  /* of the last attempt */
    int64_t ended_at;
    int64_t limit;                  /* its own time limit in nanoseconds, 0 = the pool's */
    struct worker *worker;          /* while running */
    char *error;                    /* why the last attempt failed; NULL = it did not */
    char *by;                       /* who submitted it; NULL = the pool's source */
    struct task_progress *progress; /* as its worker told; NULL = nothing yet */
    enum task_state state : 8;
    int priority : 8; /* 0 .. TASK_PRIORITY_MAX, higher first */
    bool cancel : 1;  /* cancelled while running */
    bool overdue : 1; /* CANCEL was sent because of soft_timeout */
    bool alone : 1;  /* its last worker died with others in hand: handed out alone until answered */
    bool waited : 1; /* a client waits for the result */
    int signal : 10; /* of the last attempt, as the following; 0 = none */
    int exit;        /* -1 = timed out */
    int attempts;    /* begun so far */
    int failures;    /* attempts that count against retries */
    int deaths;      /* workers that died while they held this task alone */
    int last_slot, last_pid;
    unsigned items; /* inputs in it (map -n), separated by NUL */
    uint32_t len;
    char input[]; /* len bytes and a NUL */
};

/* PROGRESS of a running task: `done` of `total` (0 = not known) and a text. */
struct task_progress {
    int64_t done, total;
    char text[80];
};

/* A new task in state ready; NULL when memory is out. */
struct task *task_new(const char *input, size_t len, unsigned items);
void task_free(struct task *task);
void task_set_error(struct task *task, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *task_state_name(enum task_state state);
/* TASK_STATES when there is no such state. */
enum task_state task_state_parse(const char *name);
static inline bool task_is_final(enum task_state state)
{
    return state >= TASK_DONE;
}

#endif
