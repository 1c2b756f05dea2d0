/* SPDX-License-Identifier: MIT */
/*
 * Rows of pools, events and past lives as JSON. Field names are those of wire/control.h and
 * stay stable; a value that is not known is null.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/str.h"
#include "pool/cluster.h"
#include "supervisor/events.h"
#include "supervisor/limits.h"
#include "supervisor/pool_socket.h"
#include "supervisor/order.h"
#include "supervisor/publish.h"
#include "supervisor/source.h"
#include "supervisor/supervisor.h"
#include "wire/json_out.h"

static const int64_t ALIKE_NEWS = 60 * CLOCK_S;

double publish_since(const struct supervisor *sup, int64_t then)
{
    return then ? (double)(sup->now - then) / 1e9 : 0;
}

void publish_number(struct json_out *out, const char *key, double value, int decimals)
{
    if (value < 0)
        json_put_null(out, key);
    else
        json_put_number(out, key, value, decimals);
}

double publish_eta(const struct pool_box *box, int64_t now, const char **why)
{
    const struct pool *pool = box->pool;
    uint64_t left = queue_waiting(&pool->queue) + pool->queue.counts[TASK_RUNNING];
    int64_t coming = box->source ? source_remaining(box->source) : 0;
    double out_rate = rate_get(&pool->stats.done, now) + rate_get(&pool->stats.failed, now);
    double in_rate = coming ? 0 : rate_get(&pool->stats.in, now);

    *why = NULL;
    if (!left)
        return -1;
    if (coming < 0 && !pool->source_done) {
        *why = "?";
        return -1;
    }
    if (out_rate <= 0.0001) {
        *why = "?";
        return -1;
    }
    if (pool->source_done)
        in_rate = 0;
    if (in_rate >= out_rate) {
        *why = "grows";
        return -1;
    }
    return ((double)left + (double)coming) / (out_rate - in_rate);
}

static void pool_counts(struct json_out *out, const struct pool_box *box)
{
    const struct queue *queue = &box->pool->queue;
    int64_t coming = box->source ? source_remaining(box->source) : 0;

    json_put_int(out, "queue", (int64_t)queue_waiting(queue));
    json_put_int(out, "running", (int64_t)queue->counts[TASK_RUNNING]);
    json_put_int(out, "accepted", (int64_t)queue->accepted);
    json_put_int(out, "done", (int64_t)queue->counts[TASK_DONE]);
    json_put_int(out, "failed", (int64_t)queue->counts[TASK_FAILED]);
    json_put_int(out, "retried", (int64_t)queue->retries);
    json_put_int(out, "buried", (int64_t)queue->counts[TASK_BURIED]);
    json_put_int(out, "cancelled", (int64_t)queue->counts[TASK_CANCELLED]);
    json_put_int(out, "skipped", (int64_t)queue->counts[TASK_SKIPPED]);
    json_put_int(out, "retrying", (int64_t)queue->counts[TASK_RETRY]);
    json_put_int(out, "delayed", (int64_t)queue->counts[TASK_DELAYED]);
    json_put_int(out, "held_tasks", (int64_t)queue->counts[TASK_HELD]);
    if (!box->source || coming < 0)
        json_put_null(out, "total");
    else
        json_put_int(out, "total", (int64_t)queue->accepted + coming);
}

static void pool_rates(const struct supervisor *sup, struct json_out *out,
                       const struct pool_box *box)
{
    const struct stats *stats = &box->pool->stats;
    const struct task *oldest = queue_oldest(&box->pool->queue);
    double done = rate_get(&stats->done, sup->now), failed = rate_get(&stats->failed, sup->now);
    const char *why;
    double eta = publish_eta(box, sup->now, &why);

    json_put_number(out, "rate", done + failed, 2);
    json_put_number(out, "in_rate", rate_get(&stats->in, sup->now), 2);
    json_put_number(out, "fail_rate", failed, 2);
    publish_number(out, "fail_percent", done + failed > 0 ? failed / (done + failed) * 100 : -1, 1);
    publish_number(out, "eta", eta, 1);
    json_put_string(out, "eta_why", why);
    publish_forecast(sup, out, box);
    publish_number(out, "p95", histogram_quantile(&stats->runtimes, 0.95), 4);
    publish_number(out, "oldest", oldest ? publish_since(sup, oldest->accepted_at) : -1, 1);
    json_put_int(out, "restarts", (int64_t)box->pool->restarts);
    json_put_int(out, "restarts_hour", hour_counter_get(&stats->restarts, sup->now));
    publish_number(out, "cpu", box->cpu, 1);
    json_put_int(out, "rss", box->rss);
    json_open_array(out, "load");
    for (size_t i = 0; i < stats->load_count; i++)
        json_put_int(
            out, NULL,
            stats->load[(stats->load_next + STATS_LOAD - stats->load_count + i) % STATS_LOAD]);
    json_close_array(out);
}

static void worker_alert(const struct supervisor *sup, struct json_out *out,
                         const struct worker *worker)
{
    char line[320], wait[16];

    if (worker->hung) {
        str_format_duration(wait, publish_since(sup, worker->hung_at));
        snprintf(line, sizeof(line), "pid %d hung for %s more than its limit%s%.80s%s", worker->pid,
                 wait, worker->task ? ", task \"" : "", worker->task ? worker->task->input : "",
                 worker->task ? "\"" : "");
    } else if (worker->health.unhealthy) {
        snprintf(line, sizeof(line), "pid %d unhealthy: %d checks failed: %s", worker->pid,
                 worker->health.failures, worker->health.why);
    } else {
        str_format_duration(wait, heap_has(&worker->state_timer)
                                      ? (double)(worker->state_timer.key - sup->now) / 1e9
                                      : -1);
        snprintf(line, sizeof(line), "slot %d %s: %s; next try in %s", worker->slot,
                 worker_state_name(worker->state), worker->why, wait);
    }
    json_put_bytes(out, NULL, line, strlen(line));
}

/* Why it does not run as configured, "" = it does. */
static const char *pool_note(const struct pool_box *box, char *waits, size_t size)
{
    order_describe(box, waits, size);
    if (*waits)
        return waits;
    return *box->identity_error ? box->identity_error : limits_note(box);
}

/* Deaths that are alike are told once, while they are news: 1 when that was done. */
static int alert_alike(const struct supervisor *sup, struct json_out *out, const struct pool *pool)
{
    struct cluster_view view;
    char text[CLUSTER_TEXT * 2];

    if (!cluster_look(pool->deaths, sup->now, &view) || view.alike < 3 ||
        (!pool_degraded(pool) && sup->now - view.newest_at > ALIKE_NEWS))
        return 0;
    cluster_say(pool->deaths, sup->now, text, sizeof(text));
    json_put_bytes(out, NULL, text, strlen(text));
    return 1;
}

static void pool_deaths(const struct supervisor *sup, struct json_out *out, const struct pool *pool)
{
    struct cluster_view view;

    if (!cluster_look(pool->deaths, sup->now, &view)) {
        json_put_null(out, "deaths");
        return;
    }
    json_open_object(out, "deaths");
    json_put_int(out, "window", INT64_C(60) * CLUSTER_MINUTES);
    json_put_int(out, "count", view.deaths);
    json_put_int(out, "alike", view.alike);
    json_put_bytes(out, "cause", view.cause, strlen(view.cause));
    json_put_bytes(out, "last_line", view.line, strlen(view.line));
    json_close_object(out);
}

/* What the pane below the list says of a pool in trouble: at most three workers. */
static void pool_alert(const struct supervisor *sup, struct json_out *out,
                       const struct pool_box *box)
{
    const struct pool *pool = box->pool;
    char waits[240];
    const char *note = pool_note(box, waits, sizeof(waits));
    int said = 0, most = pool_degraded(pool) ? 3 : 0;

    json_open_array(out, "alert");
    if (*note)
        json_put_string(out, NULL, note);
    if (pool->breaker)
        json_put_string(out, NULL,
                        "half of the slots fail: one canary at a time until it stays up");
    if (pool->capped_until > sup->now)
        json_put_string(out, NULL, "the cap on restarts a minute is used up");
    if (alert_alike(sup, out, pool) && most)
        most = 1;
    for (size_t i = 0; said < most && i < pool->slots; i++) {
        const struct worker *worker = pool->workers[i];

        if (!worker ||
            !(worker->hung || worker->health.unhealthy || worker->state == WORKER_BACKOFF ||
              worker->state == WORKER_HELD || worker->state == WORKER_FAILED))
            continue;
        worker_alert(sup, out, worker);
        said++;
    }
    json_close_array(out);
}

static void pool_last_event(const struct supervisor *sup, struct json_out *out,
                            const struct pool_box *box)
{
    const struct event *event = box->last_event ? event_find(sup->events, box->last_event) : NULL;

    if (!event) {
        json_put_null(out, "last_event");
        return;
    }
    json_open_object(out, "last_event");
    json_put_number(out, "at", (double)event->wall / 1e9, 3);
    json_put_bytes(out, "text", event->text, strlen(event->text));
    json_close_object(out);
}

bool publish_is_refused(const struct pool_box *box)
{
    return *box->identity_error && box->pool->goal == GOAL_RUN;
}

void publish_pool(const struct supervisor *sup, struct json_out *out, const char *key,
                  const struct pool_box *box)
{
    const struct pool *pool = box->pool;
    char waits[240];
    const char *note;
    char address[128];

    json_open_object(out, key);
    json_put_string(out, "name", box->spec->name);
    json_put_string(out, "mode", pool_mode_name(box->spec->mode));
    json_put_string(out, "state", publish_is_refused(box) ? "failed" : pool_state_name(pool));
    json_put_int(out, "hung", (int64_t)pool->hung);
    json_put_int(out, "live", (int64_t)pool_live(pool));
    json_put_int(out, "want", pool->goal == GOAL_RUN && !pool->done ? pool->want : 0);
    json_put_int(out, "size", pool->want);
    json_put_int(out, "configured", pool->configured);
    json_put_string(out, "size_by", pool->size_by[0] ? pool->size_by : NULL);
    publish_number(out, "size_at",
                   pool->size_at ? (double)supervisor_wall_of(sup, pool->size_at) / 1e9 : -1, 3);
    json_put_int(out, "busy", (int64_t)pool_busy(pool));
    pool_counts(out, box);
    pool_rates(sup, out, box);
    json_put_int(out, "revision", 1);
    json_put_int(out, "recycling", (int64_t)pool->recycling);
    json_put_bool(out, "paused", pool->paused);
    json_put_bool(out, "held", pool->held);
    json_put_int(out, "backoff", (int64_t)pool->count[WORKER_BACKOFF]);
    pool_socket_describe(box, address, sizeof(address));
    json_put_string(out, "socket", *address ? address : NULL);
    note = pool_note(box, waits, sizeof(waits));
    json_put_string(out, "note", *note ? note : NULL);
    pool_last_event(sup, out, box);
    pool_alert(sup, out, box);
    pool_deaths(sup, out, pool);
    json_close_object(out);
}

void publish_event(struct json_out *out, const char *key, const struct event *event)
{
    json_open_object(out, key);
    json_put_int(out, "seq", (int64_t)event->seq);
    json_put_number(out, "at", (double)event->wall / 1e9, 3);
    json_put_string(out, "kind", event->kind);
    json_put_string(out, "level", event_level_name(event->level));
    json_put_bytes(out, "who", event->who, strlen(event->who));
    json_put_string(out, "pool", *event->pool ? event->pool : NULL);
    if (event->slot)
        json_put_int(out, "slot", event->slot);
    else
        json_put_null(out, "slot");
    if (event->pid)
        json_put_int(out, "pid", event->pid);
    else
        json_put_null(out, "pid");
    json_put_bytes(out, "text", event->text, strlen(event->text));
    json_put_bool(out, "undo", event_can_undo(event));
    json_put_bytes(out, "origin", event->origin, strlen(event->origin));
    json_put_bool(out, "acked", event->acked);
    json_put_bool(out, "alert", event->alert);
    json_close_object(out);
}

void publish_log_path(const struct pool_box *box, int slot, int pid, char *out, size_t size)
{
    const char *dir = box->sup->spec.supervisor.log_dir;
    const char *name = box->spec->name;

    if (!*dir || (box->spec->log.per == LOG_PER_PROCESS && !pid))
        snprintf(out, size, "%s", "");
    else if (box->spec->log.per == LOG_PER_POOL)
        snprintf(out, size, "%s/%s.log", dir, name);
    else if (box->spec->log.per == LOG_PER_SLOT)
        snprintf(out, size, "%s/%s.%d.log", dir, name, slot);
    else
        snprintf(out, size, "%s/%s.%d.%d.log", dir, name, slot, pid);
}

/* Where the newest report of evidence is, or null. */
void publish_report_path(const struct supervisor *sup, struct json_out *out, const char *name)
{
    char path[600];

    snprintf(path, sizeof(path), "%.480s/reports/%s", sup->spec.supervisor.state_dir, name);
    json_put_string(out, "report", *name ? path : NULL);
}

void publish_life(const struct supervisor *sup, struct json_out *out, const struct pool_box *box,
                  const struct worker *worker, const struct worker_life *life)
{
    char path[600];

    publish_log_path(box, worker->slot, life->pid, path, sizeof(path));
    json_open_object(out, NULL);
    json_put_int(out, "generation", life->generation);
    json_put_int(out, "pid", life->pid);
    json_put_number(out, "started", (double)supervisor_wall_of(sup, life->started_at) / 1e9, 3);
    json_put_number(out, "ended", (double)supervisor_wall_of(sup, life->ended_at) / 1e9, 3);
    json_put_number(out, "lasted", (double)(life->ended_at - life->started_at) / 1e9, 3);
    json_put_string(out, "why", life->why);
    json_put_int(out, "exit", WIFEXITED(life->status) ? WEXITSTATUS(life->status) : 0);
    json_put_int(out, "signal", WIFSIGNALED(life->status) ? WTERMSIG(life->status) : 0);
    json_put_string(out, "log", *path ? path : NULL);
    publish_report_path(sup, out, life->report);
    json_put_int(out, "tasks", (int64_t)life->tasks);
    json_put_number(out, "user", life->user, 3);
    json_put_number(out, "sys", life->sys, 3);
    json_put_int(out, "maxrss", life->maxrss);
    json_close_object(out);
}
