/* SPDX-License-Identifier: MIT */
/*
 * From the queue to a process and back. In command mode the process is the task: its exit status
 * is the answer, its death by signal a failure, and an end that lifeguard caused for reasons of its
 * own (pool stopped, slot stopped) gives the task back uncharged.
 */
#include "pool/assign.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "pool/feed.h"
#include "pool/hang.h"
#include "pool/pool.h"

/* Short of something: the task waits at the head, the slot takes a breath. */
static void assign_give_back(struct worker *worker, struct task *task, const char *why, int64_t now)
{
    struct pool *pool = worker->pool;

    worker->generation--;
    queue_untake(&pool->queue, task);
    restart_after_spawn_error(worker, false, why, now);
}

static void assign_reject(struct worker *worker, struct task *task, int rc, const char *why,
                          int64_t now)
{
    task->exit = rc == -ENOENT ? 127 : 126;
    task->signal = 0;
    task->ended_at = now;
    task_set_error(task, "%s", why);
    assign_finish(worker->pool, task, TASK_FAILED, NULL, now);
}

void assign_begin(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    struct task *task = queue_take(&pool->queue);
    struct err err = {0};
    int64_t limit;
    int rc, pid = 0;

    if (!task)
        return;
    worker_begin_life(worker, now);
    rate_begin(&pool->stats.done, now);
    rate_begin(&pool->stats.failed, now);
    rc = pool->effects->spawn(pool->ctx, worker, task, &pid, &err);
    if (rc == -EAGAIN || rc == -ENOMEM || rc == -EMFILE || rc == -ENFILE || rc == -ENOSPC) {
        assign_give_back(worker, task, err.text, now);
        return;
    }
    if (rc < 0) {
        worker->generation--;
        assign_reject(worker, task, rc, err.text, now);
        return;
    }
    worker->pid = pid;
    worker->has_process = true;
    worker->task = task;
    worker->ready_at = now;
    task->worker = worker;
    task->started_at = now;
    worker_set_state(worker, WORKER_BUSY, now);
    limit = task->limit ? task->limit : feed_limit(pool);
    if (limit)
        heap_set(&pool->task_timers, &worker->task_timer, clock_add(now, limit));
    hang_arm(worker, now);
    pool->effects->room(pool->ctx, pool);
}

void assign_on_timeout(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    char after[16], id[16];

    if (!worker->task || worker->state == WORKER_STOPPING)
        return;
    str_format_duration(after, (double)(now - worker->task->started_at) / 1e9);
    str_format_id(id, worker->task->id);
    pool_say(pool, worker, POOL_EVENT_TIMEOUT, "task %s timed out after %s", id, after);
    worker->late_id = worker->task->id;
    if (!gather_first(worker, GATHER_TIMEOUT, now))
        worker_stop(worker, STOP_TIMEOUT, "", now);
}

static bool list_has(const int *list, size_t count, int value)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == value)
            return true;
    return false;
}

/* Exit status and signal as the job log shows them. */
static void assign_note_end(struct worker *worker, struct task *task, int64_t now)
{
    int status = worker->end.status;

    task->ended_at = worker->exited_at ? worker->exited_at : now;
    task->last_slot = worker->slot;
    task->last_pid = worker->pid;
    task->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    task->exit = WIFSIGNALED(status) ? 128 + task->signal : WEXITSTATUS(status);
    if (worker->stop_reason == STOP_TIMEOUT)
        task->exit = -1;
}

void assign_fail(struct pool *pool, struct worker *worker, struct task *task, const char *why,
                 int64_t now)
{
    const struct pool_spec *spec = pool->spec;
    bool retriable =
        !spec->retry_on_count || list_has(spec->retry_on, spec->retry_on_count, task->exit);
    int64_t delay;
    char id[16];

    task_set_error(task, "%s", why);
    if (list_has(spec->bury_on, spec->bury_on_count, task->exit)) {
        assign_finish(pool, task, TASK_BURIED, worker, now);
        return;
    }
    if (!retriable || ++task->failures > spec->retries || pool->halting) {
        assign_finish(pool, task, TASK_FAILED, worker, now);
        return;
    }
    delay = restart_delay(&spec->backoff, (uint32_t)task->failures - 1, pool_random(pool));
    str_format_id(id, task->id);
    pool_say(pool, worker, POOL_EVENT_TASK_RETRY, "task %s: %s; attempt %d of %d follows", id, why,
             task->failures + 1, spec->retries + 1);
    pool->effects->task_again(pool->ctx, pool, task, worker);
    queue_retry(&pool->queue, task, clock_add(now, delay));
}

void assign_conclude(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    struct task *task = worker->task;
    bool taken_back = worker->stop_reason == STOP_OPERATOR ||
                      worker->stop_reason == STOP_SHUTDOWN || worker->stop_reason == STOP_RESTART ||
                      worker->stop_reason == STOP_RESIZE;

    worker->task = NULL;
    assign_note_end(worker, task, now);
    if (worker->end.status == 0 && worker->stop_reason != STOP_TIMEOUT && !task->cancel) {
        worker->done++;
        assign_finish(pool, task, TASK_DONE, worker, now);
    } else if (task->cancel || worker->stop_reason == STOP_HALT) {
        task_set_error(task, "%s", worker->why);
        assign_finish(pool, task, TASK_CANCELLED, worker, now);
    } else if (taken_back) {
        pool->effects->task_again(pool->ctx, pool, task, worker);
        queue_return(&pool->queue, task);
    } else {
        assign_fail(pool, worker, task, worker->why, now);
    }
}

/* How many ends of the kind that the rule counts, and how many must there be. */
static bool halt_is_due(const struct pool *pool)
{
    const struct halt_spec *halt = &pool->spec->halt;
    uint64_t count = 0, ended = queue_ended(&pool->queue);

    switch (halt->why) {
    case HALT_ON_FAIL:
        count = pool->failed_tasks;
        break;
    case HALT_ON_SUCCESS:
        count = pool->queue.counts[TASK_DONE];
        break;
    case HALT_ON_DONE:
        count = ended;
        break;
    }
    if (!halt->percent)
        return count >= (uint64_t)halt->count;
    /* A share of all tasks. While the source still delivers it is one of those accepted so far,
     * which says nothing below three ends. */
    return (pool->source_done || ended >= 3) &&
           (double)count * 100 >= halt->percent * (double)pool->queue.accepted;
}

void assign_halt(struct pool *pool)
{
    pool->halting = true;
    pool->source_done = true;
    pool->dirty = true;
}

static void halt_apply(struct pool *pool, const struct task *task, int64_t now)
{
    char id[16];

    if (pool->halting || pool->spec->halt.when == HALT_NEVER || !halt_is_due(pool))
        return;
    str_format_id(id, task->id);
    assign_halt(pool);
    pool->halted_by_rule = true;
    pool->halt_exit = task->exit < 0 ? 255 : task->exit;
    pool_say(pool, NULL, POOL_EVENT_HALT, "halt rule met by task %s; %s", id,
             pool->spec->halt.when == HALT_NOW ? "ending what runs"
                                               : "waiting for what runs, starting nothing new");
    if (pool->spec->halt.when != HALT_NOW)
        return;
    for (size_t i = 0; i < pool->slots; i++)
        if (pool->workers[i] && pool->workers[i]->task)
            worker_stop(pool->workers[i], STOP_HALT, "", now);
}

void assign_finish(struct pool *pool, struct task *task, int state, struct worker *worker,
                   int64_t now)
{
    struct stats *stats = &pool->stats;
    double seconds = (double)(task->ended_at - task->started_at) / 1e9;
    char id[16];

    queue_finish(&pool->queue, task, (enum task_state)state);
    if (state == TASK_DONE) {
        rate_add(&stats->done, now, 1);
        histogram_add(&stats->runtimes, now, seconds);
        if (pool->spec->timeout.percent || pool->spec->soft_timeout.percent)
            median_add(&stats->median, seconds);
    } else if (state == TASK_FAILED || state == TASK_BURIED) {
        rate_add(&stats->failed, now, 1);
        pool->failed_tasks++;
        str_format_id(id, task->id);
        pool_say(pool, worker, POOL_EVENT_TASK_FAILED, "task %s: %s", id,
                 task->error ? task->error : "");
    }
    pool->effects->task_final(pool->ctx, pool, task, worker);
    pool->effects->room(pool->ctx, pool);
    pool->dirty = true;
    if (state != TASK_SKIPPED && state != TASK_CANCELLED)
        halt_apply(pool, task, now);
}
