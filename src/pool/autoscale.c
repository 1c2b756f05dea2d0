/* SPDX-License-Identifier: MIT */
/*
 * Two observations, each of which must hold without a break for its time: a backlog, and idleness.
 * A change in the other direction soon after one takes twice as long, so that a load at the edge
 * does not make the pool flap. Workers that fail are no backlog: nothing grows while some are in
 * backoff, held or failed, or while the last ones to come are not up yet.
 */
#include "pool/autoscale.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"
#include "pool/pool.h"

/* The wait for a change into this direction. */
static int64_t wait_for(const struct pool *pool, int direction, int64_t now)
{
    const struct scale_spec *spec = &pool->spec->scale;
    const struct autoscale *scale = &pool->autoscale;
    int64_t wait = direction > 0 ? spec->up_after : spec->down_after;

    if (scale->direction == -direction && now - scale->changed_at < spec->down_after + wait)
        return clock_add(wait, wait);
    return wait;
}

static int64_t waiting(const struct pool *pool)
{
    return (int64_t)pool->queue.counts[TASK_READY];
}

/* Sizes may change by policy at all. */
static bool scales(const struct pool *pool)
{
    return pool->goal == GOAL_RUN && !pool->held && !pool->paused && !pool->halting &&
           !pool->done && !pool->rolling && !pool->rolling_now;
}

/* More workers would be no use, or no good. */
static bool may_not_grow(const struct pool *pool)
{
    return pool->breaker || pool->stalled || pool->count[WORKER_BACKOFF] ||
           pool->count[WORKER_HELD] || pool->count[WORKER_FAILED] || pool->count[WORKER_STARTING] ||
           pool->hung * 2 > (size_t)pool->want ||
           (int64_t)pool->queue.counts[TASK_RUNNING] >= pool->most_running ||
           pool->want >= pool->spec->max;
}

static bool has_backlog(const struct pool *pool)
{
    return waiting(pool) > (int64_t)pool->count[WORKER_IDLE] && !may_not_grow(pool);
}

/* An idle pool keeps one worker: the next task finds it up. */
static int least_size(const struct pool *pool)
{
    return pool->spec->min > 1 ? pool->spec->min : 1;
}

static double rate_of(const struct pool *pool, int64_t now)
{
    return rate_get(&pool->stats.done, now) + rate_get(&pool->stats.failed, now);
}

static void autoscale_set(struct pool *pool, int size, int direction, int64_t now, const char *why)
{
    struct autoscale *scale = &pool->autoscale;
    int before = pool->want;

    if (pool_resize(pool, size, "scale", now, NULL) < 0)
        return;
    scale->changed_at = now;
    scale->direction = direction;
    pool_say(pool, NULL, POOL_EVENT_SCALED, "size %d→%d by scale: %s", before, pool->want, why);
}

static void autoscale_grow(struct pool *pool, int64_t now)
{
    const struct task *oldest = queue_oldest(&pool->queue);
    double rate = rate_of(pool, now), drain = rate > 0.0001 ? (double)waiting(pool) / rate : -1;
    int size = pool->want + pool->spec->scale.step;
    char why[160], held[16], age[16], left[16];

    str_format_duration(held, (double)(now - pool->autoscale.backlog_since) / 1e9);
    pool->autoscale.backlog_since = now;
    /* Gone before a new worker could help. Without any worker nothing ever goes. */
    if (pool->want > 0 && drain >= 0 && drain * 1e9 < (double)pool->spec->scale.up_after)
        return;
    str_format_duration(age, oldest ? (double)(now - oldest->accepted_at) / 1e9 : 0);
    str_format_duration(left, drain);
    if (drain < 0)
        snprintf(why, sizeof(why), "%lld waiting for %s, oldest %s, none done yet",
                 (long long)waiting(pool), held, age);
    else
        snprintf(why, sizeof(why), "%lld waiting for %s, oldest %s, drain %s at %.3g/s",
                 (long long)waiting(pool), held, age, left, rate);
    autoscale_set(pool, size < pool->spec->max ? size : pool->spec->max, 1, now, why);
}

static void autoscale_shrink(struct pool *pool, int64_t now)
{
    struct autoscale *scale = &pool->autoscale;
    int floor = least_size(pool), step = pool->spec->scale.step;
    int take = scale->idle_least < step ? scale->idle_least : step;
    int size = pool->want - take > floor ? pool->want - take : floor;
    char why[80], span[16];

    str_format_duration(span, (double)(now - scale->idle_since) / 1e9);
    snprintf(why, sizeof(why), "%d idle for %s", scale->idle_least, span);
    scale->idle_since = now;
    scale->idle_least = (int)pool->count[WORKER_IDLE] - take;
    if (size < pool->want)
        autoscale_set(pool, size, -1, now, why);
}

static void observe(struct pool *pool, int64_t now)
{
    struct autoscale *scale = &pool->autoscale;
    int idle = (int)pool->count[WORKER_IDLE];

    if (!has_backlog(pool))
        scale->backlog_since = 0;
    else if (!scale->backlog_since)
        scale->backlog_since = now;
    if (!idle || waiting(pool) || pool->want <= least_size(pool)) {
        scale->idle_since = 0;
    } else if (!scale->idle_since) {
        scale->idle_since = now;
        scale->idle_least = idle;
    } else if (idle < scale->idle_least) {
        scale->idle_least = idle;
    }
}

static void wake_at(struct pool *pool, int64_t due)
{
    if (due < pool->wake_at)
        pool->wake_at = due;
}

void autoscale_begin(struct pool *pool)
{
    pool->autoscale.backlog_since = pool->autoscale.idle_since = 0;
    pool->autoscale.direction = 0;
}

void autoscale_run(struct pool *pool, int64_t now)
{
    struct autoscale *scale = &pool->autoscale;

    if (pool->spec->scale.policy != SCALE_BACKLOG)
        return;
    if (!scales(pool)) {
        autoscale_begin(pool);
        return;
    }
    observe(pool, now);
    if (scale->backlog_since && now - scale->backlog_since >= wait_for(pool, 1, now))
        autoscale_grow(pool, now);
    else if (scale->idle_since && now - scale->idle_since >= wait_for(pool, -1, now))
        autoscale_shrink(pool, now);
    if (scale->backlog_since)
        wake_at(pool, clock_add(scale->backlog_since, wait_for(pool, 1, now)));
    if (scale->idle_since)
        wake_at(pool, clock_add(scale->idle_since, wait_for(pool, -1, now)));
}
