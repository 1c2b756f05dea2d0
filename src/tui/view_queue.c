/* SPDX-License-Identifier: MIT */
/* The Queue view: depth, rates, counts, and the tasks, sorted and filtered by the supervisor. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/field.h"
#include "tui/view.h"

enum {
    C_GLYPH,
    C_ID,
    C_POOL,
    C_PRIORITY,
    C_STATE,
    C_AGE,
    C_TRY,
    C_WORKER,
    C_DEADLINE,
    C_SIZE,
    C_BY,
    C_SUBJECT,
    C_ERROR
};

static const struct column columns[] = {
    [C_GLYPH] = {"S", "state", 1, 0, 0, false, false},
    [C_ID] = {"ID", "id", 7, 0, 0, false, false},
    [C_POOL] = {"POOL", "pool", 8, 0, 0, false, false},
    [C_PRIORITY] = {"PRI", "priority", 3, 0, 2, true, false},
    [C_STATE] = {"STATE", "state", 8, 0, 0, false, false},
    [C_AGE] = {"AGE", "age", 6, 0, 1, true, false},
    [C_TRY] = {"TRY", "attempts", 3, 0, 3, true, false},
    [C_WORKER] = {"WORKER", "worker", 6, 0, 4, true, false},
    [C_DEADLINE] = {"DEADLINE", "deadline", 8, 0, 5, true, false},
    [C_SIZE] = {"SIZE", "size", 6, 0, 6, true, false},
    [C_BY] = {"ENQUEUED BY", NULL, 14, 0, 7, false, false},
    [C_SUBJECT] = {"SUBJECT", NULL, 19, 32, 0, false, false},
    [C_ERROR] = {"LAST ERROR", NULL, 40, 1000, 8, false, false},
};

static const struct widen widen = {C_POOL, C_SUBJECT, 12};

/* The screen's words for a person; filters and JSON use the states' own names. */
static void fill_state(struct tui *tui, const json_t *row, struct table_cell *cell)
{
    const char *state = field_text(row, "state");
    char in[16];

    cell->style = view_style(tui, theme_look(state)->role);
    if (strcmp(state, "ready") == 0)
        snprintf(cell->text, sizeof(cell->text), "waiting");
    else if (strcmp(state, "buried") == 0)
        snprintf(cell->text, sizeof(cell->text), "dead");
    else if (strcmp(state, "retry") == 0 && !isnan(field_number(row, "retry_in"))) {
        field_format_age(in, field_number(row, "retry_in"));
        snprintf(cell->text, sizeof(cell->text), "retry %s", in);
    } else
        snprintf(cell->text, sizeof(cell->text), "%.60s", state);
}

static const struct look *task_look(const json_t *row)
{
    const char *state = field_text(row, "state");

    if (strcmp(state, "failed") == 0)
        return theme_look("buried");
    return theme_look(strcmp(state, "held") == 0 ? "paused" : state);
}

static void fill_tail(const json_t *row, size_t column, struct table_cell *cell)
{
    switch (column) {
    case C_DEADLINE:
        field_format_clock(cell->text, field_number(row, "deadline"), false);
        break;
    case C_SIZE:
        field_format_size(cell->text, field_number(row, "size"));
        break;
    case C_BY:
        cell->bytes = field_bytes(row, "by", &cell->len);
        break;
    case C_SUBJECT:
        cell->bytes = field_bytes(row, "task", &cell->len);
        break;
    default:
        cell->bytes = field_bytes(row, "error", &cell->len);
        break;
    }
    if (column == C_ERROR && !cell->len)
        cell->bytes = "-", cell->len = 1;
}

static void fill(struct tui *tui, const json_t *row, size_t column, int width,
                 struct table_cell *cell)
{
    int64_t worker = field_int(row, "worker", 0), most = field_int(row, "max_attempts", 0);

    (void)width;
    switch (column) {
    case C_GLYPH:
        snprintf(cell->text, sizeof(cell->text), "%s", task_look(row)->glyph);
        cell->style = view_style(tui, task_look(row)->role);
        break;
    case C_ID:
        cell->bytes = field_bytes(row, "id", &cell->len);
        break;
    case C_POOL:
        cell->bytes = field_bytes(row, "pool", &cell->len);
        break;
    case C_PRIORITY:
        snprintf(cell->text, sizeof(cell->text), "%lld", (long long)field_int(row, "priority", 0));
        break;
    case C_STATE:
        fill_state(tui, row, cell);
        break;
    case C_AGE:
        field_format_age(cell->text, field_number(row, "age"));
        break;
    case C_TRY:
        snprintf(cell->text, sizeof(cell->text), most > 0 ? "%lld/%lld" : "%lld",
                 (long long)field_int(row, "attempts", 0), (long long)most);
        break;
    case C_WORKER:
        snprintf(cell->text, sizeof(cell->text), worker > 0 ? "%lld" : "-", (long long)worker);
        break;
    default:
        fill_tail(row, column, cell);
        break;
    }
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

    list->page = tui->frame.bottom - list_top(tui) - 1;
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
                  {"dead", "buried"},    {"failed", "failed"},   {"held", "held"},
                  {"delayed", "delayed"}};
    const json_t *all = json_object_get(message, "counts");
    char count[32], oldest[16], text[64];
    int x = 0;

    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        double number = field_number(all, counts[i].key);
        if (i > 3 && !(number > 0))
            continue;
        field_format_count(count, number > 0 ? number : 0);
        x = view_put(tui, y, x, ROLE_NORMAL, "%s%s %s", x ? "  " : "", counts[i].label, count);
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

/* What is in the queues: all that is not finished for good, the dead included. */
static double all_tasks(const json_t *counts)
{
    static const char *const keys[] = {"held", "delayed", "ready", "running", "retry", "buried"};
    double sum = 0;

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        sum += (double)field_int(counts, keys[i], 0);
    return sum;
}

static void draw(struct tui *tui)
{
    const struct window *window = &tui->model.windows[WINDOW_TASKS];
    const json_t *counts = json_object_get(window->message, "counts");
    double depth = all_tasks(counts);
    char total[32];
    int y;

    field_format_count(total, depth);
    view_status(tui, "%s  %s tasks",
                tui->filters[VIEW_QUEUE].text[0] ? tui->filters[VIEW_QUEUE].text : "all pools",
                total);
    if (tui->frame.meters && window->message) {
        draw_depth(tui, window->message, depth, tui->frame.top);
        draw_counts(tui, window->message, tui->frame.top + 1);
    }
    y = view_draw_list(tui, list_top(tui), tui->frame.bottom, columns, ARRAY_LEN(columns), fill,
                       &widen);
    if (window->loaded && !window->total)
        draw_empty(tui, window, y);
    view_hint(tui, "r retry  x cancel  +/- priority  Enter detail  (r/x on dead or waiting tasks)");
}

static void key(const json_t *row, char *out, size_t size)
{
    snprintf(out, size, "%s", field_text(row, "id"));
}

/* Enter leads to the worker that runs the task; a task without one shows its error. */
static bool act(struct tui *tui, enum action action)
{
    const json_t *row = view_selected(tui);
    char pid[24];

    if (action != ACTION_OPEN || !row)
        return false;
    if (field_int(row, "worker", 0) > 0 && field_int(row, "slot", 0) > 0) {
        view_open_worker(tui, row);
    } else if (field_int(row, "worker", 0) > 0) {
        snprintf(pid, sizeof(pid), "%lld", (long long)field_int(row, "worker", 0));
        view_open_log(tui, pid, pid);
    } else {
        notice_say(tui, ROLE_NORMAL, "%s: %s", field_text(row, "id"),
                   *field_text(row, "error") ? field_text(row, "error") : field_text(row, "task"));
    }
    return true;
}

const struct view view_queue = {"Queue", IN_QUEUE,          want, draw, act, key, WINDOW_TASKS,
                                columns, ARRAY_LEN(columns)};
