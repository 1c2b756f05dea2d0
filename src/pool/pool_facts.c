/* SPDX-License-Identifier: MIT */
/*
 * What a pool is like now, derived from its workers and its queue for screens and for the
 * supervisor's decisions. Nothing here changes anything.
 */
#include "pool/pool.h"

size_t pool_live(const struct pool *pool)
{
    size_t live =
        pool->count[WORKER_STARTING] + pool->count[WORKER_BUSY] + pool->count[WORKER_DRAINING];

    /* The idle slots of a command pool that is done wait for nothing. */
    if (pool->done && pool->spec->mode == POOL_COMMAND)
        return live;
    return live + pool->count[WORKER_IDLE];
}

bool pool_may_assign(const struct pool *pool, int64_t now)
{
    return !pool->paused && !pool->stalled && !pool->halting && now >= pool->feed_at &&
           (int64_t)pool->queue.counts[TASK_RUNNING] < pool->most_running;
}

size_t pool_busy(const struct pool *pool)
{
    return pool->count[WORKER_BUSY] + pool->count[WORKER_DRAINING];
}

bool pool_degraded(const struct pool *pool)
{
    if (pool->hung || pool->unkillable || pool->unhealthy || pool->count[WORKER_BACKOFF] ||
        pool->count[WORKER_HELD] || pool->count[WORKER_FAILED])
        return true;
    return pool->spec->mode != POOL_COMMAND && pool->goal == GOAL_RUN && !pool->done &&
           pool_live(pool) < (size_t)(pool->want > 0 ? pool->want : 0);
}

bool pool_is_down(const struct pool *pool)
{
    for (size_t i = 0; i < pool->slots; i++)
        if (pool->workers[i] && pool->workers[i]->has_process && !pool->workers[i]->unkillable)
            return false;
    return true;
}

const char *pool_state_name(const struct pool *pool)
{
    if (pool->hung)
        return "hung";
    if (pool->unhealthy)
        return "unhealthy";
    if (pool->count[WORKER_FAILED])
        return "failed";
    if (pool->count[WORKER_HELD])
        return "held";
    if (pool->done)
        return "done";
    if (pool->awaiting)
        return "waiting";
    if (pool->goal == GOAL_STOP)
        return pool_is_down(pool) ? "stopped" : "stopping";
    if (pool->goal == GOAL_DRAIN || pool->count[WORKER_DRAINING] || pool->retiring)
        return "draining";
    if (pool->paused)
        return "paused";
    if (pool->count[WORKER_BACKOFF])
        return "backoff";
    if (pool->count[WORKER_STARTING])
        return "starting";
    return "ok";
}

struct worker *pool_worker(const struct pool *pool, int slot)
{
    return slot >= 1 && (size_t)slot <= pool->slots ? pool->workers[slot - 1] : NULL;
}

bool pool_is_hopeless(const struct pool *pool)
{
    size_t stuck = pool->count[WORKER_FAILED] + pool->count[WORKER_HELD];

    return pool->spec->mode == POOL_WORKER && stuck > 0 && stuck >= (size_t)pool->want &&
           !pool_live(pool) && !pool->count[WORKER_STOPPING];
}
