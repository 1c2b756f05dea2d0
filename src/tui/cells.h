/* SPDX-License-Identifier: MIT */
/*
 * The cell grid that everything is drawn into. ncurses is one backend (screen.h), a text dump the
 * other. All text passes the sanitiser on its way in: no caller can put a control character, half
 * a wide character or a stray combining mark on the screen. Drawing outside the grid is clipped.
 */
#ifndef LIFEGUARD_TUI_CELLS_H
#define LIFEGUARD_TUI_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sanitise.h"

struct buf;

struct cell {
    uint32_t codepoint; /* 0 = right half of the wide character before it */
    uint32_t marks[2];  /* combining marks, 0 = none */
    struct text_style style;
    uint8_t width; /* 0, 1 or 2 */
};

struct cells {
    struct cell *grid;
    int rows, cols;
    bool ascii; /* every character is replaced by an ASCII one */
    int cursor_y, cursor_x;
};

/* Part of a text that is drawn in another style (search hits): bytes [from, to). */
struct cells_span {
    size_t from, to;
};

struct cells_text {
    const char *bytes;
    size_t len;
    unsigned flags; /* enum sanitise_flag */
    int skip;       /* cells left out at the left (horizontal scroll) */
    const struct cells_span *spans;
    size_t span_count;
    struct text_style span_style;
    bool cut; /* cut silently instead of ending in "…" */
};

/* 0 or -ENOMEM; the grid is blank after it. Sizes are clipped to 1..1000. */
int cells_resize(struct cells *cells, int rows, int cols);
void cells_fini(struct cells *cells);
void cells_clear(struct cells *cells);
/* Each draws at most `width` cells at (y, x) and returns how many it used. */
int cells_put(struct cells *cells, int y, int x, int width, struct text_style style,
              const char *text);
int cells_put_bytes(struct cells *cells, int y, int x, int width, struct text_style style,
                    const char *bytes, size_t len);
int cells_put_text(struct cells *cells, int y, int x, int width, struct text_style style,
                   const struct cells_text *text);
int cells_printf(struct cells *cells, int y, int x, int width, struct text_style style,
                 const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Right-aligned in [x, x + width). */
void cells_put_right(struct cells *cells, int y, int x, int width, struct text_style style,
                     const char *text);
void cells_fill(struct cells *cells, int y, int x, int width, uint32_t codepoint,
                struct text_style style);
/* The selection: one bar of reverse video. Colours in it would stand as patches of their own, and
 * a reversed sparkline of a colour would show the opposite. */
void cells_select(struct cells *cells, int y, int x, int width);
/* Adds attributes to what is there. */
void cells_add_attrs(struct cells *cells, int y, int x, int width, unsigned attrs);
/* Takes all colours and attributes back to dim: data that is out of date. */
void cells_dim(struct cells *cells, int y, int rows);
/* The screen as UTF-8 lines without trailing blanks. 0 or -errno. */
int cells_dump(const struct cells *cells, struct buf *out);

#endif
