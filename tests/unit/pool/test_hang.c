/* SPDX-License-Identifier: MIT */
/* Hangs on a faked world: each clock, what moves it, evidence before the deed, and what an operator
 * may do about it. */
#include "fake_pool.h"

static void begin(struct fake *fake, enum pool_mode mode)
{
    fake_init(fake, mode, 1);
    fake->spec.restart_backoff.reset_after = 0;
}

static struct worker *up(struct fake *fake)
{
    struct worker *worker;

    pool_start(fake->pool, fake->now);
    fake_pass(fake, 2 * CLOCK_S);
    worker = pool_worker(fake->pool, 1);
    assert_non_null(worker);
    assert_int_equal(worker->state, WORKER_BUSY);
    return worker;
}

/* Time passes, and each second the process is sampled: so much CPU a second was used. */
static void run_for(struct fake *fake, struct worker *worker, int seconds, double share)
{
    for (int i = 0; i < seconds; i++) {
        fake_pass(fake, CLOCK_S);
        worker_on_demand(worker, worker->cpu_sampled + share, fake->now);
        worker_on_sample(worker, worker->cpu_seen + share, false, fake->now);
    }
}

static void a_spin_is_found_and_output_ends_it(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.spec.hang.spin = 10 * CLOCK_S;
    worker = up(&fake);
    run_for(&fake, worker, 30, 0.5); /* it works, but not all the time */
    assert_false(worker->suspect);
    run_for(&fake, worker, 7, 0.99);
    assert_true(worker->suspect && !worker->hung);
    worker_on_output(worker, fake.now);
    assert_false(worker->suspect);
    run_for(&fake, worker, 12, 1.7);
    assert_true(worker->hung);
    assert_non_null(strstr(fake.said[POOL_EVENT_HUNG], "spins"));
    run_for(&fake, worker, 1, 0.2);
    assert_false(worker->hung);
    fake_fini(&fake);
}

static void a_stall_counts_whatever_the_cpu_and_the_heartbeats(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.spec.hang.stall = 10 * CLOCK_S;
    fake.spec.hang.heartbeat = 3 * CLOCK_S;
    worker = up(&fake);
    for (int i = 0; i < 11; i++) {
        worker_on_beat(worker, fake.now);
        run_for(&fake, worker, 1, 0.4);
    }
    assert_true(worker->hung);
    assert_non_null(strstr(fake.said[POOL_EVENT_HUNG], "stalled"));
    worker_on_beat(worker, fake.now); /* a heartbeat is no progress */
    assert_true(worker->hung);
    worker_on_output(worker, fake.now);
    assert_false(worker->hung);
    fake_fini(&fake);
}

static void work_that_begins_is_not_late(void **state)
{
    struct fake fake;
    struct worker *worker;
    struct task *task = task_new("x", 1, 1);

    (void)state;
    begin(&fake, POOL_WORKER);
    fake.spec.hang.silence = fake.spec.hang.stall = 5 * CLOCK_S;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, CLOCK_MS);
    worker = pool_worker(fake.pool, 1);
    worker_on_ready(worker, fake.now);
    fake_pass(&fake, 3600 * CLOCK_S); /* nothing to do */
    assert_int_equal(fake.events[POOL_EVENT_SUSPECT], 0);
    task->id = 1;
    assert_int_equal(pool_submit(fake.pool, task, 0, fake.now), 0);
    fake_pass(&fake, CLOCK_S);
    assert_int_equal(worker->state, WORKER_BUSY);
    assert_false(worker->suspect || worker->hung);
    pool_shift(fake.pool, 60 * CLOCK_S, fake.now += 60 * CLOCK_S);
    pool_tick(fake.pool, fake.now);
    assert_false(worker->suspect || worker->hung);
    fake_pass(&fake, 5 * CLOCK_S);
    assert_true(worker->hung);
    fake_fini(&fake);
}

static void evidence_comes_before_the_restart(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.has_evidence = true;
    fake.spec.hang.silence = 4 * CLOCK_S;
    fake.spec.hang.action = HANG_RESTART;
    worker = up(&fake);
    fake_pass(&fake, 5 * CLOCK_S);
    assert_true(worker->hung);
    assert_int_equal(fake.gathered, 1);
    assert_int_equal(fake.wanted, GATHER_HANG);
    assert_int_equal(fake.signals[SIGTERM], 0);
    worker_on_gathered(worker, fake.now);
    assert_int_equal(fake.signals[SIGTERM], 1);
    assert_int_equal(worker->stop_reason, STOP_HANG);
    /* What was found then serves the KILL as well. */
    fake_pass(&fake, fake.spec.stop.grace + CLOCK_S);
    assert_int_equal(fake.signals[SIGKILL], 1);
    assert_int_equal(fake.gathered, 1);
    fake_fini(&fake);
}

static void a_worker_that_recovers_meanwhile_is_left_alone(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.has_evidence = true;
    fake.spec.hang.silence = 4 * CLOCK_S;
    fake.spec.hang.action = HANG_RESTART;
    worker = up(&fake);
    fake_pass(&fake, 5 * CLOCK_S);
    worker_on_output(worker, fake.now);
    worker_on_gathered(worker, fake.now);
    assert_int_equal(fake.signals[SIGTERM], 0);
    /* The next time is another story, with evidence of its own. */
    fake_pass(&fake, 5 * CLOCK_S);
    assert_int_equal(fake.gathered, 2);
    worker_on_gathered(worker, fake.now);
    assert_int_equal(fake.signals[SIGTERM], 1);
    fake_fini(&fake);
}

static void what_nobody_waits_for_is_no_evidence(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.has_evidence = true;
    fake.spec.hang.silence = 4 * CLOCK_S;
    worker = up(&fake);
    worker_on_gathered(worker, fake.now); /* an operator asked why */
    fake_pass(&fake, 5 * CLOCK_S);
    assert_int_equal(fake.gathered, 1);
    fake_fini(&fake);
}

static void evidence_that_never_comes_delays_the_kill_a_moment(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.has_evidence = true;
    worker = up(&fake);
    worker_request_stop(worker, "ana", fake.now);
    fake_pass(&fake, fake.spec.stop.grace + 100 * CLOCK_MS);
    assert_int_equal(fake.wanted, GATHER_KILL);
    assert_int_equal(fake.signals[SIGKILL], 0);
    fake_pass(&fake, CLOCK_S);
    assert_int_equal(fake.signals[SIGKILL], 1);
    worker_on_gathered(worker, fake.now); /* late: nothing more follows */
    assert_int_equal(fake.signals[SIGKILL], 1);
    fake_fini(&fake);
}

static struct worker *run_late(struct fake *fake, uint64_t id)
{
    struct task *task = task_new("x", 1, 1);

    task->id = id;
    assert_int_equal(pool_submit(fake->pool, task, 0, fake->now), 0);
    fake_pass(fake, 6 * CLOCK_S);
    assert_int_equal(fake->wanted, GATHER_TIMEOUT);
    return pool_worker(fake->pool, 1);
}

static void a_stop_of_a_hung_worker_keeps_its_grace(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.has_evidence = true; /* which never comes */
    fake.spec.hang.silence = 4 * CLOCK_S;
    fake.spec.hang.action = HANG_RESTART;
    fake.spec.stop.grace = CLOCK_S;
    worker = up(&fake);
    fake_pass(&fake, 5 * CLOCK_S);
    assert_true(worker->hung);
    worker_request_stop(worker, "ana", fake.now);
    for (int i = 0; i < 19; i++) { /* and it goes on to give signs of life */
        fake_pass(&fake, 100 * CLOCK_MS);
        worker_on_sample(worker, worker->cpu_seen + 0.1, false, fake.now);
        worker_on_output(worker, fake.now);
    }
    assert_int_equal(fake.signals[SIGKILL], 1);
    fake_fini(&fake);
}

static void an_operators_kill_waits_for_no_other_evidence(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.has_evidence = true;
    fake.spec.hang.silence = 4 * CLOCK_S;
    worker = up(&fake);
    fake_pass(&fake, 5 * CLOCK_S);
    worker_request_signal(worker, SIGKILL, "ana", fake.now);
    assert_int_equal(fake.signals[SIGKILL], 1);
    fake_fini(&fake);
}

static void a_late_task_that_ends_meanwhile_costs_nothing(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_COMMAND);
    fake.has_evidence = true;
    fake.spec.timeout.duration = 5 * CLOCK_S;
    pool_start(fake.pool, fake.now);
    worker = run_late(&fake, 1);
    fake_end(&fake, worker, 0);
    worker_on_gathered(worker, fake.now);
    assert_int_equal(fake.finals[TASK_DONE], 1);
    assert_int_equal(fake.signals[SIGTERM], 0);
    worker = run_late(&fake, 2);
    assert_int_equal(fake.signals[SIGTERM], 0);
    worker_on_gathered(worker, fake.now);
    assert_int_equal(fake.signals[SIGTERM], 1);
    assert_int_equal(worker->stop_reason, STOP_TIMEOUT);
    fake_fini(&fake);
}

static void an_operator_extends_and_holds(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.spec.hang.silence = 4 * CLOCK_S;
    fake.spec.hang.action = HANG_RESTART;
    worker = up(&fake);
    worker_request_extend(worker, 60 * CLOCK_S, fake.now);
    fake_pass(&fake, 55 * CLOCK_S);
    assert_false(worker->hung);
    worker_request_hold(worker, true, fake.now);
    fake_pass(&fake, 10 * CLOCK_S);
    assert_true(worker->hung);
    assert_int_equal(fake.signals[SIGTERM], 0);
    assert_non_null(strstr(fake.said[POOL_EVENT_HUNG], "held"));
    worker_request_hold(worker, false, fake.now);
    assert_int_equal(fake.signals[SIGTERM], 1);
    fake_fini(&fake);
}

static void a_service_changes_its_own_watchdog(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.spec.hang.heartbeat = 2 * CLOCK_S;
    worker = up(&fake);
    worker_on_watchdog(worker, 20 * CLOCK_S, fake.now);
    fake_pass(&fake, 15 * CLOCK_S);
    assert_false(worker->hung);
    fake_pass(&fake, 6 * CLOCK_S);
    assert_true(worker->hung);
    fake_fini(&fake);
}

static void a_tiny_watchdog_is_not_taken_at_its_word(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.spec.hang.heartbeat = 2 * CLOCK_S;
    worker = up(&fake);
    worker_on_watchdog(worker, 1000, fake.now);
    assert_int_equal(worker->beat_limit, 100 * CLOCK_MS);
    fake_pass(&fake, 90 * CLOCK_MS);
    assert_false(worker->hung);
    worker_on_watchdog(worker, 0, fake.now);
    assert_int_equal(worker->beat_limit, 0);
    fake_fini(&fake);
}

static void no_worker_lengthens_its_own_stop(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.spec.stop.grace = 3 * CLOCK_S;
    worker = up(&fake);
    worker_request_stop(worker, "ana", fake.now);
    for (int i = 0; i < 4; i++) {
        worker_on_extend(worker, 3600 * CLOCK_S, fake.now);
        fake_pass(&fake, CLOCK_S);
    }
    assert_int_equal(fake.signals[SIGKILL], 1);
    fake_fini(&fake);
}

static void an_operator_lengthens_a_stop(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.spec.stop.grace = 3 * CLOCK_S;
    worker = up(&fake);
    worker_request_stop(worker, "ana", fake.now);
    worker_request_extend(worker, 60 * CLOCK_S, fake.now);
    fake_pass(&fake, 59 * CLOCK_S);
    assert_int_equal(fake.signals[SIGKILL], 0);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(fake.signals[SIGKILL], 1);
    fake_fini(&fake);
}

static void a_flood_of_triggers_is_two_events(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.spec.hang.action = HANG_REPORT;
    worker = up(&fake);
    for (int i = 0; i < 500; i++) {
        worker_on_trigger(worker, fake.now);
        worker_on_output(worker, fake.now);
        fake_pass(&fake, 9 * CLOCK_MS);
    }
    assert_int_equal(fake.events[POOL_EVENT_HUNG], 1);
    assert_null(strstr(fake.said[POOL_EVENT_HUNG], "ignored"));
    fake_pass(&fake, CLOCK_S);
    worker_on_trigger(worker, fake.now);
    assert_int_equal(fake.events[POOL_EVENT_HUNG], 2);
    assert_non_null(strstr(fake.said[POOL_EVENT_HUNG], "499 more before this were ignored"));
    fake_fini(&fake);
}

static void a_slow_start_leaves_evidence(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    begin(&fake, POOL_SERVICE);
    fake.has_evidence = true;
    fake.spec.ready.notify = true;
    fake.spec.ready.timeout = 5 * CLOCK_S;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 6 * CLOCK_S);
    worker = pool_worker(fake.pool, 1);
    assert_int_equal(worker->state, WORKER_STARTING);
    assert_int_equal(fake.wanted, GATHER_START_TIMEOUT);
    worker_on_gathered(worker, fake.now);
    assert_int_equal(worker->stop_reason, STOP_START_TIMEOUT);
    fake_fini(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spin_is_found_and_output_ends_it),
        cmocka_unit_test(a_tiny_watchdog_is_not_taken_at_its_word),
        cmocka_unit_test(no_worker_lengthens_its_own_stop),
        cmocka_unit_test(an_operator_lengthens_a_stop),
        cmocka_unit_test(a_flood_of_triggers_is_two_events),
        cmocka_unit_test(a_stall_counts_whatever_the_cpu_and_the_heartbeats),
        cmocka_unit_test(work_that_begins_is_not_late),
        cmocka_unit_test(evidence_comes_before_the_restart),
        cmocka_unit_test(a_worker_that_recovers_meanwhile_is_left_alone),
        cmocka_unit_test(what_nobody_waits_for_is_no_evidence),
        cmocka_unit_test(evidence_that_never_comes_delays_the_kill_a_moment),
        cmocka_unit_test(a_stop_of_a_hung_worker_keeps_its_grace),
        cmocka_unit_test(an_operators_kill_waits_for_no_other_evidence),
        cmocka_unit_test(a_late_task_that_ends_meanwhile_costs_nothing),
        cmocka_unit_test(an_operator_extends_and_holds),
        cmocka_unit_test(a_service_changes_its_own_watchdog),
        cmocka_unit_test(a_slow_start_leaves_evidence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
