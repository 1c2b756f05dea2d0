/* SPDX-License-Identifier: MIT */
/*
 * The restart policy. A slot's failures within crash_loop.window hold the slot; half the pool's
 * slots (at least 3) failing within 30 s trips the breaker, which lets one canary through.
 * Healthy workers are never touched.
 */
#include "pool/restart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "pool/budget.h"
#include "pool/cluster.h"
#include "pool/pool.h"

static const int64_t BREAKER_WINDOW = 30 * CLOCK_S;
static const int64_t SHORTAGE_PAUSE = 200 * CLOCK_MS;
static const int64_t LIMIT_PAUSE = 5 * CLOCK_S;

int64_t restart_delay(const struct backoff_spec *backoff, uint32_t step, double random)
{
    double delay = (double)backoff->initial * pow(backoff->factor, step < 64 ? step : 64);

    if (delay > (double)backoff->max)
        delay = (double)backoff->max;
    if (backoff->jitter == JITTER_FULL)
        delay *= 0.8 + 0.4 * random;
    return (int64_t)delay;
}

/* How many times of the ring (newest at count-1) lie within `window` before now. */
static int failures_within(const int64_t *ring, uint32_t count, int64_t now, int64_t window)
{
    int found = 0;
    uint32_t kept = count < WORKER_FAILURES ? count : WORKER_FAILURES;

    for (uint32_t i = 1; i <= kept; i++) {
        if (now - ring[(count - i) % WORKER_FAILURES] > window)
            break;
        found++;
    }
    return found;
}

static void failure_note(int64_t *ring, uint32_t *count, int64_t now)
{
    ring[(*count)++ % WORKER_FAILURES] = now;
}

/* Slots of the pool that failed within the breaker's window. */
static size_t breaker_failing(const struct pool *pool, int64_t now)
{
    size_t failing = 0;

    for (size_t i = 0; i < pool->slots; i++) {
        const struct worker *worker = pool->workers[i];

        if (worker && worker->failure_count &&
            failures_within(worker->failures, worker->failure_count, now, BREAKER_WINDOW))
            failing++;
    }
    return failing;
}

static void breaker_check(struct pool *pool, struct worker *worker, int64_t now)
{
    size_t failing, half = ((size_t)pool->want + 1) / 2;
    char alike[CLUSTER_TEXT * 2];

    if (pool->breaker || pool->want < 3)
        return;
    failing = breaker_failing(pool, now);
    if (failing < (half > 3 ? half : 3))
        return;
    pool->breaker = true;
    cluster_say(pool->deaths, now, alike, sizeof(alike));
    pool_say(pool, worker, POOL_EVENT_BREAKER,
             "%zu of %d slots failed within 30s; one canary at a time until it stays up%s%s",
             failing, pool->want, *alike ? "; " : "", alike);
}

/* Tells once that workers die alike, and again each time that there are four times as many. */
static void restart_note_death(struct worker *worker, int64_t now)
{
    uint64_t code = (uint64_t)worker->stop_reason << 32 | (uint64_t)worker->end.oom << 31 |
                    (uint64_t)(worker->end.status & 0xffff);
    struct pool *pool = worker->pool;
    int alike = cluster_add(&pool->deaths, now, code, worker->why, worker->end.last_words);
    char text[CLUSTER_TEXT * 2];

    if (alike != 3 && alike != 12 && alike != 48 && alike != 192)
        return;
    cluster_say(pool->deaths, now, text, sizeof(text));
    pool_say(pool, NULL, POOL_EVENT_ALIKE, "%s", text);
}

static void restart_hold(struct worker *worker, int64_t now, const char *why)
{
    const struct pool_spec *spec = worker->pool->spec;
    char probe[16], alike[CLUSTER_TEXT * 2];

    worker_set_state(worker, WORKER_HELD, now);
    heap_set(&worker->pool->state_timers, &worker->state_timer,
             clock_add(now, spec->crash_loop.probe));
    str_format_duration(probe, (double)spec->crash_loop.probe / 1e9);
    cluster_say(worker->pool->deaths, now, alike, sizeof(alike));
    pool_say(worker->pool, worker, POOL_EVENT_HELD, "held: %s; last: %s; next probe in %s%s%s", why,
             worker->why, probe, *alike ? "; " : "", alike);
}

static void restart_back_off(struct worker *worker, int64_t now, int64_t delay)
{
    char text[16];

    if (delay <= 0) {
        worker_set_state(worker, WORKER_DOWN, now);
        return;
    }
    worker_set_state(worker, WORKER_BACKOFF, now);
    heap_set(&worker->pool->state_timers, &worker->state_timer, clock_add(now, delay));
    str_format_duration(text, (double)delay / 1e9);
    pool_say(worker->pool, worker, POOL_EVENT_BACKOFF, "%s; restart in %s", worker->why, text);
}

static void restart_count_failure(struct worker *worker, int64_t now)
{
    const struct crash_loop_spec *loop = &worker->pool->spec->crash_loop;
    char why[64];
    bool probing = worker->canary;

    failure_note(worker->failures, &worker->failure_count, now);
    worker->canary = false;
    breaker_check(worker->pool, worker, now);
    if (worker->pool->held) {
        restart_hold(worker, now, "an operator holds restarts");
    } else if (probing ||
               (loop->failures && failures_within(worker->failures, worker->failure_count, now,
                                                  loop->window) >= loop->failures)) {
        snprintf(why, sizeof(why), "%d failures within %.0fs", loop->failures,
                 (double)loop->window / 1e9);
        restart_hold(worker, now, probing ? "the probe failed too" : why);
    } else {
        const struct backoff_spec *backoff = &worker->pool->spec->restart_backoff;

        restart_back_off(worker, now,
                         restart_delay(backoff, worker->backoff_step++, pool_random(worker->pool)));
    }
}

void restart_decide(struct worker *worker, int64_t now)
{
    const struct pool_spec *spec = worker->pool->spec;
    bool failure = worker_end_is_failure(worker);
    bool healthy = worker->ready_at &&
                   worker->exited_at - worker->started_at >= spec->restart_backoff.reset_after;

    if (failure)
        restart_note_death(worker, now);
    if (spec->restart == RESTART_NEVER || (spec->restart == RESTART_ON_FAILURE && !failure)) {
        worker->stay_down = true;
        worker_set_state(worker, WORKER_DOWN, now);
        return;
    }
    worker->was_healthy = healthy;
    if (healthy) {
        worker->backoff_step = 0;
        worker->failure_count = 0;
        worker->canary = false;
    }
    if (!failure && !worker->pool->held) {
        restart_back_off(worker, now,
                         healthy ? 0
                                 : restart_delay(&spec->restart_backoff, worker->backoff_step++,
                                                 pool_random(worker->pool)));
        return;
    }
    if (healthy && !worker->pool->held) {
        /* The first failure after health counts for the loop, but its restart is immediate. */
        failure_note(worker->failures, &worker->failure_count, now);
        breaker_check(worker->pool, worker, now);
        worker_set_state(worker, WORKER_DOWN, now);
        return;
    }
    restart_count_failure(worker, now);
}

void restart_after_spawn_error(struct worker *worker, bool permanent, const char *why, int64_t now)
{
    struct pool *pool = worker->pool;
    int64_t pause = permanent ? pool->spec->crash_loop.probe : SHORTAGE_PAUSE;
    bool said = strcmp(worker->why, why) == 0;

    snprintf(worker->why, sizeof(worker->why), "%s", why);
    if (permanent) {
        worker_set_state(worker, WORKER_FAILED, now);
        pool_say(pool, worker, POOL_EVENT_FAILED, "can't be started: %s", why);
    } else {
        worker_set_state(worker, WORKER_BACKOFF, now);
        pause = (int64_t)((double)pause * (0.8 + 0.4 * pool_random(pool)));
        /* It is tried five times a second: the same reason is told once. */
        if (!said)
            pool_say(pool, worker, POOL_EVENT_BACKOFF, "%s; tried again until it works", why);
    }
    heap_set(&pool->state_timers, &worker->state_timer, clock_add(now, pause));
}

/* One canary at a time while the breaker is open. */
static bool breaker_permits(struct pool *pool)
{
    for (size_t i = 0; i < pool->slots; i++) {
        const struct worker *worker = pool->workers[i];

        if (worker && worker->canary && worker->has_process)
            return false;
    }
    return true;
}

bool restart_permitted(struct pool *pool, struct worker *worker, int64_t now, int64_t *later)
{
    *later = CLOCK_NEVER;
    worker->automatic = false;
    if (!worker->generation || worker->asked || pool->spec->mode == POOL_COMMAND)
        return true;
    if (pool->breaker && !breaker_permits(pool)) {
        *later = now + LIMIT_PAUSE;
        return false;
    }
    if (!budget_permits(pool, worker, now, later))
        return false;
    worker->automatic = true;
    worker->canary = worker->canary || pool->breaker;
    return true;
}

void restart_note_start(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;

    if (!worker->automatic)
        return;
    worker->automatic = false;
    budget_take(pool, now);
    pool->restarts++;
    worker->restarts++;
    hour_counter_add(&pool->stats.restarts, now);
}

void restart_on_healthy(struct worker *worker, int64_t now)
{
    (void)now;
    if (worker->canary && worker->pool->breaker)
        worker->pool->breaker = false;
    worker->canary = false;
    worker->pool->dirty = true;
}
