/* SPDX-License-Identifier: MIT */
/*
 * Reading sources. Regular files are always readable and are read in blocks as the queue empties;
 * pipes are read when the loop says so, at most READ_BLOCK a time, so that reading never blocks.
 */
#include "supervisor/source_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "supervisor/events.h"
#include "supervisor/source.h"
#include "supervisor/supervisor.h"
#include "sys/file.h"

enum { READ_BLOCK = 65536 };

static void source_on_readable(void *owner, uint32_t events)
{
    struct source *source = owner;

    (void)events;
    source->readable = true;
    source->awake = true;
    /* Until the bytes are taken there is no need to be told again. */
    loop_change(source->box->sup->loop, &source->watch, 0);
}

static int source_fd_watch(struct source *source, struct err *err)
{
    struct stat st;
    int rc;

    if (fstat(source->fd, &st) < 0)
        return err_set_errno(err, errno, "pool %s: task source", source->box->spec->name);
    source->regular = S_ISREG(st.st_mode);
    if (S_ISDIR(st.st_mode))
        return err_set(err, EISDIR, "pool %s: task source is a directory", source->box->spec->name);
    source->awake = true;
    rc = loop_add(source->box->sup->loop, &source->watch, source->fd, EPOLLIN, source_on_readable,
                  source);
    source->watched = rc == 0;
    if (rc == -EPERM) {
        source->regular = true; /* /dev/null and its like: always ready */
        rc = 0;
    }
    return rc;
}

int source_fd_open(struct source *source, struct err *err)
{
    const struct tasks_spec *tasks = &source->box->spec->tasks;

    if (tasks->source == SOURCE_STDIN)
        source->fd = fcntl(tasks->stdin_fd, F_DUPFD_CLOEXEC, 3);
    else
        source->fd = open(tasks->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (source->fd < 0)
        return err_set_errno(err, errno, "pool %s: tasks from %s", source->box->spec->name,
                             tasks->source == SOURCE_STDIN ? "standard input" : tasks->path);
    return source_fd_watch(source, err);
}

void source_fd_close(struct source *source)
{
    struct loop *loop = source->box->sup->loop;

    loop_delete(loop, &source->watch);
    if (source->fd >= 0)
        close(source->fd);
    source->fd = -1;
    if (source->child.pidfd >= 0) {
        proc_signal(&source->child, SIGKILL);
        loop_delete(loop, &source->exit_watch);
        proc_close(&source->child);
    }
}

static void source_on_child_exit(void *owner, uint32_t events)
{
    struct source *source = owner;
    struct proc_end end;

    (void)events;
    if (proc_reap(&source->child, &end) != 1)
        return;
    loop_delete(source->box->sup->loop, &source->exit_watch);
    source->child_status = end.status;
    source->awake = true;
    if (end.status)
        event_add(source->box->sup, "source", LEVEL_BAD, true, "", source->box->pool, NULL,
                  "the command that lists the tasks ended with %s %d",
                  WIFSIGNALED(end.status) ? "signal" : "exit",
                  WIFSIGNALED(end.status) ? WTERMSIG(end.status) : WEXITSTATUS(end.status));
}

static int source_child_start(struct source *source, struct err *err)
{
    struct pool_box *box = source->box;
    struct proc_plan plan;
    int ends[2];
    int rc;

    source->child_started = true;
    source->child_status = -1;
    rc = file_pipe(ends, true, false);
    if (rc < 0)
        return err_set_errno(err, -rc, "pipe");
    proc_plan_init(&plan);
    plan.path = box->spec->tasks.command[0];
    plan.search = box->path;
    plan.argv = box->spec->tasks.command;
    plan.envp = box->env;
    plan.cwd = *box->spec->cwd ? box->spec->cwd : NULL;
    plan.fd_count = 3;
    plan.fds[0] = plan.fds[2] = -1;
    plan.fds[1] = ends[1];
    plan.new_session = plan.death_signal = true;
    plan.reserved = box->sup->reserved_fds;
    rc = proc_spawn(&plan, &source->child, err);
    close(ends[1]);
    if (rc < 0) {
        close(ends[0]);
        return rc;
    }
    source->fd = ends[0];
    loop_add(box->sup->loop, &source->exit_watch, source->child.pidfd, EPOLLIN,
             source_on_child_exit, source);
    return source_fd_watch(source, err);
}

/* Splits what was read. False when the queue is full before the bytes are used up. */
static bool source_split(struct source *source)
{
    const struct tasks_spec *tasks = &source->box->spec->tasks;
    char separator = tasks->null ? '\0' : '\n';

    while (buf_len(&source->pending)) {
        char *start = buf_data(&source->pending);
        size_t len = buf_len(&source->pending);
        char *cut = memchr(start, separator, len);

        if (!cut && !source->at_end && len <= SOURCE_ITEM_MAX && !source->overlong)
            return true;
        if (!source_may_deliver(source))
            return false;
        if (cut)
            len = (size_t)(cut - start);
        if (tasks->skip_header && !source->header_skipped)
            source->header_skipped = true;
        else if (!source->overlong)
            source_deliver(source, start, len);
        source->overlong = !cut;
        buf_consume(&source->pending, cut ? len + 1 : len);
    }
    return true;
}

/* One block into `pending`. 1 = got some, 0 = nothing now, -1 = end. */
static int source_read(struct source *source)
{
    char *room = buf_reserve(&source->pending, READ_BLOCK);
    ssize_t got;

    if (!room || (!source->regular && !source->readable))
        return 0;
    got = read(source->fd, room, READ_BLOCK);
    source->readable = false;
    if (source->watched)
        loop_change(source->box->sup->loop, &source->watch, EPOLLIN);
    if (got > 0)
        buf_commit(&source->pending, (size_t)got);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return got > 0 ? 1 : -1;
}

/* False, told once, when there is nothing to read from. */
static bool source_begin(struct source *source)
{
    struct err err = {0};

    if (source->late && source_fd_open(source, &err) < 0) {
        event_add(source->box->sup, "source", LEVEL_GAVE_UP, true, "", source->box->pool, NULL,
                  "no tasks: %s", err.text);
        return false;
    }
    source->late = false;
    if (source->box->spec->tasks.source == SOURCE_COMMAND && !source->child_started &&
        source_child_start(source, &err) < 0) {
        event_add(source->box->sup, "source", LEVEL_GAVE_UP, true, "", source->box->pool, NULL,
                  "the command that lists the tasks can't be started: %s", err.text);
        return false;
    }
    return true;
}

bool source_fd_run(struct source *source)
{
    if (!source_begin(source))
        return true;
    while (source_split(source) && !source->at_end) {
        int rc = source_read(source);

        if (rc == 0)
            return false;
        source->at_end = rc < 0;
    }
    /* A command's word is complete when it has ended too: its status may be an alert. */
    return source->at_end && !buf_len(&source->pending) &&
           (!source->child_started || source->child_status >= 0);
}
