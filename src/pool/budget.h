/* SPDX-License-Identifier: MIT */
/*
 * The caps on automatic restarts: a minute a pool (restart_limit), a second over all pools
 * (start_rate), a minute over all pools. Who fails most waits first: a storm in some pools never
 * keeps a healthy one waiting.
 */
#ifndef LIFEGUARD_POOL_BUDGET_H
#define LIFEGUARD_POOL_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct pool;
struct worker;

enum { RESTART_GLOBAL_LIMIT = 1000 }; /* automatic restarts a minute over all pools */

/* One a supervisor; zeroed memory with the caps filled in. */
struct restart_budget {
    int per_pool; /* restart_limit: a minute a pool, 0 = no cap */
    double rate;  /* restarts a second, 0 = no cap */
    double tokens;
    int64_t filled_at;
    int64_t window_at;   /* start of the current minute, */
    int used;            /* restarts in it, */
    int pools;           /* and how many pools they belong to */
    struct list waiting; /* pools that wait for a token */
};

enum budget_answer {
    BUDGET_YES,
    BUDGET_TOKEN, /* in a moment (start_rate) */
    BUDGET_POOL,  /* restart_limit is used up until the next minute */
    BUDGET_ALL    /* the cap over all pools is */
};

/* May the pool restart this worker now? Else when to ask again in *later. */
enum budget_answer budget_ask(struct pool *pool, const struct worker *worker, int64_t now,
                              int64_t *later);
/* It was restarted. */
void budget_take(struct pool *pool, int64_t now);
/* The pool waits no longer (it may ask again). */
void budget_leave(struct pool *pool);

#endif
