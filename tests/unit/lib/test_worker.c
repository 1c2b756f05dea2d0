/* SPDX-License-Identifier: MIT */
/* liblifeguard: tasks, their answers, and what a worker says in between. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>

#include "lib_fixture.h"

static const struct lg_task *next(struct fixture *f)
{
    const struct lg_task *task;

    assert_int_equal(lg_worker_next(f->worker, &task), 1);
    return task;
}

static void one_task_after_another(void **state)
{
    struct fixture *f = *state;
    const struct lg_task *task;

    fixture_say(f, "INIT\tmodel\\t7\nHELLO\tyou\nTASK\t9f\t1\t-\ta.png\nTASK\ta0\t3\t1500\t\\-\n");
    assert_null(lg_worker_init(f->worker, NULL));
    task = next(f);
    assert_string_equal(fixture_said(f), "READY\n");
    assert_string_equal(lg_worker_init(f->worker, NULL), "model\t7");
    assert_string_equal(task->id, "9f");
    assert_string_equal(task->payload, "a.png");
    assert_true(task->len == 5 && task->attempt == 1 && task->ms == -1);
    assert_int_equal(lg_worker_ok(f->worker, task, "a\nb", 3), 0);
    assert_string_equal(fixture_said(f), "OK\t9f\ta\\nb\n");
    assert_int_equal(lg_worker_ok(f->worker, task, NULL, 0), -EALREADY);
    task = next(f);
    assert_string_equal(task->payload, "-");
    assert_true(task->len == 1 && task->attempt == 3 && task->ms == 1500);
    assert_int_equal(lg_worker_ok(f->worker, task, NULL, 0), 0);
    assert_string_equal(fixture_said(f), "OK\ta0\n");
    fixture_end(f);
    assert_int_equal(lg_worker_next(f->worker, &task), 0);
    assert_null(task);
    assert_int_equal(lg_worker_next(f->worker, &task), 0);
    assert_string_equal(fixture_said(f), "");
}

static void every_answer(void **state)
{
    struct fixture *f = *state;

    fixture_say(f, "TASK\t1\t1\t-\ta\nTASK\t2\t1\t-\tb\nTASK\t3\t1\t-\tc\nTASK\t4\t1\t-\td\n");
    lg_worker_fail(f->worker, next(f), "no such file:\ta");
    lg_worker_bury(f->worker, next(f), NULL);
    lg_worker_release(f->worker, next(f), -1);
    lg_worker_release(f->worker, next(f), 250);
    assert_string_equal(fixture_said(f), "READY\nFAIL\t1\tno such file:\\ta\nBURY\t2\t-\n"
                                         "RELEASE\t3\nRELEASE\t4\t250\n");
}

static void what_a_worker_says(void **state)
{
    struct fixture *f = *state;
    const struct lg_task *task;
    char long_name[257];

    memset(long_name, 'n', 256);
    long_name[256] = '\0';
    fixture_say(f, "TASK\t1\t1\t-\t-\n");
    task = next(f);
    assert_true(task->len == 0 && task->payload[0] == '\0');
    lg_worker_touch(f->worker, task, -1);
    lg_worker_touch(f->worker, task, 60000);
    lg_worker_progress(f->worker, task, 3, 10, "page 3");
    lg_worker_progress(f->worker, task, 4, -1, NULL);
    assert_int_equal(lg_worker_progress(f->worker, task, -1, 10, NULL), -EINVAL);
    lg_worker_beat(f->worker);
    lg_worker_status(f->worker, "-");
    lg_worker_status(f->worker, NULL);
    lg_worker_put(f->worker, "resize", "\0x", 2);
    assert_int_equal(lg_worker_put(f->worker, "-", "x", 1), -EINVAL);
    assert_int_equal(lg_worker_put(f->worker, "a\tb", "x", 1), -EINVAL);
    assert_int_equal(lg_worker_put(f->worker, long_name, "x", 1), -EINVAL);
    assert_string_equal(fixture_said(f), "READY\nTOUCH\t1\nTOUCH\t1\t60000\n"
                                         "PROGRESS\t1\t3\t10\tpage 3\nPROGRESS\t1\t4\t-\n"
                                         "BEAT\nSTATUS\t\\-\nSTATUS\t-\nPUT\tresize\t\\0x\n");
}

static void cancels_are_noticed(void **state)
{
    struct fixture *f = *state;
    const struct lg_task *task, *other;

    fixture_say(f, "TASK\t1\t1\t-\ta\nTASK\t2\t1\t-\tb\nTASK\t3\t1\t-\tc\n");
    task = next(f);
    other = next(f);
    assert_int_equal(lg_worker_cancelled(f->worker, task), 0);
    fixture_say(f, "PING\nCANCEL\t2\nCANCEL\t3\nCANCEL\tzz\n");
    assert_int_equal(lg_worker_cancelled(f->worker, task), 0);
    assert_int_equal(lg_worker_cancelled(f->worker, other), 1);
    /* Task 3 was still unseen: it goes back by itself. */
    assert_string_equal(fixture_said(f), "READY\nBEAT\nRELEASE\t3\n");
    lg_worker_fail(f->worker, other, "cancelled");
    fixture_say(f, "STOP\n");
    assert_int_equal(lg_worker_cancelled(f->worker, task), 1);
    assert_int_equal(lg_worker_next(f->worker, &other), 0);
}

static void quiet_finishes_what_is_here(void **state)
{
    struct fixture *f = *state;
    const struct lg_task *task;

    fixture_say(f, "TASK\t1\t1\t-\ta\nTASK\t2\t1\t-\tb\nQUIET\n");
    task = next(f);
    assert_int_equal(lg_worker_cancelled(f->worker, task), 0); /* QUIET is no cancel */
    lg_worker_ok(f->worker, task, NULL, 0);
    lg_worker_ok(f->worker, next(f), NULL, 0);
    assert_int_equal(lg_worker_next(f->worker, &task), 0);
    assert_string_equal(fixture_said(f), "READY\nOK\t1\nOK\t2\n");
}

static void garbage_is_an_error(void **state)
{
    static const char *const bad[] = {
        "TASK\t1\t1\t-\n", "TASK\t1\tone\t-\tx\n", "CANCEL\n",
        "INIT\tx\\y\n",    "TASK\t1\t1\t-\tx\\\n", "TASK\t12345678901234567\t1\t-\tx\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        void *own = NULL;
        const struct lg_task *task;
        struct fixture *f;

        fixture_open(&own);
        f = own;
        fixture_say(f, bad[i]);
        assert_int_equal(lg_worker_next(f->worker, &task), -EPROTO);
        fixture_close(&own);
    }
}

static void answers_gather_only_when_asked_to(void **state)
{
    struct fixture *f = *state;
    const struct lg_task *task, *timed;

    lg_worker_gather(f->worker, 1);
    fixture_say(f, "TASK\t1\t1\t-\ta\nTASK\t2\t1\t9\tb\nTASK\t3\t1\t-\tc\nTASK\t4\t1\t-\tc\n");
    task = next(f);
    assert_string_equal(fixture_said(f), "READY\n");
    lg_worker_ok(f->worker, task, NULL, 0);
    assert_string_equal(fixture_said(f), "");
    timed = next(f);
    lg_worker_ok(f->worker, timed, NULL, 0); /* has a limit of time: at once */
    assert_string_equal(fixture_said(f), "OK\t1\nOK\t2\n");
    lg_worker_ok(f->worker, next(f), NULL, 0);
    task = next(f);
    assert_string_equal(fixture_said(f), "");
    lg_worker_beat(f->worker);
    assert_string_equal(fixture_said(f), "OK\t3\nBEAT\n");
    lg_worker_ok(f->worker, task, NULL, 0);
    fixture_end(f);
    assert_int_equal(lg_worker_next(f->worker, &task), 0);
    assert_string_equal(fixture_said(f), "OK\t4\n");
}

struct answering {
    struct fixture *f;
    const struct lg_task *task;
};

/* Answers, then lets the reading thread, which sleeps in lg_worker_next, go. */
static void *answer_and_end(void *argument)
{
    struct answering *answering = argument;
    struct fixture *f = answering->f;
    int rc = lg_worker_ok(f->worker, answering->task, "late", 4);

    fcntl(f->answers, F_SETFL, 0);
    while (rc == 0 && !strstr(fixture_said(f), "OK\t1\tlate\n"))
        continue;
    fixture_end(f);
    return NULL;
}

/* A gathered answer must not wait for a reader that waits for tasks: this would never end. */
static void other_threads_answer(void **state)
{
    struct answering answering = {.f = *state};
    const struct lg_task *none;
    pthread_t thread;

    lg_worker_gather(answering.f->worker, 1);
    fixture_say(answering.f, "TASK\t1\t1\t-\ta\n");
    answering.task = next(answering.f);
    assert_int_equal(pthread_create(&thread, NULL, answer_and_end, &answering), 0);
    assert_int_equal(lg_worker_next(answering.f->worker, &none), 0);
    pthread_join(thread, NULL);
}

static void a_child_can_only_close(void **state)
{
    struct fixture *f = *state;
    const struct lg_task *task;
    pid_t child;
    int status;

    fixture_say(f, "TASK\t1\t1\t-\ta\n");
    task = next(f);
    child = fork();
    if (child == 0) {
        const struct lg_task *none;
        int wrong = lg_worker_ok(f->worker, task, NULL, 0) != -ECHILD ||
                    lg_worker_next(f->worker, &none) != -ECHILD ||
                    lg_worker_cancelled(f->worker, task) != -ECHILD ||
                    lg_worker_unlock(f->worker, "x") != -ECHILD ||
                    lg_worker_beat(f->worker) != -ECHILD;

        lg_worker_close(f->worker);
        _exit(wrong);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_string_equal(fixture_said(f), "READY\n");
    assert_int_equal(lg_worker_ok(f->worker, task, NULL, 0), 0);
    assert_string_equal(fixture_said(f), "OK\t1\n");
}

static void not_started_by_lifeguard(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        struct lg_worker *worker;

        close(3);
        _exit(lg_worker_open(&worker) == -EBADF && !worker ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_task_after_another, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(every_answer, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(what_a_worker_says, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(cancels_are_noticed, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(quiet_finishes_what_is_here, fixture_open, fixture_close),
        cmocka_unit_test(garbage_is_an_error),
        cmocka_unit_test_setup_teardown(answers_gather_only_when_asked_to, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(other_threads_answer, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_child_can_only_close, fixture_open, fixture_close),
        cmocka_unit_test(not_started_by_lifeguard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
