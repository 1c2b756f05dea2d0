/* SPDX-License-Identifier: MIT */
/*
 * `logs`: from the files that the supervisor names; with -f live from the supervisor itself, tail
 * included, so that no line falls between file and stream.
 */
#include "cli/logs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sanitise.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/session.h"
#include "wire/json_out.h"

enum { LINES_DEFAULT = 50, LINES_FILTERED = 100000, TAIL_MAX = 2000 };

struct logs {
    struct session session;
    struct logs_filter filter;
    bool several; /* more than one worker: lines say whose they are */
    bool tty;
};

static int logs_prepare(struct logs *logs, const struct args *args)
{
    const char *since = args_text(args, "since");
    const char *pattern = args_text(args, "grep");
    double now = (double)clock_wall() / 1e9;

    logs->tty = isatty(STDOUT_FILENO);
    logs->filter.lines =
        args_number(args, "lines", since || pattern ? LINES_FILTERED : LINES_DEFAULT);
    if (logs->filter.lines < 0)
        return cli_fail(CLI_USAGE, "--lines must not be negative");
    if (args_flag(args, "follow") && args_flag(args, "previous"))
        return cli_fail(CLI_USAGE, "--follow and --previous exclude each other");
    if (since && logs_parse_since(since, now, &logs->filter.since) < 0)
        return cli_fail(CLI_USAGE, "--since: \"%s\" is no time (10m, 14:02, 2026-01-31T14:02:00)",
                        since);
    if (!pattern)
        return CLI_OK;
    if (regcomp(&logs->filter.regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return cli_fail(CLI_USAGE, "--grep: \"%s\" is no extended regular expression", pattern);
    logs->filter.grep = true;
    return CLI_OK;
}

static void logs_print_json(struct logs *logs, const struct logs_line *line)
{
    struct json_out out;

    json_out_init(&out, &logs->session.out);
    json_open_object(&out, NULL);
    if (line->at > 0)
        json_put_number(&out, "at", line->at, 3);
    else
        json_put_null(&out, "at");
    json_put_string(&out, "pool", line->pool);
    json_put_int(&out, "slot", line->slot);
    json_put_int(&out, "pid", line->pid);
    json_put_bytes(&out, "stream", &line->stream, 1);
    json_put_bytes(&out, "text", line->text, line->len);
    json_close_object(&out);
    json_end_line(&out);
}

static void logs_print(struct logs *logs, const struct logs_line *line)
{
    struct buf *out = &logs->session.out;
    char stamp[40];

    if (logs->session.args->json) {
        logs_print_json(logs, line);
        return;
    }
    if (line->at > 0) {
        clock_format_stamp(stamp, (int64_t)(line->at * 1e9 + 5e5));
        buf_printf(out, "%s %c ", stamp, line->stream);
    }
    if (logs->several)
        buf_printf(out, "%s[%d] ", line->pool, line->slot);
    if (logs->tty)
        sanitise_to_terminal(out, line->text, line->len, logs->session.style.color);
    else
        buf_append(out, line->text, line->len);
    buf_append_char(out, '\n');
}

/* The file of a target: its own, or that of the life before. */
static bool logs_path(const struct logs *logs, const json_t *target, struct logs_line *from,
                      struct buf *path)
{
    const json_t *lives = json_object_get(target, "lives");
    bool down = !json_is_integer(json_object_get(target, "pid"));
    const json_t *life;
    size_t back = 0;

    from->pid = (int)print_number(target, "pid", 0);
    if (!args_flag(logs->session.args, "previous") && !down)
        return print_field(target, "path", path);
    /* A worker that is down shows its last life, and "previous" means the one before that. */
    if (args_flag(logs->session.args, "previous") && down)
        back = 1;
    life = json_array_get(lives, back);
    if (!life) /* a slot that has only had tasks that succeeded: no lives, but their output */
        return down && back == 0 && print_field(target, "path", path);
    from->pid = (int)print_number(life, "pid", 0);
    return print_field(life, "log", path) ||
           (down && back == 0 && print_field(target, "path", path));
}

static int logs_read_target(struct logs *logs, const json_t *target, struct logs_list *list)
{
    struct logs_line from = {.pool = print_word(target, "pool"),
                             .slot = (int)print_number(target, "slot", 0)};
    bool stamped = !json_is_false(json_object_get(target, "timestamps"));
    struct buf path = {0};
    int rc = 0;

    if (logs_path(logs, target, &from, &path) && buf_len(&path))
        rc = logs_list_read(list, buf_string(&path), stamped, &logs->filter, &from,
                            &logs->session.err);
    buf_fini(&path);
    return rc;
}

static int logs_show_files(struct logs *logs)
{
    struct logs_list list = {0};
    int status, rc = 0;
    json_t *reply = session_ask(&logs->session, &status);
    const json_t *targets = json_object_get(reply, "targets");

    logs->several = json_array_size(targets) > 1;
    for (size_t i = 0; i < json_array_size(targets) && rc == 0; i++)
        rc = logs_read_target(logs, json_array_get(targets, i), &list);
    if (rc < 0)
        status = session_broken(&logs->session);
    if (logs->several)
        logs_list_merge(&list, logs->filter.lines);
    for (size_t i = 0; i < list.count && rc == 0; i++)
        logs_print(logs, &list.lines[i].line);
    logs_list_fini(&list);
    json_decref(reply);
    return print_flush(&logs->session.out) ? status : CLI_FAILED;
}

/* [seq, at, pid, slot, pool, stream, text] */
static void logs_show_row(struct logs *logs, const json_t *row)
{
    const json_t *text = json_array_get(row, 6);
    const char *pool = json_string_value(json_array_get(row, 4));
    const char *stream = json_string_value(json_array_get(row, 5));
    struct buf bytes = {0};
    struct logs_line line = {.at = json_number_value(json_array_get(row, 1)),
                             .pid = (int)json_integer_value(json_array_get(row, 2)),
                             .slot = (int)json_integer_value(json_array_get(row, 3)),
                             .pool = pool ? pool : "",
                             .stream = stream && *stream ? *stream : ' '};

    if (json_is_string(text))
        buf_append(&bytes, json_string_value(text), json_string_length(text));
    else
        print_field_base64(text, &bytes);
    line.text = buf_string(&bytes);
    line.len = buf_len(&bytes);
    if (logs_wanted(&logs->filter, &line))
        logs_print(logs, &line);
    buf_fini(&bytes);
}

static bool logs_show_message(struct logs *logs, const json_t *message)
{
    const json_t *lines = json_object_get(message, "lines");
    double skipped = print_number(message, "skipped", 0);

    if (skipped > 0 && !logs->session.args->json)
        buf_printf(&logs->session.out,
                   "... %.0f lines came faster than they are shown; "
                   "`lifeguard logs` without -f has them\n",
                   skipped);
    for (size_t i = 0; i < json_array_size(lines); i++)
        logs_show_row(logs, json_array_get(lines, i));
    return print_flush(&logs->session.out);
}

static int logs_subscribe(struct logs *logs)
{
    int64_t tail = logs->filter.lines < TAIL_MAX ? logs->filter.lines : TAIL_MAX;
    struct buf rest = {0};
    struct json_out out = {.buf = &rest, .comma = true};
    int rc;

    json_put_string(&out, "target", args_text(logs->session.args, "target"));
    json_put_int(&out, "tail", tail);
    rc = remote_subscribe(&logs->session.remote, "log", buf_string(&rest), &logs->session.err);
    buf_fini(&rest);
    return rc < 0 ? session_broken(&logs->session) : CLI_OK;
}

static int logs_follow(struct logs *logs)
{
    const char *target = args_text(logs->session.args, "target");
    int status = logs_subscribe(logs);
    int rc;

    /* A pool and "*" are several workers sooner or later; a PID or POOL[SLOT] is one. */
    logs->several = !strchr(target, '[') && !(target[0] >= '0' && target[0] <= '9');
    while (status == CLI_OK) {
        json_t *message = remote_next(&logs->session.remote, -1, &rc);

        if (!message && rc == -EINTR)
            continue;
        if (!message)
            return rc == 0 ? CLI_OK : cli_fail(CLI_FAILED, "%s", strerror(-rc));
        if (!logs_show_message(logs, message))
            status = CLI_FAILED;
        json_decref(message);
    }
    return status;
}

int logs_run(const struct args *args)
{
    struct logs logs = {0};
    int status = logs_prepare(&logs, args);

    if (status == CLI_OK)
        status = session_open(&logs.session, args);
    if (status != CLI_OK)
        return status;
    status = args_flag(args, "follow") ? logs_follow(&logs) : logs_show_files(&logs);
    if (logs.filter.grep)
        regfree(&logs.filter.regex);
    session_close(&logs.session);
    return status;
}
