/* SPDX-License-Identifier: MIT */
/* Restarts: what is counted, what is capped, who waits first. */
#include "fake_pool.h"

/* A second pool beside the fake's own, with the same clock and budget. */
static struct pool *beside(struct fake *fake, int size)
{
    return pool_new(&fake->spec, size, &fake->effects, fake, &fake->budget, 7);
}

/* Ends every process of the pool at once. How many there were. */
static int end_all(struct fake *fake, struct pool *pool, int status)
{
    int ended = 0;

    for (int slot = 1; pool_worker(pool, slot); slot++)
        if (pool_worker(pool, slot)->has_process) {
            fake_end(fake, pool_worker(pool, slot), status);
            ended++;
        }
    return ended;
}

static void a_restart_counts_when_it_happens(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    fake.spec.crash_loop.failures = 3;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, CLOCK_MS);
    worker = pool_worker(fake.pool, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fake.pool->restarts, i);
        assert_int_equal(worker->restarts, i);
        fake_end(&fake, worker, 1 << 8);
        assert_int_equal(fake.pool->restarts, i); /* not before it has happened */
        if (i < 2)
            fake_pass(&fake, 2 * CLOCK_S);
    }
    assert_int_equal(worker->state, WORKER_HELD);
    assert_int_equal(fake.pool->restarts, 2);
    assert_int_equal(hour_counter_get(&fake.pool->stats.restarts, fake.now), 2);
    worker_request_start(worker, fake.now); /* what an operator asks for is no restart of ours */
    fake_pass(&fake, CLOCK_MS);
    assert_true(worker->has_process);
    assert_int_equal(fake.pool->restarts, 2);
    fake_fini(&fake);
}

static void a_start_that_fails_costs_no_budget(void **state)
{
    struct fake fake;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    fake.budget.per_pool = 5;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, CLOCK_S);
    fake_end(&fake, pool_worker(fake.pool, 1), 1 << 8);
    fake.spawn_error = -EAGAIN;
    fake_pass(&fake, 20 * CLOCK_S);
    fake.spawn_error = 0;
    fake_pass(&fake, CLOCK_S);
    assert_int_equal(fake.spawned, 2);
    assert_int_equal(fake.pool->restarts, 1);
    fake_fini(&fake);
}

static void a_pool_over_its_limit_waits_for_the_next_minute(void **state)
{
    struct fake fake;
    int64_t begin;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    fake.budget.per_pool = 10;
    fake.spec.restart_backoff.initial = fake.spec.restart_backoff.max = CLOCK_MS;
    fake.spec.crash_loop.failures = 0;
    pool_start(fake.pool, fake.now);
    begin = fake.now;
    while (fake.now - begin < 50 * CLOCK_S) {
        end_all(&fake, fake.pool, 1 << 8);
        fake_pass(&fake, 10 * CLOCK_MS);
    }
    assert_int_equal(fake.spawned, 11);
    assert_int_equal(pool_worker(fake.pool, 1)->state, WORKER_BACKOFF);
    assert_string_equal(pool_state_name(fake.pool), "backoff");
    assert_true(pool_degraded(fake.pool));
    assert_int_equal(fake.events[POOL_EVENT_CAPPED], 1);
    assert_non_null(
        strstr(fake.said[POOL_EVENT_CAPPED], "restart_limit: 10 restarts a minute are"));
    worker_request_start(pool_worker(fake.pool, 1), fake.now); /* an operator is never limited */
    fake_pass(&fake, CLOCK_MS);
    assert_int_equal(fake.spawned, 12);
    end_all(&fake, fake.pool, 1 << 8);
    fake_pass(&fake, 15 * CLOCK_S);
    assert_int_equal(fake.spawned, 13);
    fake_fini(&fake);
}

/* Twenty pools storm. A healthy one loses a worker now and then, also a young one, and each is
 * replaced at its time; all together stay below the cap. */
static void a_storm_takes_nothing_from_healthy_pools(void **state)
{
    struct fake fake;
    struct pool *storm[20], *well;
    int64_t end;
    int begun, killed = 0;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 4);
    well = beside(&fake, 4);
    fake.spec.restart_backoff.initial = fake.spec.restart_backoff.max = CLOCK_MS;
    fake.spec.crash_loop.failures = 0;
    for (int i = 0; i < 20; i++) {
        storm[i] = beside(&fake, 2); /* two slots: no breaker */
        pool_start(storm[i], fake.now);
    }
    pool_start(well, fake.now);
    pool_tick(well, fake.now);
    begun = fake.spawned + 40;
    for (end = fake.now + 59 * CLOCK_S; fake.now < end; fake.now += 20 * CLOCK_MS) {
        for (int i = 0; i < 20; i++) {
            pool_tick(storm[i], fake.now);
            end_all(&fake, storm[i], 1 << 8);
        }
        pool_tick(well, fake.now);
        assert_int_equal(well->count[WORKER_DOWN] + (size_t)well->capped_until,
                         0); /* nobody waits for a cap */
        if (fake.now > end - 59 * CLOCK_S + (int64_t)killed * 6 * CLOCK_S &&
            pool_worker(well, 1)->has_process) {
            fake_end(&fake, pool_worker(well, 1), SIGKILL);
            killed++;
        }
    }
    assert_in_range(killed, 9, 10);
    assert_in_range(fake.spawned - begun, RESTART_GLOBAL_LIMIT / 2, RESTART_GLOBAL_LIMIT);
    for (int i = 0; i < 20; i++)
        pool_free(storm[i]);
    pool_free(well);
    fake_fini(&fake);
}

/* The rate lets few through: they go to whoever had the fewest, not to whoever asks first. */
static void tokens_go_to_who_had_the_fewest(void **state)
{
    struct fake fake;
    struct pool *well;
    int64_t end, died = 0;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 50);
    fake.budget.rate = 5;
    fake.budget.filled_at = fake.now;
    fake.spec.restart_backoff.initial = fake.spec.restart_backoff.max = CLOCK_MS;
    fake.spec.crash_loop.failures = 0;
    fake.spec.ready.min_uptime = CLOCK_MS;
    well = beside(&fake, 2);
    pool_start(well, fake.now);
    pool_tick(well, fake.now);
    pool_start(fake.pool, fake.now);
    for (end = fake.now + 20 * CLOCK_S; fake.now < end; fake.now += 10 * CLOCK_MS) {
        fake.pool->breaker = false;
        pool_tick(fake.pool, fake.now); /* asks first, always */
        end_all(&fake, fake.pool, 1 << 8);
        pool_tick(well, fake.now);
        if (!died && fake.now > end - 10 * CLOCK_S) {
            fake_end(&fake, pool_worker(well, 2), SIGKILL);
            died = fake.now;
        }
        if (died && fake.now > died + CLOCK_S)
            assert_true(pool_worker(well, 2)->has_process);
    }
    assert_in_range(fake.spawned - 52, 95, 106);
    pool_free(well);
    fake_fini(&fake);
}

/* Five slots are held at the same time. Their canaries go out one a probe, in turn; when one stays
 * up the others follow at once. */
static void one_canary_a_pool_at_a_time(void **state)
{
    struct fake fake;
    int before;
    bool tried[6] = {false};

    (void)state;
    fake_init(&fake, POOL_SERVICE, 5);
    fake.spec.crash_loop.failures = 1;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, CLOCK_MS);
    assert_int_equal(end_all(&fake, fake.pool, 1 << 8), 5);
    assert_int_equal(fake.pool->count[WORKER_HELD], 5);
    fake.pool->breaker = false; /* not the breaker's doing */
    before = fake.spawned;
    for (int minute = 1; minute <= 5; minute++) {
        fake_pass(&fake, 61 * CLOCK_S);
        assert_int_equal(fake.spawned, before + minute);
        fake_pass(&fake, 5 * CLOCK_S); /* while one is out no other goes */
        assert_int_equal(fake.spawned, before + minute);
        assert_false(tried[fake.pool->probe_slot]);
        tried[fake.pool->probe_slot] = true;
        assert_int_equal(end_all(&fake, fake.pool, 1 << 8), 1);
    }
    assert_int_equal(fake.events[POOL_EVENT_HELD], 1);
    assert_int_equal(fake.events[POOL_EVENT_STILL_HELD], 9);
    fake_pass(&fake, 61 * CLOCK_S);
    assert_int_equal(pool_live(fake.pool), 1);
    fake_pass(&fake, fake.spec.restart_backoff.reset_after + CLOCK_S);
    assert_int_equal(pool_live(fake.pool), 5);
    assert_int_equal(fake.spawned, before + 10);
    fake_fini(&fake);
}

static void what_ends_for_good_is_done_or_failed(void **state)
{
    struct fake fake;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 2);
    fake.spec.restart = RESTART_ON_FAILURE;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 2 * CLOCK_S);
    fake_end(&fake, pool_worker(fake.pool, 1), 0);
    assert_string_equal(pool_state_name(fake.pool), "ok");
    fake_end(&fake, pool_worker(fake.pool, 2), 0);
    assert_string_equal(pool_state_name(fake.pool), "done");
    assert_false(pool_degraded(fake.pool));
    fake.spec.restart = RESTART_NEVER;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_string_equal(pool_state_name(fake.pool), "ok");
    end_all(&fake, fake.pool, 1 << 8);
    assert_string_equal(pool_state_name(fake.pool), "failed");
    assert_true(pool_degraded(fake.pool));
    fake_fini(&fake);
}

/* Starting for the second time because the first went wrong is not health. */
static void what_never_gets_ready_is_degraded(void **state)
{
    struct fake fake;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    fake.spec.ready.notify = true;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, CLOCK_S);
    assert_false(pool_degraded(fake.pool));
    fake_end(&fake, pool_worker(fake.pool, 1), 1 << 8);
    fake_pass(&fake, 5 * CLOCK_S);
    assert_int_equal(pool_worker(fake.pool, 1)->state, WORKER_STARTING);
    assert_true(pool_degraded(fake.pool));
    worker_on_ready(pool_worker(fake.pool, 1), fake.now);
    assert_false(pool_degraded(fake.pool));
    fake_fini(&fake);
}

static void a_pool_says_it_once_and_with_its_hold(void **state)
{
    struct fake fake;
    struct worker *worker;
    struct worker_end end = {.status = 3 << 8};

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    fake.spec.crash_loop.failures = 5;
    fake.spec.restart_backoff.max = CLOCK_S;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, CLOCK_MS);
    worker = pool_worker(fake.pool, 1);
    for (int i = 0; i < 5; i++) {
        snprintf(end.last_words, sizeof(end.last_words), "can't connect to port %d", i);
        worker_on_exit(worker, &end, fake.now);
        worker_on_ended(worker, fake.now);
        fake_pass(&fake, 2 * CLOCK_S);
    }
    assert_int_equal(fake.events[POOL_EVENT_ALIKE], 1);
    assert_string_equal(fake.said[POOL_EVENT_ALIKE],
                        "3 of 3 deaths in 10m: exit 3, same last line: can't connect to port 2");
    assert_non_null(strstr(fake.said[POOL_EVENT_HELD],
                           "; 5 of 5 deaths in 10m: exit 3, same last line: can't connect to "));
    fake_fini(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_counts_when_it_happens),
        cmocka_unit_test(a_start_that_fails_costs_no_budget),
        cmocka_unit_test(a_pool_over_its_limit_waits_for_the_next_minute),
        cmocka_unit_test(a_storm_takes_nothing_from_healthy_pools),
        cmocka_unit_test(a_pool_says_it_once_and_with_its_hold),
        cmocka_unit_test(what_ends_for_good_is_done_or_failed),
        cmocka_unit_test(what_never_gets_ready_is_degraded),
        cmocka_unit_test(one_canary_a_pool_at_a_time),
        cmocka_unit_test(tokens_go_to_who_had_the_fewest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
