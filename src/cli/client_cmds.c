/* SPDX-License-Identifier: MIT */
/*
 * Verbs that are one request and one answer, and the two that look again and again: status --watch
 * and events -f.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/session.h"
#include "wire/commands.h"

enum { WATCH_MS = 1000 };

typedef void client_renderer(const json_t *reply, const struct render_style *style,
                             struct buf *out);

static client_renderer *client_find_renderer(const char *verb)
{
    static const struct {
        const char *verb;
        client_renderer *render;
    } renderers[] = {{"ps", render_workers}, {"tasks", render_tasks}, {"why", render_why}};

    for (size_t i = 0; i < ARRAY_LEN(renderers); i++) {
        if (strcmp(renderers[i].verb, verb) == 0)
            return renderers[i].render;
    }
    return render_done;
}

/* An audit that does not add up is a failure, whatever else the answer says. */
static int client_audit(const json_t *reply)
{
    const char *audit = print_word(reply, "audit");

    return *audit && strcmp(audit, "ok") != 0 ? CLI_FAILED : CLI_OK;
}

int client_run(const struct args *args)
{
    struct session session;
    int status = session_open(&session, args);
    json_t *reply;

    if (status)
        return status;
    reply = session_ask(&session, &status);
    if (reply) {
        if (args->json)
            session_json(&session, reply);
        else
            client_find_renderer(args->command->name)(reply, &session.style, &session.out);
        status = client_audit(reply);
        if (!print_flush(&session.out))
            status = CLI_FAILED;
    }
    json_decref(reply);
    session_close(&session);
    return status;
}

static int status_show(struct session *session, bool again)
{
    int status;
    json_t *reply = session_ask(session, &status);

    if (!reply)
        return status;
    if (again && session->style.width)
        buf_append_string(&session->out, "\033[H\033[2J");
    if (session->args->json)
        session_json(session, reply);
    else
        render_status(reply, &session->style, &session->out);
    if (again && !session->style.width && !session->args->json)
        buf_append_string(&session->out, "\n");
    status = json_is_true(json_object_get(reply, "healthy")) ? CLI_OK : CLI_DEGRADED;
    json_decref(reply);
    return print_flush(&session->out) ? status : CLI_FAILED;
}

int status_run(const struct args *args)
{
    bool watch = args_flag(args, "watch");
    struct session session;
    int status = session_open(&session, args);

    if (status)
        return status;
    status = status_show(&session, watch);
    while (watch && (status == CLI_OK || status == CLI_DEGRADED)) {
        usleep(WATCH_MS * 1000);
        status = status_show(&session, true);
    }
    session_close(&session);
    return status;
}

static bool events_show(struct session *session, const json_t *reply, int64_t *last)
{
    const json_t *events = json_object_get(reply, "events");

    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);

        if (session->args->json)
            session_json(session, event);
        else
            render_event(event, &session->style, &session->out);
        *last = (int64_t)print_number(event, "seq", 0);
    }
    return print_flush(&session->out);
}

/* All events after `last`: the view only tells that there are some, so that none is missed however
 * many come at once. */
static json_t *events_fetch(struct session *session, int64_t last, int *status)
{
    struct buf line = {0};
    json_t *reply;

    buf_printf(&line,
               "{\"id\":%" PRId64 ",\"cmd\":\"events\",\"lines\":1000000,\"after\":%" PRId64 "}\n",
               remote_next_id(&session->remote), last);
    reply = session_ask_line(session, &line, status);
    buf_fini(&line);
    return reply;
}

static int events_follow(struct session *session, int64_t last)
{
    int status = CLI_OK, rc;

    if (remote_subscribe(&session->remote, "events", ",\"offset\":0,\"count\":1", &session->err) <
        0)
        return session_broken(session);
    for (;;) {
        json_t *message = remote_next(&session->remote, -1, &rc);
        json_t *reply;

        if (!message && rc == -EINTR)
            continue;
        if (!message) /* the supervisor ended: that is the last event */
            return rc == 0 ? CLI_OK : cli_fail(CLI_FAILED, "%s", strerror(-rc));
        json_decref(message);
        reply = events_fetch(session, last, &status);
        if (!reply)
            return status;
        if (!events_show(session, reply, &last))
            status = CLI_FAILED;
        json_decref(reply);
        if (status != CLI_OK)
            return status;
    }
}

int events_run(const struct args *args)
{
    struct session session;
    int status = session_open(&session, args);
    int64_t last = 0;
    json_t *reply;

    if (status)
        return status;
    reply = session_ask(&session, &status);
    if (reply && !events_show(&session, reply, &last))
        status = CLI_FAILED;
    if (reply && status == CLI_OK && args_flag(args, "follow"))
        status = events_follow(&session, last);
    json_decref(reply);
    session_close(&session);
    return status;
}
