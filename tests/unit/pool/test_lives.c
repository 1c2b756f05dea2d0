/* SPDX-License-Identifier: MIT */
/* The record of a slot's lives: a ring that grows with them. */
#include "fake_pool.h"

static void expect_kept(const struct worker *worker, uint32_t newest)
{
    uint32_t kept = newest < WORKER_LIVES_MAX ? newest : WORKER_LIVES_MAX;

    assert_int_equal(worker->lives_count, newest);
    for (uint32_t i = 0; i < kept; i++) {
        const struct worker_life *life = &worker->lives[(newest - 1 - i) % WORKER_LIVES_MAX];

        assert_int_equal(life->generation, newest - i);
        assert_int_equal(life->status, (newest - i) << 8);
        assert_string_not_equal(life->why, "");
    }
}

static void the_newest_are_kept(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    fake.spec.crash_loop.failures = 0;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 0);
    worker = pool_worker(fake.pool, 1);
    for (int n = 1; n <= 3 * WORKER_LIVES_MAX; n++) {
        fake_pass(&fake, 60 * CLOCK_S);
        assert_true(worker->has_process);
        fake_end(&fake, worker, n << 8);
        expect_kept(worker, (uint32_t)n);
    }
    fake_fini(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
