/* SPDX-License-Identifier: MIT */
/*
 * Boxes in the middle of the screen: a question whose default is No, a question that wants a name
 * typed, a menu. One at a time; whatever it will act on is pinned when it opens.
 */
#ifndef LIFEGUARD_TUI_DIALOG_H
#define LIFEGUARD_TUI_DIALOG_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/prompt.h"

struct cells;
struct key_event;
struct theme;
struct tui;

enum dialog_kind {
    DIALOG_ASK,  /* y acts, Enter and everything else is No */
    DIALOG_TYPE, /* acts when the expected text was typed */
    DIALOG_MENU  /* Enter chooses */
};

enum { DIALOG_LINES = 8, DIALOG_ITEMS = 24 };

struct dialog {
    enum dialog_kind kind;
    char title[96];
    char lines[DIALOG_LINES][160];
    size_t line_count;
    char verb[32];      /* what y does, "Kill" */
    char expected[128]; /* to be typed */
    char items[DIALOG_ITEMS][64];
    char item_keys[DIALOG_ITEMS]; /* a letter that chooses the item at once, 0 = none */
    int item_values[DIALOG_ITEMS];
    size_t item_count;
    size_t chosen;
    struct prompt prompt;
    /* The answer was yes; `value` is the menu item's. The dialog is gone from the screen by then
     * and freed after it. */
    void (*on_yes)(struct tui *tui, struct dialog *dialog, int value);
    void *data; /* freed with free(), after free_data (may be NULL) saw it */
    void (*free_data)(void *data);
    int top, left, height, width; /* where it was drawn last, for the mouse */
};

struct dialog *dialog_new(enum dialog_kind kind, const char *title);
void dialog_free(struct dialog *dialog);
void dialog_line(struct dialog *dialog, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void dialog_item(struct dialog *dialog, char key, int value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* True when the dialog is over; *yes says how, *value which item. */
bool dialog_key(struct dialog *dialog, const struct key_event *event, bool *yes, int *value);
void dialog_draw(struct dialog *dialog, struct cells *cells, const struct theme *theme);

#endif
