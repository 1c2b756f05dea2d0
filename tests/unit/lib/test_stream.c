/* SPDX-License-Identifier: MIT */
/* The library's lines against those of the supervisor's side: each reads what the other wrote. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/worker.h"

#include "lib_fixture.h"

struct echo {
    struct fixture *f;
    struct buf *in;
};

/* Writes all of `in` to the worker, from another thread: it is more than a pipe holds. */
static void *say_all(void *argument)
{
    struct echo *echo = argument;

    while (buf_len(echo->in)) {
        ssize_t put = write(echo->f->tasks, buf_data(echo->in), buf_len(echo->in));

        if (put <= 0)
            break;
        buf_consume(echo->in, (size_t)put);
    }
    return NULL;
}

/* The result is the payload, whatever it is. */
static void *echo_tasks(void *argument)
{
    struct fixture *f = argument;
    const struct lg_task *task;

    while (lg_worker_next(f->worker, &task) == 1)
        lg_worker_ok(f->worker, task, task->payload, task->len);
    return NULL;
}

static char *read_answer(struct fixture *f, struct buf *out, size_t *len)
{
    char *newline = NULL;

    while (!buf_len(out) || !(newline = memchr(buf_data(out), '\n', buf_len(out)))) {
        struct pollfd ready = {.fd = f->answers, .events = POLLIN};
        char *room = buf_reserve(out, 65536);
        ssize_t got;

        poll(&ready, 1, -1);
        got = read(f->answers, room, 65536);
        assert_true(got > 0);
        buf_commit(out, (size_t)got);
    }
    *len = (size_t)(newline - buf_data(out));
    return buf_data(out);
}

static void check_answer(struct fixture *f, struct buf *out, uint64_t id, const char *text,
                         size_t len)
{
    struct worker_line line;
    struct err err = {0};
    size_t line_len;
    char *bytes = read_answer(f, out, &line_len);

    assert_int_equal(worker_line_read(bytes, line_len, &line, &err), 0);
    assert_int_equal(line.verb, WORKER_OK);
    assert_int_equal(line.id, id);
    assert_int_equal(line.text_len, len);
    if (len)
        assert_memory_equal(line.text, text, len);
    buf_consume(out, line_len + 1);
}

/* Every text of up to three bytes out of those that mean something. */
static size_t text_number(size_t n, char text[3])
{
    static const char bytes[] = {'-', '\\', '\t', '\n', '\0', '0', 't', '\xff'};
    size_t len = n / 512;

    for (size_t i = 0; i < len; i++)
        text[i] = bytes[n >> (3 * i) & 7];
    return len;
}

static void any_bytes_there_and_back(void **state)
{
    struct fixture *f = *state;
    struct buf in = {0}, out = {0};
    struct echo echo = {f, &in};
    pthread_t sayer, worker;
    char *large = malloc(WORKER_PAYLOAD_MAX), text[3];
    size_t line_len;

    assert_non_null(large);
    for (size_t i = 0; i < WORKER_PAYLOAD_MAX; i++)
        large[i] = (char)(i * i >> 8);
    for (size_t n = 0; n < 4 * 512; n++) {
        size_t len = text_number(n, text);

        assert_int_equal(worker_put_task(&in, n, 1, -1, text, len), 0);
    }
    worker_put_task(&in, 5000, 1, -1, large, WORKER_PAYLOAD_MAX);
    memset(large, '\n', WORKER_PAYLOAD_MAX);
    worker_put_task(&in, 5001, 1, -1, large, WORKER_PAYLOAD_MAX);
    worker_put_verb(&in, WORKER_STOP);
    assert_int_equal(pthread_create(&sayer, NULL, say_all, &echo), 0);
    assert_int_equal(pthread_create(&worker, NULL, echo_tasks, f), 0);
    read_answer(f, &out, &line_len);
    assert_memory_equal(buf_data(&out), "READY\n", 6);
    buf_consume(&out, 6);
    for (size_t n = 0; n < 4 * 512; n++)
        check_answer(f, &out, n, text, text_number(n, text));
    for (size_t i = 0; i < WORKER_PAYLOAD_MAX; i++)
        large[i] = (char)(i * i >> 8);
    check_answer(f, &out, 5000, large, WORKER_PAYLOAD_MAX);
    memset(large, '\n', WORKER_PAYLOAD_MAX);
    check_answer(f, &out, 5001, large, WORKER_PAYLOAD_MAX);
    pthread_join(sayer, NULL);
    pthread_join(worker, NULL);
    buf_fini(&in);
    buf_fini(&out);
    free(large);
}

static void limits(void **state)
{
    struct fixture *f = *state;
    char *large = calloc(1, LG_PAYLOAD_MAX + 1);

    assert_non_null(large);
    assert_int_equal(lg_worker_put(f->worker, "p", large, LG_PAYLOAD_MAX + 1), -EMSGSIZE);
    assert_string_equal(fixture_said(f), "");
    free(large);
}

static void *say_without_end(void *argument)
{
    struct fixture *f = argument;
    char bytes[65536];

    memset(bytes, 'x', sizeof(bytes));
    for (size_t said = 0; said <= WORKER_LINE_MAX; said += sizeof(bytes))
        if (write(f->tasks, bytes, sizeof(bytes)) < 0)
            break;
    return NULL;
}

static void a_line_without_end(void **state)
{
    struct fixture *f = *state;
    const struct lg_task *task;
    pthread_t sayer;

    assert_int_equal(pthread_create(&sayer, NULL, say_without_end, f), 0);
    assert_int_equal(lg_worker_next(f->worker, &task), -EPROTO);
    pthread_join(sayer, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_bytes_there_and_back, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(limits, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_line_without_end, fixture_open, fixture_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
