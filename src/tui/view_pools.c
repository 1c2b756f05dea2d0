/* SPDX-License-Identifier: MIT */
/*
 * The Pools view: meters, one row a pool, what is wrong with the selected one, and on larger
 * screens its workers and the last events. The list is short: filtered and sorted here.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "tui/field.h"
#include "tui/match.h"
#include "tui/view.h"

enum { POOLS_MAX = 1000, PANE_COLS = 110, EVENTS_FROM = 12, EVENTS_MAX = 12, DETAIL_FROM = 20 };

struct order {
    const char *key;
    bool desc;
};

static double sort_number(const json_t *row, const char *key)
{
    double number = field_number(row, key);
    return isnan(number) ? -1 : number;
}

static int compare(const void *a, const void *b, void *context)
{
    const json_t *left = *(const json_t *const *)a, *right = *(const json_t *const *)b;
    const struct order *order = context;
    double x = sort_number(left, order->key), y = sort_number(right, order->key);
    int by = x < y ? -1 : x > y ? 1 : 0;

    if (strcmp(order->key, "name") == 0 || strcmp(order->key, "state") == 0)
        by = strcmp(field_text(left, order->key), field_text(right, order->key));
    if (!by)
        return strcmp(field_text(left, "name"), field_text(right, "name"));
    return order->desc ? -by : by;
}

/* Filters look at name and state. */
static bool passes(const json_t *row, const struct match *match)
{
    char text[256];

    snprintf(text, sizeof(text), "%s %s", field_text(row, "name"), field_text(row, "state"));
    return !match || match_test(match, text, strlen(text));
}

void view_sort_pools(struct tui *tui)
{
    const struct window *window = &tui->model.windows[WINDOW_POOLS];
    const struct match *match = tui->filters[VIEW_POOLS].match;
    struct order order = {tui->sorts[VIEW_POOLS].key, tui->sorts[VIEW_POOLS].desc};
    void *rows = NULL;

    free(tui->pools);
    tui->pools = NULL;
    tui->pool_count = 0;
    if (!window->count || mem_try_resize(&rows, (size_t)window->count, sizeof(*tui->pools)) < 0)
        return;
    tui->pools = rows;
    for (int i = 0; i < window->count; i++)
        if (window->rows[i] && passes(window->rows[i], match))
            tui->pools[tui->pool_count++] = window->rows[i];
    /* Without a key the order is the configuration's. */
    if (order.key)
        qsort_r(tui->pools, (size_t)tui->pool_count, sizeof(*tui->pools), compare, &order);
}

const json_t *view_find_pool(const struct tui *tui, const char *name)
{
    const struct window *window = &tui->model.windows[WINDOW_POOLS];

    for (int i = 0; i < window->count; i++)
        if (strcmp(field_text(window->rows[i], "name"), name) == 0)
            return window->rows[i];
    return NULL;
}

/* Rows of the screen given to each part. */
struct plan {
    int meters, detail, workers, events;
};

static struct plan plan_rows(struct tui *tui)
{
    struct plan plan = {0};
    const struct frame *frame = &tui->frame;
    const json_t *pool = view_selected(tui);
    int left = frame->bottom - frame->top;

    if (frame->meters)
        plan.meters = frame->cols >= PANE_COLS && frame->rows >= 30 ? 4 : 3;
    left -= plan.meters + 1; /* and the table's header */
    if (frame->rows >= DETAIL_FROM && pool) {
        int lines = (int)json_array_size(json_object_get(pool, "alert"));
        plan.detail = 2 + (lines > 3 ? 3 : lines ? lines : 1);
        left -= plan.detail;
    }
    left -= tui->pool_count;
    if (left < 5 || !pool)
        return plan;
    if (frame->cols < PANE_COLS) { /* no room for a worker's columns: what happened last */
        plan.events = frame->rows >= DETAIL_FROM ? left - 3 : 0;
        return plan;
    }
    plan.workers = left - 2;
    if (left >= EVENTS_FROM) {
        plan.events = left / 2 - 2 < EVENTS_MAX ? left / 2 - 2 : EVENTS_MAX;
        plan.workers = left - 2 - plan.events - 3;
    }
    return plan;
}

static void want(struct tui *tui)
{
    struct plan plan = plan_rows(tui);
    const json_t *pool = view_selected(tui);

    model_want(&tui->model, WINDOW_POOLS, json_pack("{s:i,s:i}", "offset", 0, "count", POOLS_MAX));
    /* At least one worker: the worst, on which d and F9 act. */
    if (pool)
        model_want(&tui->model, WINDOW_WORKERS,
                   json_pack("{s:s,s:s,s:i,s:i}", "pool", field_text(pool, "name"), "sort", "state",
                             "offset", 0, "count", plan.workers > 0 ? plan.workers : 1));
    if (plan.events > 0)
        model_want(&tui->model, WINDOW_EVENTS,
                   json_pack("{s:i,s:i}", "offset", 0, "count", plan.events));
}

/* "ocr: at this rate 10m20s; with 12 workers 4m00s". */
static void format_title(const json_t *pool, char *out, size_t size)
{
    const json_t *forecast = json_object_get(pool, "forecast");
    double eta = field_number(pool, "eta");
    json_int_t other = field_int(forecast, "size", 0), useful = field_int(forecast, "useful", 0);
    char now[16], then[16];

    if (!json_is_object(forecast)) {
        snprintf(out, size, "%s", field_text(pool, "name"));
        return;
    }
    str_format_duration(now, isnan(eta) ? -1 : eta);
    str_format_duration(then, field_number(forecast, "eta"));
    if (useful <= field_int(pool, "want", 0))
        snprintf(out, size, "%s: %s%s; more workers are no help, the CPUs are full",
                 field_text(pool, "name"), isnan(eta) ? "the queue grows" : "at this rate ",
                 isnan(eta) ? "" : now);
    else
        snprintf(out, size, "%s: %s%s; with %lld workers %s", field_text(pool, "name"),
                 isnan(eta) ? "the queue grows" : "at this rate ", isnan(eta) ? "" : now,
                 (long long)(useful < other ? useful : other), then);
}

/* What is wrong with the selected pool, or what happened to it last. */
static int draw_detail(struct tui *tui, const json_t *pool, int y, int height)
{
    const json_t *alert = json_object_get(pool, "alert");
    const char *state = field_text(pool, "state");
    size_t lines = json_array_size(alert);
    struct table_cell last = {.text = ""};
    char title[200];
    int x;

    format_title(pool, title, sizeof(title));
    view_rule(tui, ++y, title);
    if (!lines) {
        view_pool_event(pool, &last);
        view_put(tui, ++y, 2, ROLE_DIM, "%s",
                 strcmp(last.text, "-") == 0 ? "nothing has happened here yet" : last.text);
        return y + 1;
    }
    for (size_t i = 0; i < lines && (int)i < height - 2; i++) {
        const char *text = json_string_value(json_array_get(alert, i));
        if (!i)
            view_put(tui, y + 1, 2, theme_look(state)->role, "%s", theme_look(state)->glyph);
        x = view_put(tui, ++y, 4, ROLE_NORMAL, "%s", text ? text : "");
        if (i + 1 < lines)
            continue;
        if (strcmp(state, "hung") == 0)
            view_put(tui, y, x + 3, ROLE_KEY, "d diagnose   F9 signal now   H hold auto-restart");
        else if (strcmp(state, "failed") == 0 || strcmp(state, "held") == 0)
            view_put(tui, y, x + 3, ROLE_KEY, "r start again   l log   a ack");
    }
    return y + 1;
}

static void draw_panes(struct tui *tui, const struct plan *plan, int y)
{
    const struct window *workers = &tui->model.windows[WINDOW_WORKERS];
    const struct window *events = &tui->model.windows[WINDOW_EVENTS];

    if (plan->workers > 0 && workers->count) {
        y = view_draw_pane(tui, y + 1, tui->frame.bottom, workers, view_worker_columns,
                           VIEW_WORKER_COLUMNS, view_worker_fill, &view_worker_widen);
    }
    if (plan->events > 0 && events->count && y + 4 < tui->frame.bottom) {
        view_rule(tui, y + 1, "events");
        view_draw_pane(tui, y + 2, tui->frame.bottom, events, view_event_columns,
                       view_event_count(events), view_event_fill, &view_event_widen);
    }
}

/* What to press stays on the line, however long the alert is. */
static void hint_alert(struct tui *tui, long long alerts, const char *alert)
{
    char head[64], text[512];
    int room;

    snprintf(head, sizeof(head), "%lld alert%s not acknowledged: ", alerts, alerts == 1 ? "" : "s");
    room = tui->frame.cols - (int)strlen(head) - (int)strlen(" (a ack, Enter open)");
    utf8_truncate(text, sizeof(text), alert, strlen(alert), room > 0 ? (size_t)room : 0);
    view_hint_as(tui, ROLE_BACKOFF, "%s%s (a ack, Enter open)", head, text);
}

/* Who still holds the end up, and what comes next. */
static void hint_stopping(struct tui *tui, const json_t *stopping)
{
    const json_t *first = json_array_get(stopping, 0);
    char next[160];

    view_rollcall_next(first, next, sizeof(next));
    view_hint_as(
        tui, ROLE_BACKOFF, "Stopping: waits for %lld, first %s[%lld] pid %lld, %s%s",
        view_rollcall_total(tui), field_text(first, "pool"), (long long)field_int(first, "slot", 0),
        (long long)field_int(first, "pid", 0), next,
        strcmp(field_text(first, "state"), "unkillable") == 0 ? ": the kernel holds it" : "");
}

static void draw_hint(struct tui *tui)
{
    const json_t *summary = model_summary(&tui->model);
    const json_t *stopping = json_object_get(summary, "stopping");
    long long alerts = (long long)field_int(summary, "alerts", 0);

    if (json_array_size(stopping))
        hint_stopping(tui, stopping);
    else if (alerts > 0)
        hint_alert(tui, alerts, field_text(summary, "alert"));
    else if (tui->filters[VIEW_POOLS].match)
        view_hint(tui, "%d of %d match /%s/. Esc clears", tui->pool_count,
                  tui->model.windows[WINDOW_POOLS].total, tui->filters[VIEW_POOLS].text);
    else
        view_hint(tui, "Enter open · ? help · q quit, pools keep running");
}

/* Half of the screen at most: the pools stay in sight. */
static int left_for_rollcall(const struct tui *tui)
{
    return (tui->frame.bottom - tui->frame.top) / 2;
}

static void draw(struct tui *tui)
{
    struct plan plan = plan_rows(tui);
    const json_t *pool = view_selected(tui);
    int y = tui->frame.top, rollcall = view_rollcall_rows(tui);

    if (rollcall) /* in place of the panes, and of the last pools if need be */
        plan.detail = rollcall < left_for_rollcall(tui) ? rollcall : left_for_rollcall(tui);
    if (plan.meters)
        y = view_draw_meters(tui, y) + 1;
    if (tui->model.windows[WINDOW_POOLS].loaded && !tui->model.windows[WINDOW_POOLS].total)
        view_put(tui, y + 1, 2, ROLE_NORMAL,
                 "No pools. Add one to the configuration and start "
                 "again (`lifeguard check` tests it).");
    y = view_draw_list(tui, y, tui->frame.bottom - plan.detail, view_pool_columns,
                       VIEW_POOL_COLUMNS, view_pool_fill, NULL);
    if (rollcall) {
        view_draw_rollcall(tui, y, tui->frame.bottom);
    } else {
        if (plan.detail && pool)
            y = draw_detail(tui, pool, y, plan.detail);
        draw_panes(tui, &plan, y);
    }
    draw_hint(tui);
}

static void key(const json_t *row, char *out, size_t size)
{
    snprintf(out, size, "%s", field_text(row, "name"));
}

static bool act(struct tui *tui, enum action action)
{
    const json_t *pool = view_selected(tui);

    if (action != ACTION_OPEN || !pool)
        return false;
    snprintf(tui->pool, sizeof(tui->pool), "%s", field_text(pool, "name"));
    tui->lists[VIEW_WORKERS] = (struct list){0};
    view_enter(tui, VIEW_WORKERS);
    return true;
}

const struct view view_pools = {"Pools",           IN_POOLS,         want, draw, act, key, -1,
                                view_pool_columns, VIEW_POOL_COLUMNS};
