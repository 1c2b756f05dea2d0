/* SPDX-License-Identifier: MIT */
/*
 * A program on a pseudo-terminal with a terminal emulator (libvterm) behind it, for tests: start
 * it, send keys, wait for what the screen must show, look at cells, attributes and cursor. Nothing
 * sleeps a fixed time: every wait has a condition and a limit.
 */
#ifndef LIFEGUARD_TESTS_HARNESS_PTY_H
#define LIFEGUARD_TESTS_HARNESS_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

enum { PTY_WAIT_MS = 10000 }; /* the usual limit; generous, because machines are shared */

struct pty;

struct pty_cell {
    char text[32]; /* UTF-8, "" for the right half of a wide character */
    int width;
    bool bold, underline, reverse, italic;
    bool default_fg, default_bg;
};

/* argv ends in NULL; env are "NAME=VALUE" on top of the environment (NULL = none; "NAME" alone
 * takes a variable away). TERM is xterm-256color, LANG C.UTF-8 and TZ UTC unless given. */
struct pty *pty_start(const char *const argv[], const char *const env[], int rows, int cols);
/* Ends the program (KILL) if it still runs, and frees. */
void pty_end(struct pty *pty);
pid_t pty_pid(const struct pty *pty);
/* The side of the program, for its settings. */
int pty_settings(const struct pty *pty, struct termios *settings);

void pty_keys(struct pty *pty, const char *keys);
void pty_send(struct pty *pty, const void *bytes, size_t len);
void pty_resize(struct pty *pty, int rows, int cols);
/* While it is paused nothing is read: the program's output has nowhere to go. */
void pty_pause(struct pty *pty, bool paused);
/* Closes our side: the program is hung up. */
void pty_hang_up(struct pty *pty);

/* Each reads output until its condition holds; false after `ms`. */
bool pty_wait(struct pty *pty, bool (*holds)(struct pty *pty, void *context), void *context,
              int ms);
bool pty_wait_text(struct pty *pty, const char *text, int ms);
bool pty_wait_no_text(struct pty *pty, const char *text, int ms);
/* No output for `quiet` ms. */
bool pty_wait_quiet(struct pty *pty, int quiet, int ms);
/* The wait status, or -1 after `ms`. */
int pty_wait_exit(struct pty *pty, int ms);

/* The screen: lines without trailing blanks, each ended by a newline. free() it. */
char *pty_text(struct pty *pty);
char *pty_line(struct pty *pty, int y);
bool pty_has_text(struct pty *pty, const char *text);
/* Row of the first line that holds the text, -1 = none. */
int pty_find(struct pty *pty, const char *text);
struct pty_cell pty_cell(struct pty *pty, int y, int x);
void pty_cursor(struct pty *pty, int *y, int *x);
bool pty_in_alternate_screen(const struct pty *pty);
/* All that the program wrote so far (at most the last 4 MiB), and how much that was. */
const char *pty_output(const struct pty *pty, size_t *len);
size_t pty_output_total(const struct pty *pty);

#endif
