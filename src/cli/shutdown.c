/* SPDX-License-Identifier: MIT */
/*
 * `shutdown`: asks, then waits until the supervisor is gone, naming whom it waits for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/session.h"

enum { NAMED_AT_MOST = 8 };

/* "waiting for 3 workers: ocr[2] pid 4711 stopping, kill in 7s ..." */
static void shutdown_describe(const json_t *stopping, struct buf *out)
{
    size_t count = json_array_size(stopping);

    buf_printf(out, "waiting for %zu worker%s:", count, count == 1 ? "" : "s");
    for (size_t i = 0; i < count && i < NAMED_AT_MOST; i++) {
        const json_t *each = json_array_get(stopping, i);
        double kill_in = print_number(each, "kill_in", -1);

        buf_printf(out, "%s %s[%.0f] pid %.0f %s", i ? "," : "", print_word(each, "pool"),
                   print_number(each, "slot", 0), print_number(each, "pid", 0),
                   print_word(each, "state"));
        if (kill_in >= 0)
            buf_printf(out, " (KILL in %.0f s)", kill_in);
    }
    buf_append_string(out, count > NAMED_AT_MOST ? ", ...\n" : "\n");
}

/* Who is waited for, without the seconds, to tell whether there is news. */
static void shutdown_identify(const json_t *stopping, struct buf *out)
{
    for (size_t i = 0; i < json_array_size(stopping); i++) {
        const json_t *each = json_array_get(stopping, i);

        buf_printf(out, "%.0f%s ", print_number(each, "pid", 0), print_word(each, "state"));
    }
}

static void shutdown_tell(struct session *session, const json_t *message, char **told)
{
    const json_t *summary = json_object_get(message, "summary");
    const json_t *stopping = json_object_get(summary, "stopping");
    struct buf identity = {0}, line = {0};

    shutdown_identify(stopping, &identity);
    buf_append_string(&identity, "");
    if (!session->args->json && json_array_size(stopping) &&
        (!*told || strcmp(*told, buf_string(&identity)) != 0)) {
        free(*told);
        *told = mem_copy_string(buf_string(&identity));
        shutdown_describe(stopping, &line);
        print_clean(&session->out, buf_data(&line), buf_len(&line) - 1);
        buf_append_char(&session->out, '\n');
        print_flush(&session->out);
    }
    buf_fini(&identity);
    buf_fini(&line);
}

static int shutdown_wait(struct session *session)
{
    char *told = NULL;
    int rc;

    for (;;) {
        json_t *message = remote_next(&session->remote, -1, &rc);

        if (!message && rc == -EINTR)
            continue;
        if (!message)
            break;
        shutdown_tell(session, message, &told);
        json_decref(message);
    }
    free(told);
    /* A reset is how the last byte's loss looks from here: it is gone all the same. */
    if (rc < 0 && rc != -ECONNRESET)
        return cli_fail(CLI_FAILED, "waiting for the supervisor: %s", strerror(-rc));
    if (session->args->json)
        buf_append_string(&session->out, "{\"stopped\":true}\n");
    else
        buf_printf(&session->out, "%s stopped\n", session->remote.name);
    return print_flush(&session->out) ? CLI_OK : CLI_FAILED;
}

int shutdown_run(const struct args *args)
{
    struct session session;
    int status = session_open(&session, args);
    json_t *reply;

    if (status)
        return status;
    if (remote_subscribe(&session.remote, "summary", "", &session.err) < 0) {
        status = session_broken(&session);
    } else {
        reply = session_ask(&session, &status);
        if (reply)
            status = shutdown_wait(&session);
        json_decref(reply);
    }
    session_close(&session);
    return status;
}
