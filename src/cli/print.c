/* SPDX-License-Identifier: MIT */
/*
 * Tables and colours. Cells are cleaned when they are added, so that widths are those of what is
 * shown.
 */
#include "cli/print.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/sanitise.h"
#include "base/utf8.h"
#include "sys/file.h"

struct print_cell {
    char *text;
    enum print_color color;
};

static const char *const sequences[PRINT_COLORS] = {
    [PRINT_PLAIN] = "",        [PRINT_DIM] = "\033[2m",   [PRINT_BOLD] = "\033[1m",
    [PRINT_GOOD] = "\033[32m", [PRINT_NOTE] = "\033[33m", [PRINT_BAD] = "\033[1;31m"};

bool print_wants_color(int fd)
{
    const char *term = getenv("TERM");
    const char *refused = getenv("NO_COLOR");

    return isatty(fd) && !(refused && *refused) && term && *term && strcmp(term, "dumb") != 0;
}

int print_width(int fd)
{
    struct winsize size;

    if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) < 0)
        return 0;
    return size.ws_col;
}

void print_begin(struct buf *out, enum print_color color, bool wanted)
{
    if (wanted)
        buf_append_string(out, sequences[color]);
}

void print_end(struct buf *out, enum print_color color, bool wanted)
{
    if (wanted && color != PRINT_PLAIN)
        buf_append_string(out, "\033[0m");
}

static bool clean_put(void *owner, const struct glyph *glyph)
{
    char bytes[4];

    buf_append(owner, bytes, utf8_encode(bytes, glyph->codepoint));
    return true;
}

void print_clean(struct buf *out, const char *bytes, size_t len)
{
    sanitise_each(bytes, len, 0, clean_put, out);
}

void print_clean_log(struct buf *out, const char *bytes, size_t len)
{
    sanitise_each(bytes, len, SANITISE_LOG, clean_put, out);
}

void print_table_init(struct print_table *table, const struct print_column *columns, size_t count)
{
    *table = (struct print_table){.columns = columns, .column_count = count};
}

void print_table_fini(struct print_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i].text);
    free(table->cells);
}

/* Takes `text`. */
static void table_add(struct print_table *table, enum print_color color, char *text)
{
    if (table->count == table->cap) {
        size_t cap = table->cap ? table->cap * 2 : 64;
        void *cells = table->cells;

        if (mem_try_resize(&cells, cap, sizeof(*table->cells)) < 0)
            abort();
        table->cells = cells;
        table->cap = cap;
    }
    table->cells[table->count++] = (struct print_cell){text, color};
}

void print_table_cell(struct print_table *table, enum print_color color, const char *format, ...)
{
    struct buf text = {0};
    va_list args;

    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    table_add(table, color, mem_copy_string(buf_string(&text)));
    buf_fini(&text);
}

void print_table_bytes(struct print_table *table, enum print_color color, const char *bytes,
                       size_t len)
{
    struct buf text = {0};

    print_clean(&text, bytes, len);
    table_add(table, color, mem_copy_string(buf_string(&text)));
    buf_fini(&text);
}

void print_table_log(struct print_table *table, const char *bytes, size_t len)
{
    struct buf text = {0};

    print_clean_log(&text, bytes, len);
    table_add(table, PRINT_PLAIN, mem_copy_string(buf_string(&text)));
    buf_fini(&text);
}

static void table_pad(struct buf *out, size_t count)
{
    while (count--)
        buf_append_char(out, ' ');
}

/* One cell in its column; the last column of a row is cut instead of padded. */
static void table_write_cell(const struct print_cell *cell, const struct print_column *column,
                             size_t width, bool last, bool color, struct buf *out)
{
    size_t len = strlen(cell->text);
    size_t cells = utf8_text_width(cell->text, len);
    size_t pad = width > cells ? width - cells : 0;
    char *cut = NULL;

    if (last && width && cells > width) {
        cut = mem_new(len + 8);
        utf8_truncate(cut, len + 8, cell->text, len, width);
    }
    if (column->right)
        table_pad(out, pad);
    print_begin(out, cell->color, color);
    buf_append_string(out, cut ? cut : cell->text);
    print_end(out, cell->color, color);
    if (!column->right && !last)
        table_pad(out, pad);
    free(cut);
}

static void table_write_row(const struct print_table *table, const struct print_cell *cells,
                            const size_t *widths, bool color, struct buf *out)
{
    for (size_t i = 0; i < table->column_count; i++) {
        bool last = i + 1 == table->column_count;

        table_write_cell(&cells[i], &table->columns[i], widths[i], last, color, out);
        if (!last)
            buf_append_string(out, "  ");
    }
    /* Empty cells at the end are no reason for a line to wrap. */
    while (buf_len(out) && out->bytes[out->tail - 1] == ' ')
        out->tail--;
    buf_append_char(out, '\n');
}

static void table_measure(const struct print_table *table, int width, size_t *widths)
{
    size_t used = 0, columns = table->column_count;

    assert(columns > 0);
    for (size_t i = 0; i < columns; i++)
        widths[i] = utf8_text_width(table->columns[i].title, strlen(table->columns[i].title));
    for (size_t i = 0; i < table->count; i++) {
        size_t cells = utf8_text_width(table->cells[i].text, strlen(table->cells[i].text));

        if (cells > widths[i % columns])
            widths[i % columns] = cells;
    }
    for (size_t i = 0; i + 1 < columns; i++)
        used += widths[i] + 2;
    if (table->columns[columns - 1].right || widths[columns - 1] + used <= (size_t)width)
        return;
    widths[columns - 1] = width == 0 ? 0 : (size_t)width > used + 8 ? (size_t)width - used : 8;
}

void print_table_write(const struct print_table *table, bool color, int width, struct buf *out)
{
    size_t *widths = mem_new_array(table->column_count, sizeof(*widths));
    struct print_cell *titles = mem_new_array(table->column_count, sizeof(*titles));

    for (size_t i = 0; i < table->column_count; i++)
        titles[i] = (struct print_cell){mem_copy_string(table->columns[i].title), PRINT_DIM};
    table_measure(table, width, widths);
    table_write_row(table, titles, widths, color, out);
    for (size_t i = 0; i + table->column_count <= table->count; i += table->column_count)
        table_write_row(table, table->cells + i, widths, color, out);
    for (size_t i = 0; i < table->column_count; i++)
        free(titles[i].text);
    free(titles);
    free(widths);
}

bool print_flush(struct buf *out)
{
    int rc = buf_len(out) ? file_write_all(STDOUT_FILENO, buf_data(out), buf_len(out)) : 0;

    buf_reset(out);
    if (rc < 0 && rc != -EPIPE)
        fprintf(stderr, "lifeguard: standard output: %s\n", strerror(-rc));
    return rc == 0;
}

bool print_field(const json_t *row, const char *key, struct buf *out)
{
    const json_t *plain = json_object_get(row, key);
    const char *encoded;
    char other[64];

    if (json_is_string(plain))
        return buf_append(out, json_string_value(plain), json_string_length(plain)) == 0;
    snprintf(other, sizeof(other), "%s_base64", key);
    encoded = json_string_value(json_object_get(row, other));
    return encoded && base64_decode(out, encoded, strlen(encoded)) == 0;
}

bool print_field_base64(const json_t *element, struct buf *out)
{
    const char *encoded = json_string_value(json_object_get(element, "base64"));

    return encoded && base64_decode(out, encoded, strlen(encoded)) == 0;
}

double print_number(const json_t *row, const char *key, double fallback)
{
    const json_t *value = json_object_get(row, key);

    return json_is_number(value) ? json_number_value(value) : fallback;
}

const char *print_word(const json_t *row, const char *key)
{
    const char *word = json_string_value(json_object_get(row, key));

    return word ? word : "";
}
