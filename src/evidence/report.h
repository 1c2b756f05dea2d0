/* SPDX-License-Identifier: MIT */
/*
 * A report: findings in words, then titled sections of lines. It is what the screen, the command
 * line and the files of evidence show. Bounded; what does not fit is counted and said.
 */
#ifndef LIFEGUARD_EVIDENCE_REPORT_H
#define LIFEGUARD_EVIDENCE_REPORT_H

#include <stdbool.h>
#include <stddef.h>

struct json_out;

enum {
    REPORT_FINDINGS = 8,
    REPORT_SECTIONS = 48,
    REPORT_LINES = 400,
    REPORT_LINE = 1000,
    REPORT_BYTES = 256 << 10 /* of all lines; as JSON escapes it six times that */
};

struct finding {
    char kind[16]; /* "spin", "deadlock", ... see findings.h */
    int pid, tid;
    char text[600];
};

struct section {
    char *title;
    char **lines;
    size_t count, left_out;
};

struct report {
    struct finding findings[REPORT_FINDINGS];
    size_t finding_count;
    struct section sections[REPORT_SECTIONS];
    size_t section_count;
    size_t bytes;
    bool refused; /* there were too many sections: this one is not kept */
};

void report_init(struct report *report);
void report_fini(struct report *report);
void report_find(struct report *report, const char *kind, int pid, int tid, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Later lines belong to it. */
void report_section(struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void report_line(struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Each of the text's lines, with an indent. */
void report_text(struct report *report, const char *indent, const char *text, size_t len);
/* The member "findings", or "sections", of an object that is open. */
void report_findings_json(const struct report *report, struct json_out *out);
void report_sections_json(const struct report *report, struct json_out *out);

#endif
