/* SPDX-License-Identifier: MIT */
/*
 * Acting in the log viewer. Scrolling up pauses; only F, G at the end and a new target follow
 * again. Earlier runs are read from their files: the client runs on the supervisor's machine.
 */
#include "tui/logact.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tui/act.h"
#include "tui/field.h"
#include "tui/match.h"
#include "tui/view.h"

static void follow(struct tui *tui)
{
    struct logview *logs = &tui->logs;

    if (logs->past[0]) {
        logs->past[0] = '\0';
        logs->life = 0;
        logview_clear(logs);
        free(tui->model.windows[WINDOW_LOG].sent);
        tui->model.windows[WINDOW_LOG].sent = NULL;
    }
    logview_resume(logs);
}

void logact_scroll(struct tui *tui, int rows)
{
    struct logview *logs = &tui->logs;
    int64_t top = logs->drawn_top;
    int step = rows < 0 ? -1 : 1;

    if (rows > 0 && (!logs->paused || logview_step(logs, logs->drawn_last, 1) < 0))
        return;
    for (int i = 0; i < abs(rows); i++) {
        int64_t next = logview_step(logs, top, step);
        if (next < 0)
            break;
        top = next;
        if (step > 0 && logview_step(logs, logs->drawn_last, 1) < 0)
            break;
    }
    if (top >= 0)
        logview_pause(logs, top);
}

/* Puts a line on the screen: a third from the top unless it is there already. */
static void show_line(struct tui *tui, int64_t number)
{
    struct logview *logs = &tui->logs;
    int rows = (tui->frame.bottom - tui->frame.top) / 3;
    int64_t top = number;

    logs->found = number;
    if (number >= logs->drawn_top && number <= logs->drawn_last) {
        logview_pause(logs, logs->drawn_top);
        return;
    }
    for (int i = 0; i < rows; i++) {
        int64_t before = logview_step(logs, top, -1);
        if (before < 0)
            break;
        top = before;
    }
    logview_pause(logs, top);
}

static void find(struct tui *tui, int step, bool errors)
{
    struct logview *logs = &tui->logs;
    int64_t from = logs->found, number;

    if (!errors && !logs->search) {
        notice_say(tui, ROLE_NORMAL, "Nothing to find: / starts a search");
        return;
    }
    if (from < 0)
        from = step > 0 ? logs->drawn_top - 1 : logs->drawn_last + 1;
    number = logview_find(logs, from, step, errors);
    if (number < 0) {
        notice_say(tui, ROLE_NORMAL, errors ? "No errors here" : "Not found");
        return;
    }
    if ((step > 0) != (number > from) && number != from)
        notice_say(tui, ROLE_NORMAL, "Search wrapped");
    show_line(tui, number);
}

void logact_show_found(struct tui *tui)
{
    if (tui->logs.found >= 0)
        show_line(tui, tui->logs.found);
    else
        notice_say(tui, ROLE_NORMAL, "Not found");
}

void logact_search(struct tui *tui, const char *text)
{
    struct match *match = NULL;
    struct err err = {0};

    if (*text && match_new(&match, text, false, &err) < 0) {
        notice_say(tui, ROLE_BAD, "/%s: %s", text, err.text);
        return;
    }
    tui->notice.until = 0;
    logview_search(&tui->logs, match);
    if (match)
        tui->logs.found = logview_find(&tui->logs, tui->logs.drawn_last + 1, -1, false);
}

void logact_filter(struct tui *tui, const char *text)
{
    struct match *match = NULL;
    struct err err = {0};

    if (*text && match_new(&match, text, true, &err) < 0) {
        notice_say(tui, ROLE_BAD, "/%s: %s", text, err.text);
        return;
    }
    logview_filter(&tui->logs, match);
}

static double clock_today(double now, int hour, int minute, int second)
{
    time_t at = (time_t)now;
    struct tm tm;

    localtime_r(&at, &tm);
    tm.tm_hour = hour;
    tm.tm_min = minute;
    tm.tm_sec = second;
    tm.tm_isdst = -1;
    at = mktime(&tm);
    return (double)at > now ? (double)at - 86400 : (double)at;
}

/* "12:40", "12:40:31", "-5m", "2026-01-31 10:00"; NAN when it is none. */
static double parse_time(const char *text, double now)
{
    int hour, minute, second = 0, used = 0;
    struct tm tm = {.tm_isdst = -1};
    int64_t ns;

    if (text[0] == '-' && str_parse_duration(text + 1, &ns) == 0)
        return now - (double)ns / 1e9;
    if (sscanf(text, "%4d-%2d-%2d%*1[ T]%2d:%2d%n:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &tm.tm_hour, &tm.tm_min, &used, &tm.tm_sec, &used) >= 5 &&
        !text[used]) {
        tm.tm_year -= 1900;
        tm.tm_mon -= 1;
        return (double)mktime(&tm);
    }
    if (sscanf(text, "%2d:%2d%n:%2d%n", &hour, &minute, &used, &second, &used) >= 2 &&
        !text[used] && hour < 24 && minute < 60 && second < 61)
        return clock_today(now, hour, minute, second);
    return (double)NAN;
}

void logact_go_to_time(struct tui *tui, const char *text)
{
    double now = field_number(model_summary(&tui->model), "now");
    double at = parse_time(text, isnan(now) ? (double)time(NULL) : now);
    int64_t number = isnan(at) ? -1 : logview_at_time(&tui->logs, at);

    if (isnan(at))
        notice_say(tui, ROLE_BAD, "\"%s\" is no time: 12:40, -5m or 2026-01-31 10:00", text);
    else if (number < 0)
        notice_say(tui, ROLE_NORMAL, "No line that late");
    else
        show_line(tui, number);
}

void logact_save(struct tui *tui, const char *path)
{
    struct err err = {0};
    int lines = logfile_save(&tui->logs, path, &err);

    if (lines < 0)
        notice_say(tui, ROLE_BAD, "%s", err.text);
    else
        notice_say(tui, ROLE_GOOD, "Saved %s to %s",
                   tui->logs.filter                         ? "the filtered lines"
                   : tui->logs.past[0] || tui->logs.path[0] ? "the whole log"
                                                            : "the lines that are loaded",
                   path);
}

void logact_past(struct tui *tui, int back)
{
    const json_t *lives = json_object_get(model_worker(&tui->model), "lives");
    const json_t *life = json_array_get(lives, (size_t)back - 1);
    const char *path = field_text(life, "log");
    struct logview *logs = &tui->logs;
    struct err err = {0};
    char ended[16];

    if (back < 1) {
        follow(tui);
        return;
    }
    if (!life || !*path) {
        notice_say(tui, ROLE_NORMAL,
                   json_array_size(lives) ? "No log of an older run" : "No earlier run is known");
        return;
    }
    logview_clear(logs);
    snprintf(logs->past, sizeof(logs->past), "%s", path);
    logs->life = back;
    field_format_clock(ended, field_number(life, "ended"), false);
    logview_note(logs, "── generation %lld pid %lld ended %s: %s ──",
                 (long long)field_int(life, "generation", 0), (long long)field_int(life, "pid", 0),
                 ended, field_text(life, "why"));
    if (logfile_read(logs, path, field_int(life, "pid", 0), &err) < 0)
        notice_say(tui, ROLE_BAD, "%s", err.text);
    logview_pause(logs, logs->first);
}

/* PID, then its pool, then all. */
static void change_scope(struct tui *tui)
{
    struct logview *logs = &tui->logs;
    char pool[160], slot[200];

    snprintf(pool, sizeof(pool), "%s", logs->target);
    if (strchr(pool, '[')) {
        *strchr(pool, '[') = '\0';
        logview_open(logs, pool, pool);
    } else if (strcmp(pool, "*") != 0) {
        logview_open(logs, "*", "all pools");
    } else if (tui->detail.pool[0]) {
        snprintf(slot, sizeof(slot), "%s[%lld]", tui->detail.pool, (long long)tui->detail.slot);
        logview_open(logs, slot, slot);
    } else if (tui->lists[VIEW_POOLS].key[0]) {
        logview_open(logs, tui->lists[VIEW_POOLS].key, tui->lists[VIEW_POOLS].key);
    }
}

static bool act_on_screen(struct tui *tui, enum action action)
{
    struct logview *logs = &tui->logs;
    int page = tui->frame.bottom - tui->frame.top - 2;

    page = page < 1 ? 1 : page;
    if (action == ACTION_UP || action == ACTION_DOWN)
        logact_scroll(tui, action == ACTION_UP ? -1 : 1);
    else if (action == ACTION_PAGE_UP || action == ACTION_PAGE_DOWN)
        logact_scroll(tui, action == ACTION_PAGE_UP ? -page : page);
    else if (action == ACTION_HALF_UP || action == ACTION_HALF_DOWN)
        logact_scroll(tui, action == ACTION_HALF_UP ? -(page + 1) / 2 : (page + 1) / 2);
    else if (action == ACTION_TOP)
        logview_pause(logs, logs->first);
    else if (action == ACTION_LEFT)
        logs->left = logs->left > tui->frame.cols / 2 ? logs->left - tui->frame.cols / 2 : 0;
    else if (action == ACTION_RIGHT)
        logs->left += tui->frame.cols / 2;
    else if (action == ACTION_LINE_START)
        logs->left = 0;
    else if (action == ACTION_WRAP)
        logs->wrap = !logs->wrap;
    else if (action == ACTION_TIME)
        logs->time = (logs->time + 1) % 3;
    else if (action == ACTION_COLORS)
        logs->no_color = !logs->no_color;
    else
        return false;
    return true;
}

bool logact_do(struct tui *tui, enum action action)
{
    struct logview *logs = &tui->logs;

    if (act_on_screen(tui, action))
        return true;
    if (action == ACTION_FOLLOW || action == ACTION_BOTTOM)
        follow(tui);
    else if (action == ACTION_FIND_NEXT || action == ACTION_FIND_PREVIOUS)
        find(tui, action == ACTION_FIND_NEXT ? 1 : -1, false);
    else if (action == ACTION_ERROR_NEXT || action == ACTION_ERROR_PREVIOUS)
        find(tui, action == ACTION_ERROR_NEXT ? 1 : -1, true);
    else if (action == ACTION_SCOPE)
        change_scope(tui);
    else if (action == ACTION_PREVIOUS_LOG || action == ACTION_OLDER_RUN)
        logact_past(tui, logs->life + 1);
    else if (action == ACTION_NEWER_RUN)
        logact_past(tui, logs->life - 1);
    else if (action == ACTION_OPEN)
        follow(tui);
    else
        return false;
    return true;
}
