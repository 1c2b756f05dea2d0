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

/* Slots whose program ended by itself and is not to be started again. */
static size_t count_ended(const struct pool *pool, bool well)
{
    size_t ended = 0;

    for (size_t i = 0; i < pool->slots; i++) {
        const struct worker *worker = pool->workers[i];

        ended += worker && worker->ended && (worker->ended_well || !well);
    }
    return ended;
}

/* One that failed is tried again: until it is ready nobody knows whether it will be. */
static bool starts_again(const struct pool *pool)
{
    const struct worker *canary = pool_worker(pool, pool->probe_slot);

    if (pool->spec->mode == POOL_SERVICE && canary && canary->canary)
        return true;
    for (const struct list *node = pool->by_state[WORKER_STARTING].next;
         node != &pool->by_state[WORKER_STARTING]; node = node->next) {
        const struct worker *worker =
            (const struct worker *)(const void *)((const char *)node -
                                                  offsetof(struct worker, link));

        if (worker->failure_count)
            return true;
    }
    return false;
}

bool pool_degraded(const struct pool *pool)
{
    size_t want = pool->want > 0 ? (size_t)pool->want : 0;

    if (pool->hung || pool->unkillable || pool->unhealthy || pool->count[WORKER_BACKOFF] ||
        pool->count[WORKER_HELD] || pool->count[WORKER_FAILED])
        return true;
    if (pool->spec->mode == POOL_COMMAND || pool->goal != GOAL_RUN || pool->done)
        return false;
    if (starts_again(pool))
        return true;
    return pool_live(pool) < want && pool_live(pool) + count_ended(pool, true) < want;
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
    if (!pool_live(pool) && pool->want > 0 && count_ended(pool, false) >= (size_t)pool->want)
        return count_ended(pool, true) >= (size_t)pool->want ? "done" : "failed";
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
