/* SPDX-License-Identifier: MIT */
/*
 * What happens to a worker from outside: its process's ends and signs of life, and an operator's
 * requests. Each is turned into an event for the worker's table or into a sign of life.
 */
#include <stdio.h>

#include "base/clock.h"
#include "pool/hang.h"
#include "pool/pool.h"

/* CPU seconds between two samples that count as a sign of life. */
static const double CPU_SIGN = 0.01;

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

    if ((worker->state == WORKER_STARTING || worker->state == WORKER_STOPPING) &&
        heap_has(&worker->state_timer) && worker->state_timer.key < until)
        heap_set(&pool->state_timers, &worker->state_timer, until);
    if (pool->spec->hang.heartbeat && extra > pool->spec->hang.heartbeat)
        worker->last_beat = clock_add(now, extra - pool->spec->hang.heartbeat);
    hang_clear(worker, now);
}

void worker_on_trigger(struct worker *worker, int64_t now)
{
    if (!worker->has_process || worker->hung)
        return;
    worker->hung = true;
    worker->hung_at = now;
    worker->pool->hung++;
    pool_say(worker->pool, worker, POOL_EVENT_HUNG, "hung: by its own word (WATCHDOG=trigger)");
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
    (void)now;
    if (!worker->has_process)
        return;
    worker->sent_signal = signal;
    if (worker->stop_reason == STOP_NONE)
        snprintf(worker->who, sizeof(worker->who), "%s", who);
    worker->pool->effects->signal(worker->pool->ctx, worker, signal);
}
