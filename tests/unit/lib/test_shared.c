/* SPDX-License-Identifier: MIT */
/* liblifeguard: requests for shared state, and tasks that come while one waits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "lib_fixture.h"

static void locks_and_permits(void **state)
{
    struct fixture *f = *state;

    fixture_say(f,
                "GRANTED\tgpu\nGRANTED\tgpu\tabandoned\nGRANTED\tdb\nDENIED\tdb\tno such name\n");
    assert_int_equal(lg_worker_lock(f->worker, "gpu"), 0);
    assert_int_equal(lg_worker_unlock(f->worker, "gpu"), 0);
    assert_int_equal(lg_worker_lock(f->worker, "gpu"), 1);
    assert_int_equal(lg_worker_acquire(f->worker, "db"), 0);
    assert_int_equal(lg_worker_release_permit(f->worker, "db"), 0);
    assert_string_equal(lg_worker_reason(f->worker), "");
    assert_int_equal(lg_worker_acquire(f->worker, "db"), -EACCES);
    assert_string_equal(lg_worker_reason(f->worker), "no such name");
    assert_int_equal(lg_worker_lock(f->worker, ""), -EINVAL);
    assert_string_equal(fixture_said(f), "LOCK\tgpu\nUNLOCK\tgpu\nLOCK\tgpu\nACQUIRE\tdb\n"
                                         "RELEASE_PERMIT\tdb\nACQUIRE\tdb\n");
}

static void values(void **state)
{
    struct fixture *f = *state;
    const char *value;
    int64_t sum = 0;
    size_t len;

    fixture_say(f, "VALUE\tn\ta\\0b\nVALUE\tn\t-\nVALUE\tn\t-7\nVALUE\tn\t12\nVALUE\tn\tx\n");
    assert_int_equal(lg_worker_get(f->worker, "n", &value, &len), 1);
    assert_int_equal(len, 3);
    assert_memory_equal(value, "a\0b", 4);
    assert_int_equal(lg_worker_get(f->worker, "n", &value, &len), 0);
    assert_null(value);
    assert_int_equal(lg_worker_set(f->worker, "n", "-", 1), 0);
    assert_int_equal(lg_worker_incr(f->worker, "n", -9, &sum), 0);
    assert_int_equal(sum, -7);
    assert_int_equal(lg_worker_incr(f->worker, "n", 1, NULL), 0);
    assert_int_equal(lg_worker_incr(f->worker, "n", 1, &sum), -EPROTO);
    assert_string_equal(fixture_said(f), "GET\tn\nGET\tn\nSET\tn\t\\-\nINCR\tn\t-9\nINCR\tn\t1\n"
                                         "INCR\tn\t1\n");
}

static void dictionaries_and_lists(void **state)
{
    struct fixture *f = *state;
    const char *value;
    size_t len;

    fixture_say(f, "VALUE\td\tv\nVALUE\td\t3\nVALUE\tl\tx\nVALUE\tl\t2\nVALUE\tl\t-\n");
    assert_int_equal(lg_worker_hset(f->worker, "d", "a\tb", "v", 1), 0);
    assert_int_equal(lg_worker_hget(f->worker, "d", "", &value, &len), 1);
    assert_string_equal(value, "v");
    assert_int_equal(lg_worker_hlen(f->worker, "d"), 3);
    assert_int_equal(lg_worker_hdel(f->worker, "d", "-"), 0);
    assert_int_equal(lg_worker_lpush(f->worker, "l", "x", 1), 0);
    assert_int_equal(lg_worker_lpop(f->worker, "l", &value, &len), 1);
    assert_string_equal(value, "x");
    assert_int_equal(lg_worker_llen(f->worker, "l"), 2);
    assert_int_equal(lg_worker_lindex(f->worker, "l", -1, &value, &len), 0);
    assert_string_equal(fixture_said(f), "HSET\td\ta\\tb\tv\nHGET\td\t-\nHLEN\td\nHDEL\td\t\\-\n"
                                         "LPUSH\tl\tx\nLPOP\tl\nLLEN\tl\nLINDEX\tl\t-1\n");
}

static void tasks_that_come_in_between_are_kept(void **state)
{
    struct fixture *f = *state;
    const struct lg_task *first, *second;

    fixture_say(f, "TASK\t1\t1\t-\ta\n");
    assert_int_equal(lg_worker_next(f->worker, &first), 1);
    fixture_say(f, "TASK\t2\t1\t-\tb\nPING\nVALUE\tother\t1\nCANCEL\t1\nQUIET\nGRANTED\tgpu\n");
    assert_int_equal(lg_worker_lock(f->worker, "gpu"), 0);
    assert_int_equal(lg_worker_cancelled(f->worker, first), 1);
    assert_int_equal(lg_worker_release(f->worker, first, -1), 0);
    assert_int_equal(lg_worker_next(f->worker, &second), 1);
    assert_string_equal(second->payload, "b");
    assert_int_equal(lg_worker_ok(f->worker, second, NULL, 0), 0);
    assert_int_equal(lg_worker_next(f->worker, &second), 0);
    assert_string_equal(fixture_said(f), "READY\nLOCK\tgpu\nBEAT\nRELEASE\t1\nOK\t2\n");
}

static void a_stop_ends_the_wait(void **state)
{
    struct fixture *f = *state;

    fixture_say(f, "STOP\n");
    assert_int_equal(lg_worker_lock(f->worker, "gpu"), -ECANCELED);
    assert_int_equal(lg_worker_hlen(f->worker, "d"), -ECANCELED);
}

static void so_does_the_end(void **state)
{
    struct fixture *f = *state;

    fixture_end(f);
    assert_int_equal(lg_worker_lock(f->worker, "gpu"), -ECANCELED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(locks_and_permits, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(values, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(dictionaries_and_lists, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(tasks_that_come_in_between_are_kept, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(a_stop_ends_the_wait, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(so_does_the_end, fixture_open, fixture_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
