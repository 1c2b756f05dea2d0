/* SPDX-License-Identifier: MIT */
/*
 * pool->rolling_now is the worker whose turn it is, and rolling_generation the life that had to go:
 * the next life is its replacement, and one more life means that the replacement failed.
 */
#include "pool/roll.h"

#include "pool/health.h"
#include "pool/pool.h"
#include "pool/scale.h"

/* It goes on when this one is fit for work again, or when an operator keeps it down. */
static bool roll_waits(const struct worker *worker)
{
    switch (worker->state) {
    case WORKER_IDLE:
    case WORKER_BUSY:
        return !health_is_good(worker);
    case WORKER_DRAINING:
        return worker->pool->spec->mode == POOL_WORKER;
    case WORKER_DOWN:
        return !worker->stay_down;
    case WORKER_STARTING:
    case WORKER_STOPPING:
    case WORKER_BACKOFF:
    case WORKER_HELD:
    case WORKER_FAILED:
    case WORKER_STATES:
        break;
    }
    return true;
}

/* The replacement has ended, or could not even be started. */
static bool roll_failed(const struct pool *pool, const struct worker *worker)
{
    uint32_t lives = worker->generation - pool->rolling_generation;

    switch (worker->state) {
    case WORKER_FAILED:
        return true;
    case WORKER_BACKOFF:
    case WORKER_HELD:
        return lives >= 1;
    case WORKER_DOWN:
        return lives >= 1 && worker_end_is_failure(worker);
    case WORKER_STARTING:
    case WORKER_IDLE:
    case WORKER_BUSY:
    case WORKER_DRAINING:
    case WORKER_STOPPING:
    case WORKER_STATES:
        break;
    }
    return lives >= 2;
}

void roll_forget(struct pool *pool)
{
    pool->rolling = 0;
    pool->rolling_now = NULL;
    for (size_t i = 0; i < pool->slots; i++)
        if (pool->workers[i])
            pool->workers[i]->roll = false;
}

static void roll_stop(struct pool *pool, struct worker *worker)
{
    pool_say(pool, worker, POOL_EVENT_ROLL,
             "rolling restart stopped: the new worker failed: %s; %zu are left as they were",
             worker->why, pool->rolling);
    roll_forget(pool);
}

void roll_converge(struct pool *pool, int64_t now)
{
    if (pool->rolling_now && roll_failed(pool, pool->rolling_now))
        roll_stop(pool, pool->rolling_now);
    if (pool->rolling_now && roll_waits(pool->rolling_now))
        return;
    pool->rolling_now = NULL;
    for (size_t i = 0; pool->rolling && i < pool->slots; i++) {
        struct worker *worker = pool->workers[i];

        if (!worker || !worker->roll)
            continue;
        worker->roll = false;
        pool->rolling--;
        if (!worker->has_process)
            continue;
        pool->rolling_now = worker;
        pool->rolling_generation = worker->generation;
        if (scale_can_drain(worker))
            worker_handle(worker, EVENT_DRAIN, now);
        else
            worker_stop(worker, STOP_RESTART, worker->who, now);
        return;
    }
}
