/* SPDX-License-Identifier: MIT */
/*
 * A run of a child for the tests of spawning: plan, pipe for its output, end. The test program is
 * its own child where `self` is started. Included by tests only.
 */
#ifndef LIFEGUARD_TESTS_PROC_FIXTURE_H
#define LIFEGUARD_TESTS_PROC_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "sys/procfs.h"

extern char **environ;

static char directory[PATH_MAX];
static char self[PATH_MAX];

struct run {
    struct proc_plan plan;
    struct proc proc;
    struct proc_end end;
    struct err err;
    char *argv[4];
    int out[2];
    char text[65536];
};

static inline void run_init(struct run *run, const char *path, const char *arg)
{
    *run = (struct run){.argv = {mem_copy_string(path), mem_copy_string(arg), NULL}};
    proc_plan_init(&run->plan);
    run->plan.path = path;
    run->plan.argv = run->argv;
    run->plan.envp = environ;
    assert_int_equal(file_pipe(run->out, false, false), 0);
    run->plan.fds[1] = run->out[1];
    run->plan.fds[2] = STDERR_FILENO;
}

static inline void run_script(struct run *run, const char *script)
{
    run_init(run, "/bin/sh", "-c");
    run->argv[2] = mem_copy_string(script);
}

static inline void run_fini(struct run *run)
{
    proc_close(&run->proc);
    close(run->out[0]);
    if (run->out[1] >= 0)
        close(run->out[1]);
    for (int i = 0; i < 4; i++)
        free(run->argv[i]);
}

static inline void wait_reap(struct proc *proc, struct proc_end *end)
{
    int result;

    while ((result = proc_reap(proc, end)) == 0)
        poll(&(struct pollfd){.fd = proc->pidfd, .events = POLLIN}, 1, -1);
    assert_int_equal(result, 1);
    assert_int_equal(proc->pidfd, -1);
}

/* Starts it, reads its output to the end, reaps it. */
static inline void run_through(struct run *run)
{
    size_t len = 0;
    ssize_t got;

    if (proc_spawn(&run->plan, &run->proc, &run->err) < 0)
        fail_msg("%s", run->err.text);
    close(run->out[1]);
    run->out[1] = -1;
    while ((got = read(run->out[0], run->text + len, sizeof(run->text) - len - 1)) > 0)
        len += (size_t)got;
    run->text[len] = '\0';
    wait_reap(&run->proc, &run->end);
}

static inline int make_directory(void **state)
{
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/lifeguard-test-XXXXXX");
    return len > 0 && mkdtemp(directory) ? 0 : -1;
}

static inline int remove_directory(void **state)
{
    static const char *const names[] = {"plain", "script", "bare", "badloader", "tool"};
    char path[PATH_MAX + 64];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        unlink(path);
    }
    return rmdir(directory);
}

#endif
