/* SPDX-License-Identifier: MIT */
/*
 * Table layout and the list cursor.
 */
#include "tui/table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/theme.h"

static int total_width(const struct table *table)
{
    int total = TABLE_GUTTER;
    bool first = true;

    for (size_t i = 0; i < table->count; i++) {
        if (!table->width[i])
            continue;
        total += table->width[i] + (first || table->columns[i].tight ? 0 : 1);
        first = false;
    }
    return total;
}

/* Takes out the column that can best be missed; false when none may go. */
static bool drop_one(struct table *table)
{
    size_t worst = table->count;

    for (size_t i = 0; i < table->count; i++)
        if (table->width[i] && table->columns[i].drop &&
            (worst == table->count || table->columns[i].drop > table->columns[worst].drop))
            worst = i;
    if (worst == table->count)
        return false;
    table->width[worst] = 0;
    return true;
}

static void grow(struct table *table, int left)
{
    size_t last = 0;

    for (size_t i = 0; i < table->count; i++)
        if (table->width[i])
            last = i;
    for (size_t i = 0; i < table->count && left > 0; i++) {
        int room = table->columns[i].max - table->width[i];
        if (!table->width[i] || !table->columns[i].max)
            continue;
        if (i == last || room > left)
            room = left;
        if (room > 0) {
            table->width[i] += room;
            left -= room;
        }
    }
}

static void place(struct table *table)
{
    int x = TABLE_GUTTER;
    bool first = true;

    for (size_t i = 0; i < table->count; i++) {
        if (!table->width[i])
            continue;
        x += first || table->columns[i].tight ? 0 : 1;
        first = false;
        table->at[i] = x;
        x += table->width[i];
    }
}

void table_layout(struct table *table, const struct column *columns, size_t count, int width)
{
    assert(count <= TABLE_COLUMNS);
    *table = (struct table){.columns = columns, .count = count};
    for (size_t i = 0; i < count; i++)
        table->width[i] = columns[i].width;
    while (total_width(table) > width && drop_one(table))
        ;
    grow(table, width - total_width(table));
    place(table);
}

void table_widen(struct table *table, size_t column, int want, size_t from, int least)
{
    int by = want - table->width[column], spare = table->width[from] - least;

    by = by > spare ? spare : by;
    if (by <= 0 || !table->width[column])
        return;
    table->width[column] += by;
    table->width[from] -= by;
    place(table);
}

static void put(struct cells *cells, const struct table *table, size_t column, int y,
                struct text_style style, const char *text)
{
    int width = table->width[column];

    if (table->columns[column].right)
        cells_put_right(cells, y, table->at[column], width, style, text);
    else
        cells_put(cells, y, table->at[column], width, style, text);
}

void table_draw_header(struct cells *cells, const struct table *table, int y,
                       struct text_style style, const char *sort)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct column *column = &table->columns[i];
        struct text_style title = style;
        if (!table->width[i])
            continue;
        if (sort && column->sort && strcmp(column->sort, sort) == 0)
            title.attrs |= TEXT_UNDERLINE;
        put(cells, table, i, y, title, column->title);
    }
}

static void put_bytes(struct cells *cells, const struct table *table, size_t column, int y,
                      const struct table_cell *cell)
{
    const struct cells_text text = {.bytes = cell->bytes, .len = cell->len, .flags = cell->flags};

    cells_put_text(cells, y, table->at[column], table->width[column], cell->style, &text);
}

void table_draw_row(struct tui *tui, struct cells *cells, const struct table *table, int y,
                    const json_t *row, table_fill fill)
{
    for (size_t i = 0; i < table->count; i++) {
        struct table_cell cell;
        if (!table->width[i])
            continue;
        cell.text[0] = '\0';
        cell.bytes = NULL;
        cell.flags = 0;
        cell.style = TEXT_PLAIN;
        fill(tui, row, i, table->width[i], &cell);
        if (cell.bytes)
            put_bytes(cells, table, i, y, &cell);
        else
            put(cells, table, i, y, cell.style, cell.text);
    }
}

int table_column_at(const struct table *table, int x)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->width[i] && x >= table->at[i] && x <= table->at[i] + table->width[i])
            return (int)i;
    return -1;
}

void list_clamp(struct list *list)
{
    int page = list->page > 0 ? list->page : 1;

    if (list->cursor >= list->total)
        list->cursor = list->total - 1;
    if (list->cursor < 0)
        list->cursor = 0;
    if (list->top > list->total - page)
        list->top = list->total - page;
    if (list->cursor >= list->top + page)
        list->top = list->cursor - page + 1;
    if (list->top > list->cursor)
        list->top = list->cursor;
    if (list->top < 0)
        list->top = 0;
}

void list_go(struct list *list, int place)
{
    list->cursor = place;
    list->key[0] = '\0';
    list->moved = true;
    list_clamp(list);
}

void list_move(struct list *list, int by)
{
    list_go(list, list->cursor + by < 0 ? 0 : list->cursor + by);
}

void list_follow(struct list *list, int place)
{
    int line = list->cursor - list->top;

    if (place == list->cursor)
        return;
    list->cursor = place;
    list->top = place - line;
    list_clamp(list);
}

void list_pin(struct list *list, const char *key)
{
    snprintf(list->key, sizeof(list->key), "%s", key);
    list->moved = false;
}
