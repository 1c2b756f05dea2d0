/* SPDX-License-Identifier: MIT */
/* What becomes of tasks when their worker goes: deaths, time-outs, cancels, drains, halts. */
#include "feed_fixture.h"

static void death_of_several_charges_none_and_each_is_alone_then(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.batch = 3;
    fake.spec.bury_after_deaths = 2;
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 5);
    feed_die(&fake, worker, SIGSEGV);
    /* 1, 2, 3 are at the head again, in their order, the first alone. */
    assert_int_equal(worker->in_flight, 1);
    assert_int_equal(worker->task->id, 1);
    for (uint64_t id = 1; id <= 3; id++) {
        assert_int_equal(feed_task(&fake, id)->deaths, 0);
        assert_int_equal(feed_task(&fake, id)->failures, 0);
    }
    assert_int_equal(worker->task->attempts, 2);
    feed_ok(&fake, worker, 1);
    assert_int_equal(worker->in_flight, 1);
    feed_die(&fake, worker, SIGSEGV); /* of 2, alone */
    assert_int_equal(feed_task(&fake, 2)->deaths, 1);
    feed_die(&fake, worker, SIGSEGV);
    assert_int_equal(feed_state(&fake, 2), TASK_BURIED);
    assert_non_null(strstr(feed_task(&fake, 2)->error, "2 workers died of it"));
    assert_int_equal(feed_task(&fake, 3)->deaths, 0);
    feed_ok(&fake, worker, 3);
    assert_int_equal(worker->in_flight, 2); /* 4 and 5 never met a death */
    assert_int_equal(fake.pool->queue.retries, 4);
    fake_fini(&fake);
}

static void task_to_be_alone_is_not_lost_or_counted_when_it_must_wait(void **state)
{
    struct fake fake;
    struct worker *first, *second;

    (void)state;
    feed_init(&fake, 2);
    fake.spec.batch = 4;
    first = pool_worker(fake.pool, 1);
    second = pool_worker(fake.pool, 2);
    feed_submit(&fake, 1, 8);
    fake_end(&fake, first, SIGKILL);
    fake_pass(&fake, 0);
    feed_ok(&fake, second, second->task->id);
    feed_ok(&fake, second, second->task->id); /* hungry, but the head must be alone */
    assert_int_equal(second->in_flight, 2);
    assert_int_equal(fake.pool->queue.retries, 0);
    feed_ok(&fake, second, second->task->id);
    feed_ok(&fake, second, second->task->id);
    assert_int_equal(second->in_flight, 1);
    assert_int_equal(second->task->attempts, 2);
    assert_int_equal(fake.pool->queue.retries, 1);
    fake_fini(&fake);
}

static void operators_kill_is_not_the_tasks_fault(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.bury_after_deaths = 1;
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 1);
    worker_request_signal(worker, SIGKILL, "ana", fake.now);
    feed_die(&fake, worker, SIGKILL);
    assert_int_equal(feed_state(&fake, 1), TASK_RUNNING);
    assert_int_equal(feed_task(&fake, 1)->deaths, 0);
    feed_die(&fake, worker, SIGKILL);
    assert_int_equal(feed_state(&fake, 1), TASK_BURIED);
    fake_fini(&fake);
}

static void time_out_charges_the_oldest_only(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.batch = 3;
    fake.spec.timeout.duration = 5 * CLOCK_S;
    fake.spec.retries = 0;
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 3);
    fake_pass(&fake, 4 * CLOCK_S);
    feed_ok(&fake, worker, 1);
    fake_pass(&fake, 4 * CLOCK_S); /* 2 is the oldest for 4 s only */
    assert_int_equal(fake.events[POOL_EVENT_TIMEOUT], 0);
    fake_pass(&fake, CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_TIMEOUT], 1);
    feed_die(&fake, worker, SIGTERM);
    assert_int_equal(feed_state(&fake, 2), TASK_FAILED);
    assert_int_equal(feed_task(&fake, 2)->exit, -1);
    assert_int_equal(feed_state(&fake, 3), TASK_RUNNING);
    assert_int_equal(feed_task(&fake, 3)->failures, 0);
    assert_int_equal(feed_task(&fake, 3)->deaths, 0);
    fake_fini(&fake);
}

/* The late answer of the one that timed out must not make its neighbour the guilty one. */
static void answered_at_the_last_moment_charges_nobody(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.batch = 2;
    fake.spec.timeout.duration = 5 * CLOCK_S;
    fake.spec.retries = 0;
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 2);
    fake_pass(&fake, 5 * CLOCK_S);
    assert_int_equal(worker->state, WORKER_STOPPING);
    feed_ok(&fake, worker, 1);
    feed_die(&fake, worker, SIGTERM);
    assert_int_equal(feed_state(&fake, 1), TASK_DONE);
    assert_int_equal(feed_state(&fake, 2), TASK_RUNNING);
    assert_int_equal(feed_task(&fake, 2)->failures, 0);
    fake_fini(&fake);
}

/* A worker on its way out that had room for more must not stand before the others. */
static void stopping_worker_is_asked_for_nothing(void **state)
{
    struct fake fake;
    struct worker *first;

    (void)state;
    feed_init(&fake, 2);
    fake.spec.batch = 2;
    feed_submit(&fake, 1, 8);
    first = pool_worker(fake.pool, 1);
    assert_int_equal(feed_say(&fake, first, first->task->id, ANSWER_OK, NULL), 0);
    worker_on_breach(first, "OK for task 9, which it does not hold", fake.now);
    fake_pass(&fake, CLOCK_S);
    assert_true(pool_next_deadline(fake.pool) > fake.now); /* it does not spin */
    assert_int_equal(fake.fed, 4);
    assert_int_equal(fake.events[POOL_EVENT_BREACH], 1);
    feed_ok(&fake, pool_worker(fake.pool, 2), pool_worker(fake.pool, 2)->task->id);
    assert_int_equal(fake.fed, 5);
    feed_die(&fake, first, SIGTERM);
    assert_string_equal(first->why, "protocol breach by lifeguard: signal 15 (TERM)");
    assert_int_equal(fake.told[WORD_STOP], 1);
    fake_fini(&fake);
}

static void cancel_is_told_and_has_the_grace_time(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.batch = 3;
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 3);
    assert_int_equal(pool_cancel_task(fake.pool, feed_task(&fake, 1), "ana", fake.now), 0);
    assert_int_equal(fake.told[WORD_CANCEL], 1);
    feed_answer(&fake, worker, 1, ANSWER_RELEASE, NULL);
    assert_int_equal(feed_state(&fake, 1), TASK_CANCELLED);
    assert_string_equal(feed_task(&fake, 1)->error, "cancelled by ana");
    pool_cancel_task(fake.pool, feed_task(&fake, 3), "bob", fake.now); /* not the oldest */
    fake_pass(&fake, 100 * CLOCK_S);
    assert_int_equal(worker->state, WORKER_BUSY);
    feed_ok(&fake, worker, 2); /* now it is */
    fake_pass(&fake, 9 * CLOCK_S);
    pool_cancel_task(fake.pool, feed_task(&fake, 3), "bob", fake.now); /* buys it no more time */
    assert_int_equal(worker->state, WORKER_BUSY);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(worker->state, WORKER_STOPPING);
    feed_die(&fake, worker, SIGTERM);
    assert_int_equal(feed_state(&fake, 3), TASK_CANCELLED);
    assert_non_null(strstr(feed_task(&fake, 3)->error, "cancelled by bob"));
    fake_fini(&fake);
}

static void cancelled_but_done_is_done(void **state)
{
    struct fake fake;

    (void)state;
    feed_init(&fake, 1);
    feed_submit(&fake, 1, 1);
    pool_cancel_task(fake.pool, feed_task(&fake, 1), "ana", fake.now);
    feed_ok(&fake, pool_worker(fake.pool, 1), 1);
    assert_int_equal(feed_state(&fake, 1), TASK_DONE);
    fake_fini(&fake);
}

static void drain_says_quiet_and_lets_them_finish(void **state)
{
    struct fake fake;
    struct worker *first, *second;

    (void)state;
    feed_init(&fake, 2);
    first = pool_worker(fake.pool, 1);
    second = pool_worker(fake.pool, 2);
    feed_submit(&fake, 1, 1);
    first = first->in_flight ? first : second;
    second = pool_worker(fake.pool, first->slot == 1 ? 2 : 1);
    pool_drain(fake.pool, fake.now);
    assert_int_equal(fake.told[WORD_QUIET], 2);
    assert_int_equal(fake.signals[SIGTERM], 0);
    fake_end(&fake, second, 0);
    fake_pass(&fake, 100 * CLOCK_S);
    assert_int_equal(first->state, WORKER_DRAINING);
    feed_ok(&fake, first, 1);
    fake_pass(&fake, 3 * CLOCK_S); /* it ignores QUIET */
    assert_int_equal(first->state, WORKER_STOPPING);
    fake_end(&fake, first, SIGTERM);
    fake_pass(&fake, 100 * CLOCK_S);
    assert_true(pool_is_down(fake.pool));
    assert_int_equal(fake.spawned, 2);
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 0);
    assert_int_equal(fake.spawned, 4);
    fake_fini(&fake);
}

static void death_after_quiet_is_a_death(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.bury_after_deaths = 1;
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 1);
    pool_drain(fake.pool, fake.now);
    fake_end(&fake, worker, SIGSEGV);
    assert_int_equal(feed_state(&fake, 1), TASK_BURIED);
    fake_fini(&fake);
}

static void rolling_restart_is_one_at_a_time_and_loses_nothing(void **state)
{
    struct fake fake;
    int down = 0;

    (void)state;
    feed_init(&fake, 3);
    feed_submit(&fake, 1, 3);
    pool_restart(fake.pool, fake.now);
    for (int turn = 0; turn < 3; turn++) {
        struct worker *worker = NULL;

        fake_pass(&fake, CLOCK_MS);
        assert_int_equal(fake.pool->count[WORKER_DRAINING], 1);
        for (int slot = 1; slot <= 3; slot++)
            if (pool_worker(fake.pool, slot)->state == WORKER_DRAINING)
                worker = pool_worker(fake.pool, slot);
        assert_non_null(worker);
        feed_ok(&fake, worker, worker->task->id);
        fake_end(&fake, worker, 0);
        down++;
        fake_pass(&fake, CLOCK_MS);
        assert_int_equal(fake.spawned, 3 + down);
        assert_int_equal(fake.pool->count[WORKER_DRAINING], 0); /* until it is ready */
        feed_ready(&fake);
    }
    fake_pass(&fake, 100 * CLOCK_S);
    assert_int_equal(fake.spawned, 6);
    assert_int_equal(fake.finals[TASK_DONE], 3);
    fake_fini(&fake);
}

/* What can't replace the first must not take the others, too. */
static void rolling_restart_stops_at_a_replacement_that_crashes(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 3);
    pool_restart(fake.pool, fake.now);
    fake_pass(&fake, 0);
    worker = pool_worker(fake.pool, 1);
    assert_int_equal(worker->state, WORKER_DRAINING);
    fake_end(&fake, worker, 0);
    for (int i = 0; i < 8; i++) {
        fake_pass(&fake, CLOCK_MS);
        if (worker->state == WORKER_STARTING)
            fake_end(&fake, worker, 1 << 8);
        fake_pass(&fake, 20 * CLOCK_S);
        assert_int_equal(fake.pool->count[WORKER_IDLE], 2);
    }
    assert_int_equal(fake.told[WORD_QUIET], 1);
    assert_int_equal(fake.events[POOL_EVENT_ROLL], 1);
    worker_request_start(worker, fake.now); /* it is well again, and nobody asks for more */
    fake_pass(&fake, 0);
    feed_ready(&fake);
    assert_int_equal(fake.pool->count[WORKER_IDLE], 3);
    pool_restart(fake.pool, fake.now);
    fake_pass(&fake, 0);
    assert_int_equal(worker->state, WORKER_DRAINING);
    fake_end(&fake, worker, 0);
    fake_pass(&fake, 0);
    feed_ready(&fake);
    assert_int_equal(pool_worker(fake.pool, 2)->state, WORKER_DRAINING);
    worker_request_stop(pool_worker(fake.pool, 2), "ana",
                        fake.now); /* and waits for no stopped one */
    fake_end(&fake, pool_worker(fake.pool, 2), SIGTERM);
    fake_pass(&fake, 0);
    assert_int_equal(pool_worker(fake.pool, 3)->state, WORKER_DRAINING);
    fake_fini(&fake);
}

static void shrinking_takes_the_idle_first(void **state)
{
    struct fake fake;
    struct worker *busy;

    (void)state;
    feed_init(&fake, 3);
    feed_submit(&fake, 1, 1);
    busy = feed_task(&fake, 1)->worker;
    pool_resize(fake.pool, 1, "ana", fake.now, NULL);
    fake_pass(&fake, 0);
    assert_int_equal(busy->state, WORKER_BUSY);
    assert_int_equal(fake.told[WORD_QUIET], 2);
    pool_resize(fake.pool, 3, "ana", fake.now, NULL); /* on second thoughts */
    fake_pass(&fake, 0);
    for (int slot = 1; slot <= 3; slot++)
        if (pool_worker(fake.pool, slot)->state == WORKER_DRAINING)
            fake_end(&fake, pool_worker(fake.pool, slot), 0);
    fake_pass(&fake, 0);
    feed_ready(&fake);
    assert_int_equal(fake.pool->count[WORKER_IDLE], 2);
    assert_int_equal(fake.spawned, 5);
    fake_fini(&fake);
}

static void halt_now_cancels_what_runs_and_skips_what_waits(void **state)
{
    struct fake fake;
    struct worker *first, *second;

    (void)state;
    feed_init(&fake, 2);
    fake.spec.batch = 2;
    fake.spec.retries = 0;
    assert_int_equal(halt_spec_parse(&fake.spec.halt, "now,fail=1"), 0);
    feed_submit(&fake, 1, 6);
    first = feed_task(&fake, 1)->worker;
    second = feed_task(&fake, 3)->worker;
    feed_answer(&fake, first, 1, ANSWER_FAIL, "exit 3");
    assert_int_equal(fake.pool->halt_exit, 3);
    assert_int_equal(feed_state(&fake, 5), TASK_SKIPPED);
    assert_int_equal(feed_state(&fake, 6), TASK_SKIPPED);
    fake_end(&fake, first, SIGTERM);
    fake_end(&fake, second, SIGTERM);
    for (uint64_t id = 2; id <= 4; id++)
        assert_int_equal(feed_state(&fake, id), TASK_CANCELLED);
    fake_pass(&fake, CLOCK_S);
    assert_true(fake.pool->done);
    fake_fini(&fake);
}

static void done_pool_lets_its_workers_go_until_a_retry(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.tasks.source = SOURCE_LIST;
    fake.spec.retries = 0;
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 1);
    feed_answer(&fake, worker, 1, ANSWER_FAIL, "no");
    assert_int_equal(worker->state, WORKER_IDLE);
    pool_source_ended(fake.pool);
    fake_pass(&fake, CLOCK_MS);
    assert_true(fake.pool->done);
    assert_int_equal(fake.told[WORD_QUIET], 1);
    fake_end(&fake, worker, 0);
    fake_pass(&fake, CLOCK_S);
    assert_null(pool_worker(fake.pool, 1));
    assert_false(pool_degraded(fake.pool));
    assert_int_equal(pool_retry_task(fake.pool, feed_task(&fake, 1), fake.now), 0);
    fake_pass(&fake, 0);
    feed_ready(&fake);
    feed_ok(&fake, pool_worker(fake.pool, 1), 1);
    assert_true(fake.pool->done);
    assert_int_equal(fake.finals[TASK_DONE], 1);
    fake_fini(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(death_of_several_charges_none_and_each_is_alone_then),
        cmocka_unit_test(task_to_be_alone_is_not_lost_or_counted_when_it_must_wait),
        cmocka_unit_test(operators_kill_is_not_the_tasks_fault),
        cmocka_unit_test(time_out_charges_the_oldest_only),
        cmocka_unit_test(answered_at_the_last_moment_charges_nobody),
        cmocka_unit_test(stopping_worker_is_asked_for_nothing),
        cmocka_unit_test(cancel_is_told_and_has_the_grace_time),
        cmocka_unit_test(cancelled_but_done_is_done),
        cmocka_unit_test(drain_says_quiet_and_lets_them_finish),
        cmocka_unit_test(death_after_quiet_is_a_death),
        cmocka_unit_test(rolling_restart_is_one_at_a_time_and_loses_nothing),
        cmocka_unit_test(rolling_restart_stops_at_a_replacement_that_crashes),
        cmocka_unit_test(shrinking_takes_the_idle_first),
        cmocka_unit_test(halt_now_cancels_what_runs_and_skips_what_waits),
        cmocka_unit_test(done_pool_lets_its_workers_go_until_a_retry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
