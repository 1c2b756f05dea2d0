/* SPDX-License-Identifier: MIT */
/*
 * Reports as JSON, and as files for people. A report is {"pool","slot","pid","generation","at",
 * "cause","findings":[{"kind","text",..}],"sections":[{"title","lines":[..]}]}.
 */
#ifndef LIFEGUARD_SUPERVISOR_REPORT_FACTS_H
#define LIFEGUARD_SUPERVISOR_REPORT_FACTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct err;
struct life;
struct supervisor;

/* A report with what the supervisor itself knows of the life. */
json_t *report_new(struct life *life, const char *cause);
/* Puts a finding behind those that are there. */
void report_add_finding(json_t *report, const char *kind, const char *text);
/* A section with the lines of `text`. */
void report_add_text(json_t *report, const char *title, const char *text, size_t len);
/* The members of what the collector printed, as far as it came; false when nothing did. */
bool report_add_collected(json_t *report, const char *text, size_t len);
/* Writes it below state_dir/reports, sanitised, as POOL.SLOT.PID-CAUSE.txt, and deletes the oldest
 * beyond REPORTS_KEPT. `name` gets the file's name. 0 or -errno. */
enum { REPORTS_KEPT = 500 };
int report_write(struct supervisor *sup, const json_t *report, char *name, size_t size,
                 struct err *err);

#endif
