/* SPDX-License-Identifier: MIT */
/*
 * Commands on pools and on single workers: each sets what is wanted and answers at once; the next
 * tick does it. Every change is an event with the operator's name.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "supervisor/client.h"
#include "supervisor/command.h"
#include "supervisor/events.h"
#include "supervisor/life.h"
#include "supervisor/supervisor.h"

static struct event *operator_event(struct request *request, const struct target *target,
                                    const char *kind, const char *text)
{
    struct event *event =
        event_add(request->client->sup, kind, LEVEL_NOTE, false, request->client->who,
                  target->box->pool, target->worker, "%s", text);

    snprintf(event->origin, sizeof(event->origin), "%s", request->client->origin);
    return event;
}

static void reply_undo(struct request *request, const struct event *event)
{
    struct json_out out = client_begin_reply(request->client, request->id);

    json_put_int(&out, "undo", (int64_t)event->seq);
    json_put_int(&out, "undo_for", EVENT_UNDO_SECONDS);
    client_end_reply(request->client, &out);
}

/* "8", "+2", "-1" against the present size. False when it is none of these. */
static bool scale_parse(const char *text, int now, int64_t *size)
{
    int64_t number;

    if (str_parse_int(text[0] == '+' ? text + 1 : text, &number) != 0 || number > INT32_MAX ||
        number < -INT32_MAX)
        return false;
    *size = text[0] == '+' || text[0] == '-' ? now + number : number;
    *size = *size > INT32_MAX ? INT32_MAX : *size < -INT32_MAX ? -INT32_MAX : *size;
    return true;
}

void cmd_scale(struct request *request)
{
    struct client *client = request->client;
    struct pool_box *box = request_pool(request, "pool");
    const char *text = request_string(request, "size");
    char number[24], what[64];
    struct err err = {0};
    struct event *event;
    int before;
    int64_t size;

    if (!box)
        return;
    before = box->pool->want;
    snprintf(number, sizeof(number), "%lld", (long long)request_int(request, "size", INT64_MIN));
    if (!scale_parse(text ? text : number, before, &size)) {
        client_refuse(client, request->id, "usage", "size `%.20s`: give N, +N or -N",
                      text ? text : "");
        return;
    }
    if (request_int(request, "expect", before) != before) {
        client_refuse(client, request->id, "changed", "%s set %s to %d meanwhile; apply %lld?",
                      box->pool->size_by[0] ? box->pool->size_by : "somebody", box->spec->name,
                      before, (long long)size);
        return;
    }
    if (pool_resize(box->pool, (int)size, client->who, client->sup->now, &err) < 0) {
        client_refuse(client, request->id, "refused", "%s", err.text);
        return;
    }
    snprintf(what, sizeof(what), "size %d→%d%s", before, box->pool->want,
             box->spec->scale.policy == SCALE_BACKLOG ? "; scale goes on from there" : "");
    event = operator_event(request, &(struct target){box, NULL}, "resized", what);
    event->undo_size = before == box->pool->want ? -1 : before;
    reply_undo(request, event);
}

/* One worker of a stopped pool: the others stay down. */
static void start_one(struct pool *pool, struct worker *worker, int64_t now)
{
    for (size_t i = 0; pool->goal != GOAL_RUN && i < pool->slots; i++)
        if (pool->workers[i])
            pool->workers[i]->stay_down = true;
    pool->goal = GOAL_RUN;
    pool->awaiting = false;
    worker_request_start(worker, now);
}

void cmd_start(struct request *request)
{
    struct target target;
    int64_t now = request->client->sup->now;

    if (!request_target(request, &target))
        return;
    if (target.worker)
        start_one(target.box->pool, target.worker, now);
    else
        pool_start(target.box->pool, now);
    operator_event(request, &target, "start", "start");
    request_ok(request);
}

void cmd_stop(struct request *request)
{
    struct client *client = request->client;
    struct target target;

    if (!request_target(request, &target))
        return;
    operator_event(request, &target, "stop", "stop");
    if (target.worker)
        worker_request_stop(target.worker, client->by, client->sup->now);
    else
        pool_stop(target.box->pool, STOP_OPERATOR, client->by, client->sup->now);
    request_ok(request);
}

void cmd_restart(struct request *request)
{
    struct client *client = request->client;
    struct target target;

    if (!request_target(request, &target))
        return;
    operator_event(request, &target, "restart", target.worker ? "restart" : "rolling restart");
    if (target.worker)
        worker_request_restart(target.worker, client->by, client->sup->now);
    else
        pool_restart(target.box->pool, client->sup->now);
    request_ok(request);
}

/* pause, resume, hold and drain of a single worker make no sense but for drain. */
static bool refuse_worker(struct request *request, const struct target *target)
{
    if (!target->worker)
        return false;
    client_refuse(request->client, request->id, "refused", "%s takes a pool, not one worker",
                  request_string(request, "cmd"));
    return true;
}

void cmd_pause(struct request *request)
{
    struct target target;

    if (!request_target(request, &target) || refuse_worker(request, &target))
        return;
    if (target.box->spec->mode == POOL_SERVICE) {
        client_refuse(request->client, request->id, "refused",
                      "%s is a service pool: it has no tasks to pause (stop or hold it)",
                      target.box->spec->name);
        return;
    }
    pool_pause(target.box->pool, true);
    operator_event(request, &target, "pause", "paused: no new tasks");
    request_ok(request);
}

void cmd_resume(struct request *request)
{
    struct target target;
    int64_t now = request->client->sup->now;

    if (!request_target(request, &target))
        return;
    if (target.worker) {
        worker_request_hold(target.worker, false, now);
        operator_event(request, &target, "resume", "no longer held");
        request_ok(request);
        return;
    }
    pool_pause(target.box->pool, false);
    if (target.box->pool->held)
        pool_hold(target.box->pool, false, now);
    if (target.box->pool->goal == GOAL_DRAIN)
        pool_start(target.box->pool, now);
    operator_event(request, &target, "resume", "resumed");
    request_ok(request);
}

enum { HOLD_DAYS_MOST = 366 };

/* *span = the seconds of "for", 0 where it is not given. False after having answered the client. */
static bool request_span(struct request *request, double *span)
{
    const json_t *value = json_object_get(request->json, "for");

    *span = json_number_value(value);
    if (!value || json_is_null(value))
        return true;
    /* An infinite one is none that JSON can say, and one that is no number is 0 here. */
    if (*span > 0 && *span <= HOLD_DAYS_MOST * 86400.0)
        return true;
    client_refuse(request->client, request->id, "usage",
                  "for: give a number of seconds, more than 0 and at most %d days", HOLD_DAYS_MOST);
    return false;
}

/* One worker: it gets more time, or a hang does not restart it until it is let go. */
static void hold_worker(struct request *request, const struct target *target, double span)
{
    int64_t now = request->client->sup->now;
    char text[64], length[16];

    if (!target->worker->has_process) {
        client_refuse(request->client, request->id, "gone", "%s[%d] has no process now",
                      target->box->spec->name, target->worker->slot);
        return;
    }
    if (span > 0) {
        worker_request_extend(target->worker, (int64_t)(span * 1e9), now);
        str_format_duration(length, span);
        snprintf(text, sizeof(text), "its time limits end no sooner than in %s", length);
    } else {
        worker_request_hold(target->worker, true, now);
        snprintf(text, sizeof(text), "held: a hang does not restart it");
    }
    operator_event(request, target, "hold", text);
    request_ok(request);
}

void cmd_hold(struct request *request)
{
    struct target target;
    double span;

    if (!request_span(request, &span) || !request_target(request, &target))
        return;
    if (target.worker) {
        hold_worker(request, &target, span);
        return;
    }
    if (span > 0) {
        client_refuse(request->client, request->id, "usage",
                      "hold --for takes one worker: a PID or %s[SLOT]", target.box->spec->name);
        return;
    }
    pool_hold(target.box->pool, true, request->client->sup->now);
    operator_event(request, &target, "hold", "automatic restarts held");
    request_ok(request);
}

void cmd_drain(struct request *request)
{
    struct client *client = request->client;
    struct target target;

    if (!request_target(request, &target))
        return;
    operator_event(request, &target, "drain", "draining");
    if (target.worker)
        worker_request_drain(target.worker, client->by, client->sup->now);
    else
        pool_drain(target.box->pool, client->sup->now);
    request_ok(request);
}

void cmd_kill(struct request *request)
{
    struct client *client = request->client;
    const char *name = request_string(request, "signal");
    int64_t wanted = name ? str_parse_signal(name) : request_int(request, "signal", SIGTERM);
    int signal = wanted > 0 && wanted < NSIG ? (int)wanted : 0;
    struct target target;
    char text[64];

    if (!signal) {
        client_refuse(client, request->id, "usage", "no signal `%.20s`", name ? name : "");
        return;
    }
    if (!request_target(request, &target))
        return;
    if (!target.worker) {
        client_refuse(client, request->id, "usage",
                      "kill takes one worker: a PID or %s[SLOT] (stop ends a pool)",
                      target.box->spec->name);
        return;
    }
    if (!target.worker->has_process || target.worker->exited) {
        client_refuse(client, request->id, "gone", "%s[%d] has no process now; nothing sent",
                      target.box->spec->name, target.worker->slot);
        return;
    }
    snprintf(text, sizeof(text), "signal %s", str_signal_name(signal));
    operator_event(request, &target, "signal", text);
    worker_request_signal(target.worker, signal, client->by, client->sup->now);
    request_ok(request);
}

static struct event *undo_candidate(struct request *request)
{
    struct event_log *log = request->client->sup->events;
    int64_t wanted = request_int(request, "event", 0);

    if (wanted)
        return event_find(log, (uint64_t)wanted);
    for (uint64_t s = log->next; s-- > event_first_kept(log);) {
        struct event *event = event_find(log, s);

        if (event_can_undo(event))
            return event;
    }
    return NULL;
}

void cmd_undo(struct request *request)
{
    struct client *client = request->client;
    struct event *event = undo_candidate(request);
    struct pool_box *box = event ? supervisor_find_pool(client->sup, event->pool) : NULL;
    struct task *task;
    struct err err = {0};
    char what[64];

    if (!box || !event_can_undo(event)) {
        client_refuse(client, request->id, "refused", "nothing to undo");
        return;
    }
    if (event->undo_task) {
        task = queue_find(&box->pool->queue, event->undo_task);
        if (!task || pool_retry_task(box->pool, task, client->sup->now) < 0) {
            client_refuse(client, request->id, "refused", "that task is not there any more");
            return;
        }
        snprintf(what, sizeof(what), "undo: task is back in the queue");
    } else {
        if (pool_resize(box->pool, event->undo_size, client->who, client->sup->now, &err) < 0) {
            client_refuse(client, request->id, "refused", "%s", err.text);
            return;
        }
        snprintf(what, sizeof(what), "undo: size back to %d", box->pool->want);
    }
    event->undone = true;
    operator_event(request, &(struct target){box, NULL}, "undo", what);
    request_ok(request);
}
