/* SPDX-License-Identifier: MIT */
/*
 * Starting: caller -> guardian -> supervisor. The supervisor reports through a pipe: one line,
 * with the socket's path when it is up, else with the reason. The guardian holds no end of it, so a
 * death before the report is an end of file.
 */
#include "supervisor/start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "supervisor/guardian.h"
#include "supervisor/supervisor.h"
#include "sys/file.h"

struct start_run {
    struct spec *spec;
    struct supervisor_options options;
    int report; /* -1: the reason goes to stderr */
};

static void start_report(const struct start_run *run, const char *text)
{
    char line[1024];

    if (run->report < 0) {
        if (*text)
            fprintf(stderr, "lifeguard: %s\n", text);
        return;
    }
    snprintf(line, sizeof(line), "%s\n", text);
    if (file_write_all(run->report, line, strlen(line)) < 0)
        return; /* the caller is gone: there is nobody to tell */
}

/* A tab and the socket's path; behind another tab the first pool that was refused. */
static void start_describe(const struct supervisor *sup, char *out, size_t size)
{
    int used = snprintf(out, size, "\t%s", sup->socket_path);

    for (size_t i = 0; i < sup->box_count; i++) {
        const struct pool_box *box = &sup->boxes[i];

        if (!*box->identity_error || !box->spec->autostart)
            continue;
        snprintf(out + used, size - (size_t)used, "\tpool %s can't be started: %s", box->spec->name,
                 box->identity_error);
        return;
    }
}

/* The supervisor process. */
static int start_run(void *ctx, struct guardian_share *share)
{
    struct start_run *run = ctx;
    struct supervisor *sup;
    struct err err = {0};
    char up[600];
    int status;

    run->options.share = share;
    sup = supervisor_new(run->spec, &run->options, &err);
    if (!sup) {
        start_report(run, err.text);
        return 255;
    }
    start_describe(sup, up, sizeof(up));
    if (run->report >= 0) {
        start_report(run, up);
        close(run->report);
    }
    status = supervisor_run(sup);
    supervisor_free(sup);
    return status;
}

static void start_leave_terminal(bool keep_stdin)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0)
        return;
    if (!keep_stdin)
        dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    close(null);
}

/* The child that becomes the guardian. */
static int start_child(struct start_run *run, const struct start_options *options)
{
    struct guardian_options guardian = {.run = start_run, .ctx = run};

    setsid();
    start_leave_terminal(options->connect);
    if (options->detach)
        dup2(STDOUT_FILENO, STDERR_FILENO);
    return guardian_run(&guardian);
}

/* Reads the report. 0 with the socket's path, or the reason in *err. */
static int start_await(int fd, struct started *started, struct err *err)
{
    char text[1024];
    size_t len = 0;

    while (len < sizeof(text) - 1) {
        ssize_t got = read(fd, text + len, sizeof(text) - 1 - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    text[len] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (!len)
        return err_set(err, EIO, "the supervisor ended before it was up");
    if (text[0] != '\t')
        return err_set(err, EIO, "%s", text);
    len = 1 + strcspn(text + 1, "\t");
    if (text[len])
        snprintf(started->but, sizeof(started->but), "%.290s", text + len + 1);
    text[len] = '\0';
    snprintf(started->socket_path, sizeof(started->socket_path), "%.*s",
             (int)sizeof(started->socket_path) - 1, text + 1);
    return 0;
}

int start_supervisor(struct spec *spec, const struct start_options *options,
                     struct started *started, struct err *err)
{
    struct start_run run = {.spec = spec,
                            .options = {.exit_when_done = options->exit_when_done,
                                        .no_socket = options->no_socket,
                                        .client_fd = -1}};
    int report[2], pair[2] = {-1, -1};
    int rc = 0;

    *started = (struct started){.pidfd = -1, .client_fd = -1};
    if (pipe2(report, O_CLOEXEC) < 0)
        return err_set_errno(err, errno, "pipe");
    if (options->connect && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        rc = err_set_errno(err, errno, "socketpair");
    started->guardian = rc == 0 ? fork() : -1;
    if (started->guardian == 0) {
        close(report[0]);
        if (pair[0] >= 0)
            close(pair[0]);
        run.report = report[1];
        run.options.client_fd = pair[1];
        /* exit, not _exit: leak checking belongs to this process too. */
        exit(start_child(&run, options));
    }
    close(report[1]);
    if (pair[1] >= 0)
        close(pair[1]);
    if (started->guardian < 0 && rc == 0)
        rc = err_set_errno(err, errno, "fork");
    if (rc == 0)
        rc = start_await(report[0], started, err);
    close(report[0]);
    if (rc == 0)
        started->pidfd = (int)syscall(SYS_pidfd_open, started->guardian, 0);
    if (rc < 0 && pair[0] >= 0)
        close(pair[0]);
    else
        started->client_fd = pair[0];
    return rc;
}

int start_foreground(struct spec *spec, const struct start_options *options)
{
    struct start_run run = {
        .spec = spec,
        .options = {.exit_when_done = options->exit_when_done, .progress = true, .client_fd = -1},
        .report = -1};
    struct guardian_options guardian = {.run = start_run, .ctx = &run};

    return guardian_run(&guardian);
}

int start_wait(struct started *started)
{
    int status;

    while (waitpid(started->guardian, &status, 0) < 0)
        if (errno != EINTR)
            return 255;
    if (started->pidfd >= 0)
        close(started->pidfd);
    started->pidfd = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
