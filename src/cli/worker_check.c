/* SPDX-License-Identifier: MIT */
/*
 * `worker-check`: plays the supervisor against a worker under development and reports each check as
 * a line: `ok`, or BREACH with what was sent, what came and what to do. After a breach the worker
 * is replaced, as the supervisor would do, so that one mistake hides no other.
 */
#include <signal.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/worker_rig.h"
#include "cli/worker_steps.h"
#include "wire/json_out.h"

enum { SHOWN = 200, LOG_LINES = 5 };
static const double PATIENCE = 10;

struct report {
    bool json, color;
    struct buf out;
    struct json_out array;
    int checks, breaches;
};

static void report_begin(struct report *report)
{
    if (!report->json)
        return;
    json_out_init(&report->array, &report->out);
    json_open_object(&report->array, NULL);
    json_open_array(&report->array, "checks");
}

/* Foreign bytes of bounded length; where they go on, that is said. */
static void put_clean(struct buf *out, const char *label, const char *bytes, size_t len)
{
    buf_printf(out, "          %-5s ", label);
    if (len == 0)
        buf_append_string(out, "nothing");
    print_clean(out, bytes, len < SHOWN ? len : SHOWN);
    buf_append_string(out, len > SHOWN ? " ...\n" : "\n");
}

/* The last lines of what it printed. */
static void put_log(struct buf *out, struct buf *log)
{
    const char *bytes = buf_string(log), *end = bytes + buf_len(log), *from = end;
    int lines = 0;

    if (buf_len(log) == 0)
        return;
    while (from > bytes && lines <= LOG_LINES)
        lines += *--from == '\n' && from + 1 < end;
    from += lines > LOG_LINES;
    while (from < end) {
        const char *newline = memchr(from, '\n', (size_t)(end - from));

        newline = newline ? newline : end;
        buf_printf(out, "          %-5s ", "log");
        print_clean_log(out, from, (size_t)(newline - from));
        buf_append_char(out, '\n');
        from = newline + 1;
    }
}

static void report_breach(struct report *report, const struct step *step, struct rig *rig)
{
    struct buf *out = &report->out;

    print_begin(out, PRINT_BAD, report->color);
    buf_append_string(out, "BREACH");
    print_end(out, PRINT_BAD, report->color);
    buf_printf(out, "  %s: ", step->name);
    print_clean(out, rig->why, strlen(rig->why));
    buf_append_char(out, '\n');
    put_clean(out, "sent", buf_string(&rig->sent), buf_len(&rig->sent));
    put_clean(out, "came", buf_string(&rig->came), buf_len(&rig->came));
    buf_printf(out, "          %-5s %s\n", "do", rig->todo);
    put_log(out, &rig->heard[RIG_ERRORS]);
}

static void report_ok(struct report *report, const struct step *step, struct buf *detail)
{
    struct buf *out = &report->out;

    print_begin(out, PRINT_GOOD, report->color);
    buf_append_string(out, "ok");
    print_end(out, PRINT_GOOD, report->color);
    buf_printf(out, "      %s", step->name);
    if (buf_len(detail)) {
        buf_append_string(out, ": ");
        print_clean(out, buf_data(detail), buf_len(detail));
    }
    buf_append_char(out, '\n');
}

static void report_json(struct report *report, const struct step *step, struct bench *bench,
                        bool ok)
{
    struct json_out *out = &report->array;
    struct rig *rig = &bench->rig;

    json_open_object(out, NULL);
    json_put_string(out, "check", step->name);
    json_put_bool(out, "ok", ok);
    if (ok) {
        json_put_bytes(out, "detail", buf_string(&bench->detail), buf_len(&bench->detail));
    } else {
        json_put_bytes(out, "why", rig->why, strlen(rig->why));
        json_put_bytes(out, "sent", buf_string(&rig->sent), buf_len(&rig->sent));
        json_put_bytes(out, "came", buf_string(&rig->came), buf_len(&rig->came));
        json_put_string(out, "do", rig->todo);
        json_put_bytes(out, "log", buf_string(&rig->heard[RIG_ERRORS]),
                       buf_len(&rig->heard[RIG_ERRORS]));
    }
    json_close_object(out);
}

/* False: nobody reads any more. */
static bool report_step(struct report *report, const struct step *step, struct bench *bench,
                        bool ok)
{
    report->checks++;
    report->breaches += !ok;
    if (report->json) {
        report_json(report, step, bench, ok);
        return true;
    }
    if (ok)
        report_ok(report, step, &bench->detail);
    else
        report_breach(report, step, &bench->rig);
    return print_flush(&report->out);
}

static bool report_end(struct report *report, const struct bench *bench)
{
    struct buf *out = &report->out;
    int skipped = (int)worker_step_count - report->checks;

    if (report->json) {
        json_close_array(&report->array);
        json_put_bool(&report->array, "ok", report->breaches == 0);
        json_put_int(&report->array, "breaches", report->breaches);
        json_put_int(&report->array, "skipped", skipped);
        json_close_object(&report->array);
        json_end_line(&report->array);
        return print_flush(out);
    }
    buf_printf(out, "%d check%s, %d breach%s", report->checks, report->checks == 1 ? "" : "s",
               report->breaches, report->breaches == 1 ? "" : "es");
    if (skipped)
        buf_printf(out, "; %d more were not made, they need what failed", skipped);
    else if (bench->done == 0)
        buf_append_string(out, "; no task succeeded: give one that it understands with --task");
    buf_append_char(out, '\n');
    return print_flush(out);
}

/* The exit status. */
static int check_all(struct bench *bench, struct report *report)
{
    for (size_t i = 0; i < worker_step_count; i++) {
        int broken;
        bool ok;

        if (step_is_needless(bench, &worker_steps[i]))
            continue;
        ok = step_run(bench, &worker_steps[i], &broken);
        if (broken < 0)
            return cli_fail(CLI_FAILED, "%s", bench->rig.why);
        if (!report_step(report, &worker_steps[i], bench, ok))
            return CLI_FAILED;
        if (!ok)
            rig_end(&bench->rig);
    }
    if (!report_end(report, bench))
        return CLI_FAILED;
    return report->breaches ? CLI_FAILED : CLI_OK;
}

int worker_check_run(const struct args *args)
{
    const struct arg_value *command = args_value(args, "command");
    const struct arg_value *timeout = args_value(args, "timeout");
    double patience = timeout->given ? timeout->seconds : PATIENCE;
    struct report report = {.json = args->json, .color = print_wants_color(1)};
    struct bench bench = {.task = args_text(args, "task")};
    char **words = mem_new_array(command->count + 1, sizeof(*words));
    int status;

    for (size_t i = 0; i < command->count; i++)
        words[i] = mem_copy_string(command->list[i]);
    if (!bench.task)
        bench.task = "1";
    signal(SIGPIPE, SIG_IGN); /* a worker may close its input at any time */
    rig_init(&bench.rig, words, args_text(args, "init"), (int64_t)(patience * 1e9));
    report_begin(&report);
    status = check_all(&bench, &report);
    rig_fini(&bench.rig);
    buf_fini(&bench.detail);
    buf_fini(&report.out);
    mem_free_strings(words);
    return status;
}
