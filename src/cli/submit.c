/* SPDX-License-Identifier: MIT */
/*
 * `submit`: words of the command line as tasks, or standard input's lines. Words meet a full queue
 * with exit status 75; lines wait for room, because whoever pipes a million of them can't.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/session.h"
#include "cli/waiting.h"
#include "wire/json_out.h"

enum { BATCH = 256, BATCH_BYTES = 1 << 20, TASK_MAX = 1 << 20, FULL_PAUSE_US = 100000 };

/* Tasks on their way, and those whose end is awaited. */
struct submit {
    struct session session;
    json_t *all; /* ids of all tasks, in order */
    struct waiting waiting;
    char *lines[BATCH];
    size_t lengths[BATCH];
    size_t count;
    size_t bytes;
};

static void submit_keep(struct submit *submit, const json_t *reply)
{
    const json_t *ids = json_object_get(reply, "tasks");
    bool wait = args_flag(submit->session.args, "wait");

    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));

        if (!id)
            continue;
        json_array_append_new(submit->all, json_string(id));
        if (wait)
            waiting_add(&submit->waiting, id);
        if (!submit->session.args->json && !wait)
            buf_printf(&submit->session.out, "%s\n", id);
    }
}

static void submit_write_request(struct submit *submit, size_t count, struct buf *line)
{
    const struct args *args = submit->session.args;
    struct json_out out;

    json_out_init(&out, line);
    json_open_object(&out, NULL);
    json_put_int(&out, "id", remote_next_id(&submit->session.remote));
    json_put_string(&out, "cmd", "submit");
    json_put_string(&out, "pool", args_text(args, "pool"));
    if (args_flag(args, "wait"))
        json_put_bool(&out, "wait", true);
    if (args_flag(args, "priority"))
        json_put_int(&out, "priority", args_number(args, "priority", 0));
    if (args_flag(args, "timeout"))
        json_put_number(&out, "timeout", args_value(args, "timeout")->seconds, 6);
    if (args_flag(args, "delay"))
        json_put_number(&out, "delay", args_value(args, "delay")->seconds, 6);
    json_open_array(&out, "args");
    for (size_t i = 0; i < count; i++)
        json_put_bytes(&out, NULL, submit->lines[i], submit->lengths[i]);
    json_close_array(&out);
    json_close_object(&out);
    json_end_line(&out);
}

static void submit_drop(struct submit *submit, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        submit->bytes -= submit->lengths[i];
        free(submit->lines[i]);
    }
    submit->count -= count;
    memmove(submit->lines, submit->lines + count, submit->count * sizeof(submit->lines[0]));
    memmove(submit->lengths, submit->lengths + count, submit->count * sizeof(submit->lengths[0]));
}

/* Sends the first `count` lines. 0, CLI_FULL (nothing was added, nothing said), or a status. */
static int submit_send(struct submit *submit, size_t count)
{
    struct buf line = {0};
    json_t *reply;
    int status = CLI_OK;

    submit_write_request(submit, count, &line);
    reply = remote_call_line(&submit->session.remote, &line, &submit->session.err);
    if (!reply)
        status = session_broken(&submit->session);
    else if (strcmp(print_word(reply, "code"), "full") == 0)
        status = CLI_FULL;
    else
        status = session_status(reply);
    if (status == CLI_OK) {
        submit_keep(submit, reply);
        submit_drop(submit, count);
    }
    json_decref(reply);
    buf_fini(&line);
    return status;
}

/* Everything in hand, in smaller and smaller parts while the queue is full. */
static int submit_flush(struct submit *submit)
{
    size_t part = submit->count;
    int status = CLI_OK;

    while (submit->count && status == CLI_OK) {
        status = submit_send(submit, part < submit->count ? part : submit->count);
        if (status != CLI_FULL)
            continue;
        status = CLI_OK;
        if (part > 1)
            part /= 2;
        else
            usleep(FULL_PAUSE_US);
    }
    return print_flush(&submit->session.out) ? status : CLI_FAILED;
}

static int submit_lines(struct submit *submit)
{
    int status = CLI_OK;
    char *text = NULL;
    size_t cap = 0;
    ssize_t len;

    while (status == CLI_OK && (len = getline(&text, &cap, stdin)) >= 0) {
        if (len && text[len - 1] == '\n')
            len--;
        if (len > TASK_MAX)
            status = cli_fail(CLI_FAILED, "a line is longer than 1 MiB");
        submit->lines[submit->count] = mem_copy_bytes(text, (size_t)len);
        submit->lengths[submit->count++] = (size_t)len;
        submit->bytes += (size_t)len;
        if (status == CLI_OK && (submit->count == BATCH || submit->bytes >= BATCH_BYTES / 2))
            status = submit_flush(submit);
    }
    free(text);
    if (status == CLI_OK && ferror(stdin))
        status = cli_fail(CLI_FAILED, "standard input: %s", strerror(errno));
    return status == CLI_OK ? submit_flush(submit) : status;
}

/* Words go as one request as far as a batch holds them, so that "full" adds nothing. */
static int submit_words(struct submit *submit, const struct arg_value *words)
{
    int status = CLI_OK;

    for (size_t i = 0; i < words->count && status == CLI_OK; i++) {
        submit->lengths[submit->count] = strlen(words->list[i]);
        submit->bytes += submit->lengths[submit->count];
        submit->lines[submit->count++] = mem_copy_string(words->list[i]);
        if (submit->count == BATCH || i + 1 == words->count || submit->bytes >= BATCH_BYTES / 2)
            status = submit_send(submit, submit->count);
    }
    print_flush(&submit->session.out);
    if (status == CLI_FULL)
        cli_fail(0, "the queue of %s is full", args_text(submit->session.args, "pool"));
    return status;
}

int submit_run(const struct args *args)
{
    const struct arg_value *words = args_value(args, "args");
    struct submit submit = {0};
    int status = session_open(&submit.session, args);

    if (status)
        return status;
    submit.all = json_array();
    waiting_init(&submit.waiting, &submit.session);
    if (words->count == 1 && strcmp(words->list[0], "-") == 0)
        status = submit_lines(&submit);
    else
        status = submit_words(&submit, words);
    if (status == CLI_OK && args_flag(args, "wait")) {
        status = waiting_run(&submit.waiting, WAIT_ALL);
    } else if (status == CLI_OK && args->json) {
        json_t *reply = json_pack("{s:O}", "tasks", submit.all);

        session_json(&submit.session, reply);
        print_flush(&submit.session.out);
        json_decref(reply);
    }
    submit_drop(&submit, submit.count);
    json_decref(submit.all);
    waiting_fini(&submit.waiting);
    session_close(&submit.session);
    return status;
}
