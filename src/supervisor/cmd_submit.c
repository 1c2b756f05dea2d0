/* SPDX-License-Identifier: MIT */
/*
 * `submit`: all tasks of a request or none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/str.h"
#include "supervisor/client.h"
#include "supervisor/command.h"
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
    int64_t delay = (int64_t)(request_number(request, "delay") * 1e9);
    int rc = 0;

    for (; *tasks; tasks++) {
        struct task *task = *tasks;
        char id[16];

        task->id = sup->next_task_id++;
        task->priority = (int)request_int(request, "priority", TASK_PRIORITY_DEFAULT);
        task->by = mem_copy_string(client->who);
        task->waited = request_flag(request, "wait");
        task->limit = (int64_t)(request_number(request, "timeout") * 1e9);
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
    double delay = request_number(request, "delay"), limit = request_number(request, "timeout");
    size_t count = json_array_size(args);

    if (box->spec->mode == POOL_SERVICE)
        client_refuse(client, request->id, "usage", "%s is a service pool: it takes no tasks",
                      box->spec->name);
    else if (!count || priority < 0 || priority > TASK_PRIORITY_MAX || !(delay >= 0) ||
             delay > SUBMIT_DELAY_MAX || !(limit >= 0) || limit > SUBMIT_DELAY_MAX)
        client_refuse(client, request->id, "usage",
                      "submit to %s needs at least one task, a priority from 0 to 9, and a delay "
                      "and a timeout of at most a year",
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
