/* SPDX-License-Identifier: MIT */
/*
 * Threads, open files and environment of a worker, read by the client itself (it runs on the
 * supervisor's machine, as the operator). The process is checked by its start time before and
 * after, so that a page never shows a stranger. Values that look secret are hidden until asked for.
 */
#include "evidence/facts.h"
#include "evidence/report.h"
#include "evidence/sections.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sys/procfs.h"
#include "tui/page.h"
#include "tui/view.h"

/* Between two samples of the threads: what each used of the CPU is shown. */
enum { WINDOW_MS = 100 };

static bool is_same(const struct pin *pin)
{
    struct procfs_stat stat;

    return procfs_read_stat((pid_t)pin->pid, (uint64_t)pin->start, &stat) == 0;
}

/* True when a secret was hidden. */
static bool make_report(enum action action, struct facts *facts, struct report *report)
{
    pid_t pid = facts->processes[0].look;

    if (action == ACTION_STACK)
        section_threads(facts, SECTION_ALL, report);
    else if (action == ACTION_FILES)
        section_files(facts, SECTION_ALL, report);
    else
        return section_environment(
            pid, action == ACTION_REVEAL ? ENVIRONMENT_WHOLE : ENVIRONMENT_SAFE, report);
    return false;
}

static void add_report(struct tui *tui, const struct report *report)
{
    for (size_t i = 0; i < report->section_count; i++) {
        const struct section *section = &report->sections[i];

        if (i)
            page_printf(tui, "%s", "");
        if (report->section_count > 1)
            page_printf(tui, "%s", section->title);
        for (size_t k = 0; k < section->count; k++)
            page_printf(tui, "%s%s", report->section_count > 1 ? "  " : "", section->lines[k]);
        if (section->left_out)
            page_printf(tui, "(%zu lines more)", section->left_out);
    }
}

static void add_evidence(struct tui *tui, enum action action, const struct pin *pin)
{
    struct report *report;
    struct facts facts;

    if (facts_gather(&facts, (pid_t)pin->pid, (uint64_t)pin->start,
                     action == ACTION_STACK ? WINDOW_MS : 0) < 0)
        return;
    report = mem_new(sizeof(*report));
    if (make_report(action, &facts, report)) {
        tui->page.hidden = true;
        page_title(tui, "%s[%lld] pid %lld: environment (e shows hidden values)", pin->pool,
                   (long long)pin->slot, (long long)pin->pid);
    }
    add_report(tui, report);
    report_fini(report);
    free(report);
    facts_fini(&facts);
}

void page_evidence(struct tui *tui, enum action action)
{
    static const char *const titles[] = {"threads", "open files", "environment"};
    int place = action == ACTION_STACK ? 0 : action == ACTION_FILES ? 1 : 2;
    struct pin pin;

    view_subject(tui, &pin);
    if (pin.pid <= 0 || (action == ACTION_REVEAL && !tui->page.hidden)) {
        notice_say(tui, ROLE_NORMAL,
                   action == ACTION_REVEAL ? "Nothing is hidden here" : "No process here");
        return;
    }
    if (!is_same(&pin)) { /* what is on the screen stays there */
        notice_say(tui, ROLE_NORMAL, "pid %lld is gone", (long long)pin.pid);
        return;
    }
    page_clear(tui);
    tui->page.pin = pin;
    tui->page.tab = (enum page_tab)(PAGE_STACK + place);
    page_title(tui, "%s[%lld] pid %lld: %s", pin.pool, (long long)pin.slot, (long long)pin.pid,
               titles[place]);
    add_evidence(tui, action, &pin);
    if (!is_same(&pin)) {
        page_clear(tui);
        notice_say(tui, ROLE_NORMAL, "pid %lld is gone", (long long)pin.pid);
        return;
    }
    if (action != ACTION_REVEAL)
        view_enter(tui, VIEW_PAGE);
}
