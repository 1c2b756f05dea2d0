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
#include "tui/field.h"
#include "tui/match.h"
#include "tui/view.h"

enum { POOLS_MAX = 1000, PANE_COLS = 110, EVENTS_COLS = 160, EVENTS_MAX = 12, DETAIL_FROM = 20 };

enum {
    C_GLYPH,
    C_POOL,
    C_STATE,
    C_LIVE,
    C_BUSY,
    C_QUEUE,
    C_ETA,
    C_RATE,
    C_P95,
    C_OLDEST,
    C_RESTARTS,
    C_FAIL,
    C_CPU,
    C_RSS,
    C_LOAD,
    C_CONF,
    C_EVENT
};

static const struct column columns[] = {
    [C_GLYPH] = {"S", "state", 1, 0, 0, false, false},
    [C_POOL] = {"POOL", "name", 11, 24, 0, false, false},
    [C_STATE] = {"STATE", "state", 8, 0, 0, false, false},
    [C_LIVE] = {"LIVE/WANT", "live", 9, 0, 0, true, false},
    [C_BUSY] = {"BUSY", "busy", 4, 0, 2, true, false},
    [C_QUEUE] = {"QUEUE", "queue", 6, 0, 0, true, false},
    [C_ETA] = {"ETA", "eta", 6, 0, 3, true, false},
    [C_RATE] = {"RATE/s", "rate", 6, 0, 1, true, false},
    [C_P95] = {"P95", "p95", 6, 0, 4, true, false},
    [C_OLDEST] = {"OLDEST", "oldest", 6, 0, 5, true, false},
    [C_RESTARTS] = {"RST/h", "restarts", 5, 0, 6, true, false},
    [C_FAIL] = {"FAIL%", "fail_percent", 5, 0, 7, true, false},
    [C_CPU] = {"CPU%", "cpu", 5, 0, 8, true, false},
    [C_RSS] = {"RSS", "rss", 6, 0, 9, true, false},
    [C_LOAD] = {"LOAD 5m", NULL, 20, 0, 10, false, false},
    [C_CONF] = {"CONF", NULL, 7, 0, 11, false, false},
    [C_EVENT] = {"LAST EVENT", NULL, 20, 1000, 12, false, false},
};

static void fill_state(struct tui *tui, const json_t *row, struct table_cell *cell)
{
    const char *state = field_text(row, "state");
    int64_t hung = field_int(row, "hung", 0);
    double total = field_number(row, "total");
    double done = field_number(row, "done") + field_number(row, "failed") +
                  field_number(row, "buried") + field_number(row, "cancelled") +
                  field_number(row, "skipped");

    cell->style = view_style(tui, theme_look(state)->role);
    if (strcmp(state, "hung") == 0 && hung > 0)
        snprintf(cell->text, sizeof(cell->text), "hung %lld", (long long)hung);
    else if (strcmp(state, "ok") == 0 && total > 0 && done >= 0)
        snprintf(cell->text, sizeof(cell->text), "ok %d%%", (int)(done * 100 / total));
    else
        snprintf(cell->text, sizeof(cell->text), "%.60s", state);
}

static void fill_live(const json_t *row, struct table_cell *cell)
{
    long long live = (long long)field_int(row, "live", 0);
    long long want = (long long)field_int(row, "want", 0);

    snprintf(cell->text, sizeof(cell->text), live > want ? "%lld→%lld" : "%lld/%lld", live, want);
}

static void fill_conf(struct tui *tui, const json_t *row, struct table_cell *cell)
{
    long long configured = (long long)field_int(row, "configured", -1);

    if (configured >= 0 && configured != field_int(row, "want", 0)) {
        snprintf(cell->text, sizeof(cell->text), "cfg %lld", configured);
        cell->style = view_style(tui, ROLE_BACKOFF);
    } else if (field_int(row, "revision", 0) > 0) {
        snprintf(cell->text, sizeof(cell->text), "r%lld", (long long)field_int(row, "revision", 0));
    }
}

static void fill_event(const json_t *row, struct table_cell *cell)
{
    const json_t *event = json_object_get(row, "last_event");
    char at[16];

    if (!event || !(field_number(event, "at") > 0)) {
        snprintf(cell->text, sizeof(cell->text), "-");
        return;
    }
    field_format_clock(at, field_number(event, "at"), false);
    snprintf(cell->text, sizeof(cell->text), "%s %.400s", at, field_text(event, "text"));
}

static void fill_tail(struct tui *tui, const json_t *row, size_t column, struct table_cell *cell)
{
    double number;

    switch (column) {
    case C_FAIL:
        number = field_number(row, "fail_percent");
        snprintf(cell->text, sizeof(cell->text), isnan(number) ? "-" : "%.1f", number);
        break;
    case C_CPU:
        number = field_number(row, "cpu");
        snprintf(cell->text, sizeof(cell->text), isnan(number) ? "-" : "%.0f", number);
        break;
    case C_RSS:
        field_format_size(cell->text, field_number(row, "rss"));
        break;
    case C_LOAD:
        if (!tui->options->plain)
            field_sparkline(cell->text, sizeof(cell->text), json_object_get(row, "load"), 20, 100);
        cell->style = view_style(tui, ROLE_METER);
        break;
    case C_CONF:
        fill_conf(tui, row, cell);
        break;
    default:
        fill_event(row, cell);
        break;
    }
}

static void fill(struct tui *tui, const json_t *row, size_t column, int width,
                 struct table_cell *cell)
{
    (void)width;
    switch (column) {
    case C_GLYPH:
        snprintf(cell->text, sizeof(cell->text), "%s", theme_look(field_text(row, "state"))->glyph);
        cell->style = view_style(tui, theme_look(field_text(row, "state"))->role);
        break;
    case C_POOL:
        cell->bytes = field_bytes(row, "name", &cell->len);
        break;
    case C_STATE:
        fill_state(tui, row, cell);
        break;
    case C_LIVE:
        fill_live(row, cell);
        break;
    case C_BUSY:
        field_format_count(cell->text, field_number(row, "busy"));
        break;
    case C_QUEUE:
        field_format_count(cell->text, field_number(row, "queue"));
        break;
    case C_ETA:
        field_format_eta(cell->text, row);
        break;
    case C_RATE:
        field_format_rate(cell->text, field_number(row, "rate"));
        if (strcmp(cell->text, "0") == 0)
            snprintf(cell->text, sizeof(cell->text), "-");
        break;
    case C_P95:
        field_format_duration(cell->text, field_number(row, "p95"));
        break;
    case C_OLDEST:
        field_format_age(cell->text, field_number(row, "oldest"));
        break;
    case C_RESTARTS:
        field_format_count(cell->text, field_number(row, "restarts_hour"));
        break;
    default:
        fill_tail(tui, row, column, cell);
        break;
    }
}

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
    if (frame->cols < PANE_COLS || left < 5 || !pool)
        return plan;
    plan.workers = left - 2;
    if (frame->cols >= EVENTS_COLS && left >= 20) {
        plan.events = left / 2 < EVENTS_MAX ? left / 2 : EVENTS_MAX;
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

/* What is wrong with the selected pool, or what happened to it last. */
static int draw_detail(struct tui *tui, const json_t *pool, int y, int height)
{
    const json_t *alert = json_object_get(pool, "alert");
    const char *state = field_text(pool, "state");
    size_t lines = json_array_size(alert);
    struct table_cell last = {.text = ""};
    int x;

    view_rule(tui, ++y, field_text(pool, "name"));
    if (!lines) {
        fill_event(pool, &last);
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
    const struct column *pane;
    size_t count;

    if (plan->workers > 0 && workers->count) {
        pane = view_worker_columns(&count);
        y = view_draw_pane(tui, y + 1, tui->frame.bottom, workers, pane, count, view_worker_fill,
                           &view_worker_widen);
    }
    if (plan->events > 0 && events->count && y + 4 < tui->frame.bottom) {
        view_rule(tui, y + 1, "events");
        pane = view_event_columns(&count);
        view_draw_pane(tui, y + 2, tui->frame.bottom, events, pane, count, view_event_fill,
                       &view_event_widen);
    }
}

static void draw_hint(struct tui *tui)
{
    const json_t *summary = model_summary(&tui->model);
    long long alerts = (long long)field_int(summary, "alerts", 0);

    if (alerts > 0)
        view_hint(tui, "%lld alert%s not acknowledged: %s (a ack, Enter open)", alerts,
                  alerts == 1 ? "" : "s", field_text(summary, "alert"));
    else if (tui->filters[VIEW_POOLS].match)
        view_hint(tui, "%d of %d match /%s/. Esc clears", tui->pool_count,
                  tui->model.windows[WINDOW_POOLS].total, tui->filters[VIEW_POOLS].text);
    else
        view_hint(tui, "Enter open · ? help · q quit, pools keep running");
}

static void draw(struct tui *tui)
{
    struct plan plan = plan_rows(tui);
    const json_t *pool = view_selected(tui);
    int y = tui->frame.top;

    if (plan.meters)
        y = view_draw_meters(tui, y) + 1;
    if (tui->model.windows[WINDOW_POOLS].loaded && !tui->model.windows[WINDOW_POOLS].total)
        view_put(tui, y + 1, 2, ROLE_NORMAL,
                 "No pools. Add one to the configuration and start "
                 "again (`lifeguard check` tests it).");
    y = view_draw_list(tui, y, tui->frame.bottom - plan.detail, columns, ARRAY_LEN(columns), fill,
                       NULL);
    if (plan.detail && pool)
        y = draw_detail(tui, pool, y, plan.detail);
    draw_panes(tui, &plan, y);
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

const struct view view_pools = {"Pools", IN_POOLS,          want, draw, act, key, -1,
                                columns, ARRAY_LEN(columns)};
