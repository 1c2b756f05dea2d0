/* SPDX-License-Identifier: MIT */
/*
 * The pseudo-terminal harness.
 */
#include "harness/pty.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include <vterm.h>

enum { KEPT_MAX = 4 * 1024 * 1024, READ_CHUNK = 65536, STEP_MS = 50 };

struct pty {
    int fd;
    int program_side; /* kept open, so that settings can be read after the program's end */
    pid_t pid;
    int status; /* wait status once it ended, else -1 */
    int rows, cols;
    bool paused;
    bool alternate;
    VTerm *vterm;
    VTermScreen *screen;
    VTermPos cursor;
    char *kept;
    size_t kept_len, total;
    long last_output; /* ms */
};

static long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int on_move_cursor(VTermPos to, VTermPos from, int visible, void *user)
{
    (void)from;
    (void)visible;
    ((struct pty *)user)->cursor = to;
    return 1;
}

static int on_property(VTermProp property, VTermValue *value, void *user)
{
    if (property == VTERM_PROP_ALTSCREEN)
        ((struct pty *)user)->alternate = value->boolean;
    return 1;
}

static const VTermScreenCallbacks callbacks = {.movecursor = on_move_cursor,
                                               .settermprop = on_property};

static void start_vterm(struct pty *pty)
{
    pty->vterm = vterm_new(pty->rows, pty->cols);
    vterm_set_utf8(pty->vterm, 1);
    pty->screen = vterm_obtain_screen(pty->vterm);
    vterm_screen_set_callbacks(pty->screen, &callbacks, pty);
    vterm_screen_enable_altscreen(pty->screen, 1);
    vterm_screen_reset(pty->screen, 1);
}

static void set_environment(const char *const env[])
{
    setenv("TERM", "xterm-256color", 1);
    setenv("LANG", "C.UTF-8", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    unsetenv("NO_COLOR");
    for (size_t i = 0; env && env[i]; i++) {
        char *copy = strdup(env[i]);
        char *equals = strchr(copy, '=');
        if (equals)
            putenv(copy);
        else
            unsetenv(copy);
    }
}

struct pty *pty_start(const char *const argv[], const char *const env[], int rows, int cols)
{
    struct pty *pty = calloc(1, sizeof(*pty));
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

    assert(pty);
    pty->rows = rows;
    pty->cols = cols;
    pty->status = -1;
    pty->kept = malloc(KEPT_MAX);
    assert(pty->kept && openpty(&pty->fd, &pty->program_side, NULL, NULL, &size) == 0);
    fcntl(pty->fd, F_SETFD, FD_CLOEXEC);
    pty->pid = fork();
    assert(pty->pid >= 0);
    if (pty->pid == 0) {
        set_environment(env);
        login_tty(pty->program_side);
        execvp(argv[0], (char *const *)(size_t)argv);
        dprintf(2, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    fcntl(pty->program_side, F_SETFD, FD_CLOEXEC);
    fcntl(pty->fd, F_SETFL, O_NONBLOCK);
    start_vterm(pty);
    pty->last_output = now_ms();
    return pty;
}

void pty_end(struct pty *pty)
{
    if (!pty)
        return;
    if (pty->status < 0) {
        kill(pty->pid, SIGKILL);
        waitpid(pty->pid, &pty->status, 0);
    }
    if (pty->fd >= 0)
        close(pty->fd);
    if (pty->program_side >= 0)
        close(pty->program_side);
    vterm_free(pty->vterm);
    free(pty->kept);
    free(pty);
}

pid_t pty_pid(const struct pty *pty)
{
    return pty->pid;
}

int pty_settings(const struct pty *pty, struct termios *settings)
{
    return tcgetattr(pty->program_side, settings);
}

static void keep(struct pty *pty, const char *bytes, size_t len)
{
    if (pty->kept_len + len > KEPT_MAX) {
        size_t drop = pty->kept_len + len - KEPT_MAX;
        memmove(pty->kept, pty->kept + drop, pty->kept_len - drop);
        pty->kept_len -= drop;
    }
    memcpy(pty->kept + pty->kept_len, bytes, len);
    pty->kept_len += len;
    pty->total += len;
}

/* Reads what there is within `ms`; true when something came. */
static bool pump(struct pty *pty, int ms)
{
    struct pollfd wait = {.fd = pty->paused ? -1 : pty->fd, .events = POLLIN};
    char bytes[READ_CHUNK];
    ssize_t n;

    if (poll(&wait, 1, ms) <= 0 || !(wait.revents & POLLIN))
        return false;
    n = read(pty->fd, bytes, sizeof(bytes));
    if (n <= 0)
        return false;
    vterm_input_write(pty->vterm, bytes, (size_t)n);
    vterm_screen_flush_damage(pty->screen);
    keep(pty, bytes, (size_t)n);
    pty->last_output = now_ms();
    return true;
}

void pty_send(struct pty *pty, const void *bytes, size_t len)
{
    const char *at = bytes;
    long end = now_ms() + PTY_WAIT_MS;

    while (len && now_ms() < end) {
        ssize_t n = write(pty->fd, at, len);
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        } else {
            pump(pty, 5);
        }
    }
}

void pty_keys(struct pty *pty, const char *keys)
{
    pty_send(pty, keys, strlen(keys));
}

void pty_resize(struct pty *pty, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

    pty->rows = rows;
    pty->cols = cols;
    vterm_set_size(pty->vterm, rows, cols);
    vterm_screen_flush_damage(pty->screen);
    ioctl(pty->fd, TIOCSWINSZ, &size);
}

void pty_pause(struct pty *pty, bool paused)
{
    pty->paused = paused;
}

void pty_hang_up(struct pty *pty)
{
    close(pty->program_side);
    close(pty->fd);
    pty->program_side = pty->fd = -1;
}

bool pty_wait(struct pty *pty, bool (*holds)(struct pty *pty, void *context), void *context, int ms)
{
    long end = now_ms() + ms;

    while (!holds(pty, context)) {
        long left = end - now_ms();
        if (left <= 0)
            return false;
        pump(pty, left < STEP_MS ? (int)left : STEP_MS);
    }
    return true;
}

static bool shows(struct pty *pty, void *context)
{
    return pty_has_text(pty, context);
}

static bool shows_not(struct pty *pty, void *context)
{
    return !pty_has_text(pty, context);
}

bool pty_wait_text(struct pty *pty, const char *text, int ms)
{
    return pty_wait(pty, shows, (void *)(size_t)text, ms);
}

bool pty_wait_no_text(struct pty *pty, const char *text, int ms)
{
    return pty_wait(pty, shows_not, (void *)(size_t)text, ms);
}

static bool is_quiet(struct pty *pty, void *context)
{
    return now_ms() - pty->last_output >= *(int *)context;
}

bool pty_wait_quiet(struct pty *pty, int quiet, int ms)
{
    pty->last_output = now_ms();
    return pty_wait(pty, is_quiet, &quiet, ms);
}

static bool has_ended(struct pty *pty, void *context)
{
    (void)context;
    if (pty->status < 0 && waitpid(pty->pid, &pty->status, WNOHANG) != pty->pid)
        pty->status = -1;
    return pty->status >= 0;
}

int pty_wait_exit(struct pty *pty, int ms)
{
    bool ended = pty_wait(pty, has_ended, NULL, ms);

    while (ended && !pty->paused && pty->fd >= 0 && pump(pty, 0))
        ;
    return ended ? pty->status : -1;
}

static size_t encode(char *out, uint32_t c)
{
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char heads[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = len; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(len == 1 ? c : heads[len] | c);
    return len;
}

struct pty_cell pty_cell(struct pty *pty, int y, int x)
{
    VTermScreenCell cell;
    struct pty_cell out = {.width = 1};
    size_t used = 0;

    if (!vterm_screen_get_cell(pty->screen, (VTermPos){.row = y, .col = x}, &cell))
        return out;
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
        if (cell.chars[i] != (uint32_t)-1 && used + 5 < sizeof(out.text))
            used += encode(out.text + used, cell.chars[i]);
    if (!cell.chars[0])
        out.text[0] = ' ';
    out.width = cell.width;
    out.bold = cell.attrs.bold;
    out.underline = cell.attrs.underline != 0;
    out.reverse = cell.attrs.reverse;
    out.italic = cell.attrs.italic;
    out.default_fg = VTERM_COLOR_IS_DEFAULT_FG(&cell.fg);
    out.default_bg = VTERM_COLOR_IS_DEFAULT_BG(&cell.bg);
    return out;
}

char *pty_line(struct pty *pty, int y)
{
    char *line = malloc((size_t)pty->cols * 32 + 2);
    size_t used = 0, end = 0;

    assert(line);
    for (int x = 0; x < pty->cols; x++) {
        struct pty_cell cell = pty_cell(pty, y, x);
        memcpy(line + used, cell.text, strlen(cell.text));
        used += strlen(cell.text);
        if (strcmp(cell.text, " ") != 0)
            end = used;
        if (cell.width == 2)
            x++;
    }
    line[end] = '\0';
    return line;
}

char *pty_text(struct pty *pty)
{
    char *text = malloc((size_t)pty->rows * ((size_t)pty->cols * 32 + 2) + 1);
    size_t used = 0;

    assert(text);
    for (int y = 0; y < pty->rows; y++) {
        char *line = pty_line(pty, y);
        size_t len = strlen(line);
        memcpy(text + used, line, len);
        used += len;
        text[used++] = '\n';
        free(line);
    }
    text[used] = '\0';
    return text;
}

int pty_find(struct pty *pty, const char *text)
{
    int found = -1;

    for (int y = 0; y < pty->rows && found < 0; y++) {
        char *line = pty_line(pty, y);
        if (strstr(line, text))
            found = y;
        free(line);
    }
    return found;
}

bool pty_has_text(struct pty *pty, const char *text)
{
    return pty_find(pty, text) >= 0;
}

void pty_cursor(struct pty *pty, int *y, int *x)
{
    *y = pty->cursor.row;
    *x = pty->cursor.col;
}

bool pty_in_alternate_screen(const struct pty *pty)
{
    return pty->alternate;
}

const char *pty_output(const struct pty *pty, size_t *len)
{
    *len = pty->kept_len;
    return pty->kept;
}

size_t pty_output_total(const struct pty *pty)
{
    return pty->total;
}
