/* SPDX-License-Identifier: MIT */
/* Sizes by backlog: when a pool grows, when it shrinks, and when it must not. */
#include "fake_pool.h"

static void begin(struct fake *fake, int size)
{
    fake_init(fake, POOL_COMMAND, size);
    fake->spec.scale = (struct scale_spec){SCALE_BACKLOG, 3 * CLOCK_S, 60 * CLOCK_S, 1};
    fake->spec.max = 6;
    pool_start(fake->pool, fake->now);
    fake_pass(fake, CLOCK_MS);
}

static void submit(struct fake *fake, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(pool_submit(fake->pool, task_new("x", 1, 1), 0, fake->now), 0);
    fake_pass(fake, CLOCK_MS);
}

/* Every task takes `seconds`: the processes that are so old end. */
static void work(struct fake *fake, int span, int seconds)
{
    for (int i = 0; i < span * 10; i++) {
        for (size_t s = 0; s < fake->pool->slots; s++) {
            struct worker *worker = fake->pool->workers[s];

            if (worker && worker->has_process &&
                fake->now - worker->started_at >= seconds * CLOCK_S)
                fake_end(fake, worker, 0);
        }
        fake_pass(fake, CLOCK_S / 10);
    }
}

static void finish(struct fake *fake)
{
    work(fake, 400, 0);
    fake_fini(fake);
}

static void a_backlog_grows_the_pool_step_by_step(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, 1);
    submit(&fake, 100);
    fake_pass(&fake, 2900 * CLOCK_MS);
    assert_int_equal(fake.pool->want, 1);
    fake_pass(&fake, 200 * CLOCK_MS);
    assert_int_equal(fake.pool->want, 2);
    assert_string_equal(fake.said[POOL_EVENT_SCALED],
                        "size 1→2 by scale: 99 waiting for 3.0s, oldest 3.0s, none done yet");
    assert_string_equal(fake.pool->size_by, "scale");
    fake_pass(&fake, 3 * CLOCK_S);
    assert_int_equal(fake.pool->want, 3);
    fake_pass(&fake, 60 * CLOCK_S);
    assert_int_equal(fake.pool->want, 6); /* max */
    assert_int_equal(fake.events[POOL_EVENT_SCALED], 5);
    finish(&fake);
}

static void what_is_gone_soon_is_no_backlog(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, 2);
    submit(&fake, 4);
    work(&fake, 30, 1); /* a rate is known */
    for (int i = 0; i < 10; i++) {
        submit(&fake, 5);
        work(&fake, 6, 1);
    }
    assert_int_equal(fake.pool->want, 2);
    finish(&fake);
}

static void idle_workers_go_after_a_while(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, 4);
    fake.spec.min = 2;
    fake_pass(&fake, 59 * CLOCK_S);
    assert_int_equal(fake.pool->want, 4);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(fake.pool->want, 3);
    assert_string_equal(fake.said[POOL_EVENT_SCALED], "size 4→3 by scale: 4 idle for 1m00s");
    fake_pass(&fake, 600 * CLOCK_S);
    assert_int_equal(fake.pool->want, 2);
    finish(&fake);
}

static void the_last_one_stays_and_an_empty_pool_grows(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, 1);
    fake_pass(&fake, 600 * CLOCK_S);
    assert_int_equal(fake.pool->want, 1);
    assert_int_equal(pool_resize(fake.pool, 0, "ana", fake.now, NULL), 0);
    fake_pass(&fake, CLOCK_S);
    submit(&fake, 1);
    fake_pass(&fake, 4 * CLOCK_S);
    assert_int_equal(fake.pool->want, 1);
    finish(&fake);
}

static void only_as_many_go_as_were_idle_all_the_time(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, 5);
    fake.spec.scale.step = 4;
    submit(&fake, 3);
    work(&fake, 30, 20);
    submit(&fake, 4); /* one was idle throughout */
    fake_pass(&fake, 45 * CLOCK_S);
    assert_int_equal(fake.pool->want, 4);
    finish(&fake);
}

static void a_change_back_takes_twice_as_long(void **state)
{
    struct fake fake;
    int64_t grown;

    (void)state;
    begin(&fake, 1);
    submit(&fake, 2);
    fake_pass(&fake, 3100 * CLOCK_MS);
    assert_int_equal(fake.pool->want, 2);
    grown = fake.now;
    work(&fake, 1, 0);
    while (fake.pool->want == 2 && fake.now - grown < 1000 * CLOCK_S)
        fake_pass(&fake, CLOCK_S);
    assert_in_range((fake.now - grown) / CLOCK_S, 118, 124);
    finish(&fake);
}

static void nothing_grows_while_it_should_not(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, 1);
    pool_hold(fake.pool, true, fake.now);
    submit(&fake, 50);
    fake_pass(&fake, 60 * CLOCK_S);
    assert_int_equal(fake.pool->want, 1);
    pool_hold(fake.pool, false, fake.now);
    pool_pause(fake.pool, true);
    fake_pass(&fake, 60 * CLOCK_S);
    assert_int_equal(fake.pool->want, 1);
    pool_pause(fake.pool, false);
    pool_limit_running(fake.pool, 1); /* results have no room: more would wait, too */
    fake_pass(&fake, 60 * CLOCK_S);
    assert_int_equal(fake.pool->want, 1);
    pool_limit_running(fake.pool, 100);
    fake_pass(&fake, 4 * CLOCK_S);
    assert_int_equal(fake.pool->want, 2);
    finish(&fake);
}

static void a_crash_loop_is_no_reason_to_grow(void **state)
{
    struct fake fake;

    (void)state;
    fake_init(&fake, POOL_WORKER, 2);
    fake.spec.scale = (struct scale_spec){SCALE_BACKLOG, 3 * CLOCK_S, 60 * CLOCK_S, 1};
    fake.spec.max = 6;
    pool_start(fake.pool, fake.now);
    submit(&fake, 50);
    for (int i = 0; i < 6000; i++) {
        for (int slot = 1; slot <= 2; slot++)
            if (pool_worker(fake.pool, slot)->has_process)
                fake_end(&fake, pool_worker(fake.pool, slot), 1 << 8);
        fake_pass(&fake, 10 * CLOCK_MS);
    }
    assert_int_equal(fake.pool->want, 2);
    pool_give_up(fake.pool, fake.now);
    fake_fini(&fake);
}

static void an_operator_sets_the_size_and_the_policy_goes_on(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, 1);
    submit(&fake, 100);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(pool_resize(fake.pool, 3, "ana", fake.now, NULL), 0);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(fake.pool->want, 3);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(fake.pool->want, 4);
    finish(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backlog_grows_the_pool_step_by_step),
        cmocka_unit_test(what_is_gone_soon_is_no_backlog),
        cmocka_unit_test(idle_workers_go_after_a_while),
        cmocka_unit_test(the_last_one_stays_and_an_empty_pool_grows),
        cmocka_unit_test(only_as_many_go_as_were_idle_all_the_time),
        cmocka_unit_test(a_change_back_takes_twice_as_long),
        cmocka_unit_test(nothing_grows_while_it_should_not),
        cmocka_unit_test(a_crash_loop_is_no_reason_to_grow),
        cmocka_unit_test(an_operator_sets_the_size_and_the_policy_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
