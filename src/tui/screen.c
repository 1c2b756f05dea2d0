/* SPDX-License-Identifier: MIT */
/*
 * The ncurses backend. Only rows whose cells changed are handed over; ncurses then finds the
 * cheapest bytes. Colour pairs come from alloc_pair and are set with setcchar, never through
 * COLOR_PAIR, which wraps at 8 bits.
 */
#define NCURSES_NOMACROS 1
#include "tui/screen.h"

#include <errno.h>
#include <curses.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "base/err.h"
#include "base/mem.h"
#include "tui/cells.h"
#include "tui/terminal.h"

static const char frame_begin[] = "\033[?2026h";
static const char frame_end[] = "\033[?2026l";

struct screen {
    struct terminal *terminal;
    SCREEN *curses;
    FILE *sink; /* where ncurses writes: a file in memory */
    int sink_fd;
    bool synchronised; /* the terminal may know mode 2026 */
    bool left;
    struct cells last; /* what was handed over */
    bool all;          /* everything must be handed over */
    int last_y, last_x;
};

/* Moves what ncurses wrote to the terminal's queue. */
static void take_output(struct screen *screen, bool frame)
{
    off_t len = lseek(screen->sink_fd, 0, SEEK_END);
    char *bytes;

    if (len <= 0)
        return;
    bytes = mem_try_new((size_t)len);
    if (bytes && pread(screen->sink_fd, bytes, (size_t)len, 0) == len) {
        if (frame && screen->synchronised)
            terminal_write(screen->terminal, frame_begin, strlen(frame_begin));
        terminal_write(screen->terminal, bytes, (size_t)len);
        if (frame && screen->synchronised)
            terminal_write(screen->terminal, frame_end, strlen(frame_end));
    }
    free(bytes);
    lseek(screen->sink_fd, 0, SEEK_SET);
    if (ftruncate(screen->sink_fd, 0) < 0)
        screen->all = true;
}

static void ignore_signal(int signal)
{
    (void)signal;
}

/* newterm installs handlers of its own for these where they are at their defaults. */
static SCREEN *newterm_quietly(const char *type, FILE *sink)
{
    static const int taken[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
    struct sigaction mine = {.sa_handler = ignore_signal}, old[ARRAY_LEN(taken)];
    SCREEN *curses;

    for (size_t i = 0; i < ARRAY_LEN(taken); i++)
        sigaction(taken[i], &mine, &old[i]);
    curses = newterm(type, sink, sink);
    for (size_t i = 0; i < ARRAY_LEN(taken); i++)
        sigaction(taken[i], &old[i], NULL);
    return curses;
}

static int open_sink(struct screen *screen)
{
    screen->sink_fd = memfd_create("screen", MFD_CLOEXEC);
    if (screen->sink_fd < 0)
        return -errno;
    screen->sink = fdopen(screen->sink_fd, "w+");
    return screen->sink ? 0 : -errno;
}

static int open_curses(struct screen *screen, const char **notice, struct err *err)
{
    const char *type = getenv("TERM");
    const char *cup;

    *notice = NULL;
    unsetenv("LINES"); /* the terminal's own size counts */
    unsetenv("COLUMNS");
    if (type && *type)
        screen->curses = newterm_quietly(type, screen->sink);
    if (!screen->curses) {
        screen->curses = newterm_quietly("xterm-256color", screen->sink);
        *notice = "TERM is not known here; drawing as xterm-256color";
    }
    if (!screen->curses)
        return err_set(err, ENOTSUP, "the terminal type \"%s\" is not known", type ? type : "");
    set_term(screen->curses);
    cup = tigetstr("cup");
    if (!cup || cup == (char *)-1)
        return err_set(err, ENOTSUP, "the terminal type \"%s\" can't place a cursor",
                       type ? type : "");
    screen->synchronised = type && strncmp(type, "xterm", 5) == 0;
    return 0;
}

int screen_new(struct screen **out, struct terminal *terminal, const char **notice, struct err *err)
{
    struct screen *screen = mem_new(sizeof(*screen));
    const char *rmcup;
    int rows, cols, status;

    screen->terminal = terminal;
    screen->sink_fd = -1;
    screen->all = true;
    status = open_sink(screen);
    if (!status)
        status = open_curses(screen, notice, err);
    if (status < 0) {
        screen->left = true;
        screen_free(screen);
        return status;
    }
    start_color();
    use_default_colors();
    nonl();
    noecho();
    terminal_size(terminal, &rows, &cols);
    screen_resize(screen, rows, cols);
    rmcup = tigetstr("rmcup");
    terminal_guard_crash(terminal, rmcup == (char *)-1 ? NULL : rmcup);
    take_output(screen, false);
    *out = screen;
    return 0;
}

void screen_free(struct screen *screen)
{
    if (!screen)
        return;
    if (screen->curses) {
        screen_leave(screen);
        delscreen(screen->curses);
    }
    if (screen->sink)
        fclose(screen->sink);
    else if (screen->sink_fd >= 0)
        close(screen->sink_fd);
    cells_fini(&screen->last);
    free(screen);
}

void screen_leave(struct screen *screen)
{
    if (screen->left)
        return;
    endwin();
    take_output(screen, false);
    screen->left = true;
}

void screen_enter(struct screen *screen)
{
    screen->left = false;
    screen->all = true;
    clearok(curscr, TRUE);
}

void screen_resize(struct screen *screen, int rows, int cols)
{
    if (rows == screen->last.rows && cols == screen->last.cols)
        return;
    if (cells_resize(&screen->last, rows, cols) == 0)
        resize_term(screen->last.rows, screen->last.cols);
    screen->all = true;
    clearok(curscr, TRUE);
}

void screen_clear(struct screen *screen)
{
    screen->all = true;
    clearok(curscr, TRUE);
}

int screen_colors(const struct screen *screen)
{
    (void)screen;
    return has_colors() ? COLORS : 0;
}

/* A palette colour on a terminal with fewer: the nearest of the basic ones. */
static int fit_color(int color)
{
    static const int8_t cube[8] = {0, 4, 2, 6, 1, 5, 3, 7};
    int r, g, b;

    if (color < 0 || color < COLORS)
        return color;
    if (color < 16)
        return color - 8;
    if (color >= 232)
        return color < 244 ? 0 : 7;
    r = (color - 16) / 36 >= 2;
    g = (color - 16) % 36 / 6 >= 2;
    b = (color - 16) % 6 >= 2;
    return cube[r * 4 + g * 2 + b];
}

static void to_curses(const struct cell *cell, cchar_t *out)
{
    static const attr_t attrs[] = {A_BOLD, A_DIM, A_ITALIC, A_UNDERLINE, A_REVERSE};
    wchar_t text[4] = {(wchar_t)cell->codepoint};
    attr_t attr = 0;
    int pair = 0, fg = fit_color(cell->style.fg), bg = fit_color(cell->style.bg);

    /* Where the C library disagrees on a width, the columns behind it would shift. */
    if (cell->codepoint > 0x7e && wcwidth(text[0]) != cell->width)
        text[0] = L'?';
    else
        for (size_t i = 0; i < ARRAY_LEN(cell->marks) && cell->marks[i]; i++)
            text[1 + i] = (wchar_t)cell->marks[i];
    for (size_t i = 0; i < ARRAY_LEN(attrs); i++)
        if (cell->style.attrs & 1u << i)
            attr |= attrs[i];
    if ((fg >= 0 || bg >= 0) && COLORS >= 8) {
        pair = alloc_pair(fg, bg);
        if (pair < 0)
            pair = 0;
    }
    setcchar(out, text, attr, 0, &pair);
}

static void push_row(struct screen *screen, const struct cells *cells, int y)
{
    const struct cell *row = &cells->grid[(size_t)y * (size_t)cells->cols];
    cchar_t out;

    for (int x = 0; x < cells->cols; x++) {
        if (!row[x].codepoint)
            continue;
        to_curses(&row[x], &out);
        if (row[x].width == 2 && out.chars[0] == L'?') {
            mvadd_wch(y, x + 1, &out);
        }
        mvadd_wch(y, x, &out);
    }
    memcpy(&screen->last.grid[(size_t)y * (size_t)cells->cols], row,
           sizeof(*row) * (size_t)cells->cols);
}

static bool row_changed(const struct screen *screen, const struct cells *cells, int y)
{
    size_t at = (size_t)y * (size_t)cells->cols;

    return memcmp(&screen->last.grid[at], &cells->grid[at],
                  sizeof(*cells->grid) * (size_t)cells->cols) != 0;
}

void screen_draw(struct screen *screen, const struct cells *cells)
{
    bool changed = screen->all;

    if (screen->left)
        return;
    screen_resize(screen, cells->rows, cells->cols);
    for (int y = 0; y < cells->rows; y++) {
        if (screen->all || row_changed(screen, cells, y)) {
            push_row(screen, cells, y);
            changed = true;
        }
    }
    if (!changed && screen->last_y == cells->cursor_y && screen->last_x == cells->cursor_x)
        return;
    screen->all = false;
    screen->last_y = cells->cursor_y;
    screen->last_x = cells->cursor_x;
    move(cells->cursor_y, cells->cursor_x);
    wnoutrefresh(stdscr);
    doupdate();
    take_output(screen, true);
}
