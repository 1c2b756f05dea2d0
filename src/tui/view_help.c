/* SPDX-License-Identifier: MIT */
/*
 * The Help view, made from the key tables, and pages of text (stack, files, environment).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tui/match.h"
#include "tui/view.h"

enum { KEYS_WIDTH = 11, COLUMN = 40, HELP_MAX = 64 };

static void want_nothing(struct tui *tui)
{
    (void)tui;
}

/* The context that the help is about; all views when it was asked for twice. */
static unsigned asked_context(const struct tui *tui)
{
    if (tui->lists[VIEW_HELP].moved || !tui->depth)
        return IN_ALL;
    return view_of(tui->back[tui->depth - 1])->context;
}

static bool is_wanted(const struct tui *tui, const struct key_help *line)
{
    const struct match *match = tui->filters[VIEW_HELP].match;

    if (!(line->contexts & asked_context(tui)) || !keys_is_available(line->action))
        return false;
    return !match || match_test(match, line->text, strlen(line->text)) ||
           match_test(match, line->keys, strlen(line->keys));
}

static int draw_pairs(struct tui *tui, int y)
{
    const struct key_help *lines[HELP_MAX];
    size_t all, count = 0;
    const struct key_help *help = keys_help(&all);
    int columns = tui->frame.cols < 110 ? 2 : tui->frame.cols < 160 ? 3 : 4;
    int pitch = tui->frame.cols / columns, rows;

    for (size_t i = 0; i < all && count < HELP_MAX; i++)
        if (is_wanted(tui, &help[i]))
            lines[count++] = &help[i];
    rows = ((int)count + columns - 1) / columns;
    for (size_t i = 0; i < count; i++) {
        int row = y + (int)i % rows, x = 2 + (int)i / rows * pitch;
        if (row >= tui->frame.bottom)
            continue;
        cells_put(&tui->cells, row, x, KEYS_WIDTH - 1, view_style(tui, ROLE_KEY), lines[i]->keys);
        cells_put(&tui->cells, row, x + KEYS_WIDTH, pitch - KEYS_WIDTH - 2,
                  view_style(tui, ROLE_NORMAL), lines[i]->text);
    }
    return y + rows;
}

static int draw_states(struct tui *tui, int y)
{
    static const struct {
        const char *state, *label;
    } states[] = {{"busy", "busy/ok"},      {"idle", "idle"},    {"starting", "starting"},
                  {"draining", "draining"}, {"hung", "hung"},    {"backoff", "backoff"},
                  {"paused", "paused"},     {"ended", "exited"}, {"failed", "gave up"}};
    int x = view_put(tui, y, 2, ROLE_TITLE, "States");

    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        const struct look *look = theme_look(states[i].state);
        if (i == 6)
            x = 8, y++;
        x = view_put(tui, y, x + 2, look->role, "%s", look->glyph);
        x = view_put(tui, y, x + 1, ROLE_NORMAL, "%s", states[i].label);
    }
    view_put(tui, y, x + 3, ROLE_DIM, "(ASCII: * - ~ v ! ^ = x #)");
    return y + 1;
}

static void draw_help(struct tui *tui)
{
    const char *title = tui->depth && !tui->lists[VIEW_HELP].moved
                            ? view_of(tui->back[tui->depth - 1])->title
                            : "all";
    int y = tui->frame.top;

    view_put(tui, 0, 0, ROLE_TITLE,
             strcmp(title, "all") ? "lifeguard help: %s view" : "lifeguard help: %s views", title);
    cells_put_right(&tui->cells, 0, 40, tui->frame.cols - 40, view_style(tui, ROLE_DIM),
                    "type to filter, Esc closes");
    y = draw_pairs(tui, y) + 1;
    if (y + 2 < tui->frame.bottom)
        y = draw_states(tui, y) + 1;
    if (y + 1 < tui->frame.bottom) {
        view_put(tui, y++, 2, ROLE_NORMAL,
                 asked_context(tui) == IN_QUEUE
                     ? "x, r, B, + and - act at once; u takes a cancel of a waiting task back."
                     : "x, X, r, F9 and :shutdown ask before they act.");
        view_put(tui, y, 2, ROLE_NORMAL,
                 "Mouse: M turns it off. Hold Shift to select text with your terminal.");
    }
    if (tui->filters[VIEW_HELP].text[0])
        view_hint(tui, "filter /%s/   Esc clears", tui->filters[VIEW_HELP].text);
    else
        view_hint(tui, "? again for all views   :keys ACTION KEY rebinds");
}

static bool act_help(struct tui *tui, enum action action)
{
    if (action == ACTION_HELP) {
        tui->lists[VIEW_HELP].moved = true;
        return true;
    }
    return action != ACTION_BACK && action != ACTION_LEAVE && action != ACTION_QUIT &&
           action != ACTION_FIND && action != ACTION_COMMAND && action != ACTION_SUSPEND &&
           action != ACTION_REDRAW;
}

const struct view view_help = {"Help", IN_HELP, want_nothing, draw_help, act_help,
                               NULL,   -1,      NULL,         0};

static void draw_page(struct tui *tui)
{
    struct list *list = view_list(tui);
    int y = tui->frame.top;

    list->total = tui->page.count;
    list->page = tui->frame.bottom - y - 1;
    list_clamp(list);
    view_rule(tui, y++, tui->page.title);
    if (tui->page.tab != PAGE_NONE)
        view_status(tui, "page %d of %d, [ ] turn", (int)tui->page.tab, PAGE_TABS - 1);
    for (int i = list->top; i < tui->page.count && y < tui->frame.bottom; i++, y++) {
        view_put(tui, y, 2, ROLE_NORMAL, "%s", tui->page.lines[i]);
        if (i == list->cursor) {
            cells_put(&tui->cells, y, 0, 1, TEXT_PLAIN, "▸");
            cells_select(&tui->cells, y, 0, tui->frame.cols);
            tui->cells.cursor_y = y;
            tui->cells.cursor_x = 0;
        }
    }
    view_hint(tui, "%d lines", tui->page.count);
}

static bool act_page(struct tui *tui, enum action action)
{
    (void)tui;
    return action == ACTION_OPEN;
}

const struct view view_page = {"Page", IN_PAGE, want_nothing, draw_page, act_page,
                               NULL,   -1,      NULL,         0};
