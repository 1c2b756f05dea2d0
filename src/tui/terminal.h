/* SPDX-License-Identifier: MIT */
/*
 * The terminal device: a description of our own of it (non-blocking, so that a frozen terminal
 * never stops us), its modes, and leaving it as it was found, a crash included. Output is queued;
 * while bytes wait, frames are skipped rather than piled up.
 */
#ifndef LIFEGUARD_TUI_TERMINAL_H
#define LIFEGUARD_TUI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/buf.h"

struct err;

struct terminal {
    int fd;
    bool gone;  /* hung up or failing: nothing more is written */
    bool mouse; /* mouse reports are wanted */
    bool raw;
    struct termios saved;
    struct buf pending; /* bytes that the terminal has not taken yet */
    size_t written;     /* bytes taken, for the tests of cost */
};

/* Opens the terminal behind `fd` (-1: the controlling terminal) anew and keeps its settings. */
int terminal_open(struct terminal *terminal, int fd, struct err *err);
/* Settings as found, closed. */
void terminal_close(struct terminal *terminal);
/* Raw mode; modes of the mouse and of bracketed paste on. The alternate screen is ncurses' affair.
 */
void terminal_enter(struct terminal *terminal);
/* Modes off and settings as found. */
void terminal_leave(struct terminal *terminal);
void terminal_set_mouse(struct terminal *terminal, bool on);
/* Queues bytes and writes what the terminal takes now. */
void terminal_write(struct terminal *terminal, const char *bytes, size_t len);
void terminal_flush(struct terminal *terminal);
static inline bool terminal_is_busy(const struct terminal *terminal)
{
    return buf_len(&terminal->pending) > 0;
}
/* At most `ms` for what is queued; used when leaving. */
void terminal_drain(struct terminal *terminal, int ms);
/* Rows and columns, at least 1; 24x80 where the terminal does not say. */
void terminal_size(const struct terminal *terminal, int *rows, int *cols);
/* From here on a crash puts the terminal back: `leave` is the terminal's own sequence to end full
 * screen mode. terminal_close ends it. */
void terminal_guard_crash(struct terminal *terminal, const char *leave);

#endif
