/* SPDX-License-Identifier: MIT */
/*
 * Pools as others wait for them.
 */
#include "pool/after.h"

#include "pool/health.h"
#include "pool/pool.h"

const char *after_condition_name(enum after_condition condition)
{
    switch (condition) {
    case AFTER_STARTED:
        return "started";
    case AFTER_READY:
        return "ready";
    case AFTER_DONE:
        return "done";
    case AFTER_HEALTHY:
        return "healthy";
    }
    return "?";
}

static size_t count_good(const struct pool *pool)
{
    size_t good = 0;

    for (size_t i = 0; i < pool->slots; i++)
        good += pool->workers[i] && health_is_good(pool->workers[i]);
    return good;
}

bool after_holds(const struct pool *pool, enum after_condition condition)
{
    size_t want = pool->want > 0 ? (size_t)pool->want : 0;
    size_t ready = pool->count[WORKER_IDLE] + pool->count[WORKER_BUSY];

    if (pool->done)
        return true;
    if (pool->goal != GOAL_RUN || !want)
        return false;
    switch (condition) {
    case AFTER_STARTED:
        return ready + pool->count[WORKER_STARTING] + pool->count[WORKER_DRAINING] >= want;
    case AFTER_READY:
        return ready >= want;
    case AFTER_HEALTHY:
        return ready >= want && count_good(pool) >= want;
    case AFTER_DONE:
        break;
    }
    return false;
}
