/* SPDX-License-Identifier: MIT */
/*
 * Resizing. A worker that must go is marked `retire`: an idle one ends at once, a busy one when its
 * task is done, and growing again takes the mark away from those that are still there.
 */
#include "pool/scale.h"

#include <stddef.h>
#include <stdlib.h>

#include "pool/pool.h"
#include "pool/recycle.h"

static size_t scale_active(const struct pool *pool)
{
    size_t all = 0;

    for (int s = 0; s < WORKER_STATES; s++)
        all += pool->count[s];
    return all - pool->retiring;
}

static void scale_set_retire(struct worker *worker, bool retire)
{
    if (worker->retire == retire)
        return;
    worker->retire = retire;
    worker->pool->retiring += retire ? 1 : -(size_t)1;
}

/* How readily a worker is given up: without a process, then idle, then the youngest. */
static int scale_rank(const struct worker *worker)
{
    switch (worker->state) {
    case WORKER_DOWN:
    case WORKER_BACKOFF:
    case WORKER_HELD:
    case WORKER_FAILED:
        return 0;
    case WORKER_STOPPING:
        return 1;
    case WORKER_IDLE:
        return 2;
    case WORKER_STARTING:
        return 3;
    case WORKER_BUSY:
    case WORKER_DRAINING:
    case WORKER_STATES:
        break;
    }
    return 4;
}

static struct worker *scale_pick_victim(const struct pool *pool)
{
    struct worker *best = NULL;

    for (size_t i = 0; i < pool->slots; i++) {
        struct worker *worker = pool->workers[i];

        if (!worker || worker->retire)
            continue;
        if (!best || scale_rank(worker) < scale_rank(best) ||
            (scale_rank(worker) == scale_rank(best) && worker->started_at >= best->started_at))
            best = worker;
    }
    return best;
}

bool scale_can_drain(const struct worker *worker)
{
    if (worker->pool->spec->mode == POOL_WORKER)
        return worker->state == WORKER_BUSY || worker->state == WORKER_IDLE;
    return worker->state == WORKER_BUSY && worker->task;
}

void scale_let_go(struct worker *worker, enum stop_reason reason, int64_t now)
{
    recycle_clear(worker);
    scale_set_retire(worker, true);
    if (worker->state == WORKER_STOPPING || worker->state == WORKER_DOWN)
        return;
    if (scale_can_drain(worker)) {
        if (worker->pool->spec->mode == POOL_WORKER)
            worker->stop_reason = reason;
        worker_handle(worker, EVENT_DRAIN, now);
    } else {
        worker_stop(worker, reason, worker->pool->size_by, now);
    }
}

/* A retiring worker that has not ended yet stays after all. */
static bool scale_keep(struct pool *pool, int64_t now)
{
    for (size_t i = 0; i < pool->slots; i++) {
        struct worker *worker = pool->workers[i];

        if (!worker || !worker->retire || worker->state == WORKER_STOPPING)
            continue;
        scale_set_retire(worker, false);
        /* One that was told QUIET ends all the same, and is started again in its slot. */
        if (worker->state == WORKER_DRAINING && pool->spec->mode == POOL_WORKER)
            worker->stop_reason = STOP_DRAIN;
        else if (worker->state == WORKER_DRAINING)
            worker_set_state(worker, WORKER_BUSY, now);
        return true;
    }
    return false;
}

static void scale_add(struct pool *pool, int64_t now)
{
    size_t place = 0;

    while (place < pool->slots && pool->workers[place])
        place++;
    if (place == pool->slots) {
        size_t grown = pool->slots ? pool->slots * 2 : 8;
        struct worker **workers = mem_new_array(grown, sizeof(struct worker *));

        for (size_t i = 0; i < pool->slots; i++)
            workers[i] = pool->workers[i];
        free(pool->workers);
        pool->workers = workers;
        pool->slots = grown;
    }
    pool->workers[place] = worker_new(pool, (int)place + 1, now);
}

static void scale_remove_down(struct pool *pool)
{
    LIST_EACH(node, &pool->by_state[WORKER_DOWN])
    {
        struct worker *worker = LIST_ENTRY(node, struct worker, link);

        if (!worker->retire)
            continue;
        scale_set_retire(worker, false);
        if (pool->rolling_now == worker)
            pool->rolling_now = NULL;
        if (worker->roll)
            pool->rolling--;
        pool->workers[worker->slot - 1] = NULL;
        worker_free(worker);
    }
}

static size_t scale_want(const struct pool *pool)
{
    /* Persistent workers whose job is done have nothing to wait for. */
    if (pool->spec->mode == POOL_WORKER && pool->done && pool->spec->tasks.source != SOURCE_NONE)
        return 0;
    return pool->want > 0 ? (size_t)(pool->want + recycle_extra(pool)) : 0;
}

void scale_converge(struct pool *pool, int64_t now)
{
    size_t want = scale_want(pool);
    size_t active = scale_active(pool);

    for (; active > want; active--) {
        struct worker *victim = scale_pick_victim(pool);

        if (victim)
            scale_let_go(victim, STOP_RESIZE, now);
    }
    for (; active < want; active++)
        if (!scale_keep(pool, now))
            scale_add(pool, now);
    if (pool->retiring)
        scale_remove_down(pool);
}
