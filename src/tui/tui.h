/* SPDX-License-Identifier: MIT */
/*
 * The screen: an ncurses client of a supervisor. It only sees messages; killing or freezing it
 * changes nothing for the workers. Called by main.c for `run`, `attach` and `map --tui`.
 */
#ifndef LIFEGUARD_TUI_TUI_H
#define LIFEGUARD_TUI_TUI_H

#include <stdbool.h>

struct err;

enum tui_color { TUI_COLOR_AUTO, TUI_COLOR_NEVER, TUI_COLOR_16, TUI_COLOR_256 };

struct tui_options {
    const char *socket_path; /* where to connect, and again after a loss; NULL with `fd` only */
    int fd;                  /* a connected socket that the screen takes over, or -1 */
    const char *name;        /* the supervisor's name until it says it itself; may be NULL */
    bool owned; /* our `run` started the supervisor: quitting asks detach or stop all */
    int tty_fd; /* the terminal, or -1: standard output's, else the controlling one */
    enum tui_color color;
    bool light; /* theme for a light background */
    bool ascii; /* also taken when the locale is not UTF-8 or TERM is linux */
    bool plain; /* no bars, sparklines or rules: for screen readers */
    bool no_mouse;
    double refresh; /* least seconds between two frames of data; 0 = 1/20 */
};

enum tui_outcome {
    TUI_DETACHED,  /* the operator left; the supervisor runs on */
    TUI_STOP_ALL,  /* the operator asked for shutdown and it was accepted */
    TUI_FINISHED,  /* the supervisor ended as it should while we watched (state "done") */
    TUI_HUNG_UP,   /* the terminal is gone, or TERM or HUP came */
    TUI_NO_SCREEN, /* the terminal can't place a cursor: print plain status instead */
    TUI_REFUSED    /* the supervisor speaks another protocol; the reason was printed */
};

struct tui_result {
    enum tui_outcome outcome;
    int live;       /* workers running when it ended, -1 when not known */
    char line[256]; /* "detached; 37 workers still running", to be printed by the caller */
};

/* Runs until the operator leaves. 0, or -errno with the reason when it could not start (then
 * *result is TUI_NO_SCREEN or nothing was drawn). The terminal is left as it was found. SIGHUP,
 * SIGTERM, SIGINT, SIGTSTP, SIGCONT and SIGWINCH are blocked meanwhile and given back after. */
int tui_run(const struct tui_options *options, struct tui_result *result, struct err *err);

#endif
