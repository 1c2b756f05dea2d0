/* SPDX-License-Identifier: MIT */
/*
 * Random walks over a worker pool: whatever happens in whatever order, the ledger adds up, each
 * running task is in the hand of one worker, the pool never spins, and in the end each task is
 * final. A failure replays from the seed that is printed.
 */
#include "feed_fixture.h"

struct walk {
    struct fake fake;
    unsigned seed;
    uint64_t last_id;
    int revived;
};

static unsigned walk_dice(struct walk *walk, unsigned sides)
{
    return (unsigned)rand_r(&walk->seed) / 8 % sides;
}

static struct worker *walk_worker(struct walk *walk)
{
    size_t slots = walk->fake.pool->slots;

    return pool_worker(walk->fake.pool, slots ? (int)walk_dice(walk, (unsigned)slots) + 1 : 1);
}

static struct task *walk_task(struct walk *walk)
{
    return walk->last_id
               ? queue_find(&walk->fake.pool->queue, walk_dice(walk, (unsigned)walk->last_id) + 1)
               : NULL;
}

static void walk_submit(struct walk *walk)
{
    struct task *task = task_new("x", 1, 1);
    int64_t delay = walk_dice(walk, 8) ? 0 : CLOCK_S;

    task->id = ++walk->last_id;
    task->priority = (int)walk_dice(walk, 10);
    task->limit = walk_dice(walk, 10) ? 0 : CLOCK_S;
    if (pool_submit(walk->fake.pool, task, delay, walk->fake.now) < 0)
        task_free(task);
}

/* One of the tasks that the worker holds, or NULL. */
static struct task *walk_in_hand(struct walk *walk, struct worker *worker)
{
    unsigned steps = worker->in_flight ? walk_dice(walk, (unsigned)worker->in_flight) : 0;

    LIST_EACH(node, &worker->in_hand)
    if (steps-- == 0)
        return LIST_ENTRY(node, struct task, in_hand);
    return NULL;
}

static void walk_answer(struct walk *walk, struct worker *worker)
{
    struct task *task = walk_in_hand(walk, worker);
    struct answer answer = {.kind = ANSWER_OK};
    unsigned dice = walk_dice(walk, 10);

    if (!task)
        return;
    if (dice >= 6)
        answer.kind = dice == 6 ? ANSWER_BURY : dice == 7 ? ANSWER_RELEASE : ANSWER_FAIL;
    if (dice == 7 && walk_dice(walk, 2))
        answer.delay = CLOCK_S;
    assert_int_equal(worker_on_answer(worker, task->id, &answer, walk->fake.now), 0);
}

static void walk_process(struct walk *walk, struct worker *worker)
{
    static const int ends[] = {0, 1 << 8, SIGSEGV, SIGKILL};
    struct task_progress progress = {1, 2, "half"};
    struct task *task = walk_in_hand(walk, worker);
    int64_t now = walk->fake.now;

    switch (walk_dice(walk, 8)) {
    case 0:
        fake_end(&walk->fake, worker, ends[walk_dice(walk, 4)]);
        break;
    case 1:
        worker_on_breach(worker, "nonsense", now);
        break;
    case 2:
        worker_request_signal(worker, SIGKILL, "ana", now);
        fake_end(&walk->fake, worker, SIGKILL);
        break;
    case 3:
        if (task)
            worker_on_progress(worker, task->id, &progress, now);
        break;
    case 4:
        if (task)
            worker_on_touch(worker, task->id, walk_dice(walk, 2) ? CLOCK_S : 0, now);
        break;
    case 5:
        worker_request_restart(worker, "ana", now);
        break;
    case 6:
        worker_request_drain(worker, "ana", now);
        break;
    default:
        worker_request_stop(worker, "ana", now);
    }
}

static void walk_operate(struct walk *walk)
{
    struct pool *pool = walk->fake.pool;
    struct task *task = walk_task(walk);
    int64_t now = walk->fake.now;

    switch (walk_dice(walk, 12)) {
    case 0:
        pool_resize(pool, (int)walk_dice(walk, 6), "ana", now, NULL);
        break;
    case 1:
        pool_pause(pool, walk_dice(walk, 2));
        break;
    case 2:
        pool_drain(pool, now);
        break;
    case 3:
        pool_restart(pool, now);
        break;
    case 4:
        pool_stop(pool, STOP_OPERATOR, "ana", now);
        break;
    case 5:
        walk->fake.feed_error = walk_dice(walk, 3) ? 0 : -ENOMEM;
        break;
    case 6:
        if (task && !task_is_final(task->state) && task->state != TASK_RUNNING)
            pool_bury_task(pool, task, now);
        break;
    case 7:
        if (task && task_is_final(task->state) && task->state != TASK_DONE)
            walk->revived += pool_retry_task(pool, task, now) == 0;
        break;
    case 8:
    case 9:
        if (task)
            pool_cancel_task(pool, task, "ana", now);
        break;
    default:
        pool_start(pool, now);
    }
}

static void walk_check(struct walk *walk, int step)
{
    struct pool *pool = walk->fake.pool;
    uint64_t in_hand = 0;
    struct err err = {0};

    if (queue_audit(&pool->queue, &err) < 0)
        fail_msg("step %d: %s", step, err.text);
    for (size_t i = 0; i < pool->slots; i++) {
        struct worker *worker = pool->workers[i];
        int held = 0;

        if (!worker)
            continue;
        LIST_EACH(node, &worker->in_hand)
        {
            struct task *task = LIST_ENTRY(node, struct task, in_hand);

            assert_ptr_equal(task->worker, worker);
            assert_int_equal(task->state, TASK_RUNNING);
            held++;
        }
        assert_int_equal(held, worker->in_flight);
        assert_true(held == 0 || worker->has_process);
        assert_int_equal(worker->task != NULL, held > 0);
        assert_true(!list_linked(&worker->hungry_link) || worker->state == WORKER_BUSY);
        in_hand += (uint64_t)held;
    }
    assert_int_equal(in_hand, pool->queue.counts[TASK_RUNNING]);
}

/* Everybody does as told until nothing is left to do. */
static void walk_finish(struct walk *walk)
{
    struct pool *pool = walk->fake.pool;

    walk->fake.feed_error = 0;
    pool_resize(pool, 3, "ana", walk->fake.now, NULL);
    pool_pause(pool, false);
    pool_start(pool, walk->fake.now);
    for (int turn = 0;
         turn < 100000 && (queue_waiting(&pool->queue) || pool->queue.counts[TASK_RUNNING]);
         turn++) {
        for (size_t i = 0; i < pool->slots; i++) {
            struct worker *worker = pool->workers[i];

            if (!worker)
                continue;
            worker_on_ready(worker, walk->fake.now);
            if (worker->state == WORKER_STOPPING || worker->state == WORKER_DRAINING)
                fake_end(&walk->fake, worker, 0);
            while (worker->task)
                feed_say(&walk->fake, worker, worker->task->id, ANSWER_OK, NULL);
        }
        fake_pass(&walk->fake, CLOCK_S);
    }
    assert_int_equal(queue_ended(&pool->queue), pool->queue.accepted);
}

static void walk_run(unsigned seed, int batch)
{
    struct walk walk = {.seed = seed};
    struct fake *fake = &walk.fake;
    int finals = 0;

    print_message("seed %u batch %d\n", seed, batch);
    feed_init(fake, 3);
    fake->spec.batch = batch;
    fake->spec.retries = 1;
    fake->spec.max_tasks = 50;
    fake->spec.stop.grace = CLOCK_S / 2;
    if (seed % 2)
        fake->spec.soft_timeout.duration = CLOCK_S / 2;
    for (int step = 0; step < 6000; step++) {
        struct worker *worker = walk_worker(&walk);
        unsigned dice = walk_dice(&walk, 20);

        if (dice < 6)
            walk_submit(&walk);
        else if (dice < 15 && worker && worker->has_process)
            walk_answer(&walk, worker);
        else if (dice == 15 && worker && worker->has_process)
            walk_process(&walk, worker);
        else if (dice == 16 && worker && worker->state == WORKER_STOPPING)
            fake_end(fake, worker, SIGTERM);
        else if (dice == 17)
            walk_operate(&walk);
        else if (worker)
            worker_on_ready(worker, fake->now);
        fake_pass(fake, (int64_t)walk_dice(&walk, 40) * CLOCK_MS);
        fake_pass(fake, 0);
        if (pool_next_deadline(fake->pool) <= fake->now)
            fail_msg("step %d: the pool never settles", step);
        walk_check(&walk, step);
    }
    walk_finish(&walk);
    for (int i = TASK_DONE; i < TASK_STATES; i++)
        finals += fake->finals[i];
    assert_int_equal((uint64_t)finals, fake->pool->queue.accepted + (uint64_t)walk.revived);
    assert_true(fake->finals[TASK_DONE] > 500);
    fake_fini(fake);
}

static void ledger_adds_up_one_at_a_time(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 4; seed++)
        walk_run(seed, 1);
}

static void ledger_adds_up_in_batches(void **state)
{
    (void)state;
    for (unsigned seed = 5; seed <= 8; seed++)
        walk_run(seed, 8);
}

static void ledger_adds_up_with_auto_batches(void **state)
{
    (void)state;
    for (unsigned seed = 9; seed <= 12; seed++)
        walk_run(seed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ledger_adds_up_one_at_a_time),
        cmocka_unit_test(ledger_adds_up_in_batches),
        cmocka_unit_test(ledger_adds_up_with_auto_batches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
