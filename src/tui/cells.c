/* SPDX-License-Identifier: MIT */
/*
 * The cell grid. A wide character owns two cells; whoever overwrites one half blanks the other, so
 * that the grid is always drawable as it stands.
 */
#include "tui/cells.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { CELLS_MAX = 1000, ELLIPSIS = 0x2026 };

static const struct cell blank = {.codepoint = ' ', .style = {-1, -1, 0}, .width = 1};

/* What the symbols of the screen become where only ASCII can be drawn. */
static const struct {
    uint32_t codepoint;
    char ascii;
} ascii_forms[] = {
    {0x25cf, '*'}, {0x25cb, '-'}, {0x25cc, '~'},  {0x25d4, 'v'},  {0x21bb, '^'}, {0x2016, '='},
    {0x2717, 'x'}, {0x2298, '#'}, {0x25b8, '>'},  {0x25be, 'v'},  {0x25b4, '^'}, {0x2026, '~'},
    {0x2500, '-'}, {0x2502, '|'}, {0x250c, '+'},  {0x2510, '+'},  {0x2514, '+'}, {0x2518, '+'},
    {0x2191, '^'}, {0x2193, 'v'}, {0x2190, '<'},  {0x2192, '>'},  {0x232b, '<'}, {0x203a, '>'},
    {0x00b7, '.'}, {0x00d7, 'x'}, {0x258f, '|'},  {0x2581, '.'},  {0x2582, ':'}, {0x2583, '-'},
    {0x2584, '='}, {0x2585, '+'}, {0x2586, '*'},  {0x2587, '#'},  {0x2588, '#'}, {0x2713, '+'},
    {0x2013, '-'}, {0x2014, '-'}, {0x2018, '\''}, {0x2019, '\''}, {0x201c, '"'}, {0x201d, '"'},
};

static uint32_t to_ascii(uint32_t codepoint)
{
    if (codepoint < 0x7f)
        return codepoint;
    for (size_t i = 0; i < ARRAY_LEN(ascii_forms); i++)
        if (ascii_forms[i].codepoint == codepoint)
            return (unsigned char)ascii_forms[i].ascii;
    if (codepoint >= 0x2400 && codepoint <= 0x2421)
        return '^';
    return '?';
}

int cells_resize(struct cells *cells, int rows, int cols)
{
    void *grid = cells->grid;

    rows = rows < 1 ? 1 : rows > CELLS_MAX ? CELLS_MAX : rows;
    cols = cols < 1 ? 1 : cols > CELLS_MAX ? CELLS_MAX : cols;
    if (mem_try_resize(&grid, (size_t)rows * (size_t)cols, sizeof(struct cell)) < 0)
        return -ENOMEM;
    cells->grid = grid;
    cells->rows = rows;
    cells->cols = cols;
    cells_clear(cells);
    return 0;
}

void cells_fini(struct cells *cells)
{
    free(cells->grid);
    *cells = (struct cells){0};
}

void cells_clear(struct cells *cells)
{
    for (size_t i = 0; i < (size_t)cells->rows * (size_t)cells->cols; i++)
        cells->grid[i] = blank;
    cells->cursor_y = cells->rows - 1;
    cells->cursor_x = cells->cols - 1;
}

static struct cell *cell_at(const struct cells *cells, int y, int x)
{
    return &cells->grid[(size_t)y * (size_t)cells->cols + (size_t)x];
}

/* Takes a cell over; the other half of a wide character that was there becomes a blank. */
static void claim(struct cells *cells, int y, int x)
{
    struct cell *cell = cell_at(cells, y, x);

    if (cell->width == 2 && x + 1 < cells->cols)
        cell_at(cells, y, x + 1)->codepoint = ' ', cell_at(cells, y, x + 1)->width = 1;
    if (cell->width == 0 && x > 0) {
        cell_at(cells, y, x - 1)->codepoint = ' ';
        cell_at(cells, y, x - 1)->width = 1;
    }
}

static void set_cell(struct cells *cells, int y, int x, uint32_t codepoint, int width,
                     struct text_style style)
{
    claim(cells, y, x);
    *cell_at(cells, y, x) =
        (struct cell){.codepoint = codepoint, .style = style, .width = (uint8_t)width};
    if (width == 2) {
        claim(cells, y, x + 1);
        *cell_at(cells, y, x + 1) = (struct cell){.style = style};
    }
}

struct pen {
    struct cells *cells;
    const struct cells_text *text;
    struct text_style style;
    int y, x, start, end; /* the next cell, the first, one behind the last that may be drawn */
    int skip;
};

static struct text_style lay_over(struct text_style under, struct text_style over)
{
    if (over.fg >= 0)
        under.fg = over.fg;
    if (over.bg >= 0)
        under.bg = over.bg;
    under.attrs |= over.attrs;
    return under;
}

static struct text_style style_for(const struct pen *pen, const struct glyph *glyph)
{
    const struct cells_text *text = pen->text;

    for (size_t i = 0; i < text->span_count; i++)
        if (glyph->offset >= text->spans[i].from && glyph->offset < text->spans[i].to)
            return text->span_style;
    return lay_over(pen->style, glyph->style);
}

static void add_mark(struct pen *pen, uint32_t mark)
{
    int x = pen->x - 1;
    struct cell *cell;

    if (x < pen->start || pen->cells->ascii)
        return;
    if (cell_at(pen->cells, pen->y, x)->width == 0)
        x--;
    if (x < pen->start)
        return;
    cell = cell_at(pen->cells, pen->y, x);
    for (size_t i = 0; i < ARRAY_LEN(cell->marks); i++) {
        if (!cell->marks[i]) {
            cell->marks[i] = mark;
            return;
        }
    }
}

/* The text is longer than its place: its last cell says so. */
static bool cut_here(struct pen *pen)
{
    uint32_t sign = pen->text->cut ? ' ' : pen->cells->ascii ? to_ascii(ELLIPSIS) : ELLIPSIS;

    if (pen->text->cut && pen->x >= pen->end)
        return false;
    if (pen->x >= pen->end)
        pen->x = pen->end - 1;
    set_cell(pen->cells, pen->y, pen->x++, sign, 1, pen->style);
    while (pen->x < pen->end)
        set_cell(pen->cells, pen->y, pen->x++, ' ', 1, pen->style);
    return false;
}

static bool put_glyph(void *owner, const struct glyph *glyph)
{
    struct pen *pen = owner;
    int width = pen->cells->ascii ? (glyph->width ? 1 : 0) : glyph->width;

    if (pen->skip > 0) {
        pen->skip -= glyph->width;
        return true;
    }
    if (!width) {
        add_mark(pen, glyph->codepoint);
        return true;
    }
    if (pen->x + width > pen->end)
        return cut_here(pen);
    set_cell(pen->cells, pen->y, pen->x,
             pen->cells->ascii ? to_ascii(glyph->codepoint) : glyph->codepoint, width,
             style_for(pen, glyph));
    pen->x += width;
    return true;
}

int cells_put_text(struct cells *cells, int y, int x, int width, struct text_style style,
                   const struct cells_text *text)
{
    struct pen pen = {.cells = cells,
                      .text = text,
                      .style = style,
                      .y = y,
                      .x = x,
                      .start = x,
                      .end = x + width,
                      .skip = text->skip};

    if (y < 0 || y >= cells->rows || x < 0 || width <= 0 || x >= cells->cols)
        return 0;
    if (pen.end > cells->cols)
        pen.end = cells->cols;
    sanitise_each(text->bytes, text->len, text->flags, put_glyph, &pen);
    return pen.x - x;
}

int cells_put_bytes(struct cells *cells, int y, int x, int width, struct text_style style,
                    const char *bytes, size_t len)
{
    const struct cells_text text = {.bytes = bytes, .len = len};
    return cells_put_text(cells, y, x, width, style, &text);
}

int cells_put(struct cells *cells, int y, int x, int width, struct text_style style,
              const char *text)
{
    return cells_put_bytes(cells, y, x, width, style, text, strlen(text));
}

int cells_printf(struct cells *cells, int y, int x, int width, struct text_style style,
                 const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return cells_put(cells, y, x, width, style, text);
}

void cells_put_right(struct cells *cells, int y, int x, int width, struct text_style style,
                     const char *text)
{
    int need = (int)utf8_text_width(text, strlen(text));

    if (need < width)
        cells_put(cells, y, x + width - need, need, style, text);
    else
        cells_put(cells, y, x, width, style, text);
}

void cells_fill(struct cells *cells, int y, int x, int width, uint32_t codepoint,
                struct text_style style)
{
    if (y < 0 || y >= cells->rows)
        return;
    for (int i = x < 0 ? 0 : x; i < x + width && i < cells->cols; i++)
        set_cell(cells, y, i, cells->ascii ? to_ascii(codepoint) : codepoint, 1, style);
}

void cells_add_attrs(struct cells *cells, int y, int x, int width, unsigned attrs)
{
    if (y < 0 || y >= cells->rows)
        return;
    for (int i = x < 0 ? 0 : x; i < x + width && i < cells->cols; i++) {
        struct cell *cell = cell_at(cells, y, i);
        bool block = cell->codepoint >= 0x2581 && cell->codepoint <= 0x2588;
        /* A reversed sparkline would show the opposite. */
        cell->style.attrs |= (uint8_t)(block ? attrs & ~(unsigned)TEXT_REVERSE : attrs);
    }
}

void cells_select(struct cells *cells, int y, int x, int width)
{
    for (int i = x < 0 ? 0 : x; y >= 0 && y < cells->rows && i < x + width && i < cells->cols;
         i++) {
        struct text_style *style = &cell_at(cells, y, i)->style;

        *style = (struct text_style){-1, -1, (style->attrs & TEXT_BOLD) | TEXT_REVERSE};
    }
}

void cells_dim(struct cells *cells, int y, int rows)
{
    for (int row = y < 0 ? 0 : y; row < y + rows && row < cells->rows; row++)
        for (int x = 0; x < cells->cols; x++)
            cell_at(cells, row, x)->style = (struct text_style){-1, -1, TEXT_DIM};
}

static int dump_cell(const struct cell *cell, struct buf *out)
{
    char bytes[4];
    int status = buf_append(out, bytes, utf8_encode(bytes, cell->codepoint));

    for (size_t i = 0; i < ARRAY_LEN(cell->marks) && cell->marks[i] && !status; i++)
        status = buf_append(out, bytes, utf8_encode(bytes, cell->marks[i]));
    return status;
}

int cells_dump(const struct cells *cells, struct buf *out)
{
    int status = 0;

    for (int y = 0; y < cells->rows && !status; y++) {
        int end = cells->cols;
        while (end > 0 && cell_at(cells, y, end - 1)->codepoint == ' ' &&
               !cell_at(cells, y, end - 1)->marks[0])
            end--;
        for (int x = 0; x < end && !status; x++)
            if (cell_at(cells, y, x)->codepoint)
                status = dump_cell(cell_at(cells, y, x), out);
        if (!status)
            status = buf_append_char(out, '\n');
    }
    return status;
}
