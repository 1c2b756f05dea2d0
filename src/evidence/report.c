/* SPDX-License-Identifier: MIT */
/*
 * Reports are built line by line and then printed once; see report.h.
 */
#include "evidence/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "wire/json_out.h"

void report_init(struct report *report)
{
    memset(report, 0, sizeof(*report));
}

void report_fini(struct report *report)
{
    for (size_t i = 0; i < report->section_count; i++) {
        struct section *section = &report->sections[i];

        for (size_t k = 0; k < section->count; k++)
            free(section->lines[k]);
        free(section->lines);
        free(section->title);
    }
    report_init(report);
}

void report_find(struct report *report, const char *kind, int pid, int tid, const char *format, ...)
{
    struct finding *finding;
    va_list args;

    if (report->finding_count == REPORT_FINDINGS)
        return;
    finding = &report->findings[report->finding_count++];
    snprintf(finding->kind, sizeof(finding->kind), "%s", kind);
    finding->pid = pid;
    finding->tid = tid;
    va_start(args, format);
    vsnprintf(finding->text, sizeof(finding->text), format, args);
    va_end(args);
}

void report_section(struct report *report, const char *format, ...)
{
    char title[160];
    va_list args;

    report->refused = report->section_count == REPORT_SECTIONS;
    if (report->refused)
        return;
    va_start(args, format);
    vsnprintf(title, sizeof(title), format, args);
    va_end(args);
    report->sections[report->section_count++] = (struct section){
        .title = mem_copy_string(title), .lines = mem_new_array(REPORT_LINES, sizeof(char *))};
}

static void add_line(struct report *report, const char *line)
{
    struct section *section;

    if (!report->section_count || report->refused)
        return;
    section = &report->sections[report->section_count - 1];
    if (section->count == REPORT_LINES || report->bytes > REPORT_BYTES) {
        section->left_out++;
        return;
    }
    report->bytes += strlen(line);
    section->lines[section->count++] = mem_copy_string(line);
}

void report_line(struct report *report, const char *format, ...)
{
    char line[REPORT_LINE];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    add_line(report, line);
}

void report_text(struct report *report, const char *indent, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        const char *stop = memchr(text + at, '\n', len - at);
        size_t line = stop ? (size_t)(stop - text) - at : len - at;

        if (line)
            report_line(report, "%s%.*s", indent, (int)(line < 900 ? line : 900), text + at);
        at += line + 1;
    }
}

/* A report is text: what is no UTF-8 is replaced. */
static void put_text(struct json_out *out, const char *key, const char *text)
{
    struct buf clean = {0};

    utf8_append_clean(&clean, text, strlen(text));
    json_put_bytes(out, key, buf_len(&clean) ? buf_data(&clean) : "", buf_len(&clean));
    buf_fini(&clean);
}

static void section_json(const struct section *section, struct json_out *out)
{
    char more[64];

    json_open_object(out, NULL);
    put_text(out, "title", section->title);
    json_open_array(out, "lines");
    for (size_t i = 0; i < section->count; i++)
        put_text(out, NULL, section->lines[i]);
    if (section->left_out) {
        snprintf(more, sizeof(more), "(%zu lines more)", section->left_out);
        json_put_string(out, NULL, more);
    }
    json_close_array(out);
    json_close_object(out);
}

void report_findings_json(const struct report *report, struct json_out *out)
{
    json_open_array(out, "findings");
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct finding *finding = &report->findings[i];

        json_open_object(out, NULL);
        json_put_string(out, "kind", finding->kind);
        json_put_int(out, "pid", finding->pid);
        json_put_int(out, "tid", finding->tid);
        put_text(out, "text", finding->text);
        json_close_object(out);
    }
    json_close_array(out);
}

void report_sections_json(const struct report *report, struct json_out *out)
{
    json_open_array(out, "sections");
    for (size_t i = 0; i < report->section_count; i++)
        section_json(&report->sections[i], out);
    json_close_array(out);
}
