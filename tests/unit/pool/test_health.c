/* SPDX-License-Identifier: MIT */
/* Checks from outside: what they count, when they restart a worker, and what they say. */
#include "fake_pool.h"

static void health_init(struct fake *fake, int size, int failures)
{
    fake_init(fake, POOL_SERVICE, size);
    fake->spec.health.command = mem_new_array(2, sizeof(char *));
    fake->spec.health.command[0] = mem_copy_string("probe");
    fake->spec.health.failures = failures;
    fake->spec.ready.min_uptime = CLOCK_S;
    pool_start(fake->pool, fake->now);
    fake_pass(fake, 2 * CLOCK_S);
}

static void so_many_in_a_row_restart_it(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    health_init(&fake, 1, 3);
    worker = pool_worker(fake.pool, 1);
    assert_int_equal(worker->state, WORKER_BUSY);
    assert_false(health_is_good(worker));
    worker_on_check(worker, true, "", fake.now);
    assert_true(health_is_good(worker));
    for (int round = 0; round < 10; round++) {
        worker_on_check(worker, false, "exit 1", fake.now);
        worker_on_check(worker, false, "exit 1", fake.now);
        worker_on_check(worker, true, "", fake.now);
    }
    assert_int_equal(fake.events[POOL_EVENT_CHECK], 10);
    assert_int_equal(worker->state, WORKER_BUSY);
    worker_on_check(worker, false, "exit 1", fake.now);
    worker_on_check(worker, false, "exit 1", fake.now);
    assert_int_equal(worker->state, WORKER_BUSY);
    assert_true(health_is_good(worker));
    worker_on_check(worker, false, "exit 2: worse", fake.now);
    assert_int_equal(worker->state, WORKER_STOPPING);
    assert_int_equal(fake.signals[SIGTERM], 1);
    assert_true(worker->health.unhealthy);
    assert_int_equal(fake.pool->unhealthy, 1);
    assert_true(pool_degraded(fake.pool));
    assert_string_equal(pool_state_name(fake.pool), "unhealthy");
    assert_string_equal(fake.said[POOL_EVENT_UNHEALTHY],
                        "unhealthy: 3 health checks failed: exit 2: worse; restarting it");
    /* What is on its way out is not counted any more. */
    worker_on_check(worker, false, "exit 9", fake.now);
    assert_int_equal(worker->health.failures, 3);
    fake_end(&fake, worker, SIGTERM);
    assert_int_equal(fake.pool->unhealthy, 0);
    fake_fini(&fake);
}

static void its_death_names_the_checks_and_is_a_failure(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    health_init(&fake, 1, 1);
    worker = pool_worker(fake.pool, 1);
    worker_on_check(worker, false, "connect 1.2.3.4:5: Connection refused", fake.now);
    fake_end(&fake, worker, SIGTERM);
    assert_string_equal(worker->why, "unhealthy: 1 health checks failed: connect 1.2.3.4:5: "
                                     "Connection refused; signal 15 (TERM)");
    assert_int_equal(worker->failure_count, 1);
    fake_pass(&fake, 60 * CLOCK_S);
    assert_int_equal(fake.pool->restarts, 1);
    assert_int_equal(worker->generation, 2);
    assert_int_equal(worker->health.failures, 0);
    assert_false(worker->health.proven);
    fake_fini(&fake);
}

static void hold_keeps_it_and_its_release_restarts_it(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    health_init(&fake, 1, 2);
    worker = pool_worker(fake.pool, 1);
    pool_hold(fake.pool, true, fake.now);
    for (int i = 0; i < 5; i++)
        worker_on_check(worker, false, "no", fake.now);
    assert_int_equal(worker->state, WORKER_BUSY);
    assert_int_equal(fake.events[POOL_EVENT_UNHEALTHY], 1);
    assert_false(health_is_good(worker));
    worker_on_check(worker, true, "", fake.now);
    assert_int_equal(fake.events[POOL_EVENT_RECOVERED], 1);
    assert_int_equal(fake.pool->unhealthy, 0);
    worker_on_check(worker, false, "no", fake.now);
    worker_on_check(worker, false, "no", fake.now);
    pool_hold(fake.pool, false, fake.now);
    assert_int_equal(worker->state, WORKER_STOPPING);
    fake_end(&fake, worker, 0);
    fake_fini(&fake);
}

static void success_makes_a_starting_worker_ready(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    free(fake.spec.ready.tcp);
    fake.spec.ready.tcp = mem_copy_string("127.0.0.1:80");
    fake.spec.ready.min_uptime = CLOCK_MS;
    fake.spec.ready.timeout = 5 * CLOCK_S;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, CLOCK_S); /* min_uptime does not make it ready */
    worker = pool_worker(fake.pool, 1);
    for (int i = 0; i < 100; i++)
        worker_on_check(worker, false, "connect 127.0.0.1:80: Connection refused", fake.now);
    assert_int_equal(worker->state, WORKER_STARTING);
    worker_on_check(worker, true, "", fake.now);
    assert_int_equal(worker->state, WORKER_BUSY);
    assert_true(health_is_good(worker)); /* there are no checks of its health */
    fake_end(&fake, worker, 256);
    fake_pass(&fake, CLOCK_S);
    assert_int_equal(worker->state, WORKER_STARTING);
    worker_on_check(worker, false, "connect 127.0.0.1:80: Connection refused", fake.now);
    fake_pass(&fake, 5 * CLOCK_S);
    assert_int_equal(worker->state, WORKER_STOPPING);
    fake_end(&fake, worker, SIGTERM);
    assert_string_equal(worker->why, "not ready in time: connect 127.0.0.1:80: Connection refused;"
                                     " signal 15 (TERM)");
    fake_fini(&fake);
}

/* In any part of the interval come about as many checks as its length says. */
static void many_slots_are_spread_over_the_interval(void **state)
{
    enum { SLOTS = 1000, PARTS = 20 };
    struct fake fake;
    int first[PARTS] = {0}, second[PARTS] = {0};

    (void)state;
    health_init(&fake, SLOTS, 3);
    fake.spec.health.interval = 10 * CLOCK_S;
    for (int slot = 1; slot <= SLOTS; slot++) {
        struct worker *worker = pool_worker(fake.pool, slot);
        int64_t delay = health_delay(worker);

        assert_in_range(delay, 0, CLOCK_S);
        first[delay * PARTS / CLOCK_S]++;
        worker_on_check(worker, true, "", fake.now);
        delay = health_delay(worker);
        assert_in_range(delay, 5 * CLOCK_S, 10 * CLOCK_S);
        second[(delay - 5 * CLOCK_S) * PARTS / (5 * CLOCK_S)]++;
        worker_on_check(worker, true, "", fake.now);
        assert_int_equal(health_delay(worker), 10 * CLOCK_S);
    }
    for (int part = 0; part < PARTS; part++) {
        assert_in_range(first[part], SLOTS / PARTS - 5, SLOTS / PARTS + 5);
        assert_in_range(second[part], SLOTS / PARTS - 5, SLOTS / PARTS + 5);
    }
    fake_fini(&fake);
}

static void readiness_is_asked_for_ever_more_slowly(void **state)
{
    int64_t delay = 0, before = 0, sum = 0;

    (void)state;
    assert_int_equal(health_ready_delay(0), 50 * CLOCK_MS);
    for (int i = 0; i < 20; i++, before = delay) {
        delay = health_ready_delay(before);
        assert_true(delay >= before);
        sum += delay;
    }
    assert_int_equal(delay, CLOCK_S);
    assert_true(sum < 16 * CLOCK_S);
}

static void names_in_braces_are_replaced(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"{pid}", "4711"},
        {"a{slot}b", "a7b"},
        {"{pool}{pool}", "pp"},
        {"{", "{"},
        {"{x}{pid", "{x}{pid"},
        {"{{pid}}", "{4711}"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        char *text = health_expand(pairs[i][0], "p", 7, 4711);

        assert_string_equal(text, pairs[i][1]);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_in_a_row_restart_it),
        cmocka_unit_test(its_death_names_the_checks_and_is_a_failure),
        cmocka_unit_test(hold_keeps_it_and_its_release_restarts_it),
        cmocka_unit_test(success_makes_a_starting_worker_ready),
        cmocka_unit_test(many_slots_are_spread_over_the_interval),
        cmocka_unit_test(readiness_is_asked_for_ever_more_slowly),
        cmocka_unit_test(names_in_braces_are_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
