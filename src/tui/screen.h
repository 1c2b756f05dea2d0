/* SPDX-License-Identifier: MIT */
/*
 * ncurses as the backend of the cell grid. It is given a file in memory instead of the terminal:
 * what it writes is taken from there and queued on the terminal, so that ncurses can never block
 * on a terminal that is not read. Input is not its affair.
 */
#ifndef LIFEGUARD_TUI_SCREEN_H
#define LIFEGUARD_TUI_SCREEN_H

#include <stdbool.h>

struct cells;
struct err;
struct screen;
struct terminal;

/* -ENOTSUP: the terminal type can't place a cursor (dumb): the caller prints plain text. An unknown
 * TERM is tried as xterm-256color; *notice then says so (static text), else it is NULL. */
int screen_new(struct screen **out, struct terminal *terminal, const char **notice,
               struct err *err);
/* Leaves full screen mode and frees. */
void screen_free(struct screen *screen);
/* Full screen mode off and on again (suspend). */
void screen_leave(struct screen *screen);
void screen_enter(struct screen *screen);
void screen_resize(struct screen *screen, int rows, int cols);
/* The next draw paints everything anew. */
void screen_clear(struct screen *screen);
/* Queues what changed since the last draw. */
void screen_draw(struct screen *screen, const struct cells *cells);
/* How many colours the terminal has. */
int screen_colors(const struct screen *screen);

#endif
