/* SPDX-License-Identifier: MIT */
/*
 * Evidence before the deed. Whoever is about to end a worker for what it does asks for evidence
 * first; the deed follows when the supervisor has it, which it promises to say within its own time
 * limit, or at once where no evidence is to be had. A worker that is gone or well again by then is
 * left alone.
 */
#ifndef LIFEGUARD_POOL_GATHER_H
#define LIFEGUARD_POOL_GATHER_H

#include <stdbool.h>
#include <stdint.h>

struct worker;

enum gather_kind {
    GATHER_NONE,
    GATHER_HANG,
    GATHER_TIMEOUT,       /* a task's time is over */
    GATHER_START_TIMEOUT, /* it did not become ready */
    GATHER_HEALTH,        /* its checks failed */
    GATHER_KILL,          /* it outlived its grace time */
    GATHER_SIGNAL,        /* an operator's KILL */
    GATHER_KINDS
};

/* True: the deed waits for worker_on_gathered. False: there is evidence already, or will be none.
 */
bool gather_first(struct worker *worker, enum gather_kind kind, int64_t now);
/* The evidence is there, or is given up. */
void worker_on_gathered(struct worker *worker, int64_t now);
/* "hang", "time-out", ...: part of a report's name. */
const char *gather_kind_name(enum gather_kind kind);

#endif
