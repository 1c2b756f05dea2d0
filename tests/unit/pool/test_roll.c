/* SPDX-License-Identifier: MIT */
/* Rolling restarts of services: what the next one waits for, and what ends them. */
#include "fake_pool.h"

static void roll_init(struct fake *fake, int size, bool checked)
{
    fake_init(fake, POOL_SERVICE, size);
    if (checked) {
        free(fake->spec.health.tcp);
        fake->spec.health.tcp = mem_copy_string("127.0.0.1:80");
    }
    pool_start(fake->pool, fake->now);
    fake_pass(fake, 2 * CLOCK_S);
    for (int slot = 1; checked && slot <= size; slot++)
        worker_on_check(pool_worker(fake->pool, slot), true, "", fake->now);
    pool_restart(fake->pool, fake->now);
    fake_pass(fake, 0);
}

static void next_one_waits_for_a_check(void **state)
{
    struct fake fake;

    (void)state;
    roll_init(&fake, 3, true);
    for (int slot = 1; slot <= 3; slot++) {
        struct worker *worker = pool_worker(fake.pool, slot);

        assert_int_equal(worker->state, WORKER_STOPPING);
        fake_end(&fake, worker, SIGTERM);
        fake_pass(&fake, 100 * CLOCK_S); /* ready long ago */
        assert_int_equal(worker->state, WORKER_BUSY);
        assert_int_equal(worker->generation, 2);
        assert_int_equal(fake.pool->count[WORKER_STOPPING], 0);
        worker_on_check(worker, true, "", fake.now);
        fake_pass(&fake, 0);
    }
    assert_null(fake.pool->rolling_now);
    assert_int_equal(fake.spawned, 6);
    assert_int_equal(fake.events[POOL_EVENT_ROLL], 0);
    fake_fini(&fake);
}

static void replacement_that_fails_ends_it(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct fake fake;
        struct worker *worker;

        roll_init(&fake, 3, true);
        worker = pool_worker(fake.pool, 1);
        if (way == 1)
            fake.spec.restart_backoff.initial = 0; /* down, and up again in the same tick */
        if (way == 2)
            fake.spec.restart = RESTART_NEVER;
        fake.spawn_error = way == 3 ? -ENOENT : 0;
        fake_end(&fake, worker, SIGTERM);
        fake_pass(&fake, 0);
        if (way < 3)
            fake_end(&fake, worker, 1 << 8);
        fake.spawn_error = 0;
        fake_pass(&fake, 0);
        assert_int_equal(fake.events[POOL_EVENT_ROLL], 1);
        assert_non_null(strstr(fake.said[POOL_EVENT_ROLL], way == 3 ? "exec /nowhere" : "exit 1"));
        assert_non_null(strstr(fake.said[POOL_EVENT_ROLL], "2 are left as they were"));
        fake_pass(&fake, 200 * CLOCK_S);
        assert_int_equal(pool_worker(fake.pool, 2)->generation, 1);
        assert_int_equal(pool_worker(fake.pool, 3)->generation, 1);
        assert_int_equal(fake.events[POOL_EVENT_ROLL], 1);
        fake_fini(&fake);
    }
}

/* The old one's end is none of the new one's. */
static void old_one_may_end_as_it_likes(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    roll_init(&fake, 2, false);
    worker = pool_worker(fake.pool, 1);
    fake_end(&fake, worker, SIGSEGV);
    fake_pass(&fake, 10 * CLOCK_S);
    assert_int_equal(worker->state, WORKER_BUSY);
    assert_int_equal(pool_worker(fake.pool, 2)->state, WORKER_STOPPING);
    fake_end(&fake, pool_worker(fake.pool, 2), 0);
    fake_pass(&fake, 10 * CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_ROLL], 0);
    fake_fini(&fake);
}

static void one_that_an_operator_keeps_down_is_passed_over(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    roll_init(&fake, 2, false);
    worker = pool_worker(fake.pool, 1);
    fake_end(&fake, worker, SIGTERM);
    fake_pass(&fake, 0);
    assert_int_equal(worker->state, WORKER_STARTING);
    worker_request_stop(worker, "ana", fake.now);
    fake_end(&fake, worker, SIGTERM);
    fake_pass(&fake, 0);
    assert_int_equal(pool_worker(fake.pool, 2)->state, WORKER_STOPPING);
    assert_int_equal(fake.events[POOL_EVENT_ROLL], 0);
    fake_fini(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_one_waits_for_a_check),
        cmocka_unit_test(replacement_that_fails_ends_it),
        cmocka_unit_test(old_one_may_end_as_it_likes),
        cmocka_unit_test(one_that_an_operator_keeps_down_is_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
