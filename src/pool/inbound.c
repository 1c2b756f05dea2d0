/* SPDX-License-Identifier: MIT */
/*
 * What happens to a worker from outside: its process's ends and signs of life, and an operator's
 * requests. Each is turned into an event for the worker's table or into a sign of life.
 */
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "pool/hang.h"
#include "pool/pool.h"

/* CPU seconds between two samples that count as a sign of life. */
static const double CPU_SIGN = 0.01;
/* What makes a spin: so much of a CPU wanted between two samples. */
static const double SPIN_SHARE = 0.9;
/* Of a younger process a KILL takes no evidence: it would be over before that is there. */
static const int64_t EVIDENCE_AGE = 2 * CLOCK_S;
/* A service that says again that it hangs is heard no sooner than this after the last time. */
static const int64_t TRIGGER_PAUSE = 5 * CLOCK_S;
/* A heartbeat is asked for no more often: each one costs a turn of the loop. */
static const int64_t BEAT_LIMIT_LEAST = 100 * CLOCK_MS;

void worker_on_exit(struct worker *worker, const struct worker_end *end, int64_t now)
{
    worker->end = *end;
    worker_handle(worker, EVENT_EXIT, now);
}

void worker_on_ended(struct worker *worker, int64_t now)
{
    worker_handle(worker, EVENT_ENDED, now);
}

void worker_on_ready(struct worker *worker, int64_t now)
{
    if (worker->state == WORKER_STARTING && worker_tells_ready(worker))
        worker_handle(worker, EVENT_READY, now);
}

void worker_on_beat(struct worker *worker, int64_t now)
{
    worker->last_beat = now;
    worker->pinged = false;
    hang_clear(worker, now);
}

void worker_on_output(struct worker *worker, int64_t now)
{
    worker->last_output = now;
    hang_clear(worker, now);
}

void worker_on_demand(struct worker *worker, double wanted, int64_t now)
{
    double span = (double)(now - worker->sampled_at) / 1e9;

    if (!worker->sampled_at || wanted - worker->cpu_sampled < SPIN_SHARE * span) {
        worker->last_easy = now;
        hang_clear(worker, now);
    }
    worker->sampled_at = now;
    worker->cpu_sampled = wanted;
}

void worker_on_sample(struct worker *worker, double cpu, bool stopped, int64_t now)
{
    worker->stopped = stopped;
    if (cpu < worker->cpu_seen + CPU_SIGN)
        return;
    worker->cpu_seen = cpu;
    worker->last_cpu = now;
    hang_clear(worker, now);
}

void worker_on_extend(struct worker *worker, int64_t extra, int64_t now)
{
    struct pool *pool = worker->pool;
    int64_t until = clock_add(now, extra);

    /* How long a stop lasts is the operator's word, not the worker's. */
    if (worker->state == WORKER_STOPPING)
        return;
    if (worker->state == WORKER_STARTING && heap_has(&worker->state_timer) &&
        worker->state_timer.key < until)
        heap_set(&pool->state_timers, &worker->state_timer, until);
    if (pool->spec->hang.heartbeat && extra > pool->spec->hang.heartbeat)
        worker->last_beat = clock_add(now, extra - pool->spec->hang.heartbeat);
    hang_clear(worker, now);
}

void worker_on_watchdog(struct worker *worker, int64_t limit, int64_t now)
{
    worker->beat_limit = limit && limit < BEAT_LIMIT_LEAST ? BEAT_LIMIT_LEAST : limit;
    worker->last_beat = now;
    hang_clear(worker, now);
    if (heap_has(&worker->hang_timer))
        hang_arm(worker, now);
}

void worker_on_trigger(struct worker *worker, int64_t now)
{
    char before[64] = "";

    if (!worker->has_process || worker->hung)
        return;
    if (worker->triggered_at && now - worker->triggered_at < TRIGGER_PAUSE) {
        worker->triggers_ignored++;
        return;
    }
    if (worker->triggers_ignored)
        snprintf(before, sizeof(before), ", %llu more before this were ignored",
                 (unsigned long long)worker->triggers_ignored);
    worker->triggered_at = now;
    worker->triggers_ignored = 0;
    worker->hung = true;
    worker->hung_at = now;
    worker->pool->hung++;
    pool_say(worker->pool, worker, POOL_EVENT_HUNG, "hung: by its own word (WATCHDOG=trigger%s)",
             before);
    if (worker->pool->spec->hang.action == HANG_RESTART)
        hang_act(worker, now);
    else
        gather_first(worker, GATHER_HANG, now);
}

/* A timer of this worker that would end within the grace ends with it. */
static void extend_timer(struct heap *heap, struct heap_node *node, int64_t until)
{
    if (heap_has(node) && node->key < until)
        heap_set(heap, node, until);
}

void worker_request_extend(struct worker *worker, int64_t span, int64_t now)
{
    struct pool *pool = worker->pool;
    int64_t until = clock_add(now, span);

    worker->extended_until = until;
    extend_timer(&pool->task_timers, &worker->task_timer, until);
    if (worker->state == WORKER_STARTING || worker->state == WORKER_STOPPING)
        extend_timer(&pool->state_timers, &worker->state_timer, until);
    hang_forgive(worker);
    if (heap_has(&worker->hang_timer))
        hang_arm(worker, now);
}

void worker_request_hold(struct worker *worker, bool hold, int64_t now)
{
    worker->hang_held = hold;
    if (hold)
        return;
    worker->extended_until = 0;
    if (heap_has(&worker->hang_timer))
        hang_arm(worker, now);
    hang_act(worker, now);
}

void worker_request_stop(struct worker *worker, const char *who, int64_t now)
{
    worker->stay_down = true;
    worker_stop(worker, STOP_OPERATOR, who, now);
    worker->pool->dirty = true;
}

void worker_request_start(struct worker *worker, int64_t now)
{
    worker->stay_down = false;
    worker->asked = !worker->has_process;
    if (worker->state == WORKER_DRAINING && !worker->retire &&
        worker->pool->spec->mode != POOL_WORKER)
        worker_set_state(worker, WORKER_BUSY, now);
    else if (worker->state != WORKER_DOWN)
        worker_handle(worker, EVENT_START, now);
    worker->pool->dirty = true;
}

void worker_request_restart(struct worker *worker, const char *who, int64_t now)
{
    worker->stay_down = false;
    if (worker->has_process)
        worker_stop(worker, STOP_RESTART, who, now);
    else
        worker_request_start(worker, now);
}

void worker_request_drain(struct worker *worker, const char *who, int64_t now)
{
    worker->stay_down = true;
    snprintf(worker->who, sizeof(worker->who), "%s", who);
    worker_handle(worker, EVENT_DRAIN, now);
    worker->pool->dirty = true;
}

void worker_request_signal(struct worker *worker, int signal, const char *who, int64_t now)
{
    if (!worker->has_process)
        return;
    worker->sent_signal = signal;
    if (worker->stop_reason == STOP_NONE)
        snprintf(worker->who, sizeof(worker->who), "%s", who);
    if (signal != SIGKILL || now - worker->started_at < EVIDENCE_AGE ||
        !gather_first(worker, GATHER_SIGNAL, now))
        worker->pool->effects->signal(worker->pool->ctx, worker, signal);
}
