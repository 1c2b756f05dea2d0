/* SPDX-License-Identifier: MIT */
/*
 * Handing out: how many tasks a worker holds at once. `batch = "auto"` keeps about BATCH_TIME of
 * work in flight, measured from hand-out to hand-out, so that a worker of microseconds gets
 * thousands and one of milliseconds gets one; a short queue is spread evenly all the same.
 */
#include "pool/feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/str.h"
#include "pool/assign.h"
#include "pool/hang.h"
#include "pool/pool.h"
#include "pool/recycle.h"

/* Seconds of work in flight that batch = "auto" aims at. */
static const double BATCH_TIME = 0.005;
enum { BATCH_MOST = 4096, BATCH_BYTES = 256 << 10 };

int64_t feed_limit(const struct pool *pool)
{
    double median;

    if (!pool->spec->timeout.percent)
        return pool->spec->timeout.duration;
    median = median_get(&pool->stats.median);
    return median < 0 ? 0 : (int64_t)(median * pool->spec->timeout.percent / 100 * 1e9);
}

static int64_t feed_soft_limit(const struct pool *pool)
{
    double median;

    if (!pool->spec->soft_timeout.percent)
        return pool->spec->soft_timeout.duration;
    median = median_get(&pool->stats.median);
    return median < 0 ? 0 : (int64_t)(median * pool->spec->soft_timeout.percent / 100 * 1e9);
}

void feed_begin_life(struct worker *worker, int64_t now)
{
    worker->soft_sent = worker->pinged = false;
    worker->life_done = 0;
    worker->answered = 0;
    worker->service = 0;
    worker->fed_at = now;
    recycle_begin_life(worker, now);
}

static int64_t feed_own_limit(const struct worker *worker, const struct task *task)
{
    return task->limit ? task->limit : feed_limit(worker->pool);
}

static bool feed_soft_comes_first(const struct worker *worker)
{
    int64_t soft = feed_soft_limit(worker->pool), limit = feed_own_limit(worker, worker->task);

    return soft && !worker->soft_sent && (!limit || soft < limit);
}

/* The clock of the oldest task: its cancellation's grace, its soft limit, or its limit. */
static void feed_arm(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    const struct task *task = worker->task;
    int64_t limit;

    heap_remove(&pool->task_timers, &worker->task_timer);
    if (!task || worker->state == WORKER_STOPPING)
        return;
    limit = feed_own_limit(worker, task);
    if (task->cancel)
        limit = pool->spec->stop.grace;
    else if (feed_soft_comes_first(worker))
        limit = feed_soft_limit(pool);
    else if (worker->soft_sent && limit)
        limit -= feed_soft_limit(pool);
    if (limit > 0)
        heap_set(&pool->task_timers, &worker->task_timer, clock_add(now, limit));
}

/* The oldest task changed. */
static void feed_set_head(struct worker *worker, int64_t now)
{
    struct list *first = list_first(&worker->in_hand);
    struct task *head = first ? LIST_ENTRY(first, struct task, in_hand) : NULL;

    if (head == worker->task)
        return;
    worker->task = head;
    worker->soft_sent = false;
    worker->done_fraction = -1;
    if (head)
        head->started_at = now;
    feed_arm(worker, now);
}

static void feed_detach(struct worker *worker, struct task *task, int64_t now)
{
    list_remove(&task->in_hand);
    free(task->progress);
    task->progress = NULL;
    worker->in_flight--;
    worker->in_flight_bytes -= task->len;
    feed_set_head(worker, now);
}

/* How many it may hold when its work is known to take so long. */
static int feed_batch(const struct worker *worker)
{
    const struct pool *pool = worker->pool;
    const struct pool_spec *spec = pool->spec;
    size_t live = pool->count[WORKER_IDLE] + pool->count[WORKER_BUSY];
    uint64_t share;
    double most;

    if (spec->batch)
        return spec->batch;
    if (spec->timeout.duration || spec->timeout.percent || spec->soft_timeout.duration ||
        spec->soft_timeout.percent || worker->service <= 0)
        return 1;
    most = BATCH_TIME / worker->service;
    if (most > BATCH_MOST)
        most = BATCH_MOST;
    share = pool->queue.counts[TASK_READY] / (2 * (live ? live : 1)) + 1;
    if (most > (double)share)
        most = (double)share;
    return most < 1 ? 1 : (int)most;
}

bool feed_wants(const struct worker *worker)
{
    if (worker->state == WORKER_IDLE)
        return true;
    return worker->state == WORKER_BUSY && worker->in_flight_bytes < BATCH_BYTES &&
           !worker->task->alone && !worker->task->limit &&
           worker->in_flight <= feed_batch(worker) / 2;
}

/* What one task took, from hand-out to hand-out. */
static void feed_measure(struct worker *worker, int64_t now)
{
    double each;

    if (worker->answered > 0 && now > worker->fed_at) {
        each = (double)(now - worker->fed_at) / 1e9 / worker->answered;
        worker->service = worker->service > 0 ? (worker->service + each) / 2 : each;
    }
    worker->answered = 0;
    worker->fed_at = now;
}

static void feed_hand_out(struct worker *worker, struct task *task, int64_t now)
{
    task->overdue = false;
    task->worker = worker;
    task->started_at = now;
    task->last_slot = worker->slot;
    task->last_pid = worker->pid;
    list_push_back(&worker->in_hand, &task->in_hand);
    worker->in_flight++;
    worker->in_flight_bytes += task->len;
    if (worker->task)
        return;
    /* Work begins: who rested for an hour is not late with it. */
    worker->last_output = now;
    feed_set_head(worker, now);
}

/* A worker that has room for more is found when more comes; idle ones go first. */
static void feed_note_hunger(struct worker *worker)
{
    if (worker->state == WORKER_BUSY && !list_linked(&worker->hungry_link) && feed_wants(worker))
        list_push_back(&worker->pool->hungry, &worker->hungry_link);
}

/* May this one go to a worker that holds others already? */
static bool feed_may_join(const struct worker *worker, const struct task *task)
{
    return !worker->in_flight || (!task->alone && !task->limit);
}

/* False when the task did not go out: it waits at the head, or is too long for any worker. */
static bool feed_send(struct worker *worker, struct task *task, int64_t now)
{
    struct pool *pool = worker->pool;
    int rc = feed_may_join(worker, task)
                 ? pool->effects->feed(pool->ctx, worker, task, feed_own_limit(worker, task))
                 : -EBUSY;

    if (rc == 0) {
        feed_hand_out(worker, task, now);
        return true;
    }
    if (rc != -EMSGSIZE) {
        queue_untake(&pool->queue, task);
        return false;
    }
    task->started_at = task->ended_at = now;
    task->exit = 126;
    task_set_error(task, "the task has more than 1 MiB: no worker takes it");
    assign_finish(pool, task, TASK_FAILED, NULL, now);
    return true;
}

void feed_begin(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    int batch, before = worker->in_flight;
    struct task *task;

    list_remove(&worker->hungry_link);
    feed_measure(worker, now);
    batch = feed_batch(worker);
    rate_begin(&pool->stats.done, now);
    rate_begin(&pool->stats.failed, now);
    while (worker->in_flight < batch && worker->in_flight_bytes < BATCH_BYTES &&
           pool_may_assign(pool, now) && (task = queue_take(&pool->queue)) != NULL) {
        bool last = task->alone || task->limit;

        if (!feed_send(worker, task, now) || last)
            break;
    }
    if (worker->in_flight && worker->state == WORKER_IDLE) {
        worker_set_state(worker, WORKER_BUSY, now);
        hang_arm(worker, now);
    }
    if (!pool->queue.ready_mask || !pool_may_assign(pool, now))
        feed_note_hunger(worker);
    if (worker->in_flight > before)
        pool->effects->room(pool->ctx, pool);
}

void feed_on_timeout(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    struct task *task = worker->task;
    char after[16], id[16];

    if (!task || worker->state == WORKER_STOPPING)
        return;
    str_format_id(id, task->id);
    str_format_duration(after, (double)(now - task->started_at) / 1e9);
    if (task->cancel) {
        worker_stop(worker, STOP_CANCEL, worker->who, now);
    } else if (feed_soft_comes_first(worker)) {
        worker->soft_sent = task->overdue = true;
        pool_say(pool, worker, POOL_EVENT_TIMEOUT, "task %s was told to stop after %s", id, after);
        pool->effects->tell(pool->ctx, worker, WORD_CANCEL, task);
        feed_arm(worker, now);
    } else {
        worker->late_id = task->id;
        pool_say(pool, worker, POOL_EVENT_TIMEOUT, "task %s timed out after %s", id, after);
        if (!gather_first(worker, GATHER_TIMEOUT, now))
            worker_stop(worker, STOP_TIMEOUT, "", now);
    }
}

void feed_cancel(struct worker *worker, struct task *task, const char *who, int64_t now)
{
    struct pool *pool = worker->pool;

    if (worker->state == WORKER_STOPPING)
        return;
    snprintf(worker->who, sizeof(worker->who), "%s", who);
    pool->effects->tell(pool->ctx, worker, WORD_CANCEL, task);
    if (task == worker->task)
        feed_arm(worker, now);
}

static void feed_after_answer(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;

    worker->answered++;
    worker->life_done++;
    if (!worker->in_flight) {
        list_remove(&worker->hungry_link);
        worker_handle(worker, EVENT_RESULT, now);
    } else {
        feed_note_hunger(worker);
        pool->dirty |= pool->queue.ready_mask && list_linked(&worker->hungry_link);
    }
    recycle_check(worker, now);
}

/* "exit 3", as a worker that runs programs says it: what retry_on and bury_on look at. */
static int reason_exit(const struct answer *answer)
{
    int status = 0;
    size_t at = 5;

    if (answer->len < 6 || answer->len > 8 || memcmp(answer->text, "exit ", 5) != 0)
        return 1;
    for (; at < answer->len; at++) {
        if (answer->text[at] < '0' || answer->text[at] > '9')
            return 1;
        status = status * 10 + (answer->text[at] - '0');
    }
    return status;
}

static void feed_set_cancelled(const struct worker *worker, struct task *task, const char *why)
{
    const char *colon = *why ? ": " : "";

    if (task->cancel)
        task_set_error(task, "cancelled by %s%s%s", worker->who, colon, why);
    else
        task_set_error(task, "cancelled: over its soft time-out%s%s", colon, why);
}

static void feed_settle(struct worker *worker, struct task *task, const struct answer *answer,
                        int64_t now)
{
    struct pool *pool = worker->pool;
    char why[TASK_ERROR_MAX];

    if (answer->kind == ANSWER_OK) {
        worker->done++;
        assign_finish(pool, task, TASK_DONE, worker, now);
        return;
    }
    snprintf(why, sizeof(why), "%.*s", (int)(answer->len < sizeof(why) ? answer->len : sizeof(why)),
             answer->len ? answer->text : "");
    if (task->cancel || (task->overdue && answer->kind != ANSWER_BURY)) {
        feed_set_cancelled(worker, task, why);
        assign_finish(pool, task, TASK_CANCELLED, worker, now);
    } else if (answer->kind == ANSWER_BURY) {
        task->exit = reason_exit(answer);
        task_set_error(task, "%s", why);
        assign_finish(pool, task, TASK_BURIED, worker, now);
    } else if (answer->kind == ANSWER_RELEASE) {
        queue_release(&pool->queue, task, answer->delay ? clock_add(now, answer->delay) : 0);
    } else {
        task->exit = reason_exit(answer);
        assign_fail(pool, worker, task, *why ? why : "failed", now);
    }
}

/* The task if this worker holds it. */
static struct task *feed_find(const struct worker *worker, uint64_t id)
{
    struct task *task = worker->task && worker->task->id == id
                            ? worker->task
                            : queue_find(&worker->pool->queue, id);

    return task && task->state == TASK_RUNNING && task->worker == worker ? task : NULL;
}

int worker_on_answer(struct worker *worker, uint64_t id, const struct answer *answer, int64_t now)
{
    struct task *task = feed_find(worker, id);
    bool cancelled;

    if (!task)
        return -ENOENT;
    cancelled = task->cancel && worker->state != WORKER_STOPPING;
    worker->last_output = worker->last_beat = now;
    if (worker->suspect || worker->hung)
        worker_on_output(worker, now);
    feed_detach(worker, task, now);
    task->ended_at = now;
    task->exit = task->signal = 0;
    task->alone = false;
    worker->answer = answer->text;
    worker->answer_len = answer->len;
    feed_settle(worker, task, answer, now);
    worker->answer = NULL;
    if (cancelled)
        worker->who[0] = '\0';
    feed_after_answer(worker, now);
    return 0;
}

int worker_on_touch(struct worker *worker, uint64_t id, int64_t extra, int64_t now)
{
    struct task *task = feed_find(worker, id);

    if (!task)
        return -ENOENT;
    worker_on_output(worker, now);
    if (task != worker->task || task->cancel)
        return 0;
    worker->soft_sent = task->overdue = false;
    feed_arm(worker, now);
    if (extra && heap_has(&worker->task_timer))
        heap_set(&worker->pool->task_timers, &worker->task_timer, clock_add(now, extra));
    return 0;
}

int worker_on_progress(struct worker *worker, uint64_t id, const struct task_progress *progress,
                       int64_t now)
{
    struct task *task = feed_find(worker, id);

    if (!task)
        return -ENOENT;
    worker_on_output(worker, now);
    if (!task->progress)
        task->progress = mem_new(sizeof(*task->progress));
    *task->progress = *progress;
    if (task == worker->task && progress->total > 0)
        worker->done_fraction = (double)progress->done / (double)progress->total;
    return 0;
}

void worker_on_breach(struct worker *worker, const char *why, int64_t now)
{
    if (!worker->has_process || worker->stop_reason == STOP_BREACH)
        return;
    pool_say(worker->pool, worker, POOL_EVENT_BREACH, "broke the protocol: %s", why);
    worker_stop(worker, STOP_BREACH, "", now);
}

/* Poison: this task killed its worker, and no other task was there to blame. */
static void feed_count_death(struct worker *worker, struct task *task, int64_t now)
{
    struct pool *pool = worker->pool;
    int most = pool->spec->bury_after_deaths;

    if (!most || ++task->deaths < most) {
        queue_return(&pool->queue, task);
        return;
    }
    task_set_error(task, "%d workers died of it; the last: %s", task->deaths, worker->why);
    assign_finish(pool, task, TASK_BURIED, worker, now);
}

/* Lifeguard's doing, or an operator's: no task is to blame. */
static bool death_was_ordered(const struct worker *worker)
{
    int status = worker->end.status;

    if (worker->stop_reason == STOP_NONE)
        return worker->sent_signal && WIFSIGNALED(status) &&
               WTERMSIG(status) == worker->sent_signal;
    return worker->stop_reason != STOP_HANG && worker->stop_reason != STOP_BREACH;
}

/* One task of a worker that is gone; `among` were in its hand. */
static void feed_conclude_task(struct worker *worker, struct task *task, int among, int64_t now)
{
    struct pool *pool = worker->pool;
    bool charged = worker->stop_reason == STOP_TIMEOUT && task->id == worker->late_id;

    list_remove(&task->in_hand);
    free(task->progress);
    task->progress = NULL;
    task->ended_at = worker->exited_at ? worker->exited_at : now;
    task->exit = task->signal = 0;
    if (task->cancel || worker->stop_reason == STOP_HALT) {
        task_set_error(task, "%s", worker->why);
        assign_finish(pool, task, TASK_CANCELLED, worker, now);
    } else if (charged) {
        task->exit = -1;
        assign_fail(pool, worker, task, worker->why, now);
    } else if (death_was_ordered(worker)) {
        queue_return(&pool->queue, task);
    } else if (among > 1) {
        task->alone = true;
        queue_return(&pool->queue, task);
    } else {
        task->alone = true;
        feed_count_death(worker, task, now);
    }
}

void feed_conclude(struct worker *worker, int64_t now)
{
    int among = worker->in_flight;

    list_remove(&worker->hungry_link);
    /* The youngest first, so that they are again at the head in their order. */
    for (struct list *node; (node = list_last(&worker->in_hand)) != NULL;)
        feed_conclude_task(worker, LIST_ENTRY(node, struct task, in_hand), among, now);
    worker->task = NULL;
    worker->in_flight = 0;
    worker->in_flight_bytes = 0;
    worker->answered = 0;
}
