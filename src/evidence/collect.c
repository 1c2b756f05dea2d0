/* SPDX-License-Identifier: MIT */
/*
 * Facts, findings, sections, and out. Whatever is needed most is printed even if the rest takes too
 * long: the findings come first.
 */
#include "evidence/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "evidence/facts.h"
#include "evidence/findings.h"
#include "evidence/report.h"
#include "evidence/sections.h"
#include "wire/json_out.h"

enum { WINDOW_MS = 100 };

static void make_sections(const struct facts *facts, struct report *report)
{
    pid_t pid = facts->processes[0].look;

    section_processes(facts, report);
    section_threads(facts, report);
    section_files(facts, report);
    section_memory(pid, report);
    section_limits(pid, report);
    section_environment(pid, ENVIRONMENT_NAMES, report);
}

static int print_report(const struct report *report)
{
    struct buf bytes = {0};
    struct json_out out;
    int rc;

    json_out_init(&out, &bytes);
    json_open_object(&out, NULL);
    report_json(report, &out);
    json_close_object(&out);
    json_end_line(&out);
    rc =
        json_out_ok(&out) && fwrite(buf_data(&bytes), 1, buf_len(&bytes), stdout) == buf_len(&bytes)
            ? fflush(stdout)
            : -1;
    buf_fini(&bytes);
    return rc == 0 ? 0 : 2;
}

int collect_main(int argc, char **argv)
{
    struct facts facts;
    struct report *report;
    int rc;

    if (argc != 4)
        return 2;
    if (facts_gather(&facts, (pid_t)atoi(argv[1]), strtoull(argv[2], NULL, 10), WINDOW_MS) < 0)
        return 1;
    facts.supervisor = getppid();
    report = calloc(1, sizeof(*report));
    if (!report)
        return 2;
    report_init(report);
    findings_make(&facts, strtod(argv[3], NULL), report);
    make_sections(&facts, report);
    rc = print_report(report);
    report_fini(report);
    free(report);
    facts_fini(&facts);
    return rc;
}
