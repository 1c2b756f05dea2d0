/* SPDX-License-Identifier: MIT */
/*
 * Worker pools on the fake world: workers that are ready, tasks by number, answers in one call.
 * Included once by each test of feeding and recycling, behind fake_pool.h.
 */
#ifndef LIFEGUARD_TESTS_UNIT_POOL_FEED_FIXTURE_H
#define LIFEGUARD_TESTS_UNIT_POOL_FEED_FIXTURE_H

#include "fake_pool.h"

/* Every worker that was started says READY. */
static inline void feed_ready(struct fake *fake)
{
    for (size_t i = 0; i < fake->pool->slots; i++)
        if (fake->pool->workers[i])
            worker_on_ready(fake->pool->workers[i], fake->now);
    fake_pass(fake, 0);
}

static inline void feed_init(struct fake *fake, int size)
{
    fake_init(fake, POOL_WORKER, size);
    fake->spec.batch = 1;
    pool_start(fake->pool, fake->now);
    fake_pass(fake, 0);
    feed_ready(fake);
}

/* Tasks first..last, in order. */
static inline void feed_submit(struct fake *fake, uint64_t first, uint64_t last)
{
    for (uint64_t id = first; id <= last; id++) {
        struct task *task = task_new("x", 1, 1);

        task->id = id;
        assert_int_equal(pool_submit(fake->pool, task, 0, fake->now), 0);
    }
    fake_pass(fake, 0);
}

static inline struct task *feed_task(struct fake *fake, uint64_t id)
{
    struct task *task = queue_find(&fake->pool->queue, id);

    assert_non_null(task);
    return task;
}

/* Answers without letting the pool act on it. */
static inline int feed_say(struct fake *fake, struct worker *worker, uint64_t id,
                           enum answer_kind kind, const char *text)
{
    struct answer answer = {.kind = kind, .text = text, .len = text ? strlen(text) : 0};

    return worker_on_answer(worker, id, &answer, fake->now);
}

static inline void feed_answer(struct fake *fake, struct worker *worker, uint64_t id,
                               enum answer_kind kind, const char *text)
{
    assert_int_equal(feed_say(fake, worker, id, kind, text), 0);
    fake_pass(fake, 0);
}

static inline void feed_ok(struct fake *fake, struct worker *worker, uint64_t id)
{
    feed_answer(fake, worker, id, ANSWER_OK, NULL);
}

/* The worker dies, is started again and is ready. */
static inline void feed_die(struct fake *fake, struct worker *worker, int status)
{
    fake_end(fake, worker, status);
    for (int i = 0; i < 600 && worker->state != WORKER_STARTING; i++)
        fake_pass(fake, 100 * CLOCK_MS);
    feed_ready(fake);
}

static inline enum task_state feed_state(struct fake *fake, uint64_t id)
{
    return feed_task(fake, id)->state;
}

#endif
