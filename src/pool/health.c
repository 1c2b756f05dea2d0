/* SPDX-License-Identifier: MIT */
/*
 * Counting checks. A worker that is held by an operator stays up though unhealthy, and a success
 * takes the word back.
 */
#include "pool/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pool/pool.h"

static const int64_t READY_FIRST = 50 * CLOCK_MS;
static const int64_t READY_LONGEST = CLOCK_S;
static const int64_t FIRST_LONGEST = CLOCK_S;

bool health_proves_ready(const struct pool_spec *spec)
{
    return spec->ready.command || *spec->ready.tcp || *spec->ready.log;
}

bool health_is_checked(const struct pool_spec *spec)
{
    return spec->health.command || *spec->health.tcp;
}

bool health_is_watched(const struct worker *worker)
{
    return worker->has_process && !worker->exited && health_is_checked(worker->pool->spec) &&
           (worker->state == WORKER_IDLE || worker->state == WORKER_BUSY);
}

bool health_is_good(const struct worker *worker)
{
    if (worker->state != WORKER_IDLE && worker->state != WORKER_BUSY)
        return false;
    if (!health_is_checked(worker->pool->spec))
        return true;
    return worker->health.proven && !worker->health.unhealthy;
}

/* Neighbours lie far apart, any number of slots evenly: multiples of the golden ratio. */
static double slot_share(int slot)
{
    return (double)((uint32_t)slot * UINT32_C(2654435769)) / 4294967296.0;
}

int64_t health_delay(const struct worker *worker)
{
    int64_t interval = worker->pool->spec->health.interval;
    double share = slot_share(worker->slot);

    if (worker->health.checks == 0)
        return (int64_t)(share * (double)(interval < FIRST_LONGEST ? interval : FIRST_LONGEST));
    if (worker->health.checks == 1)
        return (int64_t)((0.5 + share / 2) * (double)interval);
    return interval;
}

int64_t health_ready_delay(int64_t before)
{
    int64_t next = before ? before + before / 2 : READY_FIRST;

    return next < READY_LONGEST ? next : READY_LONGEST;
}

void health_begin_life(struct worker *worker)
{
    worker->health = (struct worker_health){0};
}

void health_end_life(struct worker *worker)
{
    if (worker->health.unhealthy)
        worker->pool->unhealthy--;
    worker->health.unhealthy = false;
}

void health_act(struct worker *worker, int64_t now)
{
    if (worker->health.unhealthy && !worker->pool->held && health_is_watched(worker) &&
        !gather_first(worker, GATHER_HEALTH, now))
        worker_stop(worker, STOP_UNHEALTHY, "", now);
}

static void check_failed(struct worker *worker, int64_t now)
{
    struct worker_health *health = &worker->health;
    struct pool *pool = worker->pool;
    int most = pool->spec->health.failures;

    /* What fails while evidence is taken, or a hold lasts, changes nothing any more. */
    if (!health->unhealthy)
        health->failures++;
    if (health->failures < most) {
        if (health->failures == 1)
            pool_say(pool, worker, POOL_EVENT_CHECK, "health check failed (1 of %d): %s", most,
                     health->why);
        return;
    }
    if (!health->unhealthy) {
        health->unhealthy = true;
        pool->unhealthy++;
        pool->dirty = true;
        pool_say(pool, worker, POOL_EVENT_UNHEALTHY, "unhealthy: %d health checks failed: %s; %s",
                 health->failures, health->why,
                 pool->held ? "not restarted: held" : "restarting it");
    }
    health_act(worker, now);
}

static void check_succeeded(struct worker *worker)
{
    struct worker_health *health = &worker->health;

    if (health->unhealthy) {
        health_end_life(worker);
        pool_say(worker->pool, worker, POOL_EVENT_RECOVERED, "healthy again");
    }
    if (!health->proven || health->failures)
        worker->pool->dirty = true; /* others may wait for it */
    health->proven = true;
    health->failures = 0;
    health->why[0] = '\0';
}

void worker_on_check_wait(struct worker *worker, int64_t wait)
{
    struct heap_node *timer = &worker->state_timer;

    if (worker->state == WORKER_STARTING && heap_has(timer))
        heap_set(&worker->pool->state_timers, timer, clock_add(timer->key, wait));
}

void worker_on_check(struct worker *worker, bool ok, const char *why, int64_t now)
{
    if (!ok)
        snprintf(worker->health.why, sizeof(worker->health.why), "%s", why);
    if (worker->state == WORKER_STARTING) {
        if (ok)
            worker_on_ready(worker, now);
        return;
    }
    if (!health_is_watched(worker))
        return;
    worker->health.checks++;
    if (ok)
        check_succeeded(worker);
    else
        check_failed(worker, now);
}

static size_t expand_one(const char *text, const char *pool, int slot, int pid, char *out,
                         size_t size)
{
    if (strncmp(text, "{pid}", 5) == 0)
        snprintf(out, size, "%d", pid);
    else if (strncmp(text, "{slot}", 6) == 0)
        snprintf(out, size, "%d", slot);
    else if (strncmp(text, "{pool}", 6) == 0)
        snprintf(out, size, "%s", pool);
    else
        return 0;
    return strcspn(text, "}") + 1;
}

char *health_expand(const char *text, const char *pool, int slot, int pid)
{
    char *whole = mem_copy_string("");

    while (*text) {
        char value[80];
        size_t taken = expand_one(text, pool, slot, pid, value, sizeof(value));
        size_t plain = taken ? 0 : 1 + strcspn(text + 1, "{");
        char *longer = mem_printf("%s%.*s%s", whole, (int)plain, text, taken ? value : "");

        free(whole);
        whole = longer;
        text += taken ? taken : plain;
    }
    return whole;
}
