/* SPDX-License-Identifier: MIT */
/*
 * From a line to its handler. Whatever is wrong with a line costs its sender an answer, or the
 * connection before the hello; it never costs anybody else anything.
 */
#include "supervisor/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "supervisor/client.h"
#include "supervisor/life.h"
#include "supervisor/supervisor.h"
#include "wire/commands.h"
#include "wire/control.h"

static const struct {
    const char *name;
    command_handler *handler;
    bool begins; /* work or workers: not while all stops */
} handlers[] = {
    {"ack", cmd_ack, false},
    {"bury", cmd_bury, false},
    {"cancel", cmd_cancel, false},
    {"drain", cmd_drain, false},
    {"events", cmd_events, false},
    {"hold", cmd_hold, false},
    {"kick", cmd_kick, true},
    {"kill", cmd_kill, false},
    {"logs", cmd_logs, false},
    {"pause", cmd_pause, false},
    {"prioritise", cmd_prioritise, false},
    {"ps", cmd_ps, false},
    {"replay", cmd_replay, true},
    {"why", cmd_why, false},
    {"restart", cmd_restart, true},
    {"resume", cmd_resume, true},
    {"retry", cmd_retry, true},
    {"scale", cmd_scale, true},
    {"shutdown", cmd_shutdown, false},
    {"start", cmd_start, true},
    {"status", cmd_status, false},
    {"stop", cmd_stop, false},
    {"submit", cmd_submit, true},
    {"subscribe", cmd_subscribe, false},
    {"tasks", cmd_tasks, false},
    {"undo", cmd_undo, true},
    {"unsubscribe", cmd_unsubscribe, false},
    {"wait", cmd_wait, false},
};

command_handler *command_handler_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(handlers); i++)
        if (strcmp(handlers[i].name, name) == 0)
            return handlers[i].handler;
    return NULL;
}

static bool command_begins(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(handlers); i++)
        if (strcmp(handlers[i].name, name) == 0)
            return handlers[i].begins;
    return false;
}

const char *request_string(const struct request *request, const char *key)
{
    return json_string_value(json_object_get(request->json, key));
}

int64_t request_int(const struct request *request, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(request->json, key);
    int64_t number;

    if (json_is_integer(value))
        return json_integer_value(value);
    if (json_is_real(value) && json_real_value(value) >= 0 && json_real_value(value) < 1e15)
        return (int64_t)json_real_value(value);
    if (json_is_string(value) && str_parse_int(json_string_value(value), &number) == 0)
        return number;
    return fallback;
}

uint64_t request_count(const struct request *request, const char *key, uint64_t fallback)
{
    int64_t number = request_int(request, key, (int64_t)fallback);

    return number < 0 ? 0 : (uint64_t)number;
}

double request_number(const struct request *request, const char *key)
{
    return json_number_value(json_object_get(request->json, key));
}

bool request_flag(const struct request *request, const char *key)
{
    return json_is_true(json_object_get(request->json, key));
}

void request_ok(struct request *request)
{
    struct json_out out = client_begin_reply(request->client, request->id);

    client_end_reply(request->client, &out);
}

static void refuse_unknown_pool(struct request *request, const char *name)
{
    struct supervisor *sup = request->client->sup;
    const char **names = mem_new_array(sup->box_count + 1, sizeof(*names));
    const char *near;

    for (size_t i = 0; i < sup->box_count; i++)
        names[i] = sup->boxes[i].spec->name;
    near = str_nearest(name, names);
    client_refuse(request->client, request->id, "unknown", "no pool `%.64s`%s%s%s", name,
                  near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
    free(names);
}

struct pool_box *request_pool(struct request *request, const char *key)
{
    const char *name = request_string(request, key);
    struct pool_box *box = name ? supervisor_find_pool(request->client->sup, name) : NULL;

    if (!name)
        client_refuse(request->client, request->id, "usage", "%s needs a pool",
                      request_string(request, "cmd"));
    else if (!box)
        refuse_unknown_pool(request, name);
    return box;
}

/* POOL[SLOT] -> the worker. */
static bool target_slot(struct request *request, struct target *target, const char *text,
                        const char *bracket)
{
    char name[65];
    int64_t slot = 0;
    char digits[16];
    size_t len = (size_t)(bracket - text);

    snprintf(name, sizeof(name), "%.*s", (int)(len < 64 ? len : 64), text);
    snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(bracket + 1, "]"), bracket + 1);
    target->box = supervisor_find_pool(request->client->sup, name);
    if (!target->box) {
        refuse_unknown_pool(request, name);
        return false;
    }
    if (str_parse_int(digits, &slot) == 0 && slot > 0 && slot < INT32_MAX &&
        strcmp(bracket + strcspn(bracket, "]"), "]") == 0)
        target->worker = pool_worker(target->box->pool, (int)slot);
    if (!target->worker)
        client_refuse(request->client, request->id, "unknown", "pool %s has no slot `%s`", name,
                      digits);
    return target->worker != NULL;
}

/* The worker must still be the one that the operator saw. */
static bool target_is_same(struct request *request, const struct target *target)
{
    int64_t start = request_int(request, "start", 0);
    const struct life *life = target->worker ? life_of(target->worker) : NULL;

    if (!start || (life && !life->exited && (int64_t)life->proc.start == start))
        return true;
    client_refuse(request->client, request->id, "gone", "%s already exited; nothing sent",
                  request_string(request, "target"));
    return false;
}

bool request_target(struct request *request, struct target *target)
{
    struct supervisor *sup = request->client->sup;
    const char *text = request_string(request, "target");
    const char *bracket = text ? strchr(text, '[') : NULL;
    const struct life *life;
    int64_t pid;

    *target = (struct target){0};
    if (!text) {
        client_refuse(request->client, request->id, "usage",
                      "a target is needed: POOL, POOL[SLOT] or PID");
        return false;
    }
    if (bracket)
        return target_slot(request, target, text, bracket) && target_is_same(request, target);
    if (str_parse_int(text, &pid) != 0) {
        target->box = supervisor_find_pool(sup, text);
        if (!target->box)
            refuse_unknown_pool(request, text);
        return target->box != NULL;
    }
    life = map_find(&sup->by_pid, (uint64_t)pid);
    if (!life) {
        client_refuse(request->client, request->id, "gone",
                      "pid %s is no worker of this supervisor, or already exited; nothing sent",
                      text);
        return false;
    }
    target->box = life->box;
    target->worker = life->worker;
    return target_is_same(request, target);
}

static void client_greet(struct client *client, const json_t *json)
{
    struct supervisor *sup = client->sup;
    const char *user = json_string_value(json_object_get(json, "user"));
    const char *tty = json_string_value(json_object_get(json, "tty"));
    json_int_t protocol = json_integer_value(json_object_get(json, "protocol"));
    struct json_out out;

    if (!json_string_value(json_object_get(json, "hello")) || protocol != CONTROL_PROTOCOL) {
        client_refuse(client, -1, "protocol",
                      "this supervisor (version %s) speaks protocol %d, the client %lld: use the "
                      "lifeguard that started it",
                      LIFEGUARD_VERSION, CONTROL_PROTOCOL, (long long)protocol);
        client->closing = true;
        return;
    }
    if (user && *user)
        snprintf(client->who, sizeof(client->who), "%s", user);
    if (tty && str_starts(tty, "/dev/"))
        tty += 5;
    snprintf(client->by, sizeof(client->by), "%.27s%s%.16s", client->who, tty && *tty ? " on " : "",
             tty ? tty : "");
    snprintf(client->origin, sizeof(client->origin), "%s%s uid %u", tty && *tty ? "tty " : "",
             tty && *tty ? tty : "no tty", (unsigned)client->peer.uid);
    client->greeted = true;
    buf_reset(&sup->scratch);
    json_out_init(&out, &sup->scratch);
    json_open_object(&out, NULL);
    json_put_string(&out, "hello", "lifeguard");
    json_put_int(&out, "protocol", CONTROL_PROTOCOL);
    json_put_string(&out, "version", LIFEGUARD_VERSION);
    json_put_string(&out, "name", sup->spec.supervisor.name);
    json_put_int(&out, "pid", (int64_t)sup->pid);
    json_close_object(&out);
    json_end_line(&out);
    client_send(client);
}

static void command_dispatch(struct client *client, const json_t *json)
{
    struct request request = {.client = client, .json = json};
    const char *name = request_string(&request, "cmd");
    const struct command *known = name ? command_find(name) : NULL;
    command_handler *handler = name ? command_handler_find(name) : NULL;

    request.id = request_int(&request, "id", -1);
    if (handler && client->sup->stopping && command_begins(name))
        client_refuse(client, request.id, "refused", "%s: the supervisor is stopping", name);
    else if (handler)
        handler(&request);
    else if (known && known->later)
        client_refuse(client, request.id, "refused", "`%s` is not built yet: %s", name,
                      known->later);
    else
        client_refuse(client, request.id, "usage", "unknown command `%.40s`", name ? name : "");
}

void command_line(struct client *client, char *line, size_t len)
{
    json_error_t error;
    json_t *json = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);

    client->sup->changed = true;
    if (!json_is_object(json)) {
        client_refuse(client, -1, "usage", "not a line of JSON: %.200s",
                      json ? "not an object" : error.text);
        client->closing = !client->greeted;
    } else if (!client->greeted) {
        client_greet(client, json);
    } else {
        command_dispatch(client, json);
    }
    json_decref(json);
}
