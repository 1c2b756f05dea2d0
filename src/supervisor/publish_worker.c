/* SPDX-License-Identifier: MIT */
/*
 * Rows of workers and tasks as JSON. Field names are those of wire/control.h and stay stable; a
 * value that is not known is null.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "logs/capture.h"
#include "pool/shared.h"
#include "supervisor/life.h"
#include "supervisor/publish.h"
#include "supervisor/supervisor.h"
#include "wire/json_out.h"

typedef void shared_print_function(const struct shared *shared, const void *holder,
                                   struct buf *out);

/* Names of locks and permits, as many as fit a row. */
static void put_shared(struct json_out *out, const char *key, const struct life *life,
                       shared_print_function *print)
{
    struct buf names = {0};

    if (life)
        print(life->sup->shared, life, &names);
    if (buf_len(&names))
        json_put_bytes(out, key, buf_data(&names), buf_len(&names) < 80 ? buf_len(&names) : 80);
    else
        json_put_null(out, key);
    buf_fini(&names);
}

static void worker_task(const struct supervisor *sup, struct json_out *out,
                        const struct worker *worker)
{
    const struct task *task = worker->task;
    char id[16];

    if (!task) {
        json_put_null(out, "task");
        return;
    }
    str_format_id(id, task->id);
    json_open_object(out, "task");
    json_put_string(out, "id", id);
    json_put_bytes(out, "text", task->input, task->len < 200 ? task->len : 200);
    json_put_int(out, "attempt", task->attempts);
    json_put_number(out, "since", publish_since(sup, task->started_at), 1);
    json_close_object(out);
}

void publish_progress(const struct supervisor *sup, struct json_out *out, const struct task *task)
{
    static const struct task_progress none = {0};
    const struct task_progress *progress = task && task->progress ? task->progress : &none;
    double part = -1, eta = -1;

    if (progress->total > 0 && progress->done >= 0)
        part =
            progress->done < progress->total ? (double)progress->done / (double)progress->total : 1;
    if (task && part > 0)
        eta = publish_since(sup, task->started_at) * (1 - part) / part;
    publish_number(out, "progress", part < 0 ? -1 : part * 100, 1);
    publish_number(out, "progress_done", progress == &none ? -1 : (double)progress->done, 0);
    publish_number(out, "progress_total", progress->total > 0 ? (double)progress->total : -1, 0);
    if (*progress->text)
        json_put_bytes(out, "progress_text", progress->text, strlen(progress->text));
    else
        json_put_null(out, "progress_text");
    publish_number(out, "eta", eta, 1);
}

static const char *worker_flag(const struct worker *worker)
{
    if (worker->unkillable)
        return "unkillable";
    if (worker->hung)
        return "hung";
    if (worker->stopped && worker->has_process)
        return "stopped";
    if (worker->health.unhealthy)
        return "unhealthy";
    return worker->suspect ? "suspect" : NULL;
}

static void worker_samples(struct json_out *out, const struct life *life)
{
    char last[200] = "";
    size_t count;

    publish_number(out, "cpu", life ? life->cpu_percent : -1, 1);
    if (life)
        json_put_int(out, "rss", life->rss);
    else
        json_put_null(out, "rss");
    json_open_array(out, "cpu_history");
    count = life ? life->cpu_count < 12 ? life->cpu_count : 12 : 0;
    for (size_t i = 0; i < count; i++)
        json_put_int(out, NULL,
                     life->cpu_history[(life->cpu_next + ARRAY_LEN(life->cpu_history) - count + i) %
                                       ARRAY_LEN(life->cpu_history)]);
    json_close_array(out);
    if (life)
        json_put_int(out, "threads", life->threads);
    else
        json_put_null(out, "threads");
    if (life && life->fds >= 0)
        json_put_int(out, "fds", life->fds);
    else
        json_put_null(out, "fds");
    if (life)
        capture_last_line(life->capture, last, sizeof(last));
    json_put_bytes(out, "last_line", last, strlen(last));
    json_put_bytes(out, "status", life ? life->status_text : "",
                   life ? strlen(life->status_text) : 0);
}

/* Who it is, and which life of its slot this is. */
static void worker_identity(const struct supervisor *sup, struct json_out *out,
                            const struct worker *worker)
{
    const struct life *life = worker->life;

    json_put_string(out, "pool", worker->pool->spec->name);
    json_put_string(out, "mode", pool_mode_name(worker->pool->spec->mode));
    json_put_int(out, "slot", worker->slot);
    if (worker->pid)
        json_put_int(out, "pid", worker->pid);
    else
        json_put_null(out, "pid");
    json_put_int(out, "start", life ? (int64_t)life->proc.start : 0);
    json_put_int(out, "generation", worker->generation);
    publish_number(out, "age", life ? publish_since(sup, worker->started_at) : -1, 0);
    json_put_string(out, "state", worker_state_name(worker->state));
    json_put_string(out, "flag", worker_flag(worker));
    json_put_bool(out, "recycle", worker->recycle);
    json_put_bool(out, "pool_held", worker->pool->held);
    json_put_bool(out, "hang_held", worker->hang_held);
    json_put_number(out, "since",
                    publish_since(sup, worker->hung ? worker->hung_at : worker->since), 1);
}

/* Its tasks: those in hand, the oldest of them, and how many it has done. */
static void worker_work(const struct supervisor *sup, struct json_out *out,
                        const struct worker *worker)
{
    bool persists = worker->pool->spec->mode == POOL_WORKER;

    json_put_int(out, "done", (int64_t)worker->done);
    publish_number(out, "life_done", persists && worker->life ? (double)worker->life_done : -1, 0);
    json_put_int(out, "in_flight", persists ? worker->in_flight : worker->task != NULL);
    worker_task(sup, out, worker);
    publish_progress(sup, out, worker->task);
}

static const char *worker_health(const struct worker *worker)
{
    const struct worker_health *health = &worker->health;

    if (!worker->has_process || !health_is_checked(worker->pool->spec))
        return NULL;
    if (health->unhealthy)
        return "unhealthy";
    if (health->failures)
        return "failing";
    return health->proven ? "ok" : "unknown";
}

void publish_worker_fields(const struct supervisor *sup, struct json_out *out,
                           const struct worker *worker)
{
    struct life *life = worker->life;
    const struct hang_spec *hang = &worker->pool->spec->hang;
    bool waits = worker->state == WORKER_BACKOFF || worker->state == WORKER_HELD ||
                 worker->state == WORKER_FAILED;

    if (life)
        life->shown_at = sup->now;
    worker_identity(sup, out, worker);
    publish_number(out, "heartbeat",
                   hang->heartbeat && life ? publish_since(sup, worker->last_beat) : -1, 1);
    worker_work(sup, out, worker);
    worker_samples(out, life);
    json_put_int(out, "restarts", (int64_t)worker->restarts);
    publish_number(out, "retry_in",
                   waits && heap_has(&worker->state_timer)
                       ? (double)(worker->state_timer.key - sup->now) / 1e9
                       : -1,
                   1);
    put_shared(out, "held", life, shared_print_held);
    put_shared(out, "awaits", life, shared_print_awaits);
    json_put_string(out, "health", worker_health(worker));
    if (*worker->health.why)
        json_put_bytes(out, "health_why", worker->health.why, strlen(worker->health.why));
    else
        json_put_null(out, "health_why");
    json_put_bytes(out, "why", worker->why, strlen(worker->why));
}

void publish_worker(const struct supervisor *sup, struct json_out *out, const char *key,
                    const struct worker *worker)
{
    json_open_object(out, key);
    publish_worker_fields(sup, out, worker);
    json_close_object(out);
}

/* When its time is over: for several in flight, the clock of the oldest runs. -1 = no limit. */
static double task_deadline(const struct supervisor *sup, const struct pool_box *box,
                            const struct task *task)
{
    const struct worker *worker = task->worker;
    int64_t timeout = task->limit ? task->limit : box->spec->timeout.duration;

    if (task->state != TASK_RUNNING)
        return -1;
    if (worker && worker->task == task && heap_has(&worker->task_timer))
        return (double)supervisor_wall_of(sup, worker->task_timer.key) / 1e9;
    if (!timeout || (worker && worker->task != task))
        return -1;
    return (double)supervisor_wall_of(sup, task->started_at + timeout) / 1e9;
}

/* The worker that runs it, and who had it last. */
static void task_worker(struct json_out *out, const struct task *task)
{
    const struct worker *worker = task->state == TASK_RUNNING ? task->worker : NULL;
    const struct life *life = worker ? worker->life : NULL;

    if (worker) {
        json_put_int(out, "worker", worker->pid);
        json_put_int(out, "slot", worker->slot);
        json_put_int(out, "start", life ? (int64_t)life->proc.start : 0);
    } else {
        json_put_null(out, "worker");
        json_put_null(out, "slot");
    }
    publish_number(out, "last_worker", task->last_pid > 0 ? task->last_pid : -1, 0);
    publish_number(out, "last_slot", task->last_slot > 0 ? task->last_slot : -1, 0);
}

void publish_task(const struct supervisor *sup, struct json_out *out, const char *key,
                  const struct pool_box *box, const struct task *task)
{
    const char *by = task->by ? task->by : "source";
    bool running = task->state == TASK_RUNNING;
    char id[16];

    str_format_id(id, task->id);
    json_open_object(out, key);
    json_put_string(out, "id", id);
    json_put_string(out, "pool", box->spec->name);
    json_put_bool(out, "pool_paused", box->pool->paused);
    json_put_int(out, "seq", (int64_t)task->seq);
    json_put_string(out, "state", task_state_name(task->state));
    json_put_bool(out, "in_hand", running && task->worker && task->worker->task != task);
    json_put_int(out, "priority", task->priority);
    json_put_number(out, "age", publish_since(sup, running ? task->started_at : task->accepted_at),
                    1);
    json_put_int(out, "attempts", task->attempts);
    json_put_int(out, "max_attempts", box->spec->retries + 1);
    json_put_int(out, "deaths", task->deaths);
    task_worker(out, task);
    publish_progress(sup, out, running ? task : NULL);
    publish_number(out, "deadline", task_deadline(sup, box, task), 3);
    json_put_int(out, "size", (int64_t)task->len);
    json_put_bytes(out, "by", by, strlen(by));
    json_put_bytes(out, "task", task->input, task->len < 1024 ? task->len : 1024);
    json_put_string(out, "error", task->error);
    publish_number(out, "retry_in",
                   heap_has(&task->due) ? (double)(task->due.key - sup->now) / 1e9 : -1, 1);
    json_close_object(out);
}
