/* SPDX-License-Identifier: MIT */
/*
 * Tables: which columns fit, where they stand, their header and rows; and lists: a cursor that
 * stays on the same object while rows come, go and change places. Pure drawing, no messages.
 */
#ifndef LIFEGUARD_TUI_TABLE_H
#define LIFEGUARD_TUI_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/sanitise.h"

struct cells;
struct theme;
struct tui;

enum { TABLE_COLUMNS = 24, TABLE_GUTTER = 2 };

struct column {
    const char *title;
    const char *sort; /* the key to sort by, NULL = can't */
    int width;        /* least */
    int max;          /* grows to this, 0 = fixed */
    int drop;         /* the highest goes first when it is narrow; 0 = never */
    bool right;
    bool tight; /* no blank before it */
};

struct table {
    const struct column *columns;
    size_t count;
    int at[TABLE_COLUMNS];    /* x, from 0 */
    int width[TABLE_COLUMNS]; /* 0 = dropped */
};

/* One cell's content; `bytes` may point into the row or to `text`. */
struct table_cell {
    char text[512];
    const char *bytes; /* NULL = text */
    size_t len;
    unsigned flags; /* enum sanitise_flag, for `bytes` */
    struct text_style style;
};

typedef void (*table_fill)(struct tui *tui, const json_t *row, size_t column, int width,
                           struct table_cell *cell);

/* Fits the columns into `width` cells: drops, then lets them grow in order; the last takes what is
 * left. */
void table_layout(struct table *table, const struct column *columns, size_t count, int width);
/* Gives `column` up to `want` cells by taking them from a wider one, which keeps `least`. */
void table_widen(struct table *table, size_t column, int want, size_t from, int least);
void table_draw_header(struct cells *cells, const struct table *table, int y,
                       struct text_style style, const char *sort);
void table_draw_row(struct tui *tui, struct cells *cells, const struct table *table, int y,
                    const json_t *row, table_fill fill);
/* The column at x, or -1. */
int table_column_at(const struct table *table, int x);

struct list {
    int cursor, top; /* places in the whole list */
    int total;
    int page;      /* rows on the screen */
    char key[192]; /* the object under the cursor, "" = take the one at the place */
    bool moved;    /* the operator moved the cursor: its key must be read anew */
};

/* Bounds the cursor and keeps it on the screen. */
void list_clamp(struct list *list);
void list_move(struct list *list, int by);
void list_go(struct list *list, int place);
/* The object under the cursor is at `place` now: the cursor follows, on the same screen line. */
void list_follow(struct list *list, int place);
/* Remembers what is under the cursor. */
void list_pin(struct list *list, const char *key);

#endif
