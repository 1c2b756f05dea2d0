/* SPDX-License-Identifier: MIT */
/*
 * Start, suspend and end of the screen.
 */
#include "tui/start.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tui/screen.h"
#include "tui/view.h"

static void choose_theme(struct tui *tui)
{
    const char *no_color = getenv("NO_COLOR");
    int colors = screen_colors(tui->screen);
    enum tui_color color = tui->options->color;

    tui->theme.light = tui->options->light;
    if (color == TUI_COLOR_AUTO && no_color && *no_color)
        color = TUI_COLOR_NEVER;
    if (color == TUI_COLOR_NEVER || colors < 8)
        tui->theme.mode = COLOR_MONO;
    else
        tui->theme.mode = color == TUI_COLOR_16 || colors < 256 ? COLOR_16 : COLOR_256;
}

static void choose_characters(struct tui *tui)
{
    const char *type = getenv("TERM");

    setlocale(LC_CTYPE, "");
    tui->ascii_terminal = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    tui->cells.ascii =
        tui->ascii_terminal || tui->options->ascii || (type && strcmp(type, "linux") == 0);
}

void start_fit_size(struct tui *tui)
{
    int rows, cols;

    terminal_size(&tui->terminal, &rows, &cols);
    if (rows == tui->cells.rows && cols == tui->cells.cols)
        return;
    if (cells_resize(&tui->cells, rows, cols) < 0)
        return;
    screen_resize(tui->screen, tui->cells.rows, tui->cells.cols);
    tui->dirty = tui->urgent = true;
}

void start_suspend(struct tui *tui)
{
    struct sigaction normal = {.sa_handler = SIG_DFL}, old;
    sigset_t stop, before;

    tui->suspend = false;
    screen_leave(tui->screen);
    terminal_leave(&tui->terminal);
    sigaction(SIGTSTP, &normal, &old);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, &before);
    raise(SIGTSTP);
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGTSTP, &old, NULL);
    terminal_enter(&tui->terminal);
    screen_enter(tui->screen);
    start_fit_size(tui);
    tui->dirty = tui->urgent = true;
}

int start_open(struct tui *tui, struct err *err)
{
    const char *notice;
    int fd = tui->options->tty_fd >= 0 ? tui->options->tty_fd : isatty(STDOUT_FILENO) ? 1 : -1;
    int status = terminal_open(&tui->terminal, fd, err);

    tui->result->outcome = TUI_NO_SCREEN;
    if (status < 0)
        return status;
    choose_characters(tui);
    status = screen_new(&tui->screen, &tui->terminal, &notice, err);
    if (status < 0) {
        terminal_close(&tui->terminal);
        return status;
    }
    tui->result->outcome = TUI_DETACHED;
    choose_theme(tui);
    tui->terminal.mouse = !tui->options->no_mouse;
    terminal_enter(&tui->terminal);
    start_fit_size(tui);
    if (notice)
        notice_say(tui, ROLE_NORMAL, "%s", notice);
    return 0;
}

void start_close(struct tui *tui)
{
    screen_free(tui->screen);
    terminal_leave(&tui->terminal);
    terminal_close(&tui->terminal);
}
