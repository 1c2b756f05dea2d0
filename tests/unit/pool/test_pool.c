/* SPDX-License-Identifier: MIT */
/* The domain on a faked world: the worker's table, restarts, resizing, hangs, tasks. */
#include "fake_pool.h"

/* Every cell of the table: 1 = acts, 0 = ignored on purpose. Columns: start ready assign result
 * drain stop exit ended timeout hang. */
static void table_has_just_these_cells(void **state)
{
    static const char *const cells[WORKER_STATES] = {
        [WORKER_DOWN] = "1000000000",     [WORKER_STARTING] = "0100111010",
        [WORKER_IDLE] = "0010111011",     [WORKER_BUSY] = "0011111011",
        [WORKER_DRAINING] = "0001011011", [WORKER_STOPPING] = "0000001110",
        [WORKER_BACKOFF] = "1000110010",  [WORKER_HELD] = "1000110010",
        [WORKER_FAILED] = "1000110010"};

    (void)state;
    for (int s = 0; s < WORKER_STATES; s++)
        for (int e = 0; e < WORKER_EVENTS; e++)
            if (worker_cell_exists((enum worker_state)s, (enum worker_event)e) !=
                (cells[s][e] == '1'))
                fail_msg("%s x %s", worker_state_name((enum worker_state)s),
                         worker_event_name((enum worker_event)e));
}

static void crash_is_replaced_after_backoff(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 2);
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(fake.spawned, 2);
    assert_string_equal(pool_state_name(fake.pool), "ok");
    worker = pool_worker(fake.pool, 1);
    fake_end(&fake, worker, SIGSEGV);
    assert_int_equal(worker->state, WORKER_BACKOFF);
    assert_true(pool_degraded(fake.pool));
    fake_pass(&fake, CLOCK_S);
    assert_int_equal(fake.spawned, 3);
    assert_int_equal(worker->generation, 2);
    assert_int_equal(pool_worker(fake.pool, 2)->generation, 1);
    fake_fini(&fake);
}

static void first_crash_after_health_is_replaced_at_once(void **state)
{
    struct fake fake;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 60 * CLOCK_S);
    fake_end(&fake, pool_worker(fake.pool, 1), SIGKILL);
    pool_tick(fake.pool, fake.now);
    assert_int_equal(fake.spawned, 2);
    fake_fini(&fake);
}

static void crash_loop_is_held_and_probed(void **state)
{
    struct fake fake;
    struct worker *worker;
    int before;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    fake.spec.restart_backoff.max = CLOCK_S;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, CLOCK_MS);
    worker = pool_worker(fake.pool, 1);
    for (int i = 0; i < 8; i++) {
        assert_true(worker->has_process);
        fake_end(&fake, worker, 1 << 8);
        if (worker->state != WORKER_HELD)
            fake_pass(&fake, 2 * CLOCK_S);
    }
    assert_int_equal(worker->state, WORKER_HELD);
    assert_int_equal(fake.events[POOL_EVENT_HELD], 1);
    before = fake.spawned;
    fake_pass(&fake, 59 * CLOCK_S);
    assert_int_equal(fake.spawned, before);
    fake_pass(&fake, 2 * CLOCK_S); /* the canary */
    assert_int_equal(fake.spawned, before + 1);
    fake_end(&fake, worker, 1 << 8);
    assert_int_equal(worker->state, WORKER_HELD);
    worker_request_start(worker, fake.now); /* an operator is never kept waiting */
    pool_tick(fake.pool, fake.now);
    assert_int_equal(fake.spawned, before + 2);
    fake_fini(&fake);
}

static void what_can_not_be_executed_is_failed(void **state)
{
    struct fake fake;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    fake.spawn_error = -ENOENT;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, CLOCK_S);
    assert_int_equal(pool_worker(fake.pool, 1)->state, WORKER_FAILED);
    assert_string_equal(pool_worker(fake.pool, 1)->why, "exec /nowhere: No such file or directory");
    fake.spawn_error = -EMFILE; /* short of something: tried on, told once */
    worker_request_start(pool_worker(fake.pool, 1), fake.now);
    fake_pass(&fake, 10 * CLOCK_S);
    assert_int_equal(fake.events[POOL_EVENT_BACKOFF], 1);
    fake.spawn_error = 0;
    fake_pass(&fake, CLOCK_S);
    assert_int_equal(fake.spawned, 1);
    fake_fini(&fake);
}

static void shrinking_takes_the_youngest_and_keeps_pids(void **state)
{
    struct fake fake;
    int kept;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 2);
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 5 * CLOCK_S);
    kept = pool_worker(fake.pool, 1)->pid;
    assert_int_equal(pool_resize(fake.pool, 4, "ana", fake.now, NULL), 0);
    fake_pass(&fake, 5 * CLOCK_S);
    assert_int_equal(pool_live(fake.pool), 4);
    assert_int_equal(pool_resize(fake.pool, 2, "ana", fake.now, NULL), 0);
    fake_pass(&fake, CLOCK_MS);
    for (int slot = 3; slot <= 4; slot++) {
        assert_int_equal(pool_worker(fake.pool, slot)->state, WORKER_STOPPING);
        fake_end(&fake, pool_worker(fake.pool, slot), SIGTERM);
    }
    fake_pass(&fake, CLOCK_MS);
    assert_null(pool_worker(fake.pool, 3));
    assert_int_equal(pool_worker(fake.pool, 1)->pid, kept);
    fake.spec.max = 3;
    assert_int_equal(pool_resize(fake.pool, 4, "ana", fake.now, NULL), -ERANGE);
    fake_fini(&fake);
}

static void stop_escalates_until_unkillable(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 2 * CLOCK_S);
    worker = pool_worker(fake.pool, 1);
    pool_stop(fake.pool, STOP_OPERATOR, "ana", fake.now);
    assert_int_equal(fake.signals[SIGTERM], 1);
    assert_int_equal(fake.signals[SIGCONT], 1);
    fake_pass(&fake, 9 * CLOCK_S);
    assert_int_equal(fake.signals[SIGKILL], 0);
    fake_pass(&fake, 2 * CLOCK_S);
    assert_int_equal(fake.signals[SIGKILL], 1);
    assert_false(pool_is_down(fake.pool));
    fake_pass(&fake, 6 * CLOCK_S);
    assert_true(worker->unkillable);
    assert_true(pool_is_down(fake.pool));
    fake_end(&fake, worker, SIGKILL);
    assert_int_equal(worker->state, WORKER_DOWN);
    assert_int_equal(fake.spawned, 1);
    fake_fini(&fake);
}

static void silence_is_suspect_at_half_and_hung_at_the_whole(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    fake_init(&fake, POOL_SERVICE, 1);
    fake.spec.hang.silence = 10 * CLOCK_S;
    pool_start(fake.pool, fake.now);
    fake_pass(&fake, 2 * CLOCK_S);
    worker = pool_worker(fake.pool, 1);
    worker_on_output(worker, fake.now);
    fake_pass(&fake, 6 * CLOCK_S);
    assert_true(worker->suspect && !worker->hung);
    worker_on_sample(worker, 1.0, false, fake.now); /* it computes: a sign of life */
    assert_false(worker->suspect);
    fake_pass(&fake, 11 * CLOCK_S);
    assert_true(worker->hung);
    assert_int_equal(fake.events[POOL_EVENT_HUNG], 1);
    worker_on_output(worker, fake.now);
    assert_false(worker->hung);
    assert_int_equal(fake.pool->hung, 0);
    pool_shift(fake.pool, 100 * CLOCK_S, fake.now); /* a suspended machine hangs nobody */
    fake.now += 100 * CLOCK_S;
    pool_shift(fake.pool, 100 * CLOCK_S, fake.now);
    pool_tick(fake.pool, fake.now);
    assert_false(worker->hung);
    fake_fini(&fake);
}

static struct task *submit(struct fake *fake, uint64_t id)
{
    struct task *task = task_new("x", 1, 1);

    task->id = id;
    assert_int_equal(pool_submit(fake->pool, task, 0, fake->now), 0);
    return task;
}

static void tasks_run_retry_fail_and_halt(void **state)
{
    struct fake fake;
    struct worker *worker;

    (void)state;
    fake_init(&fake, POOL_COMMAND, 1);
    fake.spec.retries = 1;
    assert_int_equal(halt_spec_parse(&fake.spec.halt, "soon,fail=1"), 0);
    pool_start(fake.pool, fake.now);
    for (uint64_t id = 1; id <= 4; id++)
        submit(&fake, id);
    fake_pass(&fake, CLOCK_MS);
    worker = pool_worker(fake.pool, 1);
    fake_end(&fake, worker, 0);
    assert_int_equal(fake.finals[TASK_DONE], 1);
    fake_pass(&fake, CLOCK_MS);
    fake_end(&fake, worker, 3 << 8); /* one more attempt */
    assert_int_equal(fake.pool->queue.counts[TASK_RETRY], 1);
    fake_pass(&fake, CLOCK_MS);
    fake_end(&fake, worker, 0);
    fake_pass(&fake, CLOCK_MS);
    fake_end(&fake, worker, 0);
    fake_pass(&fake, 2 * CLOCK_S);
    fake_end(&fake, worker, 3 << 8);
    assert_int_equal(fake.finals[TASK_FAILED], 1);
    assert_true(fake.pool->halting);
    assert_int_equal(fake.pool->halt_exit, 3);
    fake_pass(&fake, CLOCK_MS);
    assert_true(fake.pool->done);
    fake_fini(&fake);
}

static void ledger_adds_up_after_random_moves(void **state)
{
    unsigned seed = 20260131;
    struct err err = {0};
    struct fake fake;
    uint64_t id = 0;

    (void)state;
    print_message("seed %u\n", seed);
    fake_init(&fake, POOL_COMMAND, 4);
    fake.spec.retries = 1;
    pool_start(fake.pool, fake.now);
    for (int step = 0; step < 20000; step++) {
        unsigned dice = (unsigned)rand_r(&seed);
        struct worker *worker = pool_worker(fake.pool, (int)(dice / 16 % 6) + 1);
        struct task *task = queue_find(&fake.pool->queue, id ? dice / 16 % id + 1 : 0);

        if (dice % 8 < 3)
            submit(&fake, ++id);
        else if (dice % 8 == 3 && worker && worker->has_process)
            fake_end(&fake, worker, dice & 64 ? 0 : 1 << 8);
        else if (dice % 8 == 4 && task)
            pool_cancel_task(fake.pool, task, "ana", fake.now);
        else if (dice % 8 == 5 && task && task->state != TASK_DONE)
            pool_retry_task(fake.pool, task, fake.now);
        else if (dice % 8 == 6)
            pool_resize(fake.pool, (int)(dice / 16 % 6), "ana", fake.now, NULL);
        if (pool_room(fake.pool) < 100)
            while ((worker = pool_worker(fake.pool, 1)) && worker->has_process)
                fake_end(&fake, worker, 0);
        fake_pass(&fake, 10 * CLOCK_MS);
        if (step % 50 == 0 && queue_audit(&fake.pool->queue, &err) < 0)
            fail_msg("step %d: %s", step, err.text);
        if (pool_room(fake.pool) < 100)
            break;
    }
    fake_fini(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_has_just_these_cells),
        cmocka_unit_test(crash_is_replaced_after_backoff),
        cmocka_unit_test(first_crash_after_health_is_replaced_at_once),
        cmocka_unit_test(crash_loop_is_held_and_probed),
        cmocka_unit_test(what_can_not_be_executed_is_failed),
        cmocka_unit_test(shrinking_takes_the_youngest_and_keeps_pids),
        cmocka_unit_test(stop_escalates_until_unkillable),
        cmocka_unit_test(silence_is_suspect_at_half_and_hung_at_the_whole),
        cmocka_unit_test(tasks_run_retry_fail_and_halt),
        cmocka_unit_test(ledger_adds_up_after_random_moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
