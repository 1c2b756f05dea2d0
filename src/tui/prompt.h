/* SPDX-License-Identifier: MIT */
/*
 * One line editor for everything that is typed: find, filter, commands, names in dialogs. Holds
 * valid UTF-8 without controls, so that what it shows and what it sends are the same.
 */
#ifndef LIFEGUARD_TUI_PROMPT_H
#define LIFEGUARD_TUI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sanitise.h"

struct cells;
struct key_event;

enum { PROMPT_MAX = 512, PROMPT_HISTORY = 32 };

struct prompt_history {
    char *lines[PROMPT_HISTORY]; /* newest first */
};

struct prompt {
    char text[PROMPT_MAX];
    size_t len, at;                 /* bytes; the cursor */
    int recall;                     /* place in the history, -1 = the line itself */
    struct prompt_history *history; /* NULL = none */
};

enum prompt_outcome {
    PROMPT_IGNORED, /* not a key of the editor */
    PROMPT_EDITED,
    PROMPT_DONE,
    PROMPT_CANCELLED
};

void prompt_open(struct prompt *prompt, const char *text, struct prompt_history *history);
enum prompt_outcome prompt_key(struct prompt *prompt, const struct key_event *event);
void prompt_set(struct prompt *prompt, const char *text);
/* Draws "LABELtext"; puts the cells' cursor there. Returns the cells used. */
int prompt_draw(const struct prompt *prompt, struct cells *cells, int y, int x, int width,
                const char *label, struct text_style style);
void prompt_remember(struct prompt_history *history, const char *line);
void prompt_history_fini(struct prompt_history *history);

#endif
