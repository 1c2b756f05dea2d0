/* SPDX-License-Identifier: MIT */
/* Time that is not counted: standstill moves every clock, starving moves the signs of life. */
#include "fake_pool.h"

static struct worker *up(struct fake *fake)
{
    fake->spec.hang.heartbeat = 10 * CLOCK_S;
    fake->spec.hang.action = HANG_RESTART;
    pool_start(fake->pool, fake->now);
    fake_pass(fake, 2 * CLOCK_S);
    worker_on_beat(pool_worker(fake->pool, 1), fake->now);
    return pool_worker(fake->pool, 1);
}

static void standstill_costs_nobody_time(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    worker = up(&fake);
    fake_pass(&fake, 4 * CLOCK_S);
    fake.now += 8 * 3600 * CLOCK_S;
    pool_shift(fake.pool, 8 * 3600 * CLOCK_S, fake.now);
    fake_pass(&fake, 5 * CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_HUNG], 0);
    fake_pass(&fake, 2 * CLOCK_S); /* ten seconds of its own are over */
    assert_int_equal(fake.events[POOL_EVENT_HUNG], 1);
    assert_int_equal(worker->state, WORKER_STOPPING);
    fake.now += 3600 * CLOCK_S; /* the grace time is the worker's too */
    pool_shift(fake.pool, 3600 * CLOCK_S, fake.now);
    fake_pass(&fake, 8 * CLOCK_S);
    assert_int_equal(fake.signals[SIGKILL], 0);
    fake_pass(&fake, 3 * CLOCK_S);
    assert_int_equal(fake.signals[SIGKILL], 1);
    fake_fini(&fake);
}

/* Stopped for 0.75 s and let go for 0.05 s, again and again: the grace ends all the same. */
static void many_standstills_end_the_grace(void **state)
{
    struct fake fake;
    struct worker *worker;
    int turns = 0;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    fake.spec.stop.grace = 4 * CLOCK_S;
    worker = up(&fake);
    for (int stops = 0; stops < 2; stops++) {
        worker_request_stop(worker, "ana", fake.now);
        for (turns = 0; !fake.signals[SIGKILL] && turns < 100; turns++) {
            fake.now += 800 * CLOCK_MS;
            pool_shift(fake.pool, 800 * CLOCK_MS, fake.now);
            pool_tick(fake.pool, fake.now);
        }
        assert_in_range(turns, 9, 11); /* twice the grace, not less for the one before */
        fake.signals[SIGKILL] = 0;
        fake_end(&fake, worker, SIGKILL);
        worker_request_start(worker, fake.now);
        fake_pass(&fake, 2 * CLOCK_S);
    }
    fake_fini(&fake);
}

static void a_stop_gets_back_only_so_much(void **state)
{
    int64_t now = 1000 * CLOCK_S, most = 10 * CLOCK_S, given = 0;

    (void)state;
    assert_int_equal(pool_shift_stop(now + 2 * CLOCK_S, 6 * CLOCK_S, most, &given, now),
                     now + 8 * CLOCK_S);
    assert_int_equal(given, 6 * CLOCK_S);
    /* 5 s are lost, and there are 4 s to give. */
    assert_int_equal(pool_shift_stop(now + CLOCK_S, 5 * CLOCK_S, most, &given, now),
                     now + 5 * CLOCK_S);
    assert_int_equal(given, most);
    assert_int_equal(pool_shift_stop(now + 2 * CLOCK_S, 3 * CLOCK_S, most, &given, now),
                     now + 2 * CLOCK_S);
    assert_int_equal(pool_shift_stop(now - 5, 3, most, &given, now), now - 5);
    assert_true(pool_shift_stop(CLOCK_NEVER, CLOCK_S, CLOCK_S, &given, now) == CLOCK_NEVER);
}

static void a_suspended_machine_ends_no_stop(void **state)
{
    int64_t now = 1000 * CLOCK_S, hour = 3600 * CLOCK_S, given = 0;

    (void)state;
    for (int i = 0; i < 7; i++)
        assert_int_equal(pool_shift_stop(now + 9 * CLOCK_S - hour, hour, 10 * CLOCK_S, &given, now),
                         now + 9 * CLOCK_S);
    assert_int_equal(pool_shift_stop(now + 9 * CLOCK_S - hour, hour, 10 * CLOCK_S, &given, now),
                     now);
}

static void time_that_was_granted_stays_granted(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    worker = up(&fake);
    worker_on_extend(worker, 60 * CLOCK_S, fake.now);
    fake.now += 100 * CLOCK_S;
    pool_shift(fake.pool, 100 * CLOCK_S, fake.now);
    fake_pass(&fake, 59 * CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_HUNG], 0);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_HUNG], 1);
    fake_fini(&fake);
}

static void a_slow_start_is_not_timed_while_all_stands_still(void **state)
{
    struct fake fake;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    fake.spec.ready.notify = true;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, CLOCK_MS);
    assert_true(pool_counts_time(fake.pool));
    fake.now += 3600 * CLOCK_S;
    pool_shift(fake.pool, 3600 * CLOCK_S, fake.now);
    fake_pass(&fake, 59 * CLOCK_S);
    assert_int_equal(pool_worker(fake.pool, 1)->state, WORKER_STARTING);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(pool_worker(fake.pool, 1)->state, WORKER_STOPPING);
    fake_fini(&fake);
}

static void a_task_keeps_the_rest_of_its_time(void **state)
{
    struct fake fake;

    (void)state;
    fake_init(&fake, POOL_COMMAND, 1);
    fake.spec.timeout.duration = 30 * CLOCK_S;
    pool_start(fake.pool, fake.now);
    assert_int_equal(pool_submit(fake.pool, task_new("x", 1, 1), 0, fake.now), 0);
    fake_pass(&fake, 10 * CLOCK_S);
    fake.now += 3600 * CLOCK_S;
    pool_shift(fake.pool, 3600 * CLOCK_S, fake.now);
    fake_pass(&fake, 19 * CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_TIMEOUT], 0);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_TIMEOUT], 1);
    fake_end(&fake, pool_worker(fake.pool, 1), SIGTERM);
    fake_pass(&fake, CLOCK_S);
    fake_fini(&fake);
}

/* Half of each second is not counted: what hangs is found after twice its limit, and what stops has
 * no more than its grace time. */
static void starving_delays_and_does_not_pardon(void **state)
{
    struct fake fake;
    int seconds = 0;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    up(&fake);
    while (!fake.events[POOL_EVENT_HUNG] && seconds++ < 100) {
        fake_pass(&fake, CLOCK_S);
        pool_shift_signs(fake.pool, CLOCK_S / 2, fake.now);
    }
    assert_in_range(seconds, 19, 21);
    for (seconds = 0; !fake.signals[SIGKILL] && seconds < 100; seconds++) {
        fake_pass(&fake, CLOCK_S);
        pool_shift_signs(fake.pool, CLOCK_S / 2, fake.now);
    }
    assert_in_range(seconds, 9, 11);
    fake_fini(&fake);
}

static void signs_never_lie_ahead_by_shifting(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    worker = up(&fake);
    pool_shift_signs(fake.pool, 5 * CLOCK_S, fake.now);
    assert_int_equal(worker->last_beat, fake.now);
    fake_fini(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standstill_costs_nobody_time),
        cmocka_unit_test(many_standstills_end_the_grace),
        cmocka_unit_test(a_stop_gets_back_only_so_much),
        cmocka_unit_test(a_suspended_machine_ends_no_stop),
        cmocka_unit_test(time_that_was_granted_stays_granted),
        cmocka_unit_test(a_slow_start_is_not_timed_while_all_stands_still),
        cmocka_unit_test(a_task_keeps_the_rest_of_its_time),
        cmocka_unit_test(starving_delays_and_does_not_pardon),
        cmocka_unit_test(signs_never_lie_ahead_by_shifting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
