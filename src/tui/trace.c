/* SPDX-License-Identifier: MIT */
/*
 * strace is asked to end with TERM, upon which it lets go of the worker; its end is waited for as
 * long as it takes to close its output.
 */
#include "tui/trace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "sys/file.h"
#include "tui/page.h"
#include "tui/view.h"

enum { BLOCK = 16384, LINE_MOST = 4096 };

static bool trace_runs(const struct tui *tui)
{
    return tui->trace.proc.pid > 0;
}

static int trace_spawn(struct trace *trace, int64_t pid, struct err *err)
{
    static char program[] = "strace", threads[] = "-f", times[] = "-tt", size[] = "-s",
                sixty[] = "60", attach[] = "-p";
    char number[24];
    char *argv[] = {program, threads, times, size, sixty, attach, number, NULL};
    struct proc_plan plan;
    int ends[2], rc;

    snprintf(number, sizeof(number), "%lld", (long long)pid);
    rc = file_pipe(ends, true, false);
    if (rc < 0)
        return err_set_errno(err, -rc, "strace");
    proc_plan_init(&plan);
    plan.path = program;
    plan.search = "/usr/local/bin:/usr/bin:/bin";
    plan.argv = argv;
    plan.envp = environ;
    plan.fds[1] = plan.fds[2] = ends[1];
    plan.new_session = plan.death_signal = true;
    rc = proc_spawn(&plan, &trace->proc, err);
    close(ends[1]);
    if (rc < 0)
        close(ends[0]);
    else
        trace->fd = ends[0];
    return rc;
}

void trace_begin(struct tui *tui)
{
    struct err err = {0};
    struct pin pin;

    view_subject(tui, &pin);
    trace_end(tui);
    if (pin.pid <= 0) {
        notice_say(tui, ROLE_NORMAL, "No process here");
        return;
    }
    if (trace_spawn(&tui->trace, pin.pid, &err) < 0) {
        tui->trace.proc.pid = 0;
        notice_say(tui, ROLE_BAD, "%s%s", err.text,
                   err.code == ENOENT ? " (apt-get install strace)" : "");
        return;
    }
    page_clear(tui);
    tui->page.pin = pin;
    tui->page.trace = true;
    page_title(tui, "%s[%lld] pid %lld: system calls (strace, for %ds)", pin.pool,
               (long long)pin.slot, (long long)pin.pid, TRACE_SECONDS);
    tui->trace.until = clock_add(tui->now, TRACE_SECONDS * CLOCK_S);
    view_enter(tui, VIEW_PAGE);
}

int trace_fd(const struct tui *tui)
{
    return trace_runs(tui) ? tui->trace.fd : -1;
}

int64_t trace_deadline(const struct tui *tui)
{
    return trace_runs(tui) ? tui->trace.until : CLOCK_NEVER;
}

/* Whole lines go to the page; the newest stay in view. */
static void add_lines(struct tui *tui)
{
    struct buf *rest = &tui->trace.rest;
    const char *stop;

    while (buf_len(rest) && ((stop = memchr(buf_data(rest), '\n', buf_len(rest))) != NULL ||
                             buf_len(rest) > LINE_MOST)) {
        size_t len = stop ? (size_t)(stop - buf_data(rest)) : buf_len(rest);

        page_add(tui, buf_data(rest), len);
        buf_consume(rest, stop ? len + 1 : len);
    }
    tui->lists[VIEW_PAGE].cursor = tui->page.count - 1;
    tui->dirty = true;
}

void trace_read(struct tui *tui)
{
    char bytes[BLOCK];
    ssize_t got = read(tui->trace.fd, bytes, sizeof(bytes));

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0 && buf_append(&tui->trace.rest, bytes, (size_t)got) == 0) {
        if (tui->page.trace)
            add_lines(tui);
        if (page_is_full(tui))
            trace_end(tui);
        return;
    }
    if (tui->page.trace)
        page_printf(tui, "%s", "[strace has ended; the worker goes on]");
    trace_end(tui);
    tui->dirty = true;
}

void trace_tick(struct tui *tui)
{
    bool shown = tui->view == VIEW_PAGE && tui->page.trace;

    if (!trace_runs(tui) || (shown && tui->now < tui->trace.until))
        return;
    if (shown)
        page_printf(tui, "[ended after %ds; s begins anew]", TRACE_SECONDS);
    trace_end(tui);
    tui->dirty = true;
}

void trace_end(struct tui *tui)
{
    struct trace *trace = &tui->trace;
    struct proc_end end;

    if (!trace_runs(tui))
        return;
    proc_signal(&trace->proc, SIGTERM);
    close(trace->fd);
    /* It goes at once, or dies of the closed pipe; a child that is not reaped ends with us. */
    for (int i = 0; i < 20 && proc_reap(&trace->proc, &end) == 0; i++)
        usleep(5000);
    proc_close(&trace->proc);
    buf_fini(&trace->rest);
    *trace = (struct trace){0};
}
