/* SPDX-License-Identifier: MIT */
/*
 * The life of a worker under test. Everything waits in one poll: bytes for its standard input, its
 * three outputs, its end. Nothing here blocks on a worker that does not read.
 */
#include "cli/worker_rig.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/worker_heard.h"
#include "pool/shared.h"
#include "sys/file.h"

enum { CHUNK = 65536, INPUT = RIG_STREAMS, END, POLLED };

void rig_init(struct rig *rig, char *const *command, const char *init, int64_t patience)
{
    *rig = (struct rig){
        .command = command, .init = init, .patience = patience, .input = -1, .next_id = 1000};
    for (int i = 0; i < RIG_STREAMS; i++)
        rig->streams[i] = -1;
    rig->proc.pidfd = -1;
}

void rig_fini(struct rig *rig)
{
    rig_end(rig);
    buf_fini(&rig->to_send);
    buf_fini(&rig->sent);
    buf_fini(&rig->came);
    for (int i = 0; i < RIG_STREAMS; i++)
        buf_fini(&rig->heard[i]);
}

static void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int rig_spawn(struct rig *rig, const int theirs[4], struct err *err)
{
    struct proc_plan plan;

    proc_plan_init(&plan);
    plan.path = rig->command[0];
    plan.search = getenv("PATH");
    plan.argv = rig->command;
    plan.envp = environ;
    plan.umask = file_umask();
    plan.new_session = true;
    plan.death_signal = true;
    plan.fd_count = 4;
    memcpy(plan.fds, theirs, 4 * sizeof(int));
    return proc_spawn(&plan, &rig->proc, err);
}

int rig_start(struct rig *rig, struct err *err)
{
    int ours[4] = {-1, -1, -1, -1}, theirs[4] = {-1, -1, -1, -1};
    int rc = 0;

    for (int i = 0; i < 4 && rc == 0; i++) {
        int ends[2] = {-1, -1};

        rc = file_pipe(ends, i > 0, i == 0);
        ours[i] = ends[i == 0];
        theirs[i] = ends[i > 0];
    }
    if (rc < 0)
        err_set_errno(err, -rc, "pipe");
    else
        rc = rig_spawn(rig, theirs, err);
    for (int i = 0; i < 4; i++) {
        fd_close(&theirs[i]);
        if (rc < 0)
            fd_close(&ours[i]);
    }
    if (rc < 0)
        return rc;
    rig->runs = true;
    rig->ready = false;
    rig->input = ours[0];
    memcpy(rig->streams, ours + 1, sizeof(rig->streams));
    rig->shared = heard_new_shared(rig);
    if (rig->init)
        worker_put_text(&rig->to_send, WORKER_INIT, rig->init, strlen(rig->init));
    return 0;
}

void rig_end(struct rig *rig)
{
    struct proc_end end;
    struct pollfd gone = {.fd = rig->proc.pidfd, .events = POLLIN};

    /* Its pid is the group's id; once reaped it is ours only while the group lives. */
    if (rig->proc.pid > 0 && (rig->runs || proc_group_alive(rig->proc.pid)))
        proc_signal_group(rig->proc.pid, SIGKILL);
    if (rig->runs) {
        proc_signal(&rig->proc, SIGKILL);
        while (proc_reap(&rig->proc, &end) == 0)
            poll(&gone, 1, -1);
    }
    rig->runs = false;
    proc_close(&rig->proc);
    rig->proc.pid = 0;
    fd_close(&rig->input);
    for (int i = 0; i < RIG_STREAMS; i++) {
        fd_close(&rig->streams[i]);
        buf_reset(&rig->heard[i]);
    }
    buf_reset(&rig->to_send);
    if (rig->shared)
        shared_free(rig->shared);
    rig->shared = NULL;
}

void rig_begin_check(struct rig *rig)
{
    rig->task_count = 0;
    rig->why[0] = '\0';
    rig->todo = NULL;
    buf_reset(&rig->sent);
    buf_reset(&rig->came);
}

void rig_breach(struct rig *rig, const char *todo, const char *format, ...)
{
    va_list args;

    if (rig->why[0])
        return;
    va_start(args, format);
    vsnprintf(rig->why, sizeof(rig->why), format, args);
    va_end(args);
    rig->todo = todo;
}

/* Notes for the report keep their start; a long line would fill them alone. */
static void note(struct buf *notes, const char *bytes, size_t len)
{
    size_t room = RIG_NOTES - buf_len(notes);

    buf_append(notes, bytes, len < room ? len : room);
}

void rig_send_bytes(struct rig *rig, const char *bytes, size_t len)
{
    note(&rig->sent, bytes, len);
    buf_append(&rig->to_send, bytes, len);
}

static void rig_send_line(struct rig *rig, struct buf *line)
{
    rig_send_bytes(rig, buf_data(line), buf_len(line));
    buf_fini(line);
}

void rig_send_verb(struct rig *rig, enum worker_verb verb)
{
    struct buf line = {0};

    worker_put_verb(&line, verb);
    rig_send_line(rig, &line);
}

size_t rig_send_task(struct rig *rig, const char *payload, size_t len)
{
    struct buf line = {0};

    rig->tasks[rig->task_count] = (struct rig_task){.id = rig->next_id};
    worker_put_task(&line, rig->next_id++, (int)rig->task_count + 1,
                    rig->task_count % 2 ? 600000 : -1, payload, len);
    rig_send_line(rig, &line);
    return rig->task_count++;
}

void rig_send_cancel(struct rig *rig, uint64_t id)
{
    struct buf line = {0};

    worker_put_cancel(&line, id);
    rig_send_line(rig, &line);
}

static bool rig_is_sent(const struct rig *rig)
{
    return buf_len(&rig->to_send) == 0;
}

void rig_send_end(struct rig *rig)
{
    static const char what[] = "end of file";

    note(&rig->sent, what, strlen(what));
    rig_wait(rig, rig_is_sent, rig->patience);
    fd_close(&rig->input);
}

static void rig_write(struct rig *rig)
{
    ssize_t put = write(rig->input, buf_data(&rig->to_send), buf_len(&rig->to_send));

    if (put > 0) {
        buf_consume(&rig->to_send, (size_t)put);
    } else if (errno == EPIPE) {
        /* It closed its input; that it also ends is for the checks to see. */
        fd_close(&rig->input);
        buf_reset(&rig->to_send);
    }
}

static void rig_take(struct rig *rig, enum rig_stream stream, const char *bytes, size_t len)
{
    struct buf *heard = &rig->heard[stream];

    buf_append(heard, bytes, len);
    if (stream == RIG_ANSWERS) {
        note(&rig->came, bytes, len);
        heard_answers(rig);
        return;
    }
    if (stream == RIG_OUTPUT)
        heard_output(rig, bytes, len);
    if (buf_len(heard) > RIG_TAIL)
        buf_consume(heard, buf_len(heard) - RIG_TAIL);
}

/* All that is there, up to a bound: a worker that floods must not keep the rest waiting. */
static void rig_read(struct rig *rig, enum rig_stream stream)
{
    char bytes[CHUNK];

    for (int i = 0; i < 64 && rig->streams[stream] >= 0; i++) {
        ssize_t got = read(rig->streams[stream], bytes, sizeof(bytes));

        if (got > 0)
            rig_take(rig, stream, bytes, (size_t)got);
        else if (got == 0)
            fd_close(&rig->streams[stream]);
        else if (errno != EINTR)
            return;
    }
}

static void rig_reap(struct rig *rig)
{
    struct proc_end end;

    if (proc_reap(&rig->proc, &end) <= 0)
        return;
    rig->runs = false;
    rig->status = end.status;
    for (int i = 0; i < RIG_STREAMS; i++)
        rig_read(rig, (enum rig_stream)i);
}

static void rig_serve(struct rig *rig, int64_t deadline)
{
    struct pollfd ready[POLLED];
    int64_t left = deadline - clock_now();

    for (int i = 0; i < RIG_STREAMS; i++)
        ready[i] = (struct pollfd){.fd = rig->streams[i], .events = POLLIN};
    ready[INPUT] =
        (struct pollfd){.fd = buf_len(&rig->to_send) ? rig->input : -1, .events = POLLOUT};
    ready[END] = (struct pollfd){.fd = rig->proc.pidfd, .events = POLLIN};
    if (poll(ready, POLLED, left > 0 ? (int)(left / CLOCK_MS) + 1 : 0) <= 0)
        return;
    for (int i = 0; i < RIG_STREAMS; i++)
        if (ready[i].revents)
            rig_read(rig, (enum rig_stream)i);
    if (ready[INPUT].revents)
        rig_write(rig);
    if (ready[END].revents)
        rig_reap(rig);
}

bool rig_wait_closed(struct rig *rig, int64_t limit)
{
    int64_t deadline = clock_add(clock_now(), limit);

    while (rig->streams[RIG_ANSWERS] >= 0 && clock_now() < deadline)
        rig_serve(rig, deadline);
    return rig->streams[RIG_ANSWERS] < 0;
}

bool rig_wait(struct rig *rig, bool (*done)(const struct rig *rig), int64_t limit)
{
    int64_t deadline = clock_add(clock_now(), limit);

    while (!done(rig) && !rig->why[0] && rig->runs && clock_now() < deadline)
        rig_serve(rig, deadline);
    return done(rig);
}
