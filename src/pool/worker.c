/* SPDX-License-Identifier: MIT */
/*
 * The worker's table: one function a meaningful cell. A cell changes this worker, speaks through
 * the pool's effects, and never calls another cell; what follows is the next tick's business.
 */
#include "pool/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "pool/assign.h"
#include "pool/feed.h"
#include "pool/hang.h"
#include "pool/pool.h"
#include "pool/recycle.h"
#include "pool/worker_life.h"

static const int64_t LINGER_SERVICE = 200 * CLOCK_MS; /* descendants may finish by themselves */
static const int64_t LINGER_COMMAND = 2 * CLOCK_S;
static const int64_t KILL_WAIT = 5 * CLOCK_S;
static const int64_t EVIDENCE_WAIT = 600 * CLOCK_MS;
static const int64_t QUIET_WAIT = 2 * CLOCK_S; /* from its last answer until it must have gone */

static bool worker_is_service(const struct worker *worker)
{
    return worker->pool->spec->mode == POOL_SERVICE;
}

void worker_set_state(struct worker *worker, enum worker_state state, int64_t now)
{
    struct pool *pool = worker->pool;

    list_remove(&worker->link);
    if (state != WORKER_BUSY)
        list_remove(&worker->hungry_link);
    pool->count[worker->state]--;
    heap_remove(&pool->state_timers, &worker->state_timer);
    worker->state = state;
    worker->since = now;
    pool->count[state]++;
    /* The idle worker that was busy last is the next to be used: its memory is warm. */
    if (state == WORKER_IDLE)
        list_push_front(&pool->by_state[state], &worker->link);
    else
        list_push_back(&pool->by_state[state], &worker->link);
    pool->dirty = true;
}

static void worker_set_timer(struct worker *worker, int64_t now, int64_t delay)
{
    heap_set(&worker->pool->state_timers, &worker->state_timer, clock_add(now, delay));
}

static bool error_is_shortage(int rc)
{
    return rc == -EAGAIN || rc == -ENOMEM || rc == -EMFILE || rc == -ENFILE || rc == -ENOBUFS ||
           rc == -ENOSPC;
}

bool worker_tells_ready(const struct worker *worker)
{
    return worker->pool->spec->ready.notify || worker_is_fed(worker) ||
           health_proves_ready(worker->pool->spec);
}

/* An idle worker's clock is its age. */
static void worker_rest(struct worker *worker, int64_t now)
{
    worker_set_state(worker, WORKER_IDLE, now);
    if (worker_is_fed(worker) && worker->recycle_at != CLOCK_NEVER && !worker->recycle)
        heap_set(&worker->pool->state_timers, &worker->state_timer, worker->recycle_at);
}

/* A slot without a process yet: the lowest numbers are used first. */
static void cell_start_slot(struct worker *worker, int64_t now)
{
    worker_set_state(worker, WORKER_IDLE, now);
    list_remove(&worker->link);
    list_push_back(&worker->pool->by_state[WORKER_IDLE], &worker->link);
}

static void cell_start(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    struct err err = {0};
    int rc, pid = 0;

    if (pool->spec->mode == POOL_COMMAND) {
        cell_start_slot(worker, now);
        return;
    }
    worker_begin_life(worker, now);
    rc = pool->effects->spawn(pool->ctx, worker, NULL, &pid, &err);
    worker->asked = false;
    if (rc < 0) {
        worker->generation--;
        restart_after_spawn_error(worker, !error_is_shortage(rc), err.text, now);
        return;
    }
    worker->pid = pid;
    worker->has_process = true;
    restart_note_start(worker, now);
    worker_set_state(worker, WORKER_STARTING, now);
    worker_set_timer(worker, now,
                     worker_tells_ready(worker) ? pool->spec->ready.timeout
                                                : pool->spec->ready.min_uptime);
    pool_say(pool, worker, POOL_EVENT_STARTED, "started generation %u (slot %d)",
             worker->generation, worker->slot);
}

static void cell_ready(struct worker *worker, int64_t now)
{
    worker->ready_at = worker->last_beat = now;
    if (worker_is_service(worker))
        worker_set_state(worker, WORKER_BUSY, now);
    else
        worker_rest(worker, now);
    if (worker_is_service(worker) && worker->pool->spec->restart_backoff.reset_after > 0)
        worker_set_timer(worker, now, worker->pool->spec->restart_backoff.reset_after);
    hang_arm(worker, now);
    pool_say(worker->pool, worker, POOL_EVENT_READY, "ready");
    if (worker->canary && worker->pool->breaker)
        restart_on_healthy(worker, now);
}

/* No READY=1 in time (a clock of its own), or up long enough to count as started. */
static void cell_starting_timeout(struct worker *worker, int64_t now)
{
    if (!worker_tells_ready(worker)) {
        cell_ready(worker, now);
        return;
    }
    if (!gather_first(worker, GATHER_START_TIMEOUT, now))
        worker_stop(worker, STOP_START_TIMEOUT, "", now);
}

/* A service was up for reset_after. */
static void cell_healthy(struct worker *worker, int64_t now)
{
    worker->backoff_step = 0;
    worker->failure_count = 0;
    restart_on_healthy(worker, now);
}

static void cell_assign(struct worker *worker, int64_t now)
{
    if (worker_is_fed(worker))
        feed_begin(worker, now);
    else
        assign_begin(worker, now);
}

static void cell_idle_timeout(struct worker *worker, int64_t now)
{
    recycle_check(worker, now);
}

static void cell_result(struct worker *worker, int64_t now)
{
    worker_rest(worker, now);
}

/* A worker that was told QUIET exits by itself. */
static void cell_result_draining(struct worker *worker, int64_t now)
{
    if (worker_is_fed(worker))
        worker_set_timer(worker, now, QUIET_WAIT);
    else
        worker_stop(worker, STOP_DRAIN, worker->who, now);
}

static void cell_drain_fed(struct worker *worker, int64_t now)
{
    if (worker->stop_reason == STOP_NONE)
        worker->stop_reason = STOP_DRAIN;
    worker_set_state(worker, WORKER_DRAINING, now);
    worker->pool->effects->tell(worker->pool->ctx, worker, WORD_QUIET, NULL);
    if (!worker->in_flight)
        worker_set_timer(worker, now, QUIET_WAIT);
}

static void cell_drain(struct worker *worker, int64_t now)
{
    if (worker_is_fed(worker))
        cell_drain_fed(worker, now);
    else if (worker_is_service(worker))
        worker_stop(worker, STOP_DRAIN, worker->who, now);
    else
        worker_set_state(worker, WORKER_DRAINING, now);
}

/* Nothing in hand any more, and it does not go. */
static void cell_draining_timeout(struct worker *worker, int64_t now)
{
    worker_stop(worker, worker->stop_reason, worker->who, now);
}

static void cell_stop_at_once(struct worker *worker, int64_t now)
{
    worker_set_state(worker, WORKER_DOWN, now);
}

static void worker_send_stop(struct worker *worker, int signal, int64_t now, int64_t wait)
{
    const struct pool_effects *effects = worker->pool->effects;

    worker->stop_signal = signal;
    effects->signal(worker->pool->ctx, worker, signal);
    /* A stopped process handles nothing but KILL until it is continued. */
    if (signal != SIGKILL)
        effects->signal(worker->pool->ctx, worker, SIGCONT);
    worker_set_timer(worker, now, wait);
}

static void cell_stop_process(struct worker *worker, int64_t now)
{
    const struct stop_spec *stop = &worker->pool->spec->stop;

    hang_disarm(worker);
    heap_remove(&worker->pool->task_timers, &worker->task_timer);
    worker_set_state(worker, WORKER_STOPPING, now);
    if (worker_is_fed(worker))
        worker->pool->effects->tell(worker->pool->ctx, worker, WORD_STOP, NULL);
    worker->stop_step = stop->signal == SIGKILL ? 2 : 1;
    worker_send_stop(worker, stop->signal, now, stop->signal == SIGKILL ? KILL_WAIT : stop->grace);
    if (worker->stop_reason != STOP_TIMEOUT && worker->stop_reason != STOP_HANG)
        pool_say(worker->pool, worker, POOL_EVENT_STOPPING, "stopping: %s",
                 str_signal_name(stop->signal));
}

static void cell_stop_idle(struct worker *worker, int64_t now)
{
    if (worker->has_process)
        cell_stop_process(worker, now);
    else
        worker_set_state(worker, WORKER_DOWN, now);
}

static void cell_drain_idle(struct worker *worker, int64_t now)
{
    if (worker_is_fed(worker))
        cell_drain_fed(worker, now);
    else
        cell_stop_idle(worker, now);
}

/* The escalation: stop signal, KILL, then named as what the kernel still holds. */
static void cell_stopping_timeout(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    int64_t grace = pool->spec->stop.grace;

    if (worker->stop_step == 0) {
        /* The leader has exited, descendants live on. */
        worker->stop_step = 1;
        worker_send_stop(worker, SIGTERM, now, grace < 2 * CLOCK_S ? grace : 2 * CLOCK_S);
    } else if (worker->stop_step == 1 && !worker->kill_waits &&
               gather_first(worker, GATHER_KILL, now)) {
        /* Whether or not it comes, the KILL does. */
        worker->kill_waits = true;
        worker_set_timer(worker, now, EVIDENCE_WAIT);
    } else if (worker->stop_step == 1) {
        worker->stop_step = 2;
        pool_say(pool, worker, POOL_EVENT_KILL, "still there after the grace time: KILL");
        worker_send_stop(worker, SIGKILL, now, KILL_WAIT);
    } else if (worker->stop_step == 2) {
        worker->stop_step = 3;
        worker->unkillable = true;
        pool->unkillable++;
        pool_say(pool, worker, POOL_EVENT_UNKILLABLE,
                 "UNKILLABLE: the kernel still holds it 5s after KILL");
        worker_set_timer(worker, now, 60 * CLOCK_S);
    } else {
        worker_send_stop(worker, SIGKILL, now, 60 * CLOCK_S);
    }
}

/* The leader is reaped; its tree and its output may last. */
static void cell_exit(struct worker *worker, int64_t now)
{
    hang_disarm(worker);
    heap_remove(&worker->pool->task_timers, &worker->task_timer);
    worker->exited = true;
    worker->exited_at = now;
    /* Told QUIET, it died instead of leaving: its tasks and the slot take it as a death. */
    if (worker->state == WORKER_DRAINING && worker_is_fed(worker) && worker->end.status != 0)
        worker->stop_reason = STOP_NONE;
    if (worker->state == WORKER_STOPPING)
        return;
    worker_set_state(worker, WORKER_STOPPING, now);
    worker_set_timer(worker, now,
                     worker->pool->spec->mode == POOL_COMMAND ? LINGER_COMMAND : LINGER_SERVICE);
}

static void cell_ended(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    bool command = pool->spec->mode == POOL_COMMAND;

    worker_describe_end(worker, worker->why, sizeof(worker->why));
    if (worker->hung)
        pool->hung--;
    if (worker->unkillable)
        pool->unkillable--;
    health_end_life(worker);
    if (!command || worker_end_is_failure(worker))
        worker_record_life(worker, now);
    if (!command)
        pool_say(pool, worker, POOL_EVENT_EXITED, "%s", worker->why);
    if (worker->in_flight)
        feed_conclude(worker, now);
    else if (worker->task)
        assign_conclude(worker, now);
    worker->has_process = worker->hung = worker->suspect = worker->stopped = false;
    worker->unkillable = false;
    worker->pid = 0;
    worker->life = NULL;
    worker_settle(worker, now);
}

static void cell_again(struct worker *worker, int64_t now)
{
    worker_set_state(worker, WORKER_DOWN, now);
}

static void cell_probe(struct worker *worker, int64_t now)
{
    restart_probe(worker, now);
}

static void cell_start_again(struct worker *worker, int64_t now)
{
    worker->failure_count = 0;
    worker->backoff_step = 0;
    worker->canary = false;
    worker_set_state(worker, WORKER_DOWN, now);
}

static void cell_hang(struct worker *worker, int64_t now)
{
    worker_stop(worker, STOP_HANG, "", now);
}

typedef void worker_cell(struct worker *worker, int64_t now);

static worker_cell *const cells[WORKER_STATES][WORKER_EVENTS] = {
    [WORKER_DOWN] = {[EVENT_START] = cell_start},
    [WORKER_STARTING] = {[EVENT_READY] = cell_ready,
                         [EVENT_DRAIN] = cell_stop_process,
                         [EVENT_STOP] = cell_stop_process,
                         [EVENT_EXIT] = cell_exit,
                         [EVENT_TIMEOUT] = cell_starting_timeout},
    [WORKER_IDLE] = {[EVENT_ASSIGN] = cell_assign,
                     [EVENT_DRAIN] = cell_drain_idle,
                     [EVENT_STOP] = cell_stop_idle,
                     [EVENT_EXIT] = cell_exit,
                     [EVENT_TIMEOUT] = cell_idle_timeout,
                     [EVENT_HANG] = cell_hang},
    [WORKER_BUSY] = {[EVENT_ASSIGN] = cell_assign,
                     [EVENT_RESULT] = cell_result,
                     [EVENT_DRAIN] = cell_drain,
                     [EVENT_STOP] = cell_stop_process,
                     [EVENT_EXIT] = cell_exit,
                     [EVENT_TIMEOUT] = cell_healthy,
                     [EVENT_HANG] = cell_hang},
    [WORKER_DRAINING] = {[EVENT_RESULT] = cell_result_draining,
                         [EVENT_STOP] = cell_stop_process,
                         [EVENT_EXIT] = cell_exit,
                         [EVENT_TIMEOUT] = cell_draining_timeout,
                         [EVENT_HANG] = cell_hang},
    [WORKER_STOPPING] = {[EVENT_EXIT] = cell_exit,
                         [EVENT_ENDED] = cell_ended,
                         [EVENT_TIMEOUT] = cell_stopping_timeout},
    [WORKER_BACKOFF] = {[EVENT_START] = cell_start_again,
                        [EVENT_DRAIN] = cell_stop_at_once,
                        [EVENT_STOP] = cell_stop_at_once,
                        [EVENT_TIMEOUT] = cell_again},
    [WORKER_HELD] = {[EVENT_START] = cell_start_again,
                     [EVENT_DRAIN] = cell_stop_at_once,
                     [EVENT_STOP] = cell_stop_at_once,
                     [EVENT_TIMEOUT] = cell_probe},
    [WORKER_FAILED] = {[EVENT_START] = cell_start_again,
                       [EVENT_DRAIN] = cell_stop_at_once,
                       [EVENT_STOP] = cell_stop_at_once,
                       [EVENT_TIMEOUT] = cell_probe},
};

bool worker_handle(struct worker *worker, enum worker_event event, int64_t now)
{
    worker_cell *cell = cells[worker->state][event];

    if (!cell)
        return false;
    cell(worker, now);
    worker->pool->dirty = true;
    return true;
}

bool worker_cell_exists(enum worker_state state, enum worker_event event)
{
    return cells[state][event] != NULL;
}

struct worker *worker_new(struct pool *pool, int slot, int64_t now)
{
    struct worker *worker = mem_new(sizeof(*worker));

    worker->pool = pool;
    worker->slot = slot;
    worker->since = now;
    worker->done_fraction = -1;
    worker->recycle_at = CLOCK_NEVER;
    list_init(&worker->in_hand);
    pool->count[WORKER_DOWN]++;
    list_push_back(&pool->by_state[WORKER_DOWN], &worker->link);
    return worker;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    list_remove(&worker->link);
    list_remove(&worker->hungry_link);
    recycle_clear(worker);
    worker->pool->count[worker->state]--;
    heap_remove(&worker->pool->state_timers, &worker->state_timer);
    heap_remove(&worker->pool->hang_timers, &worker->hang_timer);
    heap_remove(&worker->pool->task_timers, &worker->task_timer);
    free(worker->lives);
    free(worker);
}

void worker_stop(struct worker *worker, enum stop_reason reason, const char *who, int64_t now)
{
    if (worker->state != WORKER_STOPPING || worker->stop_reason == STOP_NONE) {
        worker->stop_reason = reason;
        if (who != worker->who)
            snprintf(worker->who, sizeof(worker->who), "%s", who);
    }
    /* The leader has exited by itself and descendants linger: no need to wait for them to. */
    if (worker->state == WORKER_STOPPING && worker->stop_step == 0)
        cell_stopping_timeout(worker, now);
    worker_handle(worker, EVENT_STOP, now);
}

void worker_kill_now(struct worker *worker, int64_t now)
{
    if (!worker->has_process || worker->stop_step >= 2)
        return;
    if (worker->state != WORKER_STOPPING)
        worker_set_state(worker, WORKER_STOPPING, now);
    worker->stop_step = 2;
    worker_send_stop(worker, SIGKILL, now, KILL_WAIT);
}

bool worker_is_live(const struct worker *worker)
{
    return worker->has_process && !worker->exited && worker->state != WORKER_STOPPING;
}
