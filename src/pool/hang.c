/* SPDX-License-Identifier: MIT */
/*
 * Hang detection. Every limit is a clock (since, length); the one that ends first is watched by
 * the worker's hang timer at its half and at its end. Signs of life only move `since`, so a busy
 * worker costs nothing: the timer finds out when it fires.
 */
#include "pool/hang.h"

#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"
#include "pool/pool.h"

static int64_t latest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool hang_is_watched(const struct worker *worker)
{
    return worker->has_process && !worker->exited &&
           (worker->state == WORKER_IDLE || worker->state == WORKER_BUSY ||
            worker->state == WORKER_DRAINING);
}

bool hang_nearest(const struct worker *worker, const char **what, int64_t *limit, int64_t *since)
{
    const struct hang_spec *spec = &worker->pool->spec->hang;
    bool working = worker->task || worker->pool->spec->mode == POOL_SERVICE;
    int64_t best = CLOCK_NEVER;

    if (!hang_is_watched(worker))
        return false;
    if (spec->heartbeat) {
        *what = "no heartbeat";
        *limit = spec->heartbeat;
        *since = worker->last_beat;
        best = clock_add(*since, *limit);
    }
    if (spec->silence && working) {
        int64_t quiet = latest(worker->last_output, worker->last_cpu);

        if (clock_add(quiet, spec->silence) < best) {
            *what = "silent, no CPU used";
            *limit = spec->silence;
            *since = quiet;
            best = clock_add(quiet, spec->silence);
        }
    }
    return best != CLOCK_NEVER;
}

/* A worker of the worker protocol is asked for its heartbeat before it is missed. */
static bool hang_may_ping(const struct worker *worker)
{
    return worker->pool->spec->mode == POOL_WORKER && worker->pool->spec->hang.heartbeat &&
           !worker->pinged;
}

void hang_arm(struct worker *worker, int64_t now)
{
    const char *what;
    int64_t limit, since, at;

    if (!hang_nearest(worker, &what, &limit, &since)) {
        hang_disarm(worker);
        return;
    }
    if (worker->suspect)
        at = clock_add(since, limit);
    else
        at = clock_add(since, hang_may_ping(worker) ? limit / 4 : limit / 2);
    if (worker->hung)
        at = now + limit;
    heap_set(&worker->pool->hang_timers, &worker->hang_timer, at);
}

void hang_disarm(struct worker *worker)
{
    heap_remove(&worker->pool->hang_timers, &worker->hang_timer);
}

void hang_act(struct worker *worker, int64_t now)
{
    const struct pool *pool = worker->pool;

    if (worker->hung && pool->spec->hang.action == HANG_RESTART && !pool->held)
        worker_handle(worker, EVENT_HANG, now);
}

static const char *hang_intent(const struct pool *pool)
{
    if (pool->spec->hang.action != HANG_RESTART)
        return "";
    return pool->held ? "; not restarted: held" : "; restarting it";
}

static void hang_mark(struct worker *worker, const char *what, int64_t quiet, int64_t limit,
                      int64_t now)
{
    struct pool *pool = worker->pool;
    char quiet_text[16], limit_text[16], id[16], task[32] = "";

    str_format_duration(quiet_text, (double)quiet / 1e9);
    str_format_duration(limit_text, (double)limit / 1e9);
    if (worker->task) {
        str_format_id(id, worker->task->id);
        snprintf(task, sizeof(task), ", task %s", id);
    }
    worker->hung = true;
    worker->hung_at = now;
    pool->hung++;
    pool->dirty = true;
    pool_say(pool, worker, POOL_EVENT_HUNG, "hung: %s for %s (limit %s)%s%s%s", what, quiet_text,
             limit_text, worker->stopped ? ", stopped by a signal" : "", task, hang_intent(pool));
    hang_act(worker, now);
}

void hang_check(struct worker *worker, int64_t now)
{
    const char *what;
    int64_t limit, since;

    if (!hang_nearest(worker, &what, &limit, &since))
        return;
    if (now - since >= limit && !worker->hung) {
        hang_mark(worker, what, now - since, limit, now);
    } else if (now - since >= limit / 2 && !worker->suspect) {
        worker->suspect = true;
        pool_say(worker->pool, worker, POOL_EVENT_SUSPECT, "suspect: %s for half of its limit",
                 what);
    }
    if (hang_may_ping(worker) &&
        now - worker->last_beat >= worker->pool->spec->hang.heartbeat / 4) {
        worker->pinged = true;
        worker->pool->effects->tell(worker->pool->ctx, worker, WORD_PING, NULL);
    }
    if (hang_is_watched(worker))
        hang_arm(worker, now);
}

void hang_clear(struct worker *worker, int64_t now)
{
    const char *what;
    int64_t limit, since;

    if (!worker->suspect && !worker->hung)
        return;
    if (hang_nearest(worker, &what, &limit, &since) && now - since >= limit / 2)
        return;
    if (worker->hung && worker->state != WORKER_STOPPING) {
        worker->hung = false;
        worker->pool->hung--;
        pool_say(worker->pool, worker, POOL_EVENT_RECOVERED, "gives signs of life again");
    }
    worker->suspect = false;
    hang_arm(worker, now);
}

int64_t hang_sample_period(const struct pool *pool)
{
    int64_t period = pool->spec->hang.silence / 4;

    if (!period && pool->spec->max_memory)
        return CLOCK_S;

    if (!period)
        return 0;
    if (period > CLOCK_S)
        return CLOCK_S;
    return period < 100 * CLOCK_MS ? 100 * CLOCK_MS : period;
}
