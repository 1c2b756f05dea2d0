/* SPDX-License-Identifier: MIT */
/*
 * The display sanitiser: the one way by which bytes of workers, logs, names and arguments reach a
 * terminal. Colours and text attributes (SGR) are understood; every other control, escape
 * sequence, invalid byte and invisible character is shown, escaped and dim, and never obeyed.
 *
 * What comes out is free of C0, C1 and DEL whatever goes in. Nothing is allocated.
 */
#ifndef LIFEGUARD_BASE_SANITISE_H
#define LIFEGUARD_BASE_SANITISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Longest part of one line that is shown; what is left out is counted in words. */
#define SANITISE_MAX 65536

enum text_attr {
    TEXT_BOLD = 1,
    TEXT_DIM = 2,
    TEXT_ITALIC = 4,
    TEXT_UNDERLINE = 8,
    TEXT_REVERSE = 16
};

/* Colours are those of the 256-colour palette; -1 is the terminal's default. */
struct text_style {
    int16_t fg;
    int16_t bg;
    uint8_t attrs; /* enum text_attr */
};
#define TEXT_PLAIN ((struct text_style){-1, -1, 0})

enum sanitise_flag {
    /* A log line: SGR is obeyed, tabs go to the next multiple of 8, and of several parts between
     * carriage returns the last is kept. Without it (names, arguments) all of these are shown. */
    SANITISE_LOG = 1,
    /* Nothing but ASCII: controls as \x1b, other characters as "?" for each cell. */
    SANITISE_ASCII = 2
};

struct glyph {
    uint32_t codepoint;
    int width;               /* 1 or 2; 0 = a combining mark on the glyph before it */
    struct text_style style; /* only SGR and dim; the caller lays it over its own */
    size_t offset;           /* byte of the source that it stands for */
};

/* False stops the walk. */
typedef bool (*sanitise_put)(void *owner, const struct glyph *glyph);

/* Walks one line; a newline inside is shown as any other control. */
void sanitise_each(const char *bytes, size_t len, unsigned flags, sanitise_put put, void *owner);
/* UTF-8 for a terminal, any number of lines; newlines stay, every style ends with its line.
 * keep_sgr: colours are written (as plain SGR of our own), else only text. 0 or -ENOMEM/-ENOBUFS.
 */
int sanitise_to_terminal(struct buf *out, const char *bytes, size_t len, bool keep_sgr);
/* The nearest colour of the 256-colour palette. */
int sanitise_nearest_colour(unsigned red, unsigned green, unsigned blue);

#endif
