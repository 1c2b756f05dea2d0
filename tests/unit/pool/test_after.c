/* SPDX-License-Identifier: MIT */
/* What a pool is to those that come after it. */
#include "fake_pool.h"

#include "pool/after.h"

/* "srhd": a letter for each condition that holds, '-' for the others. */
static const char *holding(const struct fake *fake)
{
    static char text[5];
    static const enum after_condition all[] = {AFTER_STARTED, AFTER_READY, AFTER_HEALTHY,
                                               AFTER_DONE};

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        text[i] = after_holds(fake->pool, all[i]) ? "srhd"[i] : '-';
    return text;
}

static void service_is_started_then_ready_then_healthy(void **state)
{
    struct fake fake;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 2);
    free(fake.spec.health.tcp);
    fake.spec.health.tcp = mem_copy_string("127.0.0.1:80");
    assert_string_equal(holding(&fake), "----");
    pool_start(fake.pool, fake.now);
    assert_string_equal(holding(&fake), "----");
    fake_pass(&fake, 0);
    assert_string_equal(holding(&fake), "s---");
    fake_pass(&fake, 2 * CLOCK_S);
    assert_string_equal(holding(&fake), "sr--");
    worker_on_check(pool_worker(fake.pool, 1), true, "", fake.now);
    worker_on_check(pool_worker(fake.pool, 1), true, "", fake.now);
    assert_string_equal(holding(&fake), "sr--");
    worker_on_check(pool_worker(fake.pool, 2), true, "", fake.now);
    assert_string_equal(holding(&fake), "srh-");
    fake_end(&fake, pool_worker(fake.pool, 1), 256);
    assert_string_equal(holding(&fake), "----");
    pool_stop(fake.pool, STOP_OPERATOR, "", fake.now);
    assert_string_equal(holding(&fake), "----");
    fake_end(&fake, pool_worker(fake.pool, 2), 0);
    fake_fini(&fake);
}

static void nobody_is_ready_in_an_empty_pool(void **state)
{
    struct fake fake;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 0);
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_string_equal(holding(&fake), "----");
    fake_fini(&fake);
}

static void jobs_are_ready_at_once_and_done_for_good(void **state)
{
    struct fake fake;

    (void)state;
    fake_init(&fake, POOL_COMMAND, 2);
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 0);
    assert_string_equal(holding(&fake), "srh-");
    pool_source_ended(fake.pool);
    fake_pass(&fake, 0);
    assert_string_equal(holding(&fake), "srhd");
    pool_stop(fake.pool, STOP_OPERATOR, "", fake.now);
    assert_string_equal(holding(&fake), "srhd");
    fake_fini(&fake);
}

static void whoever_starts_or_stops_it_ends_its_wait(void **state)
{
    struct fake fake;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    fake.pool->awaiting = true;
    assert_string_equal(pool_state_name(fake.pool), "waiting");
    assert_false(pool_degraded(fake.pool));
    pool_stop(fake.pool, STOP_OPERATOR, "ana", fake.now);
    assert_string_equal(pool_state_name(fake.pool), "stopped");
    fake.pool->awaiting = true;
    pool_start(fake.pool, fake.now);
    assert_false(fake.pool->awaiting);
    fake_fini(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(service_is_started_then_ready_then_healthy),
        cmocka_unit_test(nobody_is_ready_in_an_empty_pool),
        cmocka_unit_test(jobs_are_ready_at_once_and_done_for_good),
        cmocka_unit_test(whoever_starts_or_stops_it_ends_its_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
