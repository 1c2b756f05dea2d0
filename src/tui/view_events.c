/* SPDX-License-Identifier: MIT */
/* The Events view: what happened and who did it, newest first, with what can be taken back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tui/field.h"
#include "tui/view.h"

enum { DETAIL_FROM = 20, DETAIL_HEIGHT = 6 };

enum { C_TIME, C_GLYPH, C_WHO, C_POOL, C_PID, C_EVENT, C_UNDO, C_ORIGIN };

const struct column view_event_columns[VIEW_EVENT_COLUMNS] = {
    [C_TIME] = {"TIME", NULL, 8, 0, 0, false, false},
    [C_GLYPH] = {"S", NULL, 1, 0, 0, false, false},
    [C_WHO] = {"WHO", NULL, 8, 0, 2, false, false},
    [C_POOL] = {"POOL", NULL, 9, 0, 0, false, false},
    [C_PID] = {"PID", NULL, 6, 0, 0, true, false},
    [C_EVENT] = {"EVENT", NULL, 20, 1000, 0, false, false},
    [C_UNDO] = {"UNDO", NULL, 5, 0, 1, false, false},
    [C_ORIGIN] = {"ORIGIN", NULL, 26, 0, 3, false, false},
};

const struct widen view_event_widen = {C_POOL, C_EVENT, 20};

void view_event_fill(struct tui *tui, const json_t *row, size_t column, int width,
                     struct table_cell *cell)
{
    const struct look *look = theme_level(field_text(row, "level"));
    int64_t pid = field_int(row, "pid", 0);

    (void)width;
    switch (column) {
    case C_TIME:
        field_format_clock(cell->text, field_number(row, "at"), false);
        break;
    case C_GLYPH:
        snprintf(cell->text, sizeof(cell->text), "%s", look->glyph);
        cell->style = view_style(tui, look->role);
        break;
    case C_WHO:
        cell->bytes = field_bytes(row, "who", &cell->len);
        break;
    case C_POOL:
        cell->bytes = field_bytes(row, "pool", &cell->len);
        break;
    case C_PID:
        snprintf(cell->text, sizeof(cell->text), pid > 0 ? "%lld" : "-", (long long)pid);
        break;
    case C_EVENT:
        cell->bytes = field_bytes(row, "text", &cell->len);
        if (field_bool(row, "alert") && !field_bool(row, "acked"))
            cell->style = view_style(tui, ROLE_TITLE);
        break;
    case C_UNDO:
        snprintf(cell->text, sizeof(cell->text), "%s", field_bool(row, "undo") ? "u" : "");
        break;
    default:
        cell->bytes = field_bytes(row, "origin", &cell->len);
        break;
    }
}

size_t view_event_count(const struct window *window)
{
    for (int i = 0; i < window->count; i++)
        if (*field_text(window->rows[i], "origin"))
            return VIEW_EVENT_COLUMNS;
    return C_ORIGIN;
}

static int list_top(const struct tui *tui)
{
    return tui->frame.top + (tui->frame.rows >= 20);
}

static int detail_height(const struct tui *tui)
{
    return tui->frame.rows >= DETAIL_FROM ? DETAIL_HEIGHT : 0;
}

static void want(struct tui *tui)
{
    struct list *list = view_list(tui);
    json_t *arguments;

    list->page = tui->frame.bottom - list_top(tui) - 1 - detail_height(tui);
    list->page = list->page < 1 ? 1 : list->page;
    if (list->moved)
        list_clamp(list);
    arguments = json_pack("{s:i,s:i}", "offset", list->top, "count", list->page);
    if (tui->filters[VIEW_EVENTS].text[0])
        json_object_set_new(arguments, "filter", json_string(tui->filters[VIEW_EVENTS].text));
    model_want(&tui->model, WINDOW_EVENTS, arguments);
}

/* The text in lines of the screen's width, broken at blanks. */
static void draw_wrapped(struct tui *tui, int y, const char *text)
{
    int width = tui->frame.cols - 2;

    while (*text && y < tui->frame.bottom) {
        size_t line = strcspn(text, "\n");
        size_t fits = utf8_fit(text, line, (size_t)width);
        size_t cut = fits;
        while (fits < line && cut > 0 && text[cut] != ' ')
            cut--;
        cut = cut ? cut : fits;
        cut = cut ? cut : line;
        cells_put_bytes(&tui->cells, y++, 2, width, TEXT_PLAIN, text, cut);
        text += cut;
        text += *text == ' ' || *text == '\n';
    }
}

static void draw_status(struct tui *tui)
{
    const struct window *window = &tui->model.windows[WINDOW_EVENTS];
    const char *filter = tui->filters[VIEW_EVENTS].text;
    char count[96], total[32], all[32];

    field_format_count(total, window->total);
    field_format_count(all, window->all);
    snprintf(count, sizeof(count), "%s of %s", total, all);
    if (tui->frame.cols < 100)
        view_status(tui, "%s", count);
    else
        view_status(tui, "audit log  %s  filter %.40s", count, *filter ? filter : "none");
}

static void draw(struct tui *tui)
{
    const struct window *window = &tui->model.windows[WINDOW_EVENTS];
    const json_t *summary = model_summary(&tui->model), *row;
    long long alerts = (long long)field_int(summary, "alerts", 0);
    int detail = detail_height(tui), y;

    draw_status(tui);
    y = view_draw_list(tui, list_top(tui), tui->frame.bottom - detail, view_event_columns,
                       view_event_count(window), view_event_fill, &view_event_widen);
    row = view_selected(tui);
    if (window->loaded && !window->total)
        view_put(tui, y, 2, ROLE_NORMAL,
                 tui->filters[VIEW_EVENTS].text[0] ? "No event matches. Esc clears the filter"
                                                   : "Nothing has happened yet.");
    if (detail && row) {
        view_rule(tui, ++y, "event detail");
        draw_wrapped(tui, y + 1,
                     *field_text(row, "detail") ? field_text(row, "detail")
                                                : field_text(row, "text"));
    }
    view_hint(tui, "%lld not acknowledged.  a ack  A ack all  Enter jump to it", alerts);
}

static void key(const json_t *row, char *out, size_t size)
{
    snprintf(out, size, "%lld", (long long)field_int(row, "seq", 0));
}

/* Enter jumps to the worker or the pool that the event is about. */
static bool act(struct tui *tui, enum action action)
{
    const json_t *row = view_selected(tui);

    if (action != ACTION_OPEN || !row)
        return false;
    if (field_int(row, "slot", 0) > 0) {
        view_open_worker(tui, row);
    } else if (*field_text(row, "pool")) {
        list_pin(&tui->lists[VIEW_POOLS], field_text(row, "pool"));
        view_enter(tui, VIEW_POOLS);
    }
    return true;
}

const struct view view_events = {"Events", IN_EVENTS, want, draw, act, key, WINDOW_EVENTS, NULL, 0};
