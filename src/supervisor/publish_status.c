/* SPDX-License-Identifier: MIT */
/*
 * The whole in a few figures: `status --json`, the header of every screen, and one worker in
 * detail.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/str.h"
#include "logs/capture.h"
#include "pool/hang.h"
#include "supervisor/events.h"
#include "supervisor/life.h"
#include "supervisor/logview.h"
#include "supervisor/order.h"
#include "supervisor/publish.h"
#include "supervisor/source.h"
#include "supervisor/supervisor.h"
#include "wire/json_out.h"

struct totals {
    int64_t live, want, busy, hung, held, failed_pools, backoff, queue, accepted, ended, rss,
        failed, coming;
    double cpu, rate, in_rate, fail_rate, eta, oldest;
    const char *eta_pool, *eta_why;
    uint32_t restarts_hour;
    bool finite, degraded, open_end; /* a source can't say how many tasks will come */
};

static void totals_add_queue(struct totals *t, const struct supervisor *sup,
                             const struct pool_box *box)
{
    const struct pool *pool = box->pool;
    const struct task *oldest = queue_oldest(&pool->queue);
    int64_t coming = box->source ? source_remaining(box->source) : 0;
    const char *why;
    double eta = publish_eta(box, sup->now, &why);

    t->queue += (int64_t)queue_waiting(&pool->queue);
    t->accepted += (int64_t)pool->queue.accepted;
    t->ended += (int64_t)queue_ended(&pool->queue);
    t->failed += (int64_t)pool->failed_tasks;
    t->open_end |= coming < 0;
    t->coming += coming > 0 ? coming : 0;
    t->fail_rate += rate_get(&pool->stats.failed, sup->now);
    t->rate += rate_get(&pool->stats.done, sup->now);
    t->in_rate += rate_get(&pool->stats.in, sup->now);
    if (oldest && (double)(sup->now - oldest->accepted_at) / 1e9 > t->oldest)
        t->oldest = (double)(sup->now - oldest->accepted_at) / 1e9;
    if (eta > t->eta) {
        t->eta = eta;
        t->eta_pool = box->spec->name;
    }
    if (why)
        t->eta_why = why;
}

static struct totals totals_of(const struct supervisor *sup)
{
    struct totals t = {.eta = -1, .oldest = -1, .finite = sup->box_count > 0};

    for (size_t i = 0; i < sup->box_count; i++) {
        const struct pool_box *box = &sup->boxes[i];
        const struct pool *pool = box->pool;

        t.live += (int64_t)pool_live(pool);
        t.want += pool->goal == GOAL_RUN && !pool->done ? pool->want : 0;
        t.busy += (int64_t)pool_busy(pool);
        t.hung += (int64_t)pool->hung;
        t.held += (int64_t)pool->count[WORKER_HELD];
        t.backoff += (int64_t)pool->count[WORKER_BACKOFF];
        t.failed_pools +=
            pool->count[WORKER_FAILED] || pool->count[WORKER_HELD] || publish_is_refused(box);
        t.rss += box->rss;
        t.cpu += box->cpu;
        t.restarts_hour += hour_counter_get(&pool->stats.restarts, sup->now);
        t.degraded |= pool_degraded(pool) || publish_is_refused(box);
        t.finite &= box->source != NULL;
        totals_add_queue(&t, sup, box);
    }
    t.rate += t.fail_rate;
    return t;
}

static const char *run_state(const struct supervisor *sup)
{
    /* A finite run that ends because all is done is done, though its slots are being stopped. One
     * with services, or with pools that wait for submit, goes on when its jobs are done. */
    if (sup->all_done && (sup->exit_when_done || (!sup->stopping && spec_is_finite(&sup->spec))))
        return "done";
    return sup->stopping ? "stopping" : "running";
}

void publish_status(const struct supervisor *sup, struct json_out *out)
{
    struct totals t = totals_of(sup);

    json_put_string(out, "name", sup->spec.supervisor.name);
    json_put_int(out, "pid", sup->pid);
    json_put_string(out, "version", LIFEGUARD_VERSION);
    json_put_number(out, "started", (double)sup->started_wall / 1e9, 3);
    json_put_number(out, "uptime", (double)(sup->now - sup->started_at) / 1e9, 1);
    json_put_string(out, "state", run_state(sup));
    json_put_bool(out, "healthy", !t.degraded && strcmp(run_state(sup), "stopping") != 0);
    json_put_string(out, "guardian", sup->guardian.degraded ? "degraded" : "ok");
    json_put_string(out, "tier", cgroup_root_ok(&sup->cgroups) ? "cgroup" : "sweep");
    json_put_string(out, "tier_note", *sup->tier_note ? sup->tier_note : NULL);
    json_open_array(out, "pools");
    for (size_t i = 0; i < sup->box_count; i++)
        publish_pool(sup, out, NULL, &sup->boxes[i]);
    json_close_array(out);
}

static void queue_history(const struct supervisor *sup, struct json_out *out, const char *key)
{
    size_t from = sup->history_next + HISTORY_LEN - sup->history_count;

    json_open_array(out, key);
    for (size_t i = 0; i < sup->history_count; i++)
        json_put_int(out, NULL, sup->queue_history[(from + i) % HISTORY_LEN]);
    json_close_array(out);
}

static void work_rates(struct json_out *out, const struct totals *t)
{
    json_put_number(out, "rate", t->rate, 2);
    json_put_number(out, "in_rate", t->in_rate, 2);
    json_put_number(out, "fail_rate", t->fail_rate, 2);
    json_put_number(out, "fail_percent", t->rate > 0 ? t->fail_rate / t->rate * 100 : 0, 1);
    if (t->eta < 0)
        json_put_null(out, "eta");
    else
        json_put_number(out, "eta", t->eta, 1);
    json_put_string(out, "eta_pool", t->eta_pool);
    json_put_string(out, "eta_why", t->eta < 0 ? t->eta_why : NULL);
    if (t->oldest < 0)
        json_put_null(out, "oldest");
    else
        json_put_number(out, "oldest", t->oldest, 1);
}

void publish_work(const struct supervisor *sup, struct json_out *out)
{
    struct totals t = totals_of(sup);

    queue_history(sup, out, "history");
    work_rates(out, &t);
}

static void summary_work(const struct supervisor *sup, struct json_out *out, const struct totals *t)
{
    json_put_int(out, "queue", t->queue);
    queue_history(sup, out, "queue_history");
    work_rates(out, t);
    json_put_int(out, "restarts_hour", t->restarts_hour);
    json_put_int(out, "accepted", t->accepted);
    if (t->open_end)
        json_put_null(out, "total");
    else
        json_put_int(out, "total", t->accepted + t->coming);
    json_put_int(out, "done", t->ended);
    json_put_int(out, "failed", t->failed);
    json_put_bool(out, "finite", t->finite);
}

static void summary_alerts(const struct supervisor *sup, struct json_out *out)
{
    const struct event *alert = event_newest_alert(sup->events);
    char text[400];

    json_put_int(out, "events", (int64_t)sup->events->next - 1);
    json_put_int(out, "alerts", (int64_t)sup->events->alerts);
    if (alert) {
        snprintf(text, sizeof(text), "%s%s%s", alert->pool, *alert->pool ? " " : "", alert->text);
        json_put_bytes(out, "alert", text, strlen(text));
        json_put_string(out, "alert_pool", *alert->pool ? alert->pool : NULL);
    } else {
        json_put_null(out, "alert");
        json_put_null(out, "alert_pool");
    }
}

/* One that still holds the exit. A pool that others need is stopped after them. */
static void stopping_worker(const struct supervisor *sup, struct json_out *out,
                            const struct life *life)
{
    const struct worker *worker = life->worker;
    char waits[120];

    json_open_object(out, NULL);
    json_put_string(out, "pool", life->box->spec->name);
    json_put_int(out, "slot", worker->slot);
    json_put_int(out, "pid", life->proc.pid);
    order_describe_stop(life->box, waits, sizeof(waits));
    if (worker->unkillable)
        json_put_string(out, "state", "unkillable");
    else
        json_put_string(out, "state", *waits ? "waiting" : worker_state_name(worker->state));
    json_put_string(out, "waits", *waits ? waits : NULL);
    json_put_number(out, "for", (double)(sup->now - worker->since) / 1e9, 1);
    if (worker->stop_step == 1 && heap_has(&worker->state_timer))
        json_put_number(out, "kill_in", (double)(worker->state_timer.key - sup->now) / 1e9, 1);
    else
        json_put_null(out, "kill_in");
    json_close_object(out);
}

/* Who still holds the exit. At most 20 are named. */
static void summary_stopping(const struct supervisor *sup, struct json_out *out)
{
    int said = 0, total = 0;

    json_open_array(out, "stopping");
    for (const struct list *node = sup->lives.next;
         sup->stopping && said < 20 && node != &sup->lives; node = node->next) {
        const struct life *life =
            (const struct life *)(const void *)((const char *)node - offsetof(struct life, link));

        stopping_worker(sup, out, life);
        said++;
    }
    json_close_array(out);
    for (const struct list *node = sup->lives.next; sup->stopping && node != &sup->lives;
         node = node->next)
        total++;
    json_put_int(out, "stopping_total", total);
}

void publish_summary(const struct supervisor *sup, struct json_out *out)
{
    struct totals t = totals_of(sup);

    json_put_string(out, "name", sup->spec.supervisor.name);
    json_put_int(out, "pid", sup->pid);
    json_put_string(out, "version", LIFEGUARD_VERSION);
    json_put_number(out, "now", (double)sup->wall / 1e9, 0);
    json_put_number(out, "uptime", (double)(sup->now - sup->started_at) / 1e9, 0);
    json_put_string(out, "config", sup->spec.source);
    json_put_int(out, "revision", 1);
    json_put_string(out, "guardian", sup->guardian.degraded ? "degraded" : "ok");
    json_put_string(out, "tier", cgroup_root_ok(&sup->cgroups) ? "cgroup" : "sweep");
    json_put_string(out, "state", run_state(sup));
    json_put_int(out, "live", t.live);
    json_put_int(out, "want", t.want);
    json_put_int(out, "busy", t.busy);
    json_put_int(out, "hung", t.hung);
    json_put_int(out, "held", t.held);
    json_put_int(out, "failed_pools", t.failed_pools);
    json_put_int(out, "backoff", t.backoff);
    json_put_number(out, "cpu", t.cpu, 1);
    json_put_int(out, "cpus", sup->cpus);
    json_put_int(out, "mem", t.rss);
    json_put_int(out, "mem_total", sup->mem_total);
    if (sup->cgroups.memory || sup->kmsg.fd >= 0)
        json_put_int(out, "oom", sup->oom_kills);
    else
        json_put_null(out, "oom");
    summary_work(sup, out, &t);
    summary_alerts(sup, out);
    summary_stopping(sup, out);
}

/* Whoever may look at this need not know the passwords in it. */
static void detail_argument(struct json_out *out, const char *previous, const char *text)
{
    struct buf shown = {0};

    secret_add_argument(&shown, previous, text, strlen(text));
    json_put_bytes(out, NULL, buf_data(&shown), buf_len(&shown));
    buf_fini(&shown);
}

static void detail_process(const struct supervisor *sup, struct json_out *out,
                           const struct worker *worker)
{
    const struct pool_box *box = worker->pool->owner;
    const struct life *life = worker->life;
    char path[600];

    if (life)
        json_put_int(out, "pgid", life->pgid);
    else
        json_put_null(out, "pgid");
    json_put_number(
        out, "started",
        worker->started_at ? (double)supervisor_wall_of(sup, worker->started_at) / 1e9 : 0, 3);
    json_open_array(out, "command");
    for (size_t i = 0; box->spec->command && box->spec->command[i]; i++)
        detail_argument(out, i ? box->spec->command[i - 1] : NULL, box->spec->command[i]);
    json_close_array(out);
    json_put_string(out, "cwd", box->spec->cwd);
    json_put_number(out, "user", life ? life->user_seconds : 0, 2);
    json_put_number(out, "sys", life ? life->sys_seconds : 0, 2);
    json_put_int(out, "nice", box->spec->nice);
    json_put_string(out, "cgroup", life && life->group.dir >= 0 ? life->group.name : NULL);
    publish_log_path(box, worker->slot, worker->pid, path, sizeof(path));
    json_put_string(out, "log", *path ? path : NULL);
    json_put_int(out, "rss_change", life ? life->rss - life->rss_before : 0);
    json_put_number(
        out, "rss_span",
        life && life->rss_before_at ? (double)(sup->now - life->rss_before_at) / 1e9 : 0, 0);
    json_open_array(out, "cpu_long");
    for (size_t i = 0; life && i < life->cpu_count; i++)
        json_put_int(out, NULL,
                     life->cpu_history[(life->cpu_next + ARRAY_LEN(life->cpu_history) -
                                        life->cpu_count + i) %
                                       ARRAY_LEN(life->cpu_history)]);
    json_close_array(out);
}

/* What the newest report found; until there is one, what a look from outside tells. */
static void detail_findings(struct json_out *out, const struct worker *worker)
{
    const struct life *life = worker->life;
    const json_t *finding;
    size_t i = 0;

    json_open_array(out, "findings");
    json_array_foreach(life ? life->findings : NULL, i, finding)
    {
        const json_t *text = json_object_get(finding, "text");

        json_open_object(out, NULL);
        json_put_string(out, "kind", json_string_value(json_object_get(finding, "kind")));
        json_put_bytes(out, "text", json_string_value(text), json_string_length(text));
        json_close_object(out);
    }
    if (!i && life && worker->stopped) {
        json_open_object(out, NULL);
        json_put_string(out, "text", "It is stopped by a signal (state T); SIGCONT continues it.");
        json_close_object(out);
    }
    json_close_array(out);
    json_put_number(out, "findings_age",
                    life && life->findings ? publish_since(life->sup, life->findings_at) : 0, 0);
}

static void detail_hang(const struct supervisor *sup, struct json_out *out,
                        const struct worker *worker)
{
    const struct pool_spec *spec = worker->pool->spec;
    const char *what = NULL;
    int64_t limit = 0, since = 0;
    bool watched = hang_nearest(worker, &what, &limit, &since);

    json_put_number(out, "heartbeat_limit", (double)spec->hang.heartbeat / 1e9, 3);
    json_put_number(out, "hang_limit", (double)limit / 1e9, 3);
    json_put_string(out, "hang_what", what);
    json_put_number(out, "hang_since", watched ? (double)(sup->now - since) / 1e9 : 0, 1);
    json_put_number(out, "hung_for", worker->hung ? (double)(sup->now - worker->hung_at) / 1e9 : 0,
                    1);
    publish_number(
        out, "extended",
        worker->extended_until > sup->now ? (double)(worker->extended_until - sup->now) / 1e9 : -1,
        0);
    detail_findings(out, worker);
}

static void tail_line(void *ctx, const struct log_line *line)
{
    json_put_bytes(ctx, NULL, line->bytes, line->len < 2000 ? line->len : 2000);
}

void publish_detail(const struct supervisor *sup, struct json_out *out, const struct worker *worker)
{
    const struct pool_spec *spec = worker->pool->spec;
    struct capture *capture = logview_capture(worker);
    uint32_t kept = worker->lives_count < WORKER_LIVES_MAX ? worker->lives_count : WORKER_LIVES_MAX;

    json_open_object(out, "worker");
    publish_worker_fields(sup, out, worker);
    detail_process(sup, out, worker);
    detail_hang(sup, out, worker);
    json_put_int(out, "max_attempts", spec->retries + 1);
    json_put_number(out, "timeout", (double)spec->timeout.duration / 1e9, 3);
    json_put_number(out, "grace", (double)spec->stop.grace / 1e9, 3);
    json_put_string(out, "action", spec->hang.action == HANG_RESTART ? "restart" : "report");
    json_open_array(out, "tail");
    if (capture)
        capture_tail(capture, 30, tail_line, out);
    json_close_array(out);
    json_open_array(out, "lives");
    for (uint32_t i = 1; i <= kept && i <= 30; i++)
        publish_life(sup, out, worker->pool->owner, worker,
                     &worker->lives[(worker->lives_count - i) % WORKER_LIVES_MAX]);
    json_close_array(out);
    json_close_object(out);
}
