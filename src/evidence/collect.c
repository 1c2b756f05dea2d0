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
#include "base/mem.h"
#include "evidence/facts.h"
#include "evidence/findings.h"
#include "evidence/report.h"
#include "evidence/sections.h"
#include "wire/json_out.h"

enum { WINDOW_MS = 100 };

/* Those of the leader first: of a large tree not all find room. */
static void make_sections(struct facts *facts, struct report *report)
{
    pid_t pid = facts->processes[0].look;

    section_processes(facts, report);
    section_threads(facts, SECTION_LEADER, report);
    section_files(facts, SECTION_LEADER, report);
    section_memory(pid, report);
    section_limits(pid, report);
    section_environment(pid, ENVIRONMENT_NAMES, report);
    section_threads(facts, SECTION_OTHERS, report);
    section_files(facts, SECTION_OTHERS, report);
}

/* One line with an object that has this one member. */
static bool print_part(const struct report *report,
                       void (*part)(const struct report *report, struct json_out *out))
{
    struct buf bytes = {0};
    struct json_out out;
    bool good;

    json_out_init(&out, &bytes);
    json_open_object(&out, NULL);
    part(report, &out);
    json_close_object(&out);
    json_end_line(&out);
    good = json_out_ok(&out) &&
           fwrite(buf_data(&bytes), 1, buf_len(&bytes), stdout) == buf_len(&bytes) &&
           fflush(stdout) == 0;
    buf_fini(&bytes);
    return good;
}

int collect_main(int argc, char **argv)
{
    struct facts facts;
    struct report *report;
    bool good;

    if (argc != 4)
        return 2;
    if (facts_gather(&facts, (pid_t)atoi(argv[1]), strtoull(argv[2], NULL, 10), WINDOW_MS) < 0)
        return COLLECT_GONE;
    facts.supervisor = getppid();
    report = mem_new(sizeof(*report));
    findings_make(&facts, strtod(argv[3], NULL), report);
    good = print_part(report, report_findings_json);
    make_sections(&facts, report);
    good = good && print_part(report, report_sections_json);
    report_fini(report);
    free(report);
    facts_fini(&facts);
    return good ? 0 : 2;
}
