/* SPDX-License-Identifier: MIT */
/* Handing out tasks to persistent workers: batches, answers, clocks. */
#include "feed_fixture.h"

static void batch_is_filled_in_order_and_refilled_at_half(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.batch = 4;
    feed_submit(&fake, 1, 10);
    worker = pool_worker(fake.pool, 1);
    /* The first found the worker alone; the others came while it was busy. */
    assert_int_equal(worker->in_flight, 4);
    feed_ok(&fake, worker, 1);
    assert_int_equal(fake.fed, 4);
    feed_ok(&fake, worker, 3); /* in any order */
    assert_int_equal(fake.fed, 6);
    for (int i = 0; i < 6; i++)
        assert_int_equal(fake.fed_ids[i], i + 1);
    assert_int_equal(worker->task->id, 2);
    assert_int_equal(feed_say(&fake, worker, 3, ANSWER_OK, NULL), -ENOENT);
    assert_int_equal(feed_say(&fake, worker, 99, ANSWER_OK, NULL), -ENOENT);
    assert_int_equal(feed_say(&fake, worker, 9, ANSWER_OK, NULL), -ENOENT);
    fake_fini(&fake);
}

/* A worker that does several tasks at once gets them as they come, not when it is done. */
static void busy_worker_gets_what_comes_later(void **state)
{
    struct fake fake;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.batch = 4;
    feed_submit(&fake, 1, 1);
    assert_int_equal(fake.fed, 1);
    feed_submit(&fake, 2, 2);
    assert_int_equal(fake.fed, 2);
    feed_ok(&fake, pool_worker(fake.pool, 1), 1);
    feed_submit(&fake, 3, 3);
    assert_int_equal(fake.fed, 3);
    fake_fini(&fake);
}

static void idle_worker_is_asked_before_a_busy_one(void **state)
{
    struct fake fake;

    (void)state;
    feed_init(&fake, 2);
    fake.spec.batch = 4;
    feed_submit(&fake, 1, 1);
    feed_submit(&fake, 2, 2);
    assert_int_equal(pool_worker(fake.pool, 1)->in_flight, 1);
    assert_int_equal(pool_worker(fake.pool, 2)->in_flight, 1);
    fake_fini(&fake);
}

static void auto_batch_grows_with_quick_answers_and_shrinks_with_slow_ones(void **state)
{
    struct fake fake;
    struct worker *worker;
    int most = 0;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.batch = 0;
    feed_submit(&fake, 1, 5000);
    worker = pool_worker(fake.pool, 1);
    assert_int_equal(worker->in_flight, 1); /* nothing is known yet */
    while (fake.pool->queue.counts[TASK_DONE] < 3000) {
        fake.now += 10 * CLOCK_US;
        feed_ok(&fake, worker, worker->task->id);
        most = worker->in_flight > most ? worker->in_flight : most;
    }
    assert_in_range(most, 200, 600); /* 5 ms of work */
    for (int i = 0; i < 600; i++) {
        fake.now += 100 * CLOCK_MS;
        feed_ok(&fake, worker, worker->task->id);
    }
    assert_int_equal(worker->in_flight, 1);
    fake_fini(&fake);
}

static void auto_batch_spreads_a_short_queue(void **state)
{
    struct fake fake;

    (void)state;
    feed_init(&fake, 4);
    fake.spec.batch = 0;
    for (int slot = 1; slot <= 4; slot++)
        pool_worker(fake.pool, slot)->service = 1e-6;
    pool_pause(fake.pool, true);
    feed_submit(&fake, 1, 40);
    pool_pause(fake.pool, false);
    fake_pass(&fake, 0);
    for (int slot = 1; slot <= 4; slot++)
        assert_in_range(pool_worker(fake.pool, slot)->in_flight, 1, 10);
    fake_fini(&fake);
}

static void time_limits_mean_one_at_a_time(void **state)
{
    struct fake fake;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.batch = 0;
    fake.spec.timeout.duration = 2 * CLOCK_S;
    pool_worker(fake.pool, 1)->service = 1e-6;
    feed_submit(&fake, 1, 40);
    assert_int_equal(pool_worker(fake.pool, 1)->in_flight, 1);
    assert_int_equal(fake.fed_limit, 2 * CLOCK_S);
    fake_fini(&fake);
}

static void failures_are_retried_after_a_pause_then_final(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.retries = 2;
    fake.spec.backoff = (struct backoff_spec){CLOCK_S, 2.0, 600 * CLOCK_S, JITTER_NONE, 0};
    feed_submit(&fake, 1, 1);
    worker = pool_worker(fake.pool, 1);
    feed_answer(&fake, worker, 1, ANSWER_FAIL, "no luck");
    assert_int_equal(feed_state(&fake, 1), TASK_RETRY);
    fake_pass(&fake, CLOCK_S - 1);
    assert_int_equal(fake.fed, 1);
    fake_pass(&fake, 1);
    assert_int_equal(feed_task(&fake, 1)->attempts, 2);
    feed_answer(&fake, worker, 1, ANSWER_FAIL, "no luck");
    fake_pass(&fake, 2 * CLOCK_S - 1);
    assert_int_equal(fake.fed, 2);
    fake_pass(&fake, 1);
    feed_answer(&fake, worker, 1, ANSWER_FAIL, "still none");
    assert_int_equal(feed_state(&fake, 1), TASK_FAILED);
    assert_int_equal(feed_task(&fake, 1)->attempts, 3);
    assert_string_equal(feed_task(&fake, 1)->error, "still none");
    assert_int_equal(fake.pool->queue.retries, 2);
    fake_fini(&fake);
}

static void tried_again_goes_first_where_order_is_kept(void **state)
{
    (void)state;
    for (int order = ORDER_COMPLETION; order <= ORDER_INPUT; order++) {
        struct fake fake;
        struct worker *worker;

        feed_init(&fake, 1);
        fake.spec.order = (enum result_order)order;
        fake.spec.backoff.initial = CLOCK_MS;
        worker = pool_worker(fake.pool, 1);
        feed_submit(&fake, 1, 4);
        feed_answer(&fake, worker, 1, ANSWER_FAIL, "no luck");
        fake_pass(&fake, CLOCK_S);
        feed_ok(&fake, worker, 2);
        assert_int_equal(worker->task->id, order == ORDER_INPUT ? 1 : 3);
        fake_fini(&fake);
    }
}

static void what_runs_is_limited_and_the_limit_lifted(void **state)
{
    struct fake fake;

    (void)state;
    feed_init(&fake, 2);
    fake.spec.batch = 8;
    pool_limit_running(fake.pool, 5);
    feed_submit(&fake, 1, 20);
    assert_int_equal(fake.fed, 5);
    feed_ok(&fake, feed_task(&fake, 1)->worker, 1);
    assert_int_equal(fake.pool->queue.counts[TASK_RUNNING], 5);
    pool_limit_running(fake.pool, INT64_MAX);
    fake_pass(&fake, 0);
    assert_int_equal(fake.pool->queue.counts[TASK_RUNNING], 16);
    fake_fini(&fake);
}

static void exit_statuses_in_reasons_are_looked_at(void **state)
{
    struct fake fake;
    struct worker *worker;
    int bury = 3, again = 4;

    (void)state;
    feed_init(&fake, 1);
    worker = pool_worker(fake.pool, 1);
    fake.spec.bury_on = &bury;
    fake.spec.retry_on = &again;
    fake.spec.bury_on_count = fake.spec.retry_on_count = 1;
    feed_submit(&fake, 1, 4);
    feed_answer(&fake, worker, 1, ANSWER_FAIL, "exit 3");
    feed_answer(&fake, worker, 2, ANSWER_FAIL, "exit 4");
    feed_answer(&fake, worker, 3, ANSWER_FAIL, "exit 5");
    feed_answer(&fake, worker, 4, ANSWER_FAIL, "exit 4x");
    assert_int_equal(feed_state(&fake, 1), TASK_BURIED);
    assert_int_equal(feed_state(&fake, 2), TASK_RETRY);
    assert_int_equal(feed_state(&fake, 3), TASK_FAILED);
    assert_int_equal(feed_state(&fake, 4), TASK_FAILED);
    fake.spec.bury_on = fake.spec.retry_on = NULL; /* not the spec's to free */
    fake.spec.bury_on_count = fake.spec.retry_on_count = 0;
    fake_fini(&fake);
}

static void bury_is_for_good_until_somebody_retries(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 1);
    feed_answer(&fake, worker, 1, ANSWER_BURY, "poison");
    assert_int_equal(feed_state(&fake, 1), TASK_BURIED);
    assert_string_equal(feed_task(&fake, 1)->error, "poison");
    assert_int_equal(pool_retry_task(fake.pool, feed_task(&fake, 1), fake.now), 0);
    fake_pass(&fake, 0);
    feed_ok(&fake, worker, 1);
    assert_int_equal(feed_state(&fake, 1), TASK_DONE);
    assert_int_equal(fake.pool->failed_tasks, 0);
    fake_fini(&fake);
}

static void release_is_no_attempt_and_waits_its_delay(void **state)
{
    struct fake fake;
    struct worker *worker;
    struct answer later = {.kind = ANSWER_RELEASE, .delay = 5 * CLOCK_S};

    (void)state;
    feed_init(&fake, 1);
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 2);
    feed_answer(&fake, worker, 1, ANSWER_RELEASE, NULL); /* behind the other */
    assert_int_equal(worker->task->id, 2);
    assert_int_equal(feed_task(&fake, 1)->attempts, 0);
    assert_int_equal(worker_on_answer(worker, 2, &later, fake.now), 0);
    fake_pass(&fake, 0);
    assert_int_equal(worker->task->id, 1);
    assert_int_equal(feed_task(&fake, 1)->attempts, 1);
    feed_ok(&fake, worker, 1);
    assert_int_equal(feed_state(&fake, 2), TASK_DELAYED);
    fake_pass(&fake, 5 * CLOCK_S - 1);
    assert_int_equal(worker->in_flight, 0);
    fake_pass(&fake, 1);
    assert_int_equal(worker->task->id, 2);
    assert_int_equal(fake.pool->queue.retries, 0);
    fake_fini(&fake);
}

static void touch_begins_the_time_anew(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.timeout.duration = 10 * CLOCK_S;
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 1);
    fake_pass(&fake, 9 * CLOCK_S);
    assert_int_equal(worker_on_touch(worker, 1, 0, fake.now), 0);
    fake_pass(&fake, 9 * CLOCK_S);
    assert_int_equal(worker_on_touch(worker, 1, 30 * CLOCK_S, fake.now), 0);
    fake_pass(&fake, 29 * CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_TIMEOUT], 0);
    assert_int_equal(worker_on_touch(worker, 7, 0, fake.now), -ENOENT);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_TIMEOUT], 1);
    assert_int_equal(worker->state, WORKER_STOPPING);
    fake_fini(&fake);
}

static void progress_is_kept_with_its_task(void **state)
{
    struct fake fake;
    struct worker *worker;
    struct task_progress progress = {30, 120, "page 30"};

    (void)state;
    feed_init(&fake, 1);
    fake.spec.batch = 2;
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 2);
    assert_int_equal(worker_on_progress(worker, 1, &progress, fake.now), 0);
    assert_true(worker->done_fraction > 0.249 && worker->done_fraction < 0.251);
    assert_string_equal(feed_task(&fake, 1)->progress->text, "page 30");
    progress.done = 60;
    assert_int_equal(worker_on_progress(worker, 2, &progress, fake.now), 0);
    assert_true(worker->done_fraction < 0.251); /* not the oldest */
    feed_ok(&fake, worker, 1);
    assert_true(worker->done_fraction < 0);
    assert_int_equal(worker_on_progress(worker, 1, &progress, fake.now), -ENOENT);
    fake_fini(&fake);
}

static void soft_time_out_cancels_then_the_hard_one_ends(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.soft_timeout.duration = 2 * CLOCK_S;
    fake.spec.timeout.duration = 5 * CLOCK_S;
    fake.spec.retries = 1;
    fake.spec.backoff.initial = CLOCK_MS;
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 2);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(fake.told[WORD_CANCEL], 1);
    assert_int_equal(fake.cancelled_id, 1);
    feed_answer(&fake, worker, 1, ANSWER_FAIL, "gave up");
    assert_int_equal(feed_state(&fake, 1), TASK_CANCELLED);
    assert_string_equal(feed_task(&fake, 1)->error, "cancelled: over its soft time-out: gave up");
    fake_pass(&fake, 5 * CLOCK_S); /* the second ignores CANCEL */
    assert_int_equal(fake.told[WORD_CANCEL], 2);
    assert_int_equal(worker->state, WORKER_STOPPING);
    feed_die(&fake, worker, SIGTERM);
    assert_int_equal(feed_state(&fake, 2), TASK_RUNNING);
    assert_int_equal(feed_task(&fake, 2)->failures, 1);
    /* What is left of the first attempt does not make this one cancelled. */
    feed_answer(&fake, worker, 2, ANSWER_FAIL, "wrong input");
    assert_int_equal(feed_state(&fake, 2), TASK_FAILED);
    assert_string_equal(feed_task(&fake, 2)->error, "wrong input");
    fake_fini(&fake);
}

static void done_after_the_soft_time_out_is_done(void **state)
{
    struct fake fake;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.soft_timeout.duration = 2 * CLOCK_S;
    feed_submit(&fake, 1, 1);
    fake_pass(&fake, 100 * CLOCK_S);
    assert_int_equal(fake.told[WORD_CANCEL], 1); /* once, and no end without a timeout */
    assert_int_equal(fake.events[POOL_EVENT_TIMEOUT], 1);
    feed_ok(&fake, pool_worker(fake.pool, 1), 1);
    assert_int_equal(feed_state(&fake, 1), TASK_DONE);
    fake_fini(&fake);
}

static void percent_of_the_median_counts_after_ten(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    fake.spec.timeout.percent = 300;
    worker = pool_worker(fake.pool, 1);
    feed_submit(&fake, 1, 11);
    for (uint64_t id = 1; id <= 10; id++) {
        assert_int_equal(fake.fed_limit, 0);
        fake_pass(&fake, (id % 2 ? 1 : 3) * CLOCK_S);
        feed_ok(&fake, worker, id);
    }
    assert_in_range(fake.fed_limit, 5900 * CLOCK_MS, 6100 * CLOCK_MS); /* 3 times 2 s */
    fake_fini(&fake);
}

static void what_can_not_be_sent_fails_and_blocks_nobody(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    feed_init(&fake, 1);
    worker = pool_worker(fake.pool, 1);
    fake.feed_error = -EMSGSIZE;
    feed_submit(&fake, 1, 1);
    assert_int_equal(feed_state(&fake, 1), TASK_FAILED);
    assert_non_null(strstr(feed_task(&fake, 1)->error, "1 MiB"));
    fake.feed_error = -ENOMEM; /* this one may pass */
    feed_submit(&fake, 2, 2);
    assert_int_equal(feed_state(&fake, 2), TASK_READY);
    assert_int_equal(feed_task(&fake, 2)->attempts, 0);
    assert_int_equal(worker->state, WORKER_IDLE);
    fake.feed_error = 0;
    fake_pass(&fake, CLOCK_S);
    assert_int_equal(feed_state(&fake, 2), TASK_RUNNING);
    fake_fini(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_is_filled_in_order_and_refilled_at_half),
        cmocka_unit_test(busy_worker_gets_what_comes_later),
        cmocka_unit_test(idle_worker_is_asked_before_a_busy_one),
        cmocka_unit_test(auto_batch_grows_with_quick_answers_and_shrinks_with_slow_ones),
        cmocka_unit_test(auto_batch_spreads_a_short_queue),
        cmocka_unit_test(time_limits_mean_one_at_a_time),
        cmocka_unit_test(failures_are_retried_after_a_pause_then_final),
        cmocka_unit_test(tried_again_goes_first_where_order_is_kept),
        cmocka_unit_test(what_runs_is_limited_and_the_limit_lifted),
        cmocka_unit_test(exit_statuses_in_reasons_are_looked_at),
        cmocka_unit_test(bury_is_for_good_until_somebody_retries),
        cmocka_unit_test(release_is_no_attempt_and_waits_its_delay),
        cmocka_unit_test(touch_begins_the_time_anew),
        cmocka_unit_test(progress_is_kept_with_its_task),
        cmocka_unit_test(soft_time_out_cancels_then_the_hard_one_ends),
        cmocka_unit_test(done_after_the_soft_time_out_is_done),
        cmocka_unit_test(percent_of_the_median_counts_after_ten),
        cmocka_unit_test(what_can_not_be_sent_fails_and_blocks_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
