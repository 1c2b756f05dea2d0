/* SPDX-License-Identifier: MIT */
/*
 * Escape sequences: the extent of any of them (ECMA-48 and the string types), and the meaning of
 * one, SGR. Blink and conceal are dropped; RGB becomes the nearest palette colour.
 */
#include "base/sanitise_sgr.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/sanitise.h"

enum { SGR_PARAMS = 32, ESC = 0x1b, BEL = 0x07, CAN = 0x18, SUB = 0x1a };

static bool is_between(char c, int low, int high)
{
    unsigned char byte = (unsigned char)c;
    return byte >= low && byte <= high;
}

/* OSC, DCS, SOS, PM, APC: to BEL or ST; an ESC that is no ST, CAN, SUB or a newline cuts it. */
static size_t string_length(const char *bytes, size_t len)
{
    for (size_t at = 2; at < len; at++) {
        if (bytes[at] == BEL)
            return at + 1;
        if (bytes[at] == ESC)
            return at + 1 < len && bytes[at + 1] == '\\' ? at + 2 : at;
        if (bytes[at] == '\n' || bytes[at] == CAN || bytes[at] == SUB)
            return at;
    }
    return len;
}

static size_t skip_range(const char *bytes, size_t len, size_t at, int low, int high)
{
    while (at < len && is_between(bytes[at], low, high))
        at++;
    return at;
}

size_t sgr_sequence_length(const char *bytes, size_t len)
{
    size_t at;

    if (len < 2)
        return len;
    switch (bytes[1]) {
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
        return string_length(bytes, len);
    case '[':
        at = skip_range(bytes, len, 2, 0x30, 0x3f);
        at = skip_range(bytes, len, at, 0x20, 0x2f);
        return at < len && is_between(bytes[at], 0x40, 0x7e) ? at + 1 : at;
    default:
        at = skip_range(bytes, len, 1, 0x20, 0x2f);
        return at < len && is_between(bytes[at], 0x30, 0x7e) ? at + 1 : at;
    }
}

/* One parameter and its sub-parameters ("38:2::10:20:30" is one group of six). */
struct params {
    int value[SGR_PARAMS];
    bool sub[SGR_PARAMS]; /* came behind ':' */
    size_t count;
};

static bool parse_params(const char *bytes, size_t len, struct params *params)
{
    int value = 0;
    bool sub = false;

    params->count = 0;
    for (size_t at = 0; at <= len; at++) {
        char c = at < len ? bytes[at] : ';';
        if (is_between(c, '0', '9')) {
            value = value < 100000 ? value * 10 + (c - '0') : value;
            continue;
        }
        if ((c != ';' && c != ':') || params->count == SGR_PARAMS)
            return false;
        params->value[params->count] = value;
        params->sub[params->count++] = sub;
        value = 0;
        sub = c == ':';
    }
    return true;
}

int sanitise_nearest_colour(unsigned red, unsigned green, unsigned blue)
{
    static const unsigned steps[6] = {0, 95, 135, 175, 215, 255};
    unsigned want[3] = {red, green, blue}, cube[3] = {0, 0, 0};
    unsigned average = (red + green + blue) / 3;
    unsigned grey = average < 8 ? 0 : average > 238 ? 23 : (average - 3) / 10;
    long cube_far = 0, grey_far = 0;

    for (int i = 0; i < 3; i++) {
        for (unsigned s = 1; s < 6; s++)
            if (labs((long)steps[s] - want[i]) < labs((long)steps[cube[i]] - want[i]))
                cube[i] = s;
        cube_far += ((long)steps[cube[i]] - want[i]) * ((long)steps[cube[i]] - want[i]);
        grey_far += (8 + 10L * grey - want[i]) * (8 + 10L * grey - want[i]);
    }
    if (grey_far < cube_far)
        return (int)(232 + grey);
    return (int)(16 + 36 * cube[0] + 6 * cube[1] + cube[2]);
}

/* 38 and 48: the colour behind params[at]; *used says how many parameters it took. */
static int extended_colour(const struct params *p, size_t at, size_t *used)
{
    size_t end = at + 1, rgb;

    while (end < p->count && p->sub[end])
        end++;
    if (end == at + 1) /* ';' form: 5;N or 2;R;G;B follow as parameters of their own */
        end = at + 1 < p->count && p->value[at + 1] == 5 ? at + 3 : at + 5;
    *used = (end < p->count ? end : p->count) - at;
    if (end > p->count || end < at + 3)
        return -2;
    if (p->value[at + 1] == 5)
        return p->value[at + 2] < 256 ? p->value[at + 2] : -2;
    if (p->value[at + 1] != 2 || end < at + 5)
        return -2;
    rgb = end >= at + 6 && p->sub[at + 1] ? at + 3 : at + 2; /* a colour space stands before it */
    if (p->value[rgb] > 255 || p->value[rgb + 1] > 255 || p->value[rgb + 2] > 255)
        return -2;
    return sanitise_nearest_colour((unsigned)p->value[rgb], (unsigned)p->value[rgb + 1],
                                   (unsigned)p->value[rgb + 2]);
}

static void apply_attr(struct text_style *style, int value)
{
    static const uint8_t on[10] = {0, TEXT_BOLD, TEXT_DIM,     TEXT_ITALIC, TEXT_UNDERLINE,
                                   0, 0,         TEXT_REVERSE, 0,           0};
    static const uint8_t off[10] = {0, 0, TEXT_BOLD | TEXT_DIM, TEXT_ITALIC, TEXT_UNDERLINE,
                                    0, 0, TEXT_REVERSE,         0,           0};

    if (value == 0)
        *style = TEXT_PLAIN;
    else if (value < 10)
        style->attrs |= on[value];
    else if (value == 21)
        style->attrs |= TEXT_UNDERLINE;
    else if (value >= 20 && value < 30)
        style->attrs &= (uint8_t)~off[value - 20];
}

static void apply_colour(struct text_style *style, int value)
{
    if (value >= 30 && value <= 37)
        style->fg = (int16_t)(value - 30);
    else if (value == 39)
        style->fg = -1;
    else if (value >= 40 && value <= 47)
        style->bg = (int16_t)(value - 40);
    else if (value == 49)
        style->bg = -1;
    else if (value >= 90 && value <= 97)
        style->fg = (int16_t)(value - 90 + 8);
    else if (value >= 100 && value <= 107)
        style->bg = (int16_t)(value - 100 + 8);
}

static size_t apply_param(const struct params *params, size_t at, struct text_style *style)
{
    int value = params->value[at];
    size_t used = 1;

    if (value == 38 || value == 48 || value == 58) {
        int colour = extended_colour(params, at, &used);
        if (colour >= 0 && value == 38)
            style->fg = (int16_t)colour;
        if (colour >= 0 && value == 48)
            style->bg = (int16_t)colour;
        return used;
    }
    if (value == 4 && at + 1 < params->count && params->sub[at + 1]) {
        apply_attr(style, params->value[at + 1] ? 4 : 24); /* 4:3 is a curly underline */
    } else if (value < 30) {
        apply_attr(style, value);
    } else {
        apply_colour(style, value);
    }
    while (at + used < params->count && params->sub[at + used])
        used++;
    return used;
}

bool sgr_apply(const char *bytes, size_t len, struct text_style *style)
{
    struct params params;

    if (len < 3 || bytes[1] != '[' || bytes[len - 1] != 'm' ||
        !parse_params(bytes + 2, len - 3, &params))
        return false;
    for (size_t at = 0; at < params.count;)
        at += apply_param(&params, at, style);
    return true;
}
