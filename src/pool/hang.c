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
#include "pool/gather.h"
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

/* The clock that ends first so far. */
struct nearest {
    const char *what;
    int64_t limit, since, end;
};

static void nearest_take(struct nearest *best, const char *what, int64_t limit, int64_t since)
{
    if (limit && clock_add(since, limit) < best->end)
        *best = (struct nearest){what, limit, since, clock_add(since, limit)};
}

static void nearest_of_work(const struct worker *worker, struct nearest *best)
{
    const struct hang_spec *spec = &worker->pool->spec->hang;
    int64_t sign = worker->last_output;

    nearest_take(best, "silent, no CPU used", spec->silence, latest(sign, worker->last_cpu));
    nearest_take(best, "spins, 90% of a CPU or more and no output or progress", spec->spin,
                 latest(sign, worker->last_easy));
    nearest_take(best, "stalled, no output or progress", spec->stall, sign);
}

bool hang_nearest(const struct worker *worker, const char **what, int64_t *limit, int64_t *since)
{
    struct nearest best = {.end = CLOCK_NEVER};

    if (!hang_is_watched(worker))
        return false;
    if (worker->pool->spec->hang.heartbeat)
        nearest_take(&best, "no heartbeat",
                     worker->beat_limit ? worker->beat_limit : worker->pool->spec->hang.heartbeat,
                     worker->last_beat);
    if (worker->task || worker->pool->spec->mode == POOL_SERVICE)
        nearest_of_work(worker, &best);
    if (best.end == CLOCK_NEVER)
        return false;
    *what = best.what;
    *limit = best.limit;
    /* An operator gave it more time. */
    *since = latest(best.since, worker->extended_until - best.limit);
    return true;
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
        at = now + (limit > CLOCK_S ? limit : CLOCK_S);
    heap_set(&worker->pool->hang_timers, &worker->hang_timer, at);
}

void hang_disarm(struct worker *worker)
{
    heap_remove(&worker->pool->hang_timers, &worker->hang_timer);
}

static bool hang_will_restart(const struct worker *worker)
{
    return worker->pool->spec->hang.action == HANG_RESTART && !worker->pool->held &&
           !worker->hang_held;
}

void hang_act(struct worker *worker, int64_t now)
{
    if (worker->hung && hang_will_restart(worker) && !gather_first(worker, GATHER_HANG, now))
        worker_handle(worker, EVENT_HANG, now);
}

static const char *hang_intent(const struct worker *worker)
{
    if (worker->pool->spec->hang.action != HANG_RESTART)
        return "";
    return hang_will_restart(worker) ? "; restarting it" : "; not restarted: held";
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
             limit_text, worker->stopped ? ", stopped by a signal" : "", task, hang_intent(worker));
    if (hang_will_restart(worker))
        hang_act(worker, now);
    else
        gather_first(worker, GATHER_HANG, now);
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

void hang_forgive(struct worker *worker)
{
    if (worker->state == WORKER_STOPPING)
        return;
    worker->pool->hung -= worker->hung;
    worker->hung = worker->suspect = worker->gathered = false;
}

void hang_clear(struct worker *worker, int64_t now)
{
    const char *what;
    int64_t limit, since;

    /* What is being stopped stays what it was stopped for. */
    if ((!worker->suspect && !worker->hung) || worker->state == WORKER_STOPPING)
        return;
    if (hang_nearest(worker, &what, &limit, &since) && now - since >= limit / 2)
        return;
    if (worker->hung) {
        worker->hung = false;
        worker->pool->hung--;
        pool_say(worker->pool, worker, POOL_EVENT_RECOVERED, "gives signs of life again");
    }
    worker->suspect = false;
    worker->gathered = false;
    hang_arm(worker, now);
}

/* The shorter one; 0 = off. */
static int64_t shorter(int64_t a, int64_t b)
{
    if (!a || !b)
        return a ? a : b;
    return a < b ? a : b;
}

bool hang_counts_cpu(const struct pool *pool)
{
    return pool->spec->hang.silence || pool->spec->hang.spin;
}

int64_t hang_sample_period(const struct pool *pool)
{
    int64_t period = shorter(pool->spec->hang.silence, pool->spec->hang.spin) / 4;

    if (!period && pool->spec->max_memory)
        return CLOCK_S;

    if (!period)
        return 0;
    if (period > CLOCK_S)
        return CLOCK_S;
    return period < 100 * CLOCK_MS ? 100 * CLOCK_MS : period;
}
