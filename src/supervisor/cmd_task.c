/* SPDX-License-Identifier: MIT */
/*
 * Commands on tasks: submit, look, retry, cancel, bury, kick, prioritise.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "supervisor/client.h"
#include "supervisor/command.h"
#include "supervisor/events.h"
#include "supervisor/publish.h"
#include "supervisor/supervisor.h"

enum { SUBMIT_TASK_MAX = 1 << 20, SUBMIT_DELAY_MAX = 366 * 86400 };

/* One element of "args": a string, or {"base64":"..."}. NULL with the client
 * answered. */
static struct task *submit_task(struct request *request, const struct pool_box *box,
                                const json_t *arg)
{
    const char *encoded = json_string_value(json_object_get(arg, "base64"));
    struct buf bytes = {.max = SUBMIT_TASK_MAX};
    struct task *task = NULL;
    int rc;

    if (encoded)
        rc = base64_decode(&bytes, encoded, strlen(encoded));
    else if (json_is_string(arg))
        rc = buf_append(&bytes, json_string_value(arg), json_string_length(arg));
    else
        rc = -EINVAL;
    if (rc == -ENOBUFS)
        client_refuse(request->client, request->id, "usage", "a task is longer than 1 MiB");
    else if (rc < 0)
        client_refuse(request->client, request->id, "usage", "a task is no string");
    else if (box->spec->input == INPUT_ARGS && box->spec->mode == POOL_COMMAND && buf_len(&bytes) &&
             memchr(buf_data(&bytes), '\0', buf_len(&bytes)))
        client_refuse(request->client, request->id, "usage",
                      "a task has a NUL byte, which no argument can carry");
    else if (!(task = task_new(buf_data(&bytes), buf_len(&bytes), 1)))
        client_refuse(request->client, request->id, "failed", "no memory for the task");
    buf_fini(&bytes);
    return task;
}

/* All tasks of the request, so that a bad one leaves nothing behind. NULL with the client
 * answered. */
static struct task **submit_read(struct request *request, const struct pool_box *box,
                                 const json_t *args)
{
    size_t count = json_array_size(args), made = 0;
    struct task **tasks = mem_new_array(count + 1, sizeof(struct task *));

    while (made < count && (tasks[made] = submit_task(request, box, json_array_get(args, made))))
        made++;
    if (made == count)
        return tasks;
    while (made > 0)
        task_free(tasks[--made]);
    free(tasks);
    return NULL;
}

/* The queue takes them, or none when the pool takes no more; the ids go into the reply. */
static int submit_all(struct request *request, struct pool_box *box, struct task **tasks,
                      struct json_out *out)
{
    struct client *client = request->client;
    struct supervisor *sup = client->sup;
    int64_t delay = (int64_t)(json_number_value(json_object_get(request->json, "delay")) * 1e9);
    int rc = 0;

    for (; *tasks; tasks++) {
        struct task *task = *tasks;
        char id[16];

        task->id = sup->next_task_id++;
        task->priority = (int)request_int(request, "priority", TASK_PRIORITY_DEFAULT);
        task->by = mem_copy_string(client->who);
        task->waited = request_flag(request, "wait");
        str_format_id(id, task->id);
        if (rc == 0)
            rc = pool_submit(box->pool, task, delay, sup->now);
        if (rc < 0)
            task_free(task);
        else
            json_put_string(out, NULL, id);
    }
    return rc;
}

/* True with the client answered. */
static bool submit_is_refused(struct request *request, const struct pool_box *box,
                              const json_t *args)
{
    struct client *client = request->client;
    int64_t priority = request_int(request, "priority", TASK_PRIORITY_DEFAULT);
    double delay = json_number_value(json_object_get(request->json, "delay"));
    size_t count = json_array_size(args);

    if (box->spec->mode == POOL_SERVICE)
        client_refuse(client, request->id, "usage", "%s is a service pool: it takes no tasks",
                      box->spec->name);
    else if (!count || priority < 0 || priority > TASK_PRIORITY_MAX || !(delay >= 0) ||
             delay > SUBMIT_DELAY_MAX)
        client_refuse(client, request->id, "usage",
                      "submit to %s needs at least one task, a priority from 0 to 9, and a delay "
                      "of at most a year",
                      box->spec->name);
    else if ((int64_t)count > pool_room(box->pool))
        client_refuse(client, request->id, "full",
                      "the queue of %s has room for %lld of %zu tasks; nothing was added",
                      box->spec->name, (long long)pool_room(box->pool), count);
    else
        return false;
    return true;
}

void cmd_submit(struct request *request)
{
    struct client *client = request->client;
    struct pool_box *box = request_pool(request, "pool");
    const json_t *args = json_object_get(request->json, "args");
    struct task **tasks;
    struct json_out out;

    if (!box || submit_is_refused(request, box, args))
        return;
    tasks = submit_read(request, box, args);
    if (!tasks)
        return;
    out = client_begin_reply(client, request->id);
    json_open_array(&out, "tasks");
    if (submit_all(request, box, tasks, &out) < 0) {
        client_refuse(client, request->id, "refused", "%s takes no more tasks: it drains or halts",
                      box->spec->name);
    } else {
        client->waits |= request_flag(request, "wait");
        json_close_array(&out);
        client_end_reply(client, &out);
    }
    free(tasks);
}

/* Pool and task of an id as printed; NULL when no pool has it. */
static struct task *find_task(struct supervisor *sup, const char *text, struct pool_box **box)
{
    uint64_t id;

    if (!text || str_parse_id(text, &id) < 0)
        return NULL;
    for (size_t i = 0; i < sup->box_count; i++) {
        struct task *task = queue_find(&sup->boxes[i].pool->queue, id);

        *box = &sup->boxes[i];
        if (task)
            return task;
    }
    return NULL;
}

typedef int task_action(struct request *request, struct pool_box *box, struct task *task);

/* Applies the action to each id; the first that fails is named, the others are done all the
 * same. */
static void each_task(struct request *request, task_action *action, const char *refusal)
{
    struct client *client = request->client;
    const json_t *ids = json_object_get(request->json, "tasks");
    char missing[128] = "";
    size_t done = 0;
    struct json_out out;

    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *text = json_string_value(json_array_get(ids, i));
        struct pool_box *box = NULL;
        struct task *task = find_task(client->sup, text, &box);

        if (!task && !*missing)
            snprintf(missing, sizeof(missing), "no task `%.20s`", text ? text : "");
        else if (task && action(request, box, task) == 0)
            done++;
        else if (!*missing)
            snprintf(missing, sizeof(missing), "task %.20s %s", text, refusal);
    }
    if (*missing || !json_array_size(ids)) {
        client_refuse(client, request->id, *missing ? "refused" : "usage", "%s",
                      *missing ? missing : "which tasks? give their ids");
        return;
    }
    out = client_begin_reply(client, request->id);
    json_put_int(&out, "count", (int64_t)done);
    client_end_reply(client, &out);
}

static struct event *task_event(struct request *request, struct pool_box *box,
                                const struct task *task, const char *kind, const char *what)
{
    struct event *event;
    char id[16];

    str_format_id(id, task->id);
    event = event_add(request->client->sup, kind, LEVEL_NOTE, false, request->client->who,
                      box->pool, NULL, "task %s %s", id, what);
    snprintf(event->origin, sizeof(event->origin), "%s", request->client->origin);
    return event;
}

static int retry_one(struct request *request, struct pool_box *box, struct task *task)
{
    int rc = task->state == TASK_DONE ? -EALREADY
                                      : pool_retry_task(box->pool, task, request->client->sup->now);

    if (rc == 0)
        task_event(request, box, task, "retry", "runs again");
    return rc;
}

static int cancel_one(struct request *request, struct pool_box *box, struct task *task)
{
    bool running = task->state == TASK_RUNNING;
    uint64_t id = task->id;
    struct event *event;

    if (task_is_final(task->state))
        return -EALREADY;
    event = task_event(request, box, task, "cancel", "cancelled");
    event->undo_task = running ? 0 : id;
    return pool_cancel_task(box->pool, task, request->client->who, request->client->sup->now);
}

static int prioritise_one(struct request *request, struct pool_box *box, struct task *task)
{
    int64_t change = request_int(request, "change", 0);
    int64_t priority = request_int(request, "priority", task->priority);

    if (task_is_final(task->state) || task->state == TASK_RUNNING)
        return -EALREADY;
    if (change > -TASK_PRIORITY_MAX && change < TASK_PRIORITY_MAX)
        priority += change;
    priority = priority < 0 ? 0 : priority > TASK_PRIORITY_MAX ? TASK_PRIORITY_MAX : priority;
    queue_set_priority(&box->pool->queue, task, (int)priority);
    return 0;
}

static int bury_one(struct request *request, struct pool_box *box, struct task *task)
{
    if (task_is_final(task->state) || task->state == TASK_RUNNING)
        return -EALREADY;
    task_event(request, box, task, "bury", "buried");
    task_set_error(task, "buried by %s", request->client->who);
    pool_bury_task(box->pool, task, request->client->sup->now);
    return 0;
}

static int kick_one(struct request *request, struct pool_box *box, struct task *task)
{
    return task->state == TASK_BURIED ? retry_one(request, box, task) : -EALREADY;
}

void cmd_retry(struct request *request)
{
    each_task(request, retry_one, "is not failed, buried, cancelled or waiting for a retry");
}

void cmd_cancel(struct request *request)
{
    each_task(request, cancel_one, "has ended already");
}

void cmd_prioritise(struct request *request)
{
    each_task(request, prioritise_one, "does not wait any more");
}

void cmd_bury(struct request *request)
{
    each_task(request, bury_one, "does not wait any more");
}

void cmd_kick(struct request *request)
{
    each_task(request, kick_one, "is not buried");
}

void cmd_tasks(struct request *request)
{
    struct client *client = request->client;
    struct supervisor *sup = client->sup;
    struct pool_box *only = NULL;
    const char *state = request_string(request, "state");
    struct json_out out;
    struct err err = {0};

    if (request_string(request, "pool") && !(only = request_pool(request, "pool")))
        return;
    if (state && task_state_parse(state) == TASK_STATES) {
        client_refuse(client, request->id, "usage",
                      "no task state `%.20s`: held delayed ready running retry done failed buried "
                      "cancelled skipped",
                      state);
        return;
    }
    out = client_begin_reply(client, request->id);
    publish_task_list(sup, &out, only, state);
    if (request_flag(request, "audit")) {
        for (size_t i = 0; i < sup->box_count; i++)
            if (!only || only == &sup->boxes[i])
                queue_audit(&sup->boxes[i].pool->queue, &err);
        json_put_string(&out, "audit", err.code ? err.text : "ok");
    }
    client_end_reply(client, &out);
}
