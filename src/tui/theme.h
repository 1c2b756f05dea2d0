/* SPDX-License-Identifier: MIT */
/*
 * How things look: a style for each role in 256, 16 or no colours on a dark or light terminal, and
 * the glyph, word and role of each state. Every state has a glyph and a word: no meaning hangs on
 * colour alone.
 */
#ifndef LIFEGUARD_TUI_THEME_H
#define LIFEGUARD_TUI_THEME_H

#include <stdbool.h>

#include "base/sanitise.h"

enum color_mode { COLOR_MONO, COLOR_16, COLOR_256 };

enum role {
    ROLE_NORMAL,
    ROLE_TITLE,  /* bold */
    ROLE_DIM,    /* hints, rules */
    ROLE_HEADER, /* column titles */
    ROLE_TAB,    /* the active tab */
    ROLE_KEY,    /* a key in the key bar */
    ROLE_LABEL,  /* its label */
    ROLE_GOOD,
    ROLE_IDLE,
    ROLE_STARTING,
    ROLE_DRAINING,
    ROLE_BACKOFF,
    ROLE_PAUSED,
    ROLE_HUNG,
    ROLE_BAD,
    ROLE_GAVE_UP,
    ROLE_BANNER, /* something that must be read now */
    ROLE_MATCH,  /* a search hit */
    ROLE_METER,
    ROLE_COUNT
};

struct theme {
    enum color_mode mode;
    bool light;
};

struct look {
    const char *state;
    const char *glyph;
    enum role role;
};

struct text_style theme_style(const struct theme *theme, enum role role);
/* Of a pool, a worker (its flag where set) or a task state; never NULL. */
const struct look *theme_look(const char *state);
/* The glyph and role of an event's level. */
const struct look *theme_level(const char *level);
/* A colour of its own for a number (PIDs in merged logs); plain without colours. */
struct text_style theme_tint(const struct theme *theme, unsigned number);

#endif
