/* SPDX-License-Identifier: MIT */
/*
 * The walk of the sanitiser. Each unit of the source (a character, a control, a whole escape
 * sequence, an invalid byte) becomes glyphs that are safe to draw. What is shown instead of being
 * obeyed is dim, so that a faked escape in plain text can be told from a real one.
 */
#include "base/sanitise.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/sanitise_sgr.h"
#include "base/utf8.h"

enum { ESC = 0x1b, TAB_STOP = 8, MARKS_MAX = 3, ZWJ = 0x200d, VS15 = 0xfe0e, VS16 = 0xfe0f };

struct walk {
    const char *bytes;
    size_t at, end;
    unsigned flags;
    sanitise_put put;
    void *owner;
    struct text_style style;
    bool showing; /* inside a sequence that is shown: ESC is a picture, everything is dim */
    bool stopped;
    bool wide;      /* the last glyph has two cells */
    unsigned marks; /* combining marks on the last glyph */
    bool based;     /* there is a glyph for a mark to stand on */
    size_t column;  /* cells so far, for tabs */
};

/* Text that can't be read as it was sent gets a colour in which it can. */
static struct text_style readable(struct text_style style)
{
    static const uint8_t dark[16] = {1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0};

    if (style.fg < 0 || style.fg != style.bg)
        return style;
    if (style.bg < 16)
        style.fg = dark[style.bg] ? 15 : 0;
    else if (style.bg < 232)
        style.fg = (style.bg - 16) % 36 / 6 < 3 ? 15 : 0;
    else
        style.fg = style.bg < 244 ? 15 : 0;
    return style;
}

static void emit(struct walk *walk, uint32_t codepoint, int width)
{
    struct glyph glyph = {.codepoint = codepoint, .width = width, .offset = walk->at};

    if (walk->stopped)
        return;
    glyph.style = readable(walk->style);
    if (walk->showing)
        glyph.style.attrs |= TEXT_DIM;
    walk->stopped = !walk->put(walk->owner, &glyph);
    walk->column += (size_t)width;
    if (width) {
        walk->marks = 0;
        walk->based = true;
        walk->wide = width == 2;
    }
}

static void emit_text(struct walk *walk, const char *ascii)
{
    bool was = walk->showing;

    walk->showing = true;
    for (; *ascii; ascii++)
        emit(walk, (unsigned char)*ascii, 1);
    walk->based = false; /* a mark must not settle on our own words */
    walk->showing = was;
}

/* A byte as \xNN, a code point as \uNNNN or \UNNNNNN. */
static void emit_escaped(struct walk *walk, char kind, unsigned value)
{
    char text[16];

    if (kind == 'u' && value > 0xffff)
        kind = 'U';
    snprintf(text, sizeof(text), "\\%c%0*x", kind, kind == 'x' ? 2 : kind == 'u' ? 4 : 6, value);
    emit_text(walk, text);
}

static void emit_control(struct walk *walk, uint32_t codepoint)
{
    bool was = walk->showing;

    if (codepoint >= 0x80 || (walk->flags & SANITISE_ASCII)) {
        emit_escaped(walk, 'x', codepoint);
        return;
    }
    walk->showing = true;
    emit(walk, codepoint == 0x7f ? 0x2421 : 0x2400 + codepoint, 1);
    walk->based = false;
    walk->showing = was;
}

/* Bidi controls, zero-width and other invisible characters that can disguise a text. */
static bool is_invisible(uint32_t c)
{
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0x61c || c == 0xad || c == 0x34f ||
           c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0 ||
           (c >= 0x17b4 && c <= 0x17b5) || (c >= 0x180b && c <= 0x180f) ||
           (c >= 0xfff0 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c < 0xfdf0) ||
           (c >= 0x1d173 && c <= 0x1d17a) || (c >= 0xe0000 && c < 0xe1000);
}

static void emit_mark(struct walk *walk, uint32_t codepoint)
{
    if (!walk->based)
        emit_escaped(walk, 'u', codepoint);
    else if (walk->marks++ < MARKS_MAX)
        emit(walk, codepoint, 0);
}

static void emit_character(struct walk *walk, uint32_t codepoint)
{
    int width = utf8_width(codepoint);

    if (width < 0) {
        emit_control(walk, codepoint);
    } else if (walk->based && (codepoint == VS15 || codepoint == VS16)) {
        return; /* terminals disagree on its width: the plain form is drawn */
    } else if (walk->based && walk->wide && codepoint == ZWJ) {
        return; /* joined emoji are drawn one by one */
    } else if (is_invisible(codepoint)) {
        emit_escaped(walk, 'u', codepoint);
    } else if ((walk->flags & SANITISE_ASCII) && codepoint > 0x7e) {
        for (int i = 0; i < width; i++)
            emit(walk, '?', 1);
    } else if (!width) {
        emit_mark(walk, codepoint);
    } else {
        emit(walk, codepoint, width);
    }
}

static void walk_units(struct walk *walk, size_t end);

/* A whole sequence: SGR changes the style, anything else is shown. */
static void walk_escape(struct walk *walk, size_t end)
{
    size_t length = sgr_sequence_length(walk->bytes + walk->at, end - walk->at);

    if ((walk->flags & SANITISE_LOG) && sgr_apply(walk->bytes + walk->at, length, &walk->style)) {
        walk->at += length;
        return;
    }
    walk->showing = true;
    walk_units(walk, walk->at + length);
    walk->showing = false;
}

static void walk_unit(struct walk *walk, size_t end)
{
    uint32_t codepoint;
    size_t step = utf8_decode(walk->bytes + walk->at, end - walk->at, &codepoint);

    if (!step) {
        emit_escaped(walk, 'x', (unsigned char)walk->bytes[walk->at]);
        step = 1;
    } else if (codepoint == '\t' && (walk->flags & SANITISE_LOG)) {
        size_t stop = walk->column - walk->column % TAB_STOP + TAB_STOP;
        while (walk->column < stop && !walk->stopped)
            emit(walk, ' ', 1);
    } else {
        emit_character(walk, codepoint);
    }
    walk->at += step;
}

static void walk_units(struct walk *walk, size_t end)
{
    while (walk->at < end && !walk->stopped) {
        if (walk->bytes[walk->at] == ESC && !walk->showing)
            walk_escape(walk, end);
        else
            walk_unit(walk, end);
    }
}

/* Trailing carriage returns go (CRLF); of the rest the part behind the last one is shown. */
static size_t last_part(const char *bytes, size_t *len)
{
    const char *found;

    while (*len && bytes[*len - 1] == '\r')
        --*len;
    found = *len ? memrchr(bytes, '\r', *len) : NULL;
    return found ? (size_t)(found - bytes) + 1 : 0;
}

void sanitise_each(const char *bytes, size_t len, unsigned flags, sanitise_put put, void *owner)
{
    struct walk walk = {
        .bytes = bytes, .flags = flags, .put = put, .owner = owner, .style = TEXT_PLAIN};
    char more[48];

    if (flags & SANITISE_LOG)
        walk.at = last_part(bytes, &len);
    walk.end = len - walk.at > SANITISE_MAX ? walk.at + SANITISE_MAX : len;
    walk_units(&walk, walk.end);
    if (walk.end < len && !walk.stopped) {
        snprintf(more, sizeof(more), " [%zu bytes more]", len - walk.end);
        emit_text(&walk, more);
    }
}

struct terminal {
    struct buf *out;
    bool keep_sgr;
    struct text_style style; /* what the terminal is in */
    int status;
};

static void write_colour(struct terminal *terminal, int colour, int base)
{
    if (colour >= 16)
        buf_printf(terminal->out, ";%d;5;%d", base + 8, colour);
    else if (colour >= 8)
        buf_printf(terminal->out, ";%d", base + 60 + colour - 8);
    else if (colour >= 0)
        buf_printf(terminal->out, ";%d", base + colour);
}

static void write_style(struct terminal *terminal, struct text_style style)
{
    static const char *const codes[] = {";1", ";2", ";3", ";4", ";7"};
    struct text_style *now = &terminal->style;

    if (!terminal->keep_sgr ||
        (now->fg == style.fg && now->bg == style.bg && now->attrs == style.attrs))
        return;
    *now = style;
    buf_append_string(terminal->out, "\033[0");
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (style.attrs & 1u << i)
            buf_append_string(terminal->out, codes[i]);
    write_colour(terminal, style.fg, 30);
    write_colour(terminal, style.bg, 40);
    terminal->status = buf_append_char(terminal->out, 'm');
}

static bool write_glyph(void *owner, const struct glyph *glyph)
{
    struct terminal *terminal = owner;
    char bytes[4];
    size_t len = utf8_encode(bytes, glyph->codepoint);

    write_style(terminal, glyph->style);
    if (!terminal->status)
        terminal->status = buf_append(terminal->out, bytes, len);
    return !terminal->status;
}

int sanitise_to_terminal(struct buf *out, const char *bytes, size_t len, bool keep_sgr)
{
    struct terminal terminal = {.out = out, .keep_sgr = keep_sgr, .style = TEXT_PLAIN};

    for (size_t at = 0; at < len && !terminal.status;) {
        const char *newline = memchr(bytes + at, '\n', len - at);
        size_t line = newline ? (size_t)(newline - bytes) - at : len - at;

        sanitise_each(bytes + at, line, SANITISE_LOG, write_glyph, &terminal);
        write_style(&terminal, TEXT_PLAIN);
        if (newline && !terminal.status)
            terminal.status = buf_append_char(out, '\n');
        at += line + (newline ? 1 : 0);
    }
    return terminal.status;
}
