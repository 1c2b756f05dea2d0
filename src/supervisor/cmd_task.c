/* SPDX-License-Identifier: MIT */
/*
 * Commands on tasks: look, wait, retry, cancel, bury, kick, prioritise.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "supervisor/client.h"
#include "supervisor/command.h"
#include "supervisor/events.h"
#include "supervisor/publish.h"
#include "supervisor/supervisor.h"

/* Pool and task of an id as printed; NULL when no pool has it. */
struct task *request_find_task(struct supervisor *sup, const char *text, struct pool_box **box)
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
        struct task *task = request_find_task(client->sup, text, &box);

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

/* Tells what is known of each task now; of those that are not final the client hears later. */
void cmd_wait(struct request *request)
{
    struct client *client = request->client;
    const json_t *ids = json_object_get(request->json, "tasks");
    struct pool_box *box = NULL;
    struct json_out out;

    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *text = json_string_value(json_array_get(ids, i));

        if (!request_find_task(client->sup, text, &box)) {
            client_refuse(client, request->id, "refused", "no task `%.20s`", text ? text : "");
            return;
        }
    }
    out = client_begin_reply(client, request->id);
    json_open_array(&out, "tasks");
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *text = json_string_value(json_array_get(ids, i));
        struct task *task = request_find_task(client->sup, text, &box);

        task->waited |= !task_is_final(task->state);
        json_open_object(&out, NULL);
        json_put_string(&out, "id", text);
        json_put_string(&out, "state", task_state_name(task->state));
        json_put_bool(&out, "final", task_is_final(task->state));
        if (task_is_final(task->state) && task->error)
            json_put_bytes(&out, "error", task->error, strlen(task->error));
        json_close_object(&out);
    }
    json_close_array(&out);
    client->waits = true;
    client_end_reply(client, &out);
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
