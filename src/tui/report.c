/* SPDX-License-Identifier: MIT */
/*
 * A report as a page: findings first, wrapped to the screen, then its sections line by line. What
 * is shown of a worker that is gone comes from the file that was kept.
 */
#include "tui/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "sys/file.h"
#include "tui/act.h"
#include "tui/field.h"
#include "tui/page.h"
#include "tui/view.h"

enum { FILE_MOST = 4 << 20, INDENT = 4 };
/* Of a life that is over: whatever has its number now was not started at the first tick. */
enum { NO_START = 1 };

struct asked {
    struct pin pin;
};

/* Breaks at blanks where the screen ends; further lines are indented. */
static void add_wrapped(struct tui *tui, const char *head, const char *text)
{
    size_t room = tui->frame.cols > 40 ? (size_t)tui->frame.cols - INDENT - 4 : 36;

    while (*text) {
        size_t cut = field_wrap(text, room);

        page_printf(tui, "%-*s%.*s", INDENT, head, (int)cut, text);
        text += cut + strspn(text + cut, " ");
        head = "";
    }
}

static void add_findings(struct tui *tui, const json_t *report)
{
    const json_t *finding;
    char number[16];
    size_t i;

    json_array_foreach(json_object_get(report, "findings"), i, finding)
    {
        snprintf(number, sizeof(number), "%u", (unsigned)i + 1);
        add_wrapped(tui, number, field_text(finding, "text"));
    }
    if (!i)
        page_printf(tui, "nothing conspicuous");
}

static void add_sections(struct tui *tui, const json_t *report)
{
    const json_t *section, *line;
    size_t i, k;

    json_array_foreach(json_object_get(report, "sections"), i, section)
    {
        page_printf(tui, "%s", "");
        page_printf(tui, "%s", field_text(section, "title"));
        json_array_foreach(json_object_get(section, "lines"), k, line)
        {
            const char *text = json_string_value(line);

            page_printf(tui, "  %s", text ? text : "");
        }
    }
}

static void add_file(struct tui *tui, const char *path)
{
    struct err err = {0};
    size_t len = 0;
    char *text = file_read_all(path, FILE_MOST, &len, &err);

    page_printf(tui, "%s", "");
    if (!text)
        page_printf(tui, "its report can't be read: %s", err.text);
    for (size_t at = 0; text && at < len;) {
        size_t line = strcspn(text + at, "\n");

        text[at + line] = '\0';
        if (utf8_text_width(text + at, line) > (size_t)tui->frame.cols - INDENT)
            add_wrapped(tui, "", text + at);
        else
            page_add(tui, text + at, line);
        at += line + 1;
    }
    free(text);
}

static void add_past(struct tui *tui, const json_t *reply)
{
    const json_t *life = json_array_get(json_object_get(reply, "lives"), 0);
    char lasted[16], size[16];

    field_format_age(lasted, field_number(life, "lasted"));
    field_format_size(size, field_number(life, "maxrss"));
    page_printf(tui, "generation %lld ended after %s", (long long)field_int(life, "generation", 0),
                lasted);
    add_wrapped(tui, "", field_text(life, "why"));
    page_printf(tui, "CPU %.2fs user, %.2fs system   memory at most %s", field_number(life, "user"),
                field_number(life, "sys"), size);
    if (*field_text(reply, "report"))
        add_file(tui, field_text(reply, "report"));
}

/* Lines of an answer to `why`, whoever asked. */
static void fill_page(struct tui *tui, const json_t *reply)
{
    const json_t *report = json_object_get(reply, "report");

    if (json_is_object(report)) {
        add_findings(tui, report);
        add_sections(tui, report);
    } else {
        add_past(tui, reply);
    }
    notice_clear(tui);
    view_enter(tui, VIEW_PAGE);
}

static void on_report(void *owner, const json_t *reply, void *context)
{
    struct tui *tui = owner;
    const struct asked *asked = context;

    if (!reply || !field_bool(reply, "ok")) {
        notice_say(tui, ROLE_BAD, "%s", reply ? field_text(reply, "error") : "no answer");
        return;
    }
    if (tui->view != VIEW_DETAIL && tui->view != VIEW_PAGE && tui->view != VIEW_WORKERS)
        return; /* the operator went on */
    page_clear(tui);
    tui->page.pin = asked->pin;
    tui->page.tab = PAGE_DIAGNOSIS;
    page_title(tui, "%s[%lld] pid %lld: diagnosis", asked->pin.pool, (long long)asked->pin.slot,
               (long long)asked->pin.pid);
    fill_page(tui, reply);
}

bool report_show(struct tui *tui, const json_t *reply, const char *title)
{
    if (!json_is_object(json_object_get(reply, "report")) && !json_object_get(reply, "lives"))
        return false;
    page_clear(tui);
    page_title(tui, "%s", title);
    fill_page(tui, reply);
    return true;
}

static void diagnose(struct tui *tui, const struct pin *pin)
{
    struct asked *asked = mem_new(sizeof(*asked));
    char target[128];

    asked->pin = *pin;
    if (pin->pid > 0)
        snprintf(target, sizeof(target), "%lld", (long long)pin->pid);
    else
        snprintf(target, sizeof(target), "%s[%lld]", pin->pool, (long long)pin->slot);
    notice_say(tui, ROLE_NORMAL, "Looking at %s ...", target);
    net_request(&tui->net, json_pack("{s:s,s:s}", "cmd", "why", "target", target), on_report,
                asked);
}

void report_diagnose(struct tui *tui)
{
    const struct list *list = &tui->lists[VIEW_DETAIL];
    const json_t *life;
    struct pin pin;

    view_subject(tui, &pin);
    if (!pin.pool[0])
        return;
    if (tui->view == VIEW_DETAIL && list->moved) {
        life = json_array_get(json_object_get(model_worker(&tui->model), "lives"),
                              (size_t)list->cursor);
        pin.pid = field_int(life, "pid", pin.pid);
        pin.start = NO_START;
    }
    diagnose(tui, &pin);
}

void report_turn(struct tui *tui, enum action action)
{
    static const enum action pages[] = {[PAGE_STACK] = ACTION_STACK,
                                        [PAGE_FILES] = ACTION_FILES,
                                        [PAGE_ENVIRONMENT] = ACTION_ENVIRONMENT};
    int tab = tui->view == VIEW_PAGE ? (int)tui->page.tab : PAGE_NONE;

    if (tui->view == VIEW_PAGE && tui->page.tab == PAGE_NONE)
        return;
    tab = (tab + (action == ACTION_NEXT_TAB ? 1 : PAGE_TABS - 1)) % PAGE_TABS;
    if (tab == PAGE_NONE)
        view_back(tui);
    else if (tab == PAGE_DIAGNOSIS)
        report_diagnose(tui);
    else
        page_evidence(tui, pages[tab]);
}
