/* SPDX-License-Identifier: MIT */
/*
 * The common frame of the client verbs.
 */
#include "cli/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"

static int session_open_status(int rc)
{
    switch (rc) {
    case -ENOENT:
        return CLI_NO_SUPERVISOR;
    case -EEXIST:
        return CLI_USAGE;
    default:
        return CLI_FAILED;
    }
}

int session_open(struct session *session, const struct args *args)
{
    int rc;

    *session = (struct session){.args = args};
    session->style.color = print_wants_color(STDOUT_FILENO);
    session->style.width = print_width(STDOUT_FILENO);
    rc = remote_open(&session->remote, args->supervisor, &session->err);
    if (rc < 0)
        return cli_fail(session_open_status(rc), "%s", session->err.text);
    return 0;
}

void session_close(struct session *session)
{
    remote_close(&session->remote);
    buf_fini(&session->out);
}

int session_broken(struct session *session)
{
    return cli_fail(CLI_FAILED, "%s", session->err.text);
}

int session_status(const json_t *reply)
{
    const char *code = print_word(reply, "code");
    const char *error = print_word(reply, "error");

    if (json_is_true(json_object_get(reply, "ok")))
        return CLI_OK;
    cli_fail(0, "%s", *error ? error : "refused");
    if (strcmp(code, "full") == 0)
        return CLI_FULL;
    return strcmp(code, "usage") == 0 ? CLI_USAGE : CLI_FAILED;
}

static json_t *session_take(struct session *session, json_t *reply, int *status)
{
    if (!reply) {
        *status = session_broken(session);
        return NULL;
    }
    *status = session_status(reply);
    if (*status == CLI_OK)
        return reply;
    json_decref(reply);
    return NULL;
}

json_t *session_ask(struct session *session, int *status)
{
    json_t *reply = remote_call(&session->remote, session->args, &session->err);

    return session_take(session, reply, status);
}

json_t *session_ask_line(struct session *session, struct buf *line, int *status)
{
    json_t *reply = remote_call_line(&session->remote, line, &session->err);

    return session_take(session, reply, status);
}

void session_json(struct session *session, const json_t *reply)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)reply);
    /* A terminal obeys more than the controls that JSON escapes. */
    size_t flags = isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0;
    char *text;

    if (json_object_del(copy, "ok") == 0)
        json_object_del(copy, "id");
    text = json_dumps(copy, JSON_COMPACT | JSON_REAL_PRECISION(15) | flags);
    buf_append_string(&session->out, text ? text : "null");
    buf_append_char(&session->out, '\n');
    free(text);
    json_decref(copy);
}
