/* SPDX-License-Identifier: MIT */
/*
 * why, stack, files, env: what a worker does. `why` asks the supervisor, which knows the locks and
 * keeps the report; the others read /proc themselves, as the operator who asks, after the process
 * was found to be the worker's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/session.h"
#include "evidence/facts.h"
#include "evidence/findings.h"
#include "evidence/sections.h"
#include "sys/file.h"
#include "wire/commands.h"
#include "wire/json_out.h"

enum { REPORT_MOST = 4 << 20, WINDOW_MS = 100 };

static void put_line(struct buf *out, const char *indent, const json_t *text)
{
    buf_append_string(out, indent);
    print_clean(out, json_string_value(text), json_string_length(text));
    buf_append_char(out, '\n');
}

static void put_sections(const json_t *report, const struct render_style *style, struct buf *out)
{
    const json_t *section, *line;
    size_t i, k;

    json_array_foreach(json_object_get(report, "sections"), i, section)
    {
        buf_append_char(out, '\n');
        print_begin(out, PRINT_BOLD, style->color);
        print_clean(out, print_word(section, "title"), strlen(print_word(section, "title")));
        print_end(out, PRINT_BOLD, style->color);
        buf_append_char(out, '\n');
        json_array_foreach(json_object_get(section, "lines"), k, line)
        {
            if (json_is_string(line))
                put_line(out, "  ", line);
        }
    }
}

static void put_findings(const json_t *report, struct buf *out)
{
    const json_t *finding;
    char number[32];
    size_t i;

    json_array_foreach(json_object_get(report, "findings"), i, finding)
    {
        snprintf(number, sizeof(number), "%2zu  ", i + 1);
        put_line(out, number, json_object_get(finding, "text"));
    }
    if (!i)
        buf_append_string(out, "nothing conspicuous\n");
}

/* The file of a report was written for people, and sanitised then; it is again, for who knows. */
static void put_file(const char *path, struct buf *out)
{
    struct err err = {0};
    size_t len = 0;
    char *text = file_read_all(path, REPORT_MOST, &len, &err);

    buf_append_char(out, '\n');
    for (size_t at = 0; text && at < len;) {
        size_t line = strcspn(text + at, "\n");

        print_clean(out, text + at, line);
        buf_append_char(out, '\n');
        at += line + 1;
    }
    if (!text)
        buf_printf(out, "its report can't be read: %s\n", err.text);
    free(text);
}

static void put_report(const json_t *reply, const struct render_style *style, struct buf *out)
{
    const json_t *report = json_object_get(reply, "report");

    if (json_object_get(report, "pid")) /* else the file says it */
        buf_printf(out, "%s[%.0f] pid %.0f\n\n", print_word(report, "pool"),
                   print_number(report, "slot", 0), print_number(report, "pid", 0));
    put_findings(report, out);
    put_sections(report, style, out);
    if (!json_object_get(report, "sections") && *print_word(reply, "path"))
        put_file(print_word(reply, "path"), out); /* too long for an answer */
    if (*print_word(reply, "path")) {
        buf_append_string(out, "\nkept in ");
        put_line(out, "", json_object_get(reply, "path"));
    }
}

/* A worker that is gone: how it ended, and the evidence of that time. */
static void put_past(const json_t *reply, struct buf *out)
{
    const json_t *life = json_array_get(json_object_get(reply, "lives"), 0);
    char lasted[16];

    str_format_duration(lasted, print_number(life, "lasted", 0));
    buf_printf(out,
               "%s[%.0f] pid %.0f, generation %.0f, ended after %s: ", print_word(reply, "pool"),
               print_number(reply, "slot", 0), print_number(life, "pid", 0),
               print_number(life, "generation", 0), lasted);
    put_line(out, "", json_object_get(life, "why"));
    buf_printf(out, "CPU %.2fs user, %.2fs system; at most %.1f MiB of memory\n",
               print_number(life, "user", 0), print_number(life, "sys", 0),
               print_number(life, "maxrss", 0) / 1048576);
    if (json_is_string(json_object_get(life, "log")))
        put_line(out, "log ", json_object_get(life, "log"));
    if (*print_word(reply, "report"))
        put_file(print_word(reply, "report"), out);
}

void render_why(const json_t *reply, const struct render_style *style, struct buf *out)
{
    if (json_object_get(reply, "lives"))
        put_past(reply, out);
    else
        put_report(reply, style, out);
}

static bool is_wanted(const json_t *worker, const char *target)
{
    char slot[128], pid[24];

    snprintf(slot, sizeof(slot), "%s[%.0f]", print_word(worker, "pool"),
             print_number(worker, "slot", 0));
    snprintf(pid, sizeof(pid), "%.0f", print_number(worker, "pid", 0));
    return strcmp(slot, target) == 0 || strcmp(pid, target) == 0;
}

/* The worker's process as the supervisor knows it. False with *status set and the reason said. */
static bool find_process(struct session *session, const char *target, pid_t *pid, uint64_t *start,
                         int *status)
{
    size_t offset = 0, i;
    bool found = false;

    do {
        struct buf line = {0};
        json_t *reply, *worker;

        buf_printf(&line, "{\"id\":%" PRId64 ",\"cmd\":\"ps\",\"offset\":%zu}\n",
                   remote_next_id(&session->remote), offset);
        reply = session_ask_line(session, &line, status);
        buf_fini(&line);
        if (!reply)
            return false;
        json_array_foreach(json_object_get(reply, "workers"), i, worker)
        {
            if (!is_wanted(worker, target))
                continue;
            *pid = (pid_t)print_number(worker, "pid", 0);
            *start = (uint64_t)print_number(worker, "start", 0);
            found = true;
        }
        offset = (size_t)print_number(reply, "next", 0);
        json_decref(reply);
    } while (!found && offset);
    if (found && *pid > 0)
        return true;
    *status = cli_fail(
        CLI_FAILED, found ? "%s has no process now" : "%s is no worker of this supervisor", target);
    return false;
}

static void make_report(const struct args *args, struct facts *facts, struct report *report)
{
    const char *verb = args->command->name;

    if (strcmp(verb, "stack") == 0) {
        findings_make(facts, 0, report);
        section_processes(facts, report);
        section_threads(facts, SECTION_ALL, report);
    } else if (strcmp(verb, "files") == 0) {
        section_files(facts, SECTION_ALL, report);
    } else {
        section_environment(facts->processes[0].look,
                            args_flag(args, "secrets") ? ENVIRONMENT_WHOLE : ENVIRONMENT_SAFE,
                            report);
    }
}

static void show_report(struct session *session, const struct report *report)
{
    struct buf text = {0};
    struct json_out out;
    json_t *parsed;

    json_out_init(&out, &text);
    json_open_object(&out, NULL);
    report_findings_json(report, &out);
    report_sections_json(report, &out);
    json_close_object(&out);
    parsed = json_loadb(buf_data(&text), buf_len(&text), 0, NULL);
    buf_fini(&text);
    if (session->args->json) {
        session_json(session, parsed);
    } else {
        if (report->finding_count)
            put_findings(parsed, &session->out);
        put_sections(parsed, &session->style, &session->out);
    }
    json_decref(parsed);
}

int evidence_run(const struct args *args)
{
    const char *target = args_text(args, "target");
    struct session session;
    struct facts facts;
    struct report *report;
    uint64_t start = 0;
    pid_t pid = 0;
    int status = session_open(&session, args);

    if (status)
        return status;
    if (find_process(&session, target, &pid, &start, &status)) {
        bool window = strcmp(args->command->name, "stack") == 0;

        if (facts_gather(&facts, pid, start, window ? WINDOW_MS : 0) < 0) {
            status = cli_fail(CLI_FAILED, "pid %d already exited", (int)pid);
        } else {
            report = mem_new(sizeof(*report));
            make_report(args, &facts, report);
            show_report(&session, report);
            report_fini(report);
            free(report);
            facts_fini(&facts);
        }
    }
    if (!print_flush(&session.out) && status == CLI_OK)
        status = CLI_FAILED;
    session_close(&session);
    return status;
}
