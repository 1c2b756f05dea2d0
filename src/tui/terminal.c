/* SPDX-License-Identifier: MIT */
/*
 * The terminal device. The crash guard is the one thing in this room that can't hang off struct
 * tui: a signal handler has no argument. It is written before the handlers are installed, is read
 * by them only, and calls nothing but write, tcsetattr, sigaction and raise.
 */
#include "tui/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

static const char mouse_on[] = "\033[?1000h\033[?1006h";
static const char mouse_off[] = "\033[?1006l\033[?1000l";
static const char paste_on[] = "\033[?2004h";
static const char paste_off[] = "\033[?2004l";

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

static struct {
    int fd;
    struct termios saved;
    char bytes[256];
    size_t len;
    void *stack;
} guard = {.fd = -1};

static void on_crash(int signal)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    ssize_t taken = write(guard.fd, guard.bytes, guard.len);

    (void)taken;
    tcsetattr(guard.fd, TCSANOW, &guard.saved);
    sigaction(signal, &action, NULL);
    raise(signal);
}

void terminal_guard_crash(struct terminal *terminal, const char *leave)
{
    enum { STACK = 65536 };
    struct sigaction action = {.sa_handler = on_crash,
                               .sa_flags = SA_ONSTACK | SA_NODEFER | (int)SA_RESETHAND};
    stack_t stack = {.ss_size = STACK};

    /* CAN first ends a sequence that the crash cut in half; the alternate screen goes last. */
    snprintf(guard.bytes, sizeof(guard.bytes), "\030\033[?2026l%s\033[?1004l%s\033[0m\033[?25h%s",
             mouse_off, paste_off, leave ? leave : "");
    guard.len = strlen(guard.bytes);
    guard.saved = terminal->saved;
    guard.fd = terminal->fd;
    if (!guard.stack)
        guard.stack = mem_new(STACK);
    stack.ss_sp = guard.stack;
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++)
        sigaction(crash_signals[i], &action, NULL);
}

static void unguard(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    stack_t none = {.ss_flags = SS_DISABLE};

    if (guard.fd < 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++)
        sigaction(crash_signals[i], &action, NULL);
    sigaltstack(&none, NULL);
    free(guard.stack);
    guard.stack = NULL;
    guard.fd = -1;
}

/* A description of our own: O_NONBLOCK on the shared one would change the shell's too. */
static int open_own(int fd)
{
    char path[32];
    int own = -1;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (fd >= 0)
        own = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own < 0)
        own = open("/dev/tty", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return own;
}

int terminal_open(struct terminal *terminal, int fd, struct err *err)
{
    int status;

    *terminal = (struct terminal){.fd = open_own(fd)};
    if (terminal->fd < 0)
        return err_set(err, ENXIO, "no terminal: the screen needs one");
    if (tcgetattr(terminal->fd, &terminal->saved) < 0) {
        status = err_set(err, ENOTTY, "not a terminal: the screen needs one");
        close(terminal->fd);
        terminal->fd = -1;
        return status;
    }
    return 0;
}

void terminal_close(struct terminal *terminal)
{
    if (terminal->fd < 0)
        return;
    unguard();
    buf_fini(&terminal->pending);
    close(terminal->fd);
    terminal->fd = -1;
}

void terminal_set_mouse(struct terminal *terminal, bool on)
{
    const char *bytes = on ? mouse_on : mouse_off;

    terminal->mouse = on;
    if (terminal->raw)
        terminal_write(terminal, bytes, strlen(bytes));
}

void terminal_enter(struct terminal *terminal)
{
    struct termios raw = terminal->saved;

    cfmakeraw(&raw);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(terminal->fd, TCSADRAIN, &raw);
    terminal->raw = true;
    terminal_write(terminal, paste_on, strlen(paste_on));
    terminal_set_mouse(terminal, terminal->mouse);
}

void terminal_leave(struct terminal *terminal)
{
    if (!terminal->raw)
        return;
    terminal_write(terminal, mouse_off, strlen(mouse_off));
    terminal_write(terminal, paste_off, strlen(paste_off));
    terminal_drain(terminal, 200);
    tcsetattr(terminal->fd, TCSANOW, &terminal->saved);
    terminal->raw = false;
}

void terminal_flush(struct terminal *terminal)
{
    while (buf_len(&terminal->pending) && !terminal->gone) {
        ssize_t n = write(terminal->fd, buf_data(&terminal->pending), buf_len(&terminal->pending));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            terminal->gone = true;
            break;
        }
        terminal->written += (size_t)n;
        buf_consume(&terminal->pending, (size_t)n);
    }
    if (terminal->gone)
        buf_reset(&terminal->pending);
}

void terminal_write(struct terminal *terminal, const char *bytes, size_t len)
{
    if (terminal->gone || !len)
        return;
    if (buf_append(&terminal->pending, bytes, len) < 0)
        terminal->gone = true; /* half a frame must not reach the screen */
    terminal_flush(terminal);
}

void terminal_drain(struct terminal *terminal, int ms)
{
    int64_t end = clock_add(clock_now(), ms * CLOCK_MS);

    for (terminal_flush(terminal); terminal_is_busy(terminal); terminal_flush(terminal)) {
        int64_t left = (end - clock_now()) / CLOCK_MS;
        struct pollfd wait = {.fd = terminal->fd, .events = POLLOUT};
        if (left <= 0 || poll(&wait, 1, (int)left) <= 0)
            break;
    }
    buf_reset(&terminal->pending);
}

void terminal_size(const struct terminal *terminal, int *rows, int *cols)
{
    struct winsize size = {0};

    *rows = 24;
    *cols = 80;
    if (ioctl(terminal->fd, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col) {
        *rows = size.ws_row;
        *cols = size.ws_col;
    }
}
