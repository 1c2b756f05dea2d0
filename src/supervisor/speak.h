/* SPDX-License-Identifier: MIT */
/*
 * A life's end of the worker protocol: lines to its standard input, lines from its descriptor 3.
 * Nothing here waits: what a full pipe does not take stays in the life's buffer, and a worker whose
 * PUT meets a full pool is not read until there is room. A breach costs that worker alone.
 */
#ifndef LIFEGUARD_SUPERVISOR_SPEAK_H
#define LIFEGUARD_SUPERVISOR_SPEAK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "pool/pool.h"
#include "sys/loop.h"

struct life;
struct pool_box;
struct supervisor;

struct speech {
    int fd; /* our end of its descriptor 3, -1 = closed */
    struct loop_watch watch;
    struct buf in;         /* what came and is not handled yet */
    size_t scanned;        /* of it, known to hold no newline */
    bool mute;             /* a breach: nothing more is taken from it */
    bool deaf;             /* its standard input is closed: late_at stays whatever it says */
    int64_t late_at;       /* half a line or a closed end must be explained by then; 0 = neither */
    struct list send_link; /* in sup->to_send: lines wait for the end of the turn */
    struct list late_link; /* in sup->late_speech */
    struct list put_link;  /* in sup->put_waiting */
    struct task *put;      /* a PUT that found no room */
    struct pool_box *put_into;
    uint64_t unknown; /* lines with verbs that nobody knows */
};

void speech_init(struct speech *speech);
/* Watches descriptor 3 and sends INIT. */
void speak_begin(struct life *life);
/* The process is gone: what it still said counts. */
void speak_end(struct life *life);
void speech_fini(struct life *life);
/* Effects of the domain. 0, or -ENOMEM. */
int speak_task(struct life *life, const struct task *task, int64_t limit);
void speak_word(struct life *life, enum pool_word word, const struct task *task);
/* An answer to a request for a lock, a permit or a value; `text` NULL = none. May breach: a worker
 * that asks and asks and never reads the answers. */
void speak_answer(struct life *life, int verb, const char *name, size_t name_len, const char *text,
                  size_t len);
/* The life broke the protocol; `bytes` are the evidence. */
void speak_breach(struct life *life, const char *why, const char *bytes, size_t len);
/* Once a turn: sends what the turn produced, retries PUTs, looks after late ones. */
void speak_flush(struct supervisor *sup);
int64_t speak_next_check(const struct supervisor *sup);

#endif
