/* SPDX-License-Identifier: MIT */
/*
 * Time that must not be held against anybody: a machine that was suspended or paused, a supervisor
 * that was stopped, a machine that starves. Clocks move ahead by it instead of running out.
 */
#include "base/clock.h"
#include "pool/hang.h"
#include "pool/pool.h"

bool pool_counts_time(const struct pool *pool)
{
    return heap_first(&pool->hang_timers) || heap_first(&pool->task_timers) ||
           pool->count[WORKER_STARTING] || pool->count[WORKER_DRAINING] ||
           pool->count[WORKER_STOPPING];
}

static void shift_timer(struct heap *heap, struct heap_node *node, int64_t gap)
{
    if (heap_has(node))
        heap_set(heap, node, clock_add(node->key, gap));
}

int64_t pool_shift_stop(int64_t end, int64_t gap, int64_t most, int64_t *given, int64_t now)
{
    int64_t left = end - (now - gap); /* when the standstill began */
    int64_t lost = left < gap ? left : gap;
    int64_t room = most - *given, back, cost;

    if (left <= 0 || end == CLOCK_NEVER)
        return end;
    if (gap < most) {
        back = cost = lost < room ? lost : room;
    } else {
        cost = most / 8 + 1;
        back = cost <= room ? lost : 0;
        cost = cost <= room ? cost : 0;
    }
    *given += cost;
    return clock_add(end, gap - (lost - back));
}

static void shift_state_timer(struct worker *worker, int64_t gap, int64_t now)
{
    struct heap *timers = &worker->pool->state_timers;
    struct heap_node *timer = &worker->state_timer;

    if (worker->state != WORKER_STOPPING)
        shift_timer(timers, timer, gap);
    else if (heap_has(timer))
        heap_set(timers, timer,
                 pool_shift_stop(timer->key, gap, worker->pool->spec->stop.grace,
                                 &worker->stop_shifted, now));
}

/* Nobody gave a sign during the gap: all of them lie before it, but for a time that a worker asked
 * for in advance, which stays as far ahead as it was. */
static void shift_worker(struct worker *worker, int64_t gap, int64_t now)
{
    struct pool *pool = worker->pool;

    worker->last_output += gap;
    worker->last_cpu += gap;
    worker->last_easy += gap;
    worker->extended_until += worker->extended_until ? gap : 0;
    worker->last_beat += gap;
    shift_state_timer(worker, gap, now);
    shift_timer(&pool->task_timers, &worker->task_timer, gap);
    hang_arm(worker, now);
}

void pool_shift(struct pool *pool, int64_t gap, int64_t now)
{
    for (size_t i = 0; i < pool->slots; i++)
        if (pool->workers[i] && pool->workers[i]->has_process)
            shift_worker(pool->workers[i], gap, now);
}

/* A sign that came within the gap is no younger than now. */
static int64_t shift_sign(int64_t sign, int64_t gap, int64_t now)
{
    int64_t latest = sign > now ? sign : now;

    return sign + gap < latest ? sign + gap : latest;
}

void pool_shift_signs(struct pool *pool, int64_t gap, int64_t now)
{
    for (size_t i = 0; i < pool->slots; i++) {
        struct worker *worker = pool->workers[i];

        if (!worker || !worker->has_process)
            continue;
        worker->last_output = shift_sign(worker->last_output, gap, now);
        worker->last_cpu = shift_sign(worker->last_cpu, gap, now);
        worker->last_easy = shift_sign(worker->last_easy, gap, now);
        worker->last_beat = shift_sign(worker->last_beat, gap, now);
        hang_arm(worker, now);
    }
}

bool pool_has_suspect(const struct pool *pool)
{
    for (size_t i = 0; i < pool->slots; i++)
        if (pool->workers[i] && pool->workers[i]->suspect)
            return true;
    return false;
}
