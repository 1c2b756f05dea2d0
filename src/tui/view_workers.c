/* SPDX-License-Identifier: MIT */
/*
 * The Workers view: one row a worker, sorted and filtered by the supervisor, so that only what is
 * on the screen is ever sent. On larger screens the selected one is explained below the list.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/field.h"
#include "tui/view.h"

enum { PANE_COLS = 100, PANE_ROWS = 30, PANE_HEIGHT = 6 };

static bool has_pane(const struct tui *tui)
{
    return tui->frame.cols >= PANE_COLS && tui->frame.rows >= PANE_ROWS;
}

static int list_top(const struct tui *tui)
{
    return tui->frame.top + (tui->frame.rows >= 20);
}

static void want(struct tui *tui)
{
    struct list *list = view_list(tui);
    const json_t *row = view_selected(tui);
    const struct sort *sort = &tui->sorts[VIEW_WORKERS];
    json_t *arguments;

    list->page = tui->frame.bottom - list_top(tui) - 1 - (has_pane(tui) ? PANE_HEIGHT : 0);
    list->page = list->page < 1 ? 1 : list->page;
    if (list->moved)
        list_clamp(list);
    arguments = json_pack("{s:s,s:b,s:i,s:i}", "sort",
                          tui->grouped ? "pool"
                          : sort->key  ? sort->key
                                       : "state",
                          "desc", sort->desc, "offset", list->top, "count", list->page);
    if (tui->pool[0])
        json_object_set_new(arguments, "pool", json_string(tui->pool));
    if (tui->filters[VIEW_WORKERS].text[0])
        json_object_set_new(arguments, "filter", json_string(tui->filters[VIEW_WORKERS].text));
    model_want(&tui->model, WINDOW_WORKERS, arguments);
    if (has_pane(tui) && row) {
        char target[128];
        snprintf(target, sizeof(target), "%s[%lld]", field_text(row, "pool"),
                 (long long)field_int(row, "slot", 0));
        model_want(&tui->model, WINDOW_DETAIL, json_pack("{s:s}", "target", target));
    }
}

static void draw_status(struct tui *tui)
{
    const struct window *window = &tui->model.windows[WINDOW_WORKERS];
    const struct filter *filter = &tui->filters[VIEW_WORKERS];
    const char *sort = tui->grouped ? "POOL" : "STATE";
    char pool[96] = "", matching[96] = "", count[64];

    for (size_t i = 0; i < VIEW_WORKER_COLUMNS; i++)
        if (!tui->grouped && tui->sorts[VIEW_WORKERS].key && view_worker_columns[i].sort && i > 0 &&
            strcmp(view_worker_columns[i].sort, tui->sorts[VIEW_WORKERS].key) == 0)
            sort = view_worker_columns[i].title;
    if (tui->pool[0] && tui->frame.cols >= 100)
        snprintf(pool, sizeof(pool), "pool %.60s  ", tui->pool);
    if (filter->text[0] && tui->frame.cols >= 100)
        snprintf(matching, sizeof(matching), "filter /%.60s/  ", filter->text);
    if (filter->text[0] || window->total != window->all)
        snprintf(count, sizeof(count), "%d of %d", window->total, window->all);
    else
        snprintf(count, sizeof(count), "%d workers", window->total);
    view_status(tui, "%s%ssort %s%s  %s", pool, matching, sort,
                tui->sorts[VIEW_WORKERS].desc ? "▴" : "▾", count);
}

/* The end of its log, as far as there is room. */
static void draw_tail(struct tui *tui, int y, const json_t *tail)
{
    size_t count = json_array_size(tail), room = 0, i;
    const json_t *line;

    if (tui->frame.bottom > y)
        room = (size_t)(tui->frame.bottom - y);
    if (count)
        view_put(tui, y, 2, ROLE_DIM, "log");
    json_array_foreach(tail, i, line)
    {
        const struct cells_text text = {.bytes = json_string_value(line),
                                        .len = json_string_length(line),
                                        .flags = SANITISE_LOG};
        if (text.bytes && count - i <= room)
            cells_put_text(&tui->cells, y++, 7, tui->frame.cols - 7, view_style(tui, ROLE_DIM),
                           &text);
    }
}

/* Past ends, findings and the last lines of the selected worker. */
static void draw_pane(struct tui *tui, const json_t *row, int y)
{
    const json_t *worker = model_worker(&tui->model);
    const json_t *finding;
    long long pid = (long long)field_int(row, "pid", 0);
    char title[160], started[16], lasted[16];
    int x;

    snprintf(title, sizeof(title),
             pid > 0 ? "selected: %.80s[%lld] pid %lld" : "selected: %.80s[%lld]",
             field_text(row, "pool"), (long long)field_int(row, "slot", 0), pid);
    view_rule(tui, ++y, title);
    if (!worker || strcmp(field_text(worker, "pool"), field_text(row, "pool")) != 0 ||
        field_int(worker, "slot", 0) != field_int(row, "slot", 0))
        return;
    field_format_clock(started, field_number(worker, "started"), false);
    field_format_age(lasted, fmax(0, field_number(model_summary(&tui->model), "now") -
                                         field_number(worker, "started")));
    x = isnan(field_number(worker, "started"))
            ? 2
            : view_put(tui, y + 1, 2, ROLE_NORMAL, "started %s (%s)  ", started, lasted);
    x = view_put(tui, ++y, x, ROLE_NORMAL, "generation %lld  restarts %lld",
                 (long long)field_int(worker, "generation", 0),
                 (long long)field_int(worker, "restarts", 0));
    if (*field_text(row, "why"))
        view_put(tui, y, x, ROLE_NORMAL, "  last exit: %s", field_text(row, "why"));
    y = view_draw_progress(tui, row, y + 1) - 1;
    y = view_draw_shares(tui, row, y + 1) - 1;
    finding = json_array_get(json_object_get(worker, "findings"), 0);
    if (json_is_object(finding))
        view_put(tui, ++y, 2, ROLE_NORMAL, "%s", field_text(finding, "text"));
    else if (!isnan(field_number(worker, "retry_in")))
        view_put(tui, ++y, 2, ROLE_NORMAL, "retry in %.0fs", field_number(worker, "retry_in"));
    draw_tail(tui, y + 1, json_object_get(worker, "tail"));
}

static void draw(struct tui *tui)
{
    const struct window *window = &tui->model.windows[WINDOW_WORKERS];
    const json_t *row = view_selected(tui);
    int pane = has_pane(tui) ? PANE_HEIGHT : 0;
    int y = view_draw_list(tui, list_top(tui), tui->frame.bottom - pane, view_worker_columns,
                           VIEW_WORKER_COLUMNS, view_worker_fill, &view_worker_widen);

    draw_status(tui);
    if (window->loaded && !window->total && tui->filters[VIEW_WORKERS].text[0])
        view_put(tui, y, 2, ROLE_NORMAL, "0 of %d match /%s/. Esc clears", window->all,
                 tui->filters[VIEW_WORKERS].text);
    else if (window->loaded && !window->total)
        view_put(tui, y, 2, ROLE_NORMAL, "No workers%s.", tui->pool[0] ? " in this pool" : "");
    if (pane && row)
        draw_pane(tui, row, y);
    if (tui->range >= 0)
        view_hint(tui, "Tagging a range: move, then v again. %d tagged.", tui->tag_count);
    else
        view_hint(tui, "Space tags, actions apply to tagged workers. %d tagged.", tui->tag_count);
}

static void key(const json_t *row, char *out, size_t size)
{
    snprintf(out, size, "%s[%lld]", field_text(row, "pool"), (long long)field_int(row, "slot", 0));
}

static void tag_range(struct tui *tui)
{
    int from = tui->range < view_list(tui)->cursor ? tui->range : view_list(tui)->cursor;
    int to = tui->range > view_list(tui)->cursor ? tui->range : view_list(tui)->cursor;
    struct pin pin;
    char name[192];

    for (int place = from; place <= to; place++) {
        const json_t *row = model_row(&tui->model.windows[WINDOW_WORKERS], place);
        if (!row)
            continue;
        key(row, name, sizeof(name));
        view_pin(tui, row, &pin);
        if (!view_is_tagged(tui, name))
            view_toggle_tag(tui, name, &pin);
    }
}

static bool act(struct tui *tui, enum action action)
{
    const json_t *row = view_selected(tui);

    if (action == ACTION_OPEN && row) {
        view_open_worker(tui, row);
        return true;
    }
    if (action == ACTION_TAG_RANGE) {
        if (tui->range >= 0)
            tag_range(tui);
        tui->range = tui->range >= 0 ? -1 : view_list(tui)->cursor;
        return true;
    }
    if (action == ACTION_GROUP) {
        tui->grouped = !tui->grouped;
        return true;
    }
    return false;
}

const struct view view_workers = {
    "Workers",           IN_WORKERS,         want, draw, act, key, WINDOW_WORKERS,
    view_worker_columns, VIEW_WORKER_COLUMNS};
