/* SPDX-License-Identifier: MIT */
/*
 * State as JSON (wire/control.h): one function a kind of row, used by the views and by the
 * one-shot commands alike, and the subscriptions that send only what changed.
 */
#ifndef LIFEGUARD_SUPERVISOR_PUBLISH_H
#define LIFEGUARD_SUPERVISOR_PUBLISH_H

#include <stddef.h>
#include <stdint.h>

#include "supervisor/client.h"

struct event;
struct json_out;
struct pool_box;
struct supervisor;
struct task;
struct worker;
struct worker_life;

/* Seconds from then until now; 0 when it never was. */
double publish_since(const struct supervisor *sup, int64_t then);
/* A negative number is not known: null. */
void publish_number(struct json_out *out, const char *key, double value, int decimals);
/* "progress" (percent), "progress_done", "progress_total", "progress_text" and "eta" of a task
 * (NULL = none): what its worker told, and what it makes of the time it took so far. */
void publish_progress(const struct supervisor *sup, struct json_out *out, const struct task *task);
/* Rows. `key` NULL inside arrays. */
/* Nothing of it can be started on this machine, and it should run. */
bool publish_is_refused(const struct pool_box *box);
void publish_pool(const struct supervisor *sup, struct json_out *out, const char *key,
                  const struct pool_box *box);
void publish_worker(const struct supervisor *sup, struct json_out *out, const char *key,
                    const struct worker *worker);
void publish_worker_fields(const struct supervisor *sup, struct json_out *out,
                           const struct worker *worker);
/* "report": the path of a report in state_dir, null for "". */
void publish_report_path(const struct supervisor *sup, struct json_out *out, const char *name);
void publish_life(const struct supervisor *sup, struct json_out *out, const struct pool_box *box,
                  const struct worker *worker, const struct worker_life *life);
void publish_task(const struct supervisor *sup, struct json_out *out, const char *key,
                  const struct pool_box *box, const struct task *task);
void publish_event(struct json_out *out, const char *key, const struct event *event);
/* The fields of `status --json`. */
void publish_status(const struct supervisor *sup, struct json_out *out);
/* "history", rates, ETA and oldest of all queues together. */
void publish_work(const struct supervisor *sup, struct json_out *out);
void publish_summary(const struct supervisor *sup, struct json_out *out);
void publish_detail(const struct supervisor *sup, struct json_out *out,
                    const struct worker *worker);
/* "tasks":[...],"counts":{...} of one pool or all. */
void publish_task_list(const struct supervisor *sup, struct json_out *out,
                       const struct pool_box *only, const char *state);
void publish_counts(const struct supervisor *sup, struct json_out *out,
                    const struct pool_box *only);
/* The file of a slot's current (or next) log; "" when it has none. */
void publish_log_path(const struct pool_box *box, int slot, int pid, char *out, size_t size);
/* Seconds until the queue is empty at the present rates: >= 0, or -1 with *why "grows", "?" or NULL
 * (nothing waits). */
/* publish_forecast.c: {"size", "eta", "useful"}, or null. */
void publish_forecast(const struct supervisor *sup, struct json_out *out,
                      const struct pool_box *box);
double publish_eta(const struct pool_box *box, int64_t now, const char **why);

/* Once a turn: sends what changed to those who look. */
void publish_views(struct supervisor *sup);
/* When publish_views must be called next; CLOCK_NEVER without subscribers. */
int64_t publish_next_deadline(const struct supervisor *sup);
void subscription_end(struct subscription *sub);
/* Rows of a window with what changed since they were sent; the row writers of publish_window.c. */
void publish_workers_view(struct client *client, struct subscription *sub);
void publish_tasks_view(struct client *client, struct subscription *sub);

#endif
