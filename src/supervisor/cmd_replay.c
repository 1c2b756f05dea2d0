/* SPDX-License-Identifier: MIT */
/*
 * `replay`: tells a client everything that a task's process gets, so that the operator can run it
 * again in a terminal of their own. Nothing is started here.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "pool/template.h"
#include "supervisor/client.h"
#include "supervisor/command.h"
#include "supervisor/environ.h"
#include "supervisor/life_start.h"
#include "supervisor/supervisor.h"

/* What a reply may hold and still fit a client's buffer. */
enum { REPLY_MOST = 200 << 10 };

static void put_words(struct json_out *out, const char *key, char *const *words)
{
    json_open_array(out, key);
    for (size_t i = 0; words && words[i]; i++)
        json_put_bytes(out, NULL, words[i], strlen(words[i]));
    json_close_array(out);
}

static void put_spec(struct json_out *out, const struct pool_box *box, const struct task *task)
{
    const struct pool_spec *spec = box->spec;

    json_put_string(out, "pool", spec->name);
    json_put_string(out, "mode", pool_mode_name(spec->mode));
    json_put_bool(out, "input", spec->mode == POOL_WORKER || spec->input == INPUT_STDIN);
    json_put_string(out, "cwd", spec->cwd);
    json_put_string(out, "user", spec->user);
    json_put_int(out, "umask", spec->umask);
    json_put_bytes(out, "task", task->input, task->len);
    put_words(out, "init", spec->init);
}

void cmd_replay(struct request *request)
{
    struct client *client = request->client;
    struct pool_box *box = NULL;
    struct task *task = request_find_task(client->sup, request_string(request, "task"), &box);
    struct worker stub = {.slot = task && task->last_slot ? task->last_slot : 1, .generation = 1};
    struct life_environ environ = {0};
    struct expansion command = {0};
    struct json_out out;
    int rc;

    if (!task) {
        client_refuse(client, request->id, "refused", "no task `%.20s`",
                      request_string(request, "task") ? request_string(request, "task") : "");
        return;
    }
    rc = life_command(box, task, stub.slot, &command);
    if (rc == 0)
        rc = environ_for_life(box, &stub, box->spec->mode == POOL_COMMAND ? task : NULL, &environ);
    out = client_begin_reply(client, request->id);
    put_spec(&out, box, task);
    put_words(&out, "argv", command.argv);
    put_words(&out, "env", environ.envp);
    if (rc < 0 || buf_len(&client->sup->scratch) > REPLY_MOST)
        client_refuse(client, request->id, "refused", "%s",
                      rc < 0 ? strerror(-rc) : "the task is too large to be handed over");
    else
        client_end_reply(client, &out);
    environ_free_life(&environ);
    expansion_fini(&command);
}
