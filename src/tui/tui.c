/* SPDX-License-Identifier: MIT */
/*
 * The loop: wait for the terminal, the supervisor, a signal or a deadline; draw when something
 * changed, at most 20 times a second, at once after a key. While the terminal does not take what
 * was drawn, nothing more is drawn.
 */
#include "tui/tui.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "sys/signals.h"
#include "tui/dialog.h"
#include "tui/dispatch.h"
#include "tui/field.h"
#include "tui/logact.h"
#include "tui/match.h"
#include "tui/page.h"
#include "tui/screen.h"
#include "tui/start.h"
#include "tui/view.h"

#define FRAME (50 * CLOCK_MS)
#define ESCAPE_WAIT (25 * CLOCK_MS) /* how long a lone ESC may be the begin of a sequence */
#define WINDOW_WAIT (40 * CLOCK_MS) /* how long a frame waits for rows that were asked for */

static void on_message(void *owner, json_t *message)
{
    struct tui *tui = owner;
    int id = model_find(message);

    if (id < 0 || (tui->frozen && id != WINDOW_SUMMARY))
        return;
    if (id == WINDOW_LOG && model_is_current(&tui->model.windows[id])) {
        tui->model.windows[id].loaded = true;
        logview_take(&tui->logs, message);
    } else if (id != WINDOW_LOG)
        model_apply(&tui->model.windows[id], message);
    if (id == WINDOW_POOLS)
        view_sort_pools(tui);
    if (id == WINDOW_DETAIL && tui->view == VIEW_LOGS && tui->logs.life_wanted) {
        int life = tui->logs.life_wanted;
        tui->logs.life_wanted = 0;
        logact_past(tui, life);
    }
    if (!tui->frozen)
        tui->dirty = true;
}

static void on_refused(void *owner, const char *why)
{
    notice_say(owner, ROLE_BAD, "%s", why);
}

static void on_up(void *owner)
{
    struct tui *tui = owner;

    model_forget(&tui->model);
    tui->dirty = true;
}

static void leave(struct tui *tui, enum tui_outcome outcome)
{
    tui->result->outcome = outcome;
    tui->quit = true;
}

static void take_signals(struct tui *tui, int fd)
{
    int signal;

    while ((signal = signals_next(fd, NULL)) > 0) {
        if (signal == SIGWINCH) {
            start_fit_size(tui);
        } else if (signal == SIGTSTP) {
            tui->suspend = true;
        } else if (signal == SIGCONT) {
            terminal_enter(&tui->terminal);
            screen_clear(tui->screen);
            start_fit_size(tui);
            tui->dirty = true;
        } else {
            leave(tui, TUI_HUNG_UP);
        }
    }
}

static void subscribe(struct tui *tui)
{
    if (tui->frozen)
        return;
    view_want(tui);
    model_sync(&tui->model, &tui->net);
}

/* Brings what is wanted and what is known together. Asking comes first: rows of a window that is
 * not the wanted one must not move the cursor; and again, because what is wanted may hang on the
 * row under the cursor. */
static void track(struct tui *tui)
{
    view_layout(tui);
    if (tui->view == VIEW_POOLS)
        view_sort_pools(tui);
    subscribe(tui);
    view_track(tui, tui->view);
    subscribe(tui);
}

static void take_events(struct tui *tui, bool final)
{
    struct key_event event;

    while (!tui->quit && input_next(&tui->input, &event, final)) {
        dispatch_event(tui, &event);
        track(tui);            /* the next key may act on the row that this one went to */
        if (tui->flush_keys) { /* typed before the question was on the screen */
            tui->flush_keys = false;
            tui->input.len = 0;
            tcflush(tui->terminal.fd, TCIFLUSH);
        }
    }
}

static void take_keys(struct tui *tui)
{
    char bytes[1024];
    ssize_t n = read(tui->terminal.fd, bytes, sizeof(bytes));

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        leave(tui, TUI_HUNG_UP);
        return;
    }
    tui->pressed = tui->now;
    for (ssize_t at = 0; at < n && !tui->quit;) {
        at += (ssize_t)input_feed(&tui->input, bytes + at, (size_t)(n - at));
        take_events(tui, false);
        if (!tui->input.len && tui->dialog && at < n)
            break; /* the rest came before the dialog did */
    }
}

/* Rows that the screen needs are on their way: a frame without them would only flicker. */
static bool is_waiting(const struct tui *tui)
{
    int window = view_now(tui)->window;

    return window >= 0 && tui->net.greeted && !tui->model.windows[window].loaded &&
           tui->now - tui->pressed < WINDOW_WAIT;
}

static int64_t frame_due(const struct tui *tui)
{
    int64_t pace = FRAME;

    if (!tui->dirty)
        return CLOCK_NEVER;
    if (tui->urgent)
        return is_waiting(tui) ? clock_add(tui->pressed, WINDOW_WAIT) : tui->now;
    if (tui->options->refresh * 1e9 > (double)pace)
        pace = (int64_t)(tui->options->refresh * 1e9);
    return clock_add(tui->drawn, pace);
}

static void draw_if_due(struct tui *tui)
{
    if (frame_due(tui) > tui->now || terminal_is_busy(&tui->terminal))
        return;
    view_draw(tui);
    screen_draw(tui->screen, &tui->cells);
    tui->dirty = tui->urgent = false;
    tui->drawn = tui->now;
}

static int64_t next_deadline(const struct tui *tui)
{
    int64_t next = net_deadline(&tui->net), due = frame_due(tui);

    if (due < next && !terminal_is_busy(&tui->terminal))
        next = due;
    if (tui->notice.until && tui->notice.until < next)
        next = tui->notice.until;
    if (trace_deadline(tui) < next)
        next = trace_deadline(tui);
    if (input_is_partial(&tui->input) && clock_add(tui->pressed, ESCAPE_WAIT) < next)
        next = clock_add(tui->pressed, ESCAPE_WAIT);
    if ((net_stale(&tui->net, tui->now) > 0 || tui->net.fd < 0) &&
        clock_add(tui->drawn, CLOCK_S) < next)
        next = clock_add(tui->drawn, CLOCK_S);
    return next;
}

static void tick(struct tui *tui)
{
    net_tick(&tui->net, tui->now);
    trace_tick(tui);
    if (tui->notice.until && tui->now >= tui->notice.until) {
        tui->notice.until = 0;
        tui->dirty = true;
    }
    if (tui->net.fd < 0 || net_stale(&tui->net, tui->now) > 0) {
        if (tui->now - tui->drawn >= CLOCK_S)
            tui->dirty = true;
        if (tui->stopping && tui->net.fd < 0)
            leave(tui, TUI_STOP_ALL);
        else if (tui->net.fd < 0 &&
                 strcmp(field_text(model_summary(&tui->model), "state"), "done") == 0)
            leave(tui, TUI_FINISHED);
    }
    if (input_is_partial(&tui->input) && tui->now - tui->pressed >= ESCAPE_WAIT)
        take_events(tui, true);
    if (tui->terminal.gone)
        leave(tui, TUI_HUNG_UP);
}

static void settle(struct tui *tui)
{
    track(tui);
    net_serve(&tui->net, 0, tui->now);
    draw_if_due(tui);
}

static void wait_for_events(struct tui *tui, int signal_fd)
{
    struct pollfd fds[4] = {
        {.fd = signal_fd, .events = POLLIN},
        {.fd = tui->terminal.fd,
         .events = (short)(POLLIN | (terminal_is_busy(&tui->terminal) ? POLLOUT : 0))},
        {.fd = tui->net.fd, .events = net_events(&tui->net)},
        {.fd = trace_fd(tui), .events = POLLIN}};
    int64_t next = next_deadline(tui), left = next - clock_now();
    struct timespec timeout = {.tv_sec = left > 0 ? left / CLOCK_S : 0,
                               .tv_nsec = left > 0 ? left % CLOCK_S : 0};

    if (ppoll(fds, ARRAY_LEN(fds), next == CLOCK_NEVER ? NULL : &timeout, NULL) < 0)
        return;
    tui->now = clock_now();
    if (fds[0].revents)
        take_signals(tui, signal_fd);
    if (fds[1].revents & POLLOUT)
        terminal_flush(&tui->terminal);
    if (fds[1].revents & (POLLIN | POLLHUP | POLLERR))
        take_keys(tui);
    if (fds[2].revents)
        net_serve(&tui->net, fds[2].revents, tui->now);
    if (fds[3].revents && trace_fd(tui) >= 0)
        trace_read(tui);
}

static void loop(struct tui *tui, int signal_fd)
{
    while (!tui->quit) {
        tui->now = clock_now();
        tick(tui);
        if (tui->quit)
            break;
        settle(tui);
        wait_for_events(tui, signal_fd);
        if (tui->suspend)
            start_suspend(tui);
    }
}

static void say_outcome(struct tui *tui)
{
    const json_t *summary = model_summary(&tui->model);
    struct tui_result *result = tui->result;
    char *line = result->line;
    size_t size = sizeof(result->line);

    result->live = (int)field_int(summary, "live", -1);
    if (tui->net.fatal) {
        result->outcome = TUI_REFUSED;
        snprintf(line, size, "%s", tui->net.fatal);
    } else if (result->outcome == TUI_STOP_ALL)
        snprintf(line, size, "stopped");
    else if (result->outcome == TUI_FINISHED)
        snprintf(line, size, "done");
    else if (tui->net.fd < 0)
        snprintf(line, size, "supervisor gone");
    else if (tui->stopping)
        snprintf(line, size, "detached; the supervisor is stopping its workers");
    else if (result->live >= 0)
        snprintf(line, size, "detached; %d worker%s still running", result->live,
                 result->live == 1 ? "" : "s");
    else
        snprintf(line, size, "detached");
}

static void free_tui(struct tui *tui)
{
    dialog_free(tui->dialog);
    for (int i = 0; i < PROMPT_KINDS; i++)
        prompt_history_fini(&tui->histories[i]);
    for (int i = 0; i < VIEW_COUNT; i++)
        match_free(tui->filters[i].match);
    match_free(tui->find.match);
    view_clear_tags(tui);
    trace_end(tui);
    page_clear(tui);
    logview_fini(&tui->logs);
    free(tui->pools);
    model_fini(&tui->model);
    net_fini(&tui->net);
    cells_fini(&tui->cells);
    free(tui);
}

int tui_run(const struct tui_options *options, struct tui_result *result, struct err *err)
{
    static const int signals[] = {SIGHUP, SIGTERM, SIGINT, SIGTSTP, SIGCONT, SIGWINCH, 0};
    struct tui *tui = mem_new(sizeof(*tui));
    sigset_t before;
    int status, signal_fd;

    *result = (struct tui_result){.live = -1};
    tui->options = options;
    tui->result = result;
    tui->now = clock_now();
    tui->range = tui->logs.found = -1;
    tui->sorts[VIEW_WORKERS].key = "state";
    net_init(&tui->net, options->fd, options->socket_path, tui->now);
    tui->net.owner = tui;
    tui->net.on_message = on_message;
    tui->net.on_up = on_up;
    tui->model.on_refused = on_refused;
    sigprocmask(SIG_SETMASK, NULL, &before);
    signal_fd = status = signals_open(signals, err);
    if (status >= 0)
        status = start_open(tui, err);
    if (status >= 0) {
        loop(tui, signal_fd);
        start_close(tui);
        say_outcome(tui);
    }
    if (signal_fd >= 0)
        close(signal_fd);
    sigprocmask(SIG_SETMASK, &before, NULL);
    free_tui(tui);
    return status < 0 ? status : 0;
}
