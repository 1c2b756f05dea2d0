/* SPDX-License-Identifier: MIT */
/*
 * scale.policy = "backlog": the pool grows while more waits than its workers can take, and shrinks
 * while workers have nothing to do. It resizes as an operator would, between max(min, 1) and max,
 * and says why each time. Pure: called at the end of each tick.
 */
#ifndef LIFEGUARD_POOL_AUTOSCALE_H
#define LIFEGUARD_POOL_AUTOSCALE_H

#include <stdint.h>

struct pool;

struct autoscale {
    int64_t backlog_since; /* more has been waiting all the time since; 0 = not now */
    int64_t idle_since;    /* somebody has been idle all the time since; 0 = not now, */
    int idle_least;        /* and never fewer than so many */
    int64_t changed_at;    /* the last change by policy, */
    int direction;         /* +1 or -1; 0 = none yet */
};

/* Decides, and asks for the tick in which it will decide next (pool->wake_at). */
void autoscale_run(struct pool *pool, int64_t now);
/* Somebody else set the size: what was observed counts no more. */
void autoscale_begin(struct pool *pool);

#endif
