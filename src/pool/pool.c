/* SPDX-License-Identifier: MIT */
/*
 * The pool: requests set what is wanted, the tick converges on it. In one tick at most
 * TICK_STARTS processes are begun, so that a pool of thousands never holds the loop for long; what
 * is left makes the next deadline "now".
 */
#include "pool/pool.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "pool/assign.h"
#include "pool/cluster.h"
#include "pool/feed.h"
#include "pool/hang.h"
#include "pool/recycle.h"
#include "pool/roll.h"
#include "pool/scale.h"

static const int64_t SHORTAGE_PAUSE = CLOCK_S / 5;
enum { TICK_STARTS = 64, SIZE_MOST = 100000 };

struct pool *pool_new(const struct pool_spec *spec, int size, const struct pool_effects *effects,
                      void *ctx, struct restart_budget *budget, uint64_t seed)
{
    struct pool *pool = mem_new(sizeof(*pool));

    pool->spec = spec;
    pool->effects = effects;
    pool->ctx = ctx;
    pool->budget = budget;
    pool->want = pool->configured = size;
    pool->goal = GOAL_STOP;
    pool->rng = seed | 1;
    pool->wake_at = CLOCK_NEVER;
    pool->most_running = INT64_MAX;
    for (int s = 0; s < WORKER_STATES; s++)
        list_init(&pool->by_state[s]);
    list_init(&pool->hungry);
    queue_init(&pool->queue);
    return pool;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->slots; i++)
        worker_free(pool->workers[i]);
    free(pool->workers);
    heap_fini(&pool->state_timers);
    heap_fini(&pool->hang_timers);
    heap_fini(&pool->task_timers);
    queue_fini(&pool->queue);
    stats_fini(&pool->stats);
    budget_leave(pool);
    cluster_free(pool->deaths);
    free(pool);
}

void pool_say(struct pool *pool, struct worker *worker, enum pool_event_kind kind,
              const char *format, ...)
{
    char text[320];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    pool->effects->event(pool->ctx, pool, worker, kind, text);
}

/* xorshift64*: jitter needs no more. */
double pool_random(struct pool *pool)
{
    pool->rng ^= pool->rng >> 12;
    pool->rng ^= pool->rng << 25;
    pool->rng ^= pool->rng >> 27;
    return (double)((pool->rng * UINT64_C(0x2545F4914F6CDD1D)) >> 11) / 9007199254740992.0;
}

static int64_t heap_deadline(const struct heap *heap)
{
    const struct heap_node *node = heap_first(heap);

    return node ? node->key : CLOCK_NEVER;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t pool_next_deadline(const struct pool *pool)
{
    int64_t next = pool->wake_at;

    if (pool->dirty)
        return 0;
    next = earlier(next, heap_deadline(&pool->state_timers));
    next = earlier(next, heap_deadline(&pool->hang_timers));
    next = earlier(next, heap_deadline(&pool->task_timers));
    return earlier(next, queue_next_due(&pool->queue));
}

static void pool_fire_timers(struct pool *pool, int64_t now)
{
    struct heap_node *node;

    while ((node = heap_take_until(&pool->state_timers, now)) != NULL)
        worker_handle(CONTAINER_OF(node, struct worker, state_timer), EVENT_TIMEOUT, now);
    while ((node = heap_take_until(&pool->hang_timers, now)) != NULL)
        hang_check(CONTAINER_OF(node, struct worker, hang_timer), now);
    while ((node = heap_take_until(&pool->task_timers, now)) != NULL) {
        struct worker *worker = CONTAINER_OF(node, struct worker, task_timer);

        if (pool->spec->mode == POOL_WORKER)
            feed_on_timeout(worker, now);
        else
            assign_on_timeout(worker, now);
    }
    if (queue_promote(&pool->queue, now, pool->spec->order == ORDER_INPUT) || pool->wake_at <= now)
        pool->dirty = true;
    if (pool->wake_at <= now)
        pool->wake_at = CLOCK_NEVER;
}

/* Starts what is down and wanted. True when some is left for the next turn. */
static bool pool_start_workers(struct pool *pool, int64_t now)
{
    int started = 0;

    LIST_EACH(node, &pool->by_state[WORKER_DOWN])
    {
        struct worker *worker = LIST_ENTRY(node, struct worker, link);
        int64_t later;

        if (worker->stay_down || worker->retire)
            continue;
        if (started == TICK_STARTS)
            return true;
        if (!restart_permitted(pool, worker, now, &later)) {
            pool->wake_at = earlier(pool->wake_at, later);
            continue;
        }
        worker_handle(worker, EVENT_START, now);
        started++;
    }
    return false;
}

/* An idle worker, or one that takes more before it is done. */
static struct worker *pool_next_free(const struct pool *pool)
{
    struct list *node = list_first(&pool->by_state[WORKER_IDLE]);

    if (node)
        return LIST_ENTRY(node, struct worker, link);
    node = list_first(&pool->hungry);
    return node ? LIST_ENTRY(node, struct worker, hungry_link) : NULL;
}

static bool pool_assign_tasks(struct pool *pool, int64_t now)
{
    for (int begun = 0; pool->queue.ready_mask; begun++) {
        struct worker *worker = pool_next_free(pool);

        if (!worker || !pool_may_assign(pool, now))
            return false;
        if (begun == TICK_STARTS)
            return true;
        worker_handle(worker, EVENT_ASSIGN, now);
        /* No memory to send it: the others would have none either. */
        if (pool->spec->mode == POOL_WORKER && worker->state == WORKER_IDLE) {
            pool->feed_at = now + SHORTAGE_PAUSE;
            pool->wake_at = earlier(pool->wake_at, pool->feed_at);
            return false;
        }
    }
    return false;
}

/* After a halt rule nothing that waits will run: it is skipped. */
static void pool_skip_waiting(struct pool *pool, int64_t now)
{
    struct task *task;

    for (struct heap_node *node; (node = heap_first(&pool->queue.due)) != NULL;) {
        task = CONTAINER_OF(node, struct task, due);
        assign_finish(pool, task, task->attempts ? TASK_FAILED : TASK_SKIPPED, NULL, now);
    }
    while ((task = queue_take(&pool->queue)) != NULL) {
        queue_uncount(&pool->queue, task);
        assign_finish(pool, task, TASK_SKIPPED, NULL, now);
    }
}

static void pool_check_done(struct pool *pool)
{
    bool finite = pool->spec->mode != POOL_SERVICE && pool->source_done;

    if (!finite || pool->done || queue_waiting(&pool->queue) || pool->queue.counts[TASK_RUNNING])
        return;
    pool->done = pool->dirty = true;
    pool_say(pool, NULL, POOL_EVENT_DONE, "done: %llu tasks, %llu failed",
             (unsigned long long)queue_ended(&pool->queue), (unsigned long long)pool->failed_tasks);
}

void pool_tick(struct pool *pool, int64_t now)
{
    bool more = false;

    pool_fire_timers(pool, now);
    if (!pool->dirty)
        return;
    pool->dirty = false;
    budget_leave(pool);
    scale_converge(pool, now);
    if (pool->goal == GOAL_RUN) {
        more = pool_start_workers(pool, now);
        if (pool->rolling || pool->rolling_now)
            roll_converge(pool, now);
        if (pool->recycling)
            recycle_converge(pool, now);
        more |= pool_assign_tasks(pool, now);
    }
    if (pool->halting)
        pool_skip_waiting(pool, now);
    pool_check_done(pool);
    pool->dirty |= more;
    /* Not in the middle of handing out: what is idle now will not be in the next turn. */
    if (!more)
        autoscale_run(pool, now);
}

void pool_start(struct pool *pool, int64_t now)
{
    pool->goal = GOAL_RUN;
    pool->started = true;
    pool->awaiting = false;
    pool->breaker = false;
    pool->dirty = true;
    for (size_t i = 0; i < pool->slots; i++)
        if (pool->workers[i])
            worker_request_start(pool->workers[i], now);
}

void pool_stop(struct pool *pool, enum stop_reason reason, const char *who, int64_t now)
{
    pool->goal = GOAL_STOP;
    pool->awaiting = false;
    pool->dirty = true;
    roll_forget(pool);
    for (size_t i = 0; i < pool->slots; i++)
        if (pool->workers[i])
            worker_stop(pool->workers[i], reason, who, now);
}

void pool_drain(struct pool *pool, int64_t now)
{
    pool->goal = GOAL_DRAIN;
    pool->awaiting = false;
    pool->dirty = true;
    for (size_t i = 0; i < pool->slots; i++)
        if (pool->workers[i])
            worker_handle(pool->workers[i], EVENT_DRAIN, now);
}

void pool_pause(struct pool *pool, bool pause)
{
    pool->paused = pause;
    pool->dirty = true;
}

void pool_limit_running(struct pool *pool, int64_t most)
{
    if (pool->most_running == most)
        return;
    pool->dirty |= most > pool->most_running;
    pool->most_running = most;
}

void pool_stall(struct pool *pool, bool stalled)
{
    if (pool->stalled == stalled)
        return;
    pool->stalled = stalled;
    pool->dirty = true;
}

void pool_hold(struct pool *pool, bool hold, int64_t now)
{
    pool->held = hold;
    pool->dirty = true;
    if (hold)
        return;
    for (size_t i = 0; i < pool->slots; i++) {
        if (pool->workers[i] && pool->workers[i]->state == WORKER_HELD)
            worker_request_start(pool->workers[i], now);
        else if (pool->workers[i])
            hang_act(pool->workers[i], now);
        if (pool->workers[i])
            health_act(pool->workers[i], now);
    }
}

int pool_resize(struct pool *pool, int size, const char *who, int64_t now, struct err *err)
{
    const struct pool_spec *spec = pool->spec;

    if (size < spec->min)
        return err_set(err, ERANGE, "pool %s: size %d is below its min of %d", spec->name, size,
                       spec->min);
    if (size > (spec->max ? spec->max : SIZE_MOST))
        return err_set(err, ERANGE, "pool %s: size %d is above its max of %d", spec->name, size,
                       spec->max ? spec->max : SIZE_MOST);
    autoscale_begin(pool);
    pool->want = size;
    pool->size_at = now;
    snprintf(pool->size_by, sizeof(pool->size_by), "%s", who);
    pool->dirty = true;
    return 0;
}

void pool_restart(struct pool *pool, int64_t now)
{
    pool->goal = GOAL_RUN;
    pool->awaiting = false;
    pool->dirty = true;
    for (size_t i = 0; i < pool->slots; i++) {
        struct worker *worker = pool->workers[i];

        if (!worker || worker->retire)
            continue;
        if (!worker->has_process) {
            worker_request_start(worker, now);
        } else if (!worker->roll) {
            worker->roll = true;
            pool->rolling++;
        }
    }
}

void pool_kill_all(struct pool *pool, int64_t now)
{
    for (size_t i = 0; i < pool->slots; i++)
        if (pool->workers[i])
            worker_kill_now(pool->workers[i], now);
}

int64_t pool_room(const struct pool *pool)
{
    int64_t used = (int64_t)queue_waiting(&pool->queue);

    return used < pool->spec->queue.capacity ? pool->spec->queue.capacity - used : 0;
}

int pool_submit(struct pool *pool, struct task *task, int64_t delay, int64_t now)
{
    if (pool->halting || pool->goal == GOAL_DRAIN)
        return -ESHUTDOWN;
    if (pool_room(pool) <= 0)
        return -ENOBUFS;
    pool_accept(pool, task, delay, now);
    return 0;
}

void pool_accept(struct pool *pool, struct task *task, int64_t delay, int64_t now)
{
    task->accepted_at = now;
    task->state = delay > 0 ? TASK_DELAYED : TASK_READY;
    queue_accept(&pool->queue, task, clock_add(now, delay));
    rate_add(&pool->stats.in, now, 1);
    pool->done = false;
    pool->dirty = true;
}

void pool_source_ended(struct pool *pool)
{
    pool->source_done = true;
    pool->dirty = true;
}

void pool_give_up(struct pool *pool, int64_t now)
{
    const struct worker *worker = NULL;
    struct task *task;

    for (size_t i = 0; i < pool->slots && !worker; i++)
        worker = pool->workers[i];
    pool->halting = pool->source_done = pool->dirty = true;
    queue_promote(&pool->queue, CLOCK_NEVER - 1, false);
    while ((task = queue_take(&pool->queue)) != NULL) {
        queue_uncount(&pool->queue, task);
        task->started_at = task->ended_at = now;
        task->exit = 1;
        task_set_error(task, "no worker: %s", worker ? worker->why : "none");
        assign_finish(pool, task, TASK_FAILED, NULL, now);
    }
}

int pool_cancel_task(struct pool *pool, struct task *task, const char *who, int64_t now)
{
    if (task_is_final(task->state))
        return -EALREADY;
    if (task->state == TASK_RUNNING) {
        if (task->cancel)
            return 0;
        task->cancel = true;
        if (pool->spec->mode == POOL_WORKER)
            feed_cancel(task->worker, task, who, now);
        else
            worker_stop(task->worker, STOP_CANCEL, who, now);
        return 0;
    }
    task_set_error(task, "cancelled by %s", who);
    assign_finish(pool, task, TASK_CANCELLED, NULL, now);
    return 0;
}

void pool_bury_task(struct pool *pool, struct task *task, int64_t now)
{
    assign_finish(pool, task, TASK_BURIED, NULL, now);
}

int pool_retry_task(struct pool *pool, struct task *task, int64_t now)
{
    if (!task_is_final(task->state) && task->state != TASK_RETRY)
        return -EALREADY;
    if (task->state == TASK_FAILED || task->state == TASK_BURIED)
        pool->failed_tasks--;
    if (task->state == TASK_RETRY)
        heap_set(&pool->queue.due, &task->due, now);
    else
        queue_revive(&pool->queue, task);
    pool->done = false;
    pool->halting = false;
    pool->dirty = true;
    return 0;
}
