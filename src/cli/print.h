/* SPDX-License-Identifier: MIT */
/*
 * Text for people: aligned tables, colours only where they are wanted, and every foreign byte
 * through the display sanitiser.
 */
#ifndef LIFEGUARD_CLI_PRINT_H
#define LIFEGUARD_CLI_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct buf;

enum print_color {
    PRINT_PLAIN,
    PRINT_DIM,
    PRINT_BOLD,
    PRINT_GOOD,
    PRINT_NOTE,
    PRINT_BAD,
    PRINT_COLORS
};

struct print_column {
    const char *title;
    bool right; /* numbers */
};

struct print_cell;

struct print_table {
    const struct print_column *columns;
    size_t column_count;
    struct print_cell *cells; /* row by row */
    size_t count, cap;
};

/* True when colours belong on this descriptor: a terminal, not dumb, and no NO_COLOR. */
bool print_wants_color(int fd);
/* Columns of the terminal, 0 when it is none. */
int print_width(int fd);

void print_table_init(struct print_table *table, const struct print_column *columns, size_t count);
void print_table_fini(struct print_table *table);
/* The next cell, by rows. Text that is not our own goes through print_table_bytes. */
void print_table_cell(struct print_table *table, enum print_color color, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void print_table_bytes(struct print_table *table, enum print_color color, const char *bytes,
                       size_t len);
void print_table_log(struct print_table *table, const char *bytes, size_t len);
/* Appends the table; the last column is cut where a terminal of `width` cells ends (0 = never). */
void print_table_write(const struct print_table *table, bool color, int width, struct buf *out);

/* Appends one line of foreign bytes, cleaned; a newline inside is shown, not obeyed. */
void print_clean(struct buf *out, const char *bytes, size_t len);
/* The same for a line of a log: its colours are left out instead of shown as escapes. */
void print_clean_log(struct buf *out, const char *bytes, size_t len);
void print_begin(struct buf *out, enum print_color color, bool wanted);
void print_end(struct buf *out, enum print_color color, bool wanted);
/* Writes the buffer to stdout; false when that failed (EPIPE, full disk), said on stderr. */
bool print_flush(struct buf *out);

/* A member that may have been sent as KEY_base64, raw, appended. False when it is null or absent.
 */
bool print_field(const json_t *row, const char *key, struct buf *out);
/* The element {"base64":"..."} of an array, raw, appended. */
bool print_field_base64(const json_t *element, struct buf *out);
/* A number, `fallback` when it is null or absent. */
double print_number(const json_t *row, const char *key, double fallback);
/* A string of our own making (state words), "" when null or absent. */
const char *print_word(const json_t *row, const char *key);

#endif
