/* SPDX-License-Identifier: MIT */
/* The Queue view: depth, rates, counts, and the tasks, sorted and filtered by the supervisor. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/field.h"
#include "tui/view.h"

enum { PANE_ROWS = 22, PANE_HEIGHT = 5 };

static bool has_pane(const struct tui *tui)
{
    return tui->frame.rows >= PANE_ROWS;
}

static int list_top(const struct tui *tui)
{
    return tui->frame.top + (tui->frame.meters ? 3 : 0);
}

static void want(struct tui *tui)
{
    struct list *list = view_list(tui);
    const struct sort *sort = &tui->sorts[VIEW_QUEUE];
    json_t *arguments;

    list->page = tui->frame.bottom - list_top(tui) - 1 - (has_pane(tui) ? PANE_HEIGHT : 0);
    list->page = list->page < 1 ? 1 : list->page;
    if (list->moved)
        list_clamp(list);
    arguments = json_pack("{s:i,s:i}", "offset", list->top, "count", list->page);
    if (sort->key) {
        json_object_set_new(arguments, "sort", json_string(sort->key));
        json_object_set_new(arguments, "desc", json_boolean(sort->desc));
    }
    if (tui->filters[VIEW_QUEUE].text[0])
        json_object_set_new(arguments, "filter", json_string(tui->filters[VIEW_QUEUE].text));
    model_want(&tui->model, WINDOW_TASKS, arguments);
}

static void draw_depth(struct tui *tui, const json_t *message, double tasks, int y)
{
    int cells = tui->frame.cols < 100 ? 24 : tui->frame.cols < 160 ? 48 : 100;
    char depth[32], in[16], out[16], eta[16], spark[400] = "", text[160];
    const char *pool = field_text(message, "eta_pool");

    field_format_count(depth, tasks);
    if (!tui->options->plain)
        field_sparkline(spark, sizeof(spark), json_object_get(message, "history"), cells, 0);
    view_put(tui, y, view_put(tui, y, 0, ROLE_TITLE, "Depth %s ", depth), ROLE_METER, "%s", spark);
    field_format_rate(in, field_number(message, "in_rate"));
    field_format_rate(out, field_number(message, "rate"));
    field_format_eta(eta, message);
    snprintf(text, sizeof(text),
             *pool ? "in %s/s  out %s/s  ETA %s (%.20s)" : "in %s/s  out %s/s  ETA %s", in, out,
             eta, pool);
    cells_put_right(&tui->cells, y, tui->frame.cols / 2, tui->frame.cols - tui->frame.cols / 2,
                    TEXT_PLAIN, text);
}

static void draw_counts(struct tui *tui, const json_t *message, int y)
{
    static const struct {
        const char *label, *key;
    } counts[] = {{"Waiting", "ready"},  {"running", "running"}, {"retry", "retry"},
                  {"buried", "buried"},  {"failed", "failed"},   {"held", "held"},
                  {"delayed", "delayed"}};
    const json_t *all = json_object_get(message, "counts");
    char count[32], oldest[16], text[64];
    int x = 0;

    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        double number = field_number(all, counts[i].key);
        if (i > 3 && !(number > 0))
            continue;
        field_format_count(count, number > 0 ? number : 0);
        x = view_put(tui, y, x ? x + 2 : 0, i == 3 && number > 0 ? ROLE_BAD : ROLE_NORMAL, "%s %s",
                     counts[i].label, count);
    }
    field_format_age(oldest, field_number(message, "oldest"));
    snprintf(text, sizeof(text), "oldest waiting %s", oldest);
    if (x + 24 < tui->frame.cols)
        cells_put_right(&tui->cells, y, tui->frame.cols - 24, 24, TEXT_PLAIN, text);
}

static void draw_empty(struct tui *tui, const struct window *window, int y)
{
    const json_t *summary = model_summary(&tui->model);

    if (tui->filters[VIEW_QUEUE].text[0])
        view_put(tui, y, 2, ROLE_NORMAL, "0 of %d match /%s/. Esc clears", window->all,
                 tui->filters[VIEW_QUEUE].text);
    else
        view_put(tui, y, 2, ROLE_NORMAL, "Queue empty, %lld workers idle",
                 (long long)(field_int(summary, "live", 0) - field_int(summary, "busy", 0)));
}

/* What is in the queues: all that is not finished for good, the buried included. */
static double all_tasks(const json_t *counts)
{
    static const char *const keys[] = {"held", "delayed", "ready", "running", "retry", "buried"};
    double sum = 0;

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        sum += (double)field_int(counts, keys[i], 0);
    return sum;
}

/* The selected task in words: what it is, what became of it, and how far it is or why it failed. */
static void draw_pane(struct tui *tui, const json_t *row, int y)
{
    long long last = (long long)field_int(row, "last_worker", 0);
    long long deaths = (long long)field_int(row, "deaths", 0);
    const char *error = field_text(row, "error");
    char title[160], state[80], size[16];
    int x;

    snprintf(title, sizeof(title), "selected: task %.24s of %.80s", field_text(row, "id"),
             field_text(row, "pool"));
    view_rule(tui, ++y, title);
    view_put(tui, ++y, 2, ROLE_NORMAL, "%s", field_text(row, "task"));
    view_task_state(row, state, sizeof(state));
    field_format_size(size, field_number(row, "size"));
    x = view_put(tui, ++y, 2, view_task_look(row)->role, "%s", state);
    x = view_put(tui, y, x, ROLE_NORMAL, "  attempt %lld of %lld",
                 (long long)field_int(row, "attempts", 0),
                 (long long)field_int(row, "max_attempts", 0));
    if (deaths > 0)
        x = view_put(tui, y, x, ROLE_BAD, "  %lld death%s", deaths, deaths == 1 ? "" : "s");
    x = view_put(tui, y, x, ROLE_NORMAL, "  size %s, from %s", size, field_text(row, "by"));
    if (field_int(row, "worker", 0) > 0)
        view_put(tui, y, x, ROLE_NORMAL, "  in %s[%lld]", field_text(row, "pool"),
                 (long long)field_int(row, "slot", 0));
    else if (last > 0)
        view_put(tui, y, x, ROLE_NORMAL, "  worker %s[%lld] pid %lld", field_text(row, "pool"),
                 (long long)field_int(row, "last_slot", 0), last);
    y = view_draw_progress(tui, row, y + 1);
    if (*error)
        view_put(tui, y, 2, ROLE_BAD, "%s", error);
}

/* What the keys do with a task in this state. */
static void draw_hint(struct tui *tui, const json_t *row)
{
    const char *state = field_text(row, "state");

    if (!row)
        view_hint(tui, "F4 filters: buried, failed, a pool, an id or a part of the task");
    else if (strcmp(state, "running") == 0)
        view_hint(tui, "x cancel  l log  Enter its worker  P pause the pool");
    else if (strcmp(state, "done") == 0 || strcmp(state, "skipped") == 0)
        view_hint(tui, "l log  Enter log of its worker  F4 filter");
    else if (strcmp(state, "ready") == 0 || strcmp(state, "delayed") == 0 ||
             strcmp(state, "retry") == 0 || strcmp(state, "held") == 0)
        view_hint(tui, "x cancel  +/- priority  B bury  P pause the pool%s",
                  strcmp(state, "retry") == 0 ? "  r retry now" : "");
    else
        view_hint(tui, "r run again  l log  F4 filter (as: buried, failed)");
}

/* What the list shows: how it is sorted, which filter, how many. */
static void draw_status(struct tui *tui, const struct window *window, double depth)
{
    const char *filter = tui->filters[VIEW_QUEUE].text;
    const struct sort *sort = &tui->sorts[VIEW_QUEUE];
    char total[32], found[32], sorted[64] = "";

    field_format_count(found, window->total);
    field_format_count(total, *filter ? window->all : depth);
    for (size_t i = 1; i < VIEW_TASK_COLUMNS; i++)
        if (sort->key && view_task_columns[i].sort &&
            strcmp(view_task_columns[i].sort, sort->key) == 0)
            snprintf(sorted, sizeof(sorted), "sort %s%s  ", view_task_columns[i].title,
                     sort->desc ? "▴" : "▾");
    if (*filter)
        view_status(tui, "%s/%.*s/  %s of %s", sorted, tui->frame.cols < 100 ? 12 : 60, filter,
                    found, total);
    else
        view_status(tui, "%s%s%s tasks", sorted, *sorted ? "" : "all pools  ", total);
}

static void draw(struct tui *tui)
{
    const struct window *window = &tui->model.windows[WINDOW_TASKS];
    const json_t *counts = json_object_get(window->message, "counts");
    const json_t *row = view_selected(tui);
    double depth = all_tasks(counts);
    int pane = has_pane(tui) ? PANE_HEIGHT : 0, y;

    draw_status(tui, window, depth);
    if (tui->frame.meters && window->message) {
        draw_depth(tui, window->message, depth, tui->frame.top);
        draw_counts(tui, window->message, tui->frame.top + 1);
    }
    y = view_draw_list(tui, list_top(tui), tui->frame.bottom - pane, view_task_columns,
                       VIEW_TASK_COLUMNS, view_task_fill, &view_task_widen);
    if (window->loaded && !window->total)
        draw_empty(tui, window, y);
    if (pane && row)
        draw_pane(tui, row, y);
    draw_hint(tui, row);
}

static void key(const json_t *row, char *out, size_t size)
{
    snprintf(out, size, "%s", field_text(row, "id"));
}

/* Enter leads to the worker that runs the task, or to the log of the one that had it last. */
static bool act(struct tui *tui, enum action action)
{
    const json_t *row = view_selected(tui);
    char target[128];

    if (action != ACTION_OPEN || !row)
        return false;
    if (field_int(row, "worker", 0) > 0 && field_int(row, "slot", 0) > 0) {
        view_open_worker(tui, row);
    } else if (field_int(row, "last_slot", 0) > 0) {
        snprintf(target, sizeof(target), "%.100s[%lld]", field_text(row, "pool"),
                 (long long)field_int(row, "last_slot", 0));
        view_open_log(tui, target, target);
    } else {
        notice_say(tui, ROLE_NORMAL, "No worker has had this task yet");
    }
    return true;
}

const struct view view_queue = {
    "Queue", IN_QUEUE, want, draw, act, key, WINDOW_TASKS, view_task_columns, VIEW_TASK_COLUMNS};
