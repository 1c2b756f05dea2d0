/* SPDX-License-Identifier: MIT */
/*
 * When a worker is checked from outside, before it is ready and while it is: the clock of each life
 * and the check that runs for it. What a check means is the domain's business (pool/health.h).
 */
#ifndef LIFEGUARD_SUPERVISOR_HEALTH_H
#define LIFEGUARD_SUPERVISOR_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "sys/loop.h"

struct errand;
struct life;
struct supervisor;

/* One a life. At most one check runs for it. */
struct life_check {
    struct heap_node due;  /* in box->checks: the next check, or the end of a connection's time */
    struct errand *errand; /* the command that runs */
    int fd;                /* the connection that is under way; -1 = none */
    struct loop_watch watch;
    int64_t started_at;
    int64_t pause; /* before it is ready: the wait before this check */
};

/* The process runs. */
void health_begin(struct life *life);
/* It is ready: from now on its health is checked. */
void health_on_ready(struct life *life);
/* The process is gone: ends the check that runs for it. May be called again. */
void health_end(struct life *life);
/* Begins what is due; to be called each turn. */
void health_check(struct supervisor *sup);
int64_t health_next_check(const struct supervisor *sup);
/* The supervisor stood still. */
void health_shift(struct supervisor *sup, int64_t gap);

#endif
