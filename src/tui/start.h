/* SPDX-License-Identifier: MIT */
/*
 * Taking the terminal and giving it back: at the start, at the end, and around a suspend; and its
 * size. Called by tui.c.
 */
#ifndef LIFEGUARD_TUI_START_H
#define LIFEGUARD_TUI_START_H

struct err;
struct tui;

/* Opens terminal and screen, chooses colours and characters. 0 or -errno with the reason. */
int start_open(struct tui *tui, struct err *err);
void start_close(struct tui *tui);
/* Takes over the terminal's size where it changed. */
void start_fit_size(struct tui *tui);
/* ^Z: the terminal as the shell knows it, stop, and everything anew after. */
void start_suspend(struct tui *tui);

#endif
