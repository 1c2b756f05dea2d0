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
static const int64_t CAP_NEWS = 120 * CLOCK_S;

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

/* It waits for its probe. A canary that failed puts off those of all the others. */
static void restart_await_probe(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    int64_t at = clock_add(now, pool->spec->crash_loop.probe);

    if (pool->probe_slot == worker->slot)
        pool->probe_at = at;
    heap_set(&pool->state_timers, &worker->state_timer, at);
}

static void restart_hold(struct worker *worker, int64_t now, const char *why, bool probing)
{
    const struct pool_spec *spec = worker->pool->spec;
    char probe[16], alike[CLUSTER_TEXT * 2];
    bool more = probing || worker->pool->count[WORKER_HELD];

    worker_set_state(worker, WORKER_HELD, now);
    restart_await_probe(worker, now);
    str_format_duration(probe, (double)spec->crash_loop.probe / 1e9);
    cluster_say(worker->pool->deaths, now, alike, sizeof(alike));
    pool_say(worker->pool, worker, more ? POOL_EVENT_STILL_HELD : POOL_EVENT_HELD,
             "held: %s; last: %s; next probe in %s%s%s", why, worker->why, probe,
             *alike ? "; " : "", alike);
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
        restart_hold(worker, now, "an operator holds restarts", probing);
    } else if (probing ||
               (loop->failures && failures_within(worker->failures, worker->failure_count, now,
                                                  loop->window) >= loop->failures)) {
        snprintf(why, sizeof(why), "%d failures within %.0fs", loop->failures,
                 (double)loop->window / 1e9);
        restart_hold(worker, now, probing ? "the probe failed too" : why, probing);
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
        worker->stay_down = worker->ended = true;
        worker->ended_well = !failure;
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
    int64_t pause = SHORTAGE_PAUSE;
    bool said = strcmp(worker->why, why) == 0;
    bool more = worker->canary || pool->count[WORKER_FAILED];

    snprintf(worker->why, sizeof(worker->why), "%s", why);
    if (permanent) {
        worker_set_state(worker, WORKER_FAILED, now);
        restart_await_probe(worker, now);
        pool_say(pool, worker, more ? POOL_EVENT_STILL_FAILED : POOL_EVENT_FAILED,
                 "can't be started: %s", why);
        return;
    }
    worker_set_state(worker, WORKER_BACKOFF, now);
    pause = (int64_t)((double)pause * (0.8 + 0.4 * pool_random(pool)));
    heap_set(&pool->state_timers, &worker->state_timer, clock_add(now, pause));
    /* It is tried five times a second: the same reason is told once. */
    if (!said)
        pool_say(pool, worker, POOL_EVENT_BACKOFF, "%s; tried again until it works", why);
}

static bool restart_is_given_up(const struct worker *worker)
{
    return worker && (worker->state == WORKER_HELD || worker->state == WORKER_FAILED);
}

/* The canary that was sent out and has not failed. */
static struct worker *probe_that_is_out(const struct pool *pool)
{
    struct worker *canary = pool_worker(pool, pool->probe_slot);

    return canary && canary->canary && !restart_is_given_up(canary) ? canary : NULL;
}

/* They take turns: the next one after the slot that was the last. */
static struct worker *probe_next(const struct pool *pool)
{
    for (size_t i = 0; i < pool->slots; i++) {
        struct worker *worker = pool->workers[((size_t)pool->probe_slot + i) % pool->slots];

        if (restart_is_given_up(worker))
            return worker;
    }
    return NULL;
}

void restart_probe(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    int64_t probe = pool->spec->crash_loop.probe;
    int64_t later = pool->probe_at > now ? pool->probe_at : 0;
    struct worker *out = probe_that_is_out(pool), *next;

    /* Workers that take tasks do not tell of it by themselves. */
    if (out && out->has_process && out->ready_at)
        restart_on_healthy(out, now);
    if (pool->held)
        later = clock_add(now, probe);
    else if (probe_that_is_out(pool))
        later = clock_add(now, probe < LIMIT_PAUSE ? probe : LIMIT_PAUSE);
    next = later ? NULL : probe_next(pool);
    if (next) {
        pool->probe_slot = next->slot;
        pool->probe_at = later = clock_add(now, probe);
        next->canary = true;
        worker_set_state(next, WORKER_DOWN, now);
    }
    if (restart_is_given_up(worker))
        heap_set(&pool->state_timers, &worker->state_timer, later);
}

/* A pool that reached a cap is told once, until it has kept away from it for a while. */
static void restart_wait_for_cap(struct worker *worker, enum budget_answer cap, int64_t now,
                                 int64_t later)
{
    struct pool *pool = worker->pool;
    bool said = pool->capped_until && now - pool->capped_until < CAP_NEWS;
    char wait[16];

    pool->capped_until = later;
    worker_set_state(worker, WORKER_BACKOFF, now);
    heap_set(&pool->state_timers, &worker->state_timer, later);
    if (said)
        return;
    str_format_duration(wait, (double)(later - now) / 1e9);
    if (cap == BUDGET_POOL)
        pool_say(pool, NULL, POOL_EVENT_CAPPED,
                 "restart_limit: %d restarts a minute are used up; next in %s",
                 pool->budget->per_pool, wait);
    else
        pool_say(pool, NULL, POOL_EVENT_CAPPED,
                 "its share of the %d restarts a minute of all pools is used up; next in %s",
                 RESTART_GLOBAL_LIMIT, wait);
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
    enum budget_answer answer;

    *later = CLOCK_NEVER;
    worker->automatic = false;
    if (!worker->generation || worker->asked || pool->spec->mode == POOL_COMMAND)
        return true;
    if (pool->breaker && !breaker_permits(pool)) {
        *later = now + LIMIT_PAUSE;
        return false;
    }
    answer = budget_ask(pool, worker, now, later);
    if (answer == BUDGET_POOL || answer == BUDGET_ALL)
        restart_wait_for_cap(worker, answer, now, *later);
    if (answer != BUDGET_YES)
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

/* What made them fail is over: their canary stayed up. */
static void restart_release(struct pool *pool, int64_t now)
{
    pool->probe_slot = 0;
    for (size_t i = 0; !pool->held && i < pool->slots; i++)
        if (restart_is_given_up(pool->workers[i]))
            worker_set_state(pool->workers[i], WORKER_DOWN, now);
}

void restart_on_healthy(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    bool lasts = now - worker->started_at >= pool->spec->restart_backoff.reset_after;

    if (worker->canary)
        pool->breaker = false;
    if (worker->canary && lasts && pool->probe_slot == worker->slot)
        restart_release(pool, now);
    if (lasts || pool->probe_slot != worker->slot)
        worker->canary = false;
    pool->dirty = true;
}
