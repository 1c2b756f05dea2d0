/* SPDX-License-Identifier: MIT */
/*
 * Marks workers that are due, lets the pool be larger by their replacements, and drains the marked
 * ones as soon as more workers are ready than are wanted.
 */
#include "pool/recycle.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"
#include "pool/pool.h"
#include "pool/scale.h"

/* A value in the last tenth of the limit. */
static int64_t recycle_draw(struct pool *pool, int64_t limit)
{
    int64_t drawn = limit - (int64_t)((double)limit * 0.1 * pool_random(pool));

    return drawn < 1 ? 1 : drawn;
}

void recycle_begin_life(struct worker *worker, int64_t now)
{
    const struct pool_spec *spec = worker->pool->spec;

    recycle_clear(worker);
    worker->recycle_tasks =
        spec->max_tasks ? (uint64_t)recycle_draw(worker->pool, spec->max_tasks) : 0;
    worker->recycle_at =
        spec->max_age ? clock_add(now, recycle_draw(worker->pool, spec->max_age)) : CLOCK_NEVER;
}

void recycle_clear(struct worker *worker)
{
    if (!worker->recycle)
        return;
    worker->recycle = false;
    worker->pool->recycling--;
}

static void recycle_mark(struct worker *worker, const char *why)
{
    if (worker->recycle || worker->retire ||
        (worker->state != WORKER_IDLE && worker->state != WORKER_BUSY))
        return;
    worker->recycle = true;
    worker->pool->recycling++;
    worker->pool->dirty = true;
    pool_say(worker->pool, worker, POOL_EVENT_RECYCLE, "to be recycled: %s", why);
}

void recycle_check(struct worker *worker, int64_t now)
{
    char why[64], age[16];

    if (worker->recycle_tasks && worker->life_done >= worker->recycle_tasks) {
        snprintf(why, sizeof(why), "%llu tasks done", (unsigned long long)worker->life_done);
        recycle_mark(worker, why);
    } else if (now >= worker->recycle_at) {
        str_format_duration(age, (double)(now - worker->started_at) / 1e9);
        snprintf(why, sizeof(why), "%s old", age);
        recycle_mark(worker, why);
    }
}

void worker_on_memory(struct worker *worker, int64_t rss, int64_t now)
{
    char size[16], limit[16], why[64];

    (void)now;
    if (!worker->pool->spec->max_memory || rss <= worker->pool->spec->max_memory)
        return;
    str_format_size(size, (double)rss);
    str_format_size(limit, (double)worker->pool->spec->max_memory);
    snprintf(why, sizeof(why), "%s of memory, over %s", size, limit);
    recycle_mark(worker, why);
}

int recycle_extra(const struct pool *pool)
{
    size_t most = (size_t)(pool->want > 4 ? pool->want / 4 : 1);

    if (pool->goal != GOAL_RUN || pool->want <= 0)
        return 0;
    return (int)(pool->recycling < most ? pool->recycling : most);
}

void recycle_converge(struct pool *pool, int64_t now)
{
    size_t want = pool->want > 0 ? (size_t)pool->want : 0;

    for (size_t i = 0; pool->recycling && i < pool->slots; i++) {
        struct worker *worker = pool->workers[i];

        if (pool->count[WORKER_IDLE] + pool->count[WORKER_BUSY] <= want)
            return;
        if (worker && worker->recycle)
            scale_let_go(worker, STOP_RECYCLE, now);
    }
}
