/* SPDX-License-Identifier: MIT */
/* A worker on two pipes and the supervisor's ends of them, for the tests of liblifeguard. */
#ifndef LIFEGUARD_TESTS_LIB_FIXTURE_H
#define LIFEGUARD_TESTS_LIB_FIXTURE_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lifeguard/worker.h"

struct fixture {
    struct lg_worker *worker;
    int tasks;   /* write end: what the supervisor says */
    int answers; /* read end: what the worker said */
    char said[65536];
};

static inline int fixture_open(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    int tasks[2], answers[2];

    assert_non_null(f);
    assert_int_equal(pipe2(tasks, O_CLOEXEC), 0);
    assert_int_equal(pipe2(answers, O_CLOEXEC), 0);
    assert_int_equal(lg_worker_open_fds(&f->worker, tasks[0], answers[1]), 0);
    f->tasks = tasks[1];
    f->answers = answers[0];
    fcntl(f->answers, F_SETFL, O_NONBLOCK);
    *state = f;
    return 0;
}

static inline int fixture_close(void **state)
{
    struct fixture *f = *state;

    lg_worker_close(f->worker);
    if (f->tasks >= 0)
        close(f->tasks);
    close(f->answers);
    free(f);
    return 0;
}

/* The supervisor says this (at most a pipe full). */
static inline void fixture_say(struct fixture *f, const char *text)
{
    assert_int_equal(write(f->tasks, text, strlen(text)), (ssize_t)strlen(text));
}

/* No more will be said. */
static inline void fixture_end(struct fixture *f)
{
    close(f->tasks);
    f->tasks = -1;
}

/* Everything that the worker said since the last time. */
static inline const char *fixture_said(struct fixture *f)
{
    ssize_t got = read(f->answers, f->said, sizeof(f->said) - 1);

    f->said[got > 0 ? got : 0] = '\0';
    return f->said;
}

#endif
