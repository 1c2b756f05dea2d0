/* SPDX-License-Identifier: MIT */
/* Recycling: the new worker is ready before the old one goes. */
#include "feed_fixture.h"

/* Tasks end until the pool says that a worker is to be recycled; that worker. */
static struct worker *work_until_marked(struct fake *fake)
{
    for (int i = 0; i < 1000; i++) {
        for (size_t slot = 0; slot < fake->pool->slots; slot++) {
            struct worker *worker = fake->pool->workers[slot];

            if (worker && worker->recycle)
                return worker;
            if (worker && worker->task)
                feed_ok(fake, worker, worker->task->id);
        }
    }
    fail_msg("no worker was marked");
    return NULL;
}

static size_t ready_workers(const struct fake *fake)
{
    return fake->pool->count[WORKER_IDLE] + fake->pool->count[WORKER_BUSY];
}

static struct worker *starting_worker(struct fake *fake)
{
    for (size_t slot = 0; slot < fake->pool->slots; slot++)
        if (fake->pool->workers[slot] && fake->pool->workers[slot]->state == WORKER_STARTING)
            return fake->pool->workers[slot];
    fail_msg("no worker is starting");
    return NULL;
}

static void replacement_is_ready_before_the_old_one_goes(void **state)
{
    struct fake fake;
    struct worker *old;

    (void)state;
    feed_init(&fake, 2);
    fake.spec.max_tasks = 10;
    for (int slot = 1; slot <= 2; slot++)
        pool_worker(fake.pool, slot)->recycle_tasks = slot == 1 ? 10 : 1000;
    feed_submit(&fake, 1, 100);
    old = work_until_marked(&fake);
    fake_pass(&fake, 0);
    assert_int_equal(old->slot, 1);
    assert_int_equal(old->life_done, 10);
    assert_string_equal(fake.said[POOL_EVENT_RECYCLE], "to be recycled: 10 tasks done");
    assert_int_equal(fake.spawned, 3);
    assert_int_equal(fake.told[WORD_QUIET], 0);
    assert_int_equal(ready_workers(&fake), 2); /* it works on */
    feed_ok(&fake, old, old->task->id);
    assert_non_null(old->task);
    feed_ready(&fake);
    assert_int_equal(fake.told[WORD_QUIET], 1);
    assert_int_equal(old->state, WORKER_DRAINING);
    assert_int_equal(ready_workers(&fake), 2);
    feed_ok(&fake, old, old->task->id);
    fake_end(&fake, old, 0);
    fake_pass(&fake, CLOCK_S);
    assert_null(pool_worker(fake.pool, 1));
    assert_int_equal(fake.spawned, 3);
    assert_int_equal(fake.pool->recycling, 0);
    assert_false(pool_degraded(fake.pool));
    fake_fini(&fake);
}

/* Whoever is marked, at every moment as many as wanted are ready. */
static void capacity_never_falls_below_what_is_wanted(void **state)
{
    struct fake fake;
    int ended = 0;

    (void)state;
    feed_init(&fake, 8);
    fake.spec.max_tasks = 20;
    for (int slot = 1; slot <= 8; slot++)
        pool_worker(fake.pool, slot)->recycle_tasks = 20; /* all at once */
    feed_submit(&fake, 1, 2000);
    for (int round = 0; round < 150; round++) {
        for (size_t i = 0; i < fake.pool->slots; i++) {
            struct worker *worker = fake.pool->workers[i];

            if (worker && worker->task)
                feed_ok(&fake, worker, worker->task->id);
            else if (worker && worker->state == WORKER_DRAINING && ++ended)
                fake_end(&fake, worker, 0);
            fake_pass(&fake, CLOCK_MS);
            assert_true(ready_workers(&fake) >= 8);
            assert_true(pool_live(fake.pool) <= 8 + 2 * 2); /* a quarter more, coming and going */
        }
        if (round % 3 == 0)
            feed_ready(&fake);
    }
    assert_true(ended >= 20);
    fake_fini(&fake);
}

static void limits_are_drawn_from_their_last_tenth(void **state)
{
    struct fake fake;
    uint64_t least = UINT64_MAX, most = 0;

    (void)state;
    fake_init(&fake, POOL_WORKER, 200);
    fake.spec.max_tasks = 1000;
    fake.spec.max_age = 1000 * CLOCK_S;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 0);
    for (int slot = 1; slot <= 200; slot++) {
        const struct worker *worker = pool_worker(fake.pool, slot);

        assert_in_range(worker->recycle_tasks, 900, 1000);
        assert_in_range(worker->recycle_at - fake.now, 900 * CLOCK_S, 1000 * CLOCK_S);
        least = worker->recycle_tasks < least ? worker->recycle_tasks : least;
        most = worker->recycle_tasks > most ? worker->recycle_tasks : most;
    }
    assert_true(least < 920 && most > 980);
    fake_fini(&fake);
}

static void replacement_that_crashes_leaves_the_old_one_at_work(void **state)
{
    struct fake fake;
    struct worker *old;

    (void)state;
    feed_init(&fake, 1);
    pool_worker(fake.pool, 1)->recycle_tasks = 5;
    feed_submit(&fake, 1, 200);
    old = work_until_marked(&fake);
    fake_pass(&fake, 0);
    for (int i = 0; i < 3; i++) {
        struct worker *new = starting_worker(&fake);

        fake_end(&fake, new, 1 << 8);
        assert_int_equal(old->state, WORKER_BUSY);
        feed_ok(&fake, old, old->task->id);
        for (int n = 0; n < 100 && new->state == WORKER_BACKOFF; n++)
            fake_pass(&fake, 100 * CLOCK_MS);
    }
    assert_int_equal(fake.events[POOL_EVENT_RECYCLE], 1); /* told once */
    feed_ready(&fake);
    assert_int_equal(old->state, WORKER_DRAINING);
    fake_fini(&fake);
}

static void old_one_that_crashes_is_recycled_by_that(void **state)
{
    struct fake fake;
    struct worker *old;

    (void)state;
    feed_init(&fake, 1);
    pool_worker(fake.pool, 1)->recycle_tasks = 5;
    feed_submit(&fake, 1, 200);
    old = work_until_marked(&fake);
    fake_pass(&fake, 0);
    fake_end(&fake, old, SIGSEGV);
    fake_pass(&fake, 2 * CLOCK_S);
    feed_ready(&fake);
    for (int i = 0; i < 3; i++) {
        for (size_t slot = 0; slot < fake.pool->slots; slot++) {
            struct worker *worker = fake.pool->workers[slot];

            if (worker && worker->state == WORKER_DRAINING) {
                while (worker->task)
                    feed_ok(&fake, worker, worker->task->id);
                fake_end(&fake, worker, 0);
            }
        }
        fake_pass(&fake, CLOCK_S);
    }
    assert_int_equal(pool_live(fake.pool), 1);
    assert_int_equal(fake.pool->recycling, 0);
    fake_fini(&fake);
}

static void idle_worker_ages_too(void **state)
{
    struct fake fake;
    struct worker *old;

    (void)state;
    fake_init(&fake, POOL_WORKER, 1);
    fake.spec.max_age = 100 * CLOCK_S;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 0);
    feed_ready(&fake);
    old = pool_worker(fake.pool, 1);
    fake_pass(&fake, 89 * CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_RECYCLE], 0);
    fake_pass(&fake, 12 * CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_RECYCLE], 1);
    assert_int_equal(fake.spawned, 2);
    assert_int_equal(old->state, WORKER_IDLE);
    feed_ready(&fake);
    assert_int_equal(old->state, WORKER_DRAINING);
    fake_pass(&fake, 3 * CLOCK_S); /* ignores QUIET */
    assert_int_equal(old->state, WORKER_STOPPING);
    fake_end(&fake, old, SIGTERM);
    assert_string_equal(old->why, "recycled by lifeguard: signal 15 (TERM)");
    fake_pass(&fake, CLOCK_S);
    assert_int_equal(pool_live(fake.pool), 1);
    fake_fini(&fake);
}

static void busy_worker_is_too_old_after_its_answer(void **state)
{
    struct fake fake;
    struct worker *old;

    (void)state;
    fake_init(&fake, POOL_WORKER, 1);
    fake.spec.max_age = 100 * CLOCK_S;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 0);
    feed_ready(&fake);
    feed_submit(&fake, 1, 1);
    old = pool_worker(fake.pool, 1);
    fake_pass(&fake, 500 * CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_RECYCLE], 0);
    feed_ok(&fake, old, 1);
    assert_int_equal(fake.events[POOL_EVENT_RECYCLE], 1);
    fake_fini(&fake);
}

static void memory_over_its_limit_is_told_with_numbers(void **state)
{
    struct fake fake;
    struct worker *old;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.max_memory = 100 << 20;
    old = pool_worker(fake.pool, 1);
    worker_on_memory(old, 100 << 20, fake.now);
    assert_false(old->recycle);
    worker_on_memory(old, 200 << 20, fake.now);
    worker_on_memory(old, 300 << 20, fake.now);
    assert_true(old->recycle);
    assert_int_equal(fake.events[POOL_EVENT_RECYCLE], 1);
    assert_non_null(strstr(fake.said[POOL_EVENT_RECYCLE], "200"));
    assert_non_null(strstr(fake.said[POOL_EVENT_RECYCLE], "over 100"));
    fake_fini(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replacement_is_ready_before_the_old_one_goes),
        cmocka_unit_test(capacity_never_falls_below_what_is_wanted),
        cmocka_unit_test(limits_are_drawn_from_their_last_tenth),
        cmocka_unit_test(replacement_that_crashes_leaves_the_old_one_at_work),
        cmocka_unit_test(old_one_that_crashes_is_recycled_by_that),
        cmocka_unit_test(idle_worker_ages_too),
        cmocka_unit_test(busy_worker_is_too_old_after_its_answer),
        cmocka_unit_test(memory_over_its_limit_is_told_with_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
