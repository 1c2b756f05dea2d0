/* SPDX-License-Identifier: MIT */
/*
 * The themes as tables. The 256-colour palette approximates Okabe-Ito; plain blue and fixed black
 * are never used, the background stays the terminal's own.
 */
#include "tui/theme.h"

#include <string.h>

#include "base/mem.h"

struct shade {
    int16_t dark, light; /* 256 colours */
    uint8_t attrs_256;
    int16_t sixteen;
    uint8_t attrs_16;
    uint8_t attrs_mono;
};

static const struct shade shades[ROLE_COUNT] = {
    [ROLE_NORMAL] = {-1, -1, 0, -1, 0, 0},
    [ROLE_TITLE] = {-1, -1, TEXT_BOLD, -1, TEXT_BOLD, TEXT_BOLD},
    [ROLE_DIM] = {245, 243, 0, -1, TEXT_DIM, TEXT_DIM},
    [ROLE_HEADER] = {109, 24, TEXT_BOLD, 6, TEXT_BOLD, TEXT_BOLD},
    [ROLE_TAB] = {-1, -1, TEXT_BOLD | TEXT_REVERSE, -1, TEXT_BOLD | TEXT_REVERSE,
                  TEXT_BOLD | TEXT_REVERSE},
    [ROLE_KEY] = {-1, -1, TEXT_BOLD, -1, TEXT_BOLD, TEXT_BOLD},
    [ROLE_LABEL] = {73, 24, 0, 6, 0, TEXT_REVERSE},
    [ROLE_GOOD] = {36, 30, 0, 2, 0, 0},
    [ROLE_IDLE] = {245, 243, 0, -1, 0, 0},
    [ROLE_STARTING] = {75, 25, 0, 6, 0, 0},
    [ROLE_DRAINING] = {75, 25, 0, 6, 0, TEXT_UNDERLINE},
    [ROLE_BACKOFF] = {214, 130, 0, 3, 0, TEXT_BOLD},
    [ROLE_PAUSED] = {245, 243, 0, -1, 0, 0},
    [ROLE_HUNG] = {175, 90, TEXT_BOLD, 5, TEXT_BOLD, TEXT_REVERSE | TEXT_BOLD},
    [ROLE_BAD] = {202, 160, 0, 1, TEXT_BOLD, TEXT_BOLD},
    [ROLE_GAVE_UP] = {202, 160, TEXT_REVERSE, 1, TEXT_REVERSE, TEXT_REVERSE | TEXT_BOLD},
    [ROLE_BANNER] = {-1, -1, TEXT_BOLD | TEXT_REVERSE, -1, TEXT_BOLD | TEXT_REVERSE,
                     TEXT_BOLD | TEXT_REVERSE},
    [ROLE_MATCH] = {220, 130, TEXT_REVERSE, 3, TEXT_REVERSE, TEXT_REVERSE},
    [ROLE_METER] = {36, 30, 0, 2, 0, 0},
};

static const struct look looks[] = {
    {"ok", "●", ROLE_GOOD},           {"busy", "●", ROLE_GOOD},
    {"running", "●", ROLE_GOOD},      {"done", "✓", ROLE_GOOD},
    {"idle", "○", ROLE_IDLE},         {"ready", "○", ROLE_IDLE},
    {"delayed", "○", ROLE_IDLE},      {"down", "○", ROLE_IDLE},
    {"stopped", "‖", ROLE_PAUSED},    {"starting", "◌", ROLE_STARTING},
    {"draining", "◔", ROLE_DRAINING}, {"stopping", "◔", ROLE_DRAINING},
    {"backoff", "↻", ROLE_BACKOFF},   {"retry", "↻", ROLE_BACKOFF},
    {"suspect", "!", ROLE_BACKOFF},   {"paused", "‖", ROLE_PAUSED},
    {"hung", "!", ROLE_HUNG},         {"unkillable", "!", ROLE_HUNG},
    {"buried", "⊘", ROLE_GAVE_UP},    {"cancelled", "‖", ROLE_PAUSED},
    {"skipped", "‖", ROLE_PAUSED},    {"held", "⊘", ROLE_GAVE_UP},
    {"failed", "⊘", ROLE_GAVE_UP},    {"recycle", "◔", ROLE_DRAINING},
    {"ended", "✗", ROLE_BAD},         {"unhealthy", "!", ROLE_HUNG},
    {"waiting", "◌", ROLE_STARTING},  {"", "·", ROLE_IDLE},
};

static const struct look levels[] = {
    {"good", "●", ROLE_GOOD}, {"note", "◔", ROLE_DRAINING},   {"bad", "✗", ROLE_BAD},
    {"hung", "!", ROLE_HUNG}, {"gave-up", "⊘", ROLE_GAVE_UP}, {"info", "·", ROLE_NORMAL},
};

struct text_style theme_style(const struct theme *theme, enum role role)
{
    const struct shade *shade = &shades[role];

    switch (theme->mode) {
    case COLOR_256:
        return (struct text_style){theme->light ? shade->light : shade->dark, -1, shade->attrs_256};
    case COLOR_16:
        return (struct text_style){shade->sixteen, -1, shade->attrs_16};
    case COLOR_MONO:
    default:
        return (struct text_style){-1, -1, shade->attrs_mono};
    }
}

const struct look *theme_look(const char *state)
{
    for (size_t i = 0; i < ARRAY_LEN(looks); i++)
        if (state && strcmp(looks[i].state, state) == 0)
            return &looks[i];
    return &looks[ARRAY_LEN(looks) - 1];
}

const struct look *theme_level(const char *level)
{
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        if (level && strcmp(levels[i].state, level) == 0)
            return &levels[i];
    return &levels[ARRAY_LEN(levels) - 1];
}

struct text_style theme_tint(const struct theme *theme, unsigned number)
{
    static const int16_t dark[] = {73, 179, 139, 108, 174, 110, 180, 146};
    static const int16_t light[] = {24, 94, 90, 22, 124, 25, 130, 60};
    static const int16_t sixteen[] = {6, 3, 5, 2};
    struct text_style style = TEXT_PLAIN;

    if (theme->mode == COLOR_256)
        style.fg = theme->light ? light[number % ARRAY_LEN(light)] : dark[number % ARRAY_LEN(dark)];
    else if (theme->mode == COLOR_16)
        style.fg = sixteen[number % ARRAY_LEN(sixteen)];
    return style;
}
