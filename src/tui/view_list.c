/* SPDX-License-Identifier: MIT */
/* Lists on the screen: header, rows, the cursor's row, tags, and panes without a cursor. */
#include <string.h>

#include "base/utf8.h"
#include "tui/field.h"
#include "tui/view.h"

enum { WIDEST_POOL = 20 };

static const json_t *list_row(struct tui *tui, int place)
{
    int window = view_now(tui)->window;

    if (tui->view == VIEW_POOLS)
        return place < tui->pool_count ? tui->pools[place] : NULL;
    return window < 0 ? NULL : model_row(&tui->model.windows[window], place);
}

static void draw_row(struct tui *tui, int y, int place, table_fill fill)
{
    const json_t *row = list_row(tui, place);
    bool chosen = place == view_list(tui)->cursor;
    char key[192];

    if (row) {
        table_draw_row(tui, &tui->cells, &tui->table, y, row, fill);
        view_now(tui)->key(row, key, sizeof(key));
        if (tui->tag_count && view_is_tagged(tui, key)) {
            cells_put(&tui->cells, y, 1, 1, view_style(tui, ROLE_KEY), "+");
            cells_add_attrs(&tui->cells, y, 0, tui->frame.cols, TEXT_BOLD);
        }
    }
    if (!chosen)
        return;
    cells_put(&tui->cells, y, 0, 1, view_style(tui, ROLE_NORMAL), "▸");
    cells_select(&tui->cells, y, 0, tui->frame.cols);
    tui->cells.cursor_y = y;
    tui->cells.cursor_x = 0;
}

/* Cells of the longest pool name among rows, at most WIDEST_POOL. */
static int longest_pool(const struct window *window)
{
    int longest = 0;

    for (int i = 0; i < window->count; i++) {
        size_t len;
        const char *name = field_bytes(window->rows[i], "pool", &len);
        int cells = (int)utf8_text_width(name, len);
        longest = cells > longest ? cells : longest;
    }
    return longest > WIDEST_POOL ? WIDEST_POOL : longest;
}

int view_draw_list(struct tui *tui, int y, int bottom, const struct column *columns, size_t count,
                   table_fill fill, const struct widen *widen)
{
    struct list *list = view_list(tui);
    const char *sort = tui->sorts[tui->view].key;

    table_layout(&tui->table, columns, count, tui->frame.cols);
    if (widen)
        table_widen(&tui->table, widen->column,
                    longest_pool(&tui->model.windows[view_now(tui)->window]), widen->from,
                    widen->least);
    table_draw_header(&tui->cells, &tui->table, y, view_style(tui, ROLE_HEADER), sort);
    tui->table_y = y++;
    list->page = bottom - y > 1 ? bottom - y : 1;
    list_clamp(list);
    for (int place = list->top; place < list->total && y < bottom; place++)
        draw_row(tui, y++, place, fill);
    return y;
}

int view_draw_pane(struct tui *tui, int y, int bottom, const struct window *window,
                   const struct column *columns, size_t count, table_fill fill,
                   const struct widen *widen)
{
    struct table table;

    if (y + 1 >= bottom)
        return y;
    table_layout(&table, columns, count, tui->frame.cols);
    table_widen(&table, widen->column, longest_pool(window), widen->from, widen->least);
    table_draw_header(&tui->cells, &table, y++, view_style(tui, ROLE_HEADER), NULL);
    for (int place = 0; place < window->count && y < bottom; place++)
        if (window->rows[place])
            table_draw_row(tui, &tui->cells, &table, y++, window->rows[place], fill);
    return y;
}
