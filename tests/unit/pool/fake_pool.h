/* SPDX-License-Identifier: MIT */
/*
 * A pool on faked effects and a faked clock: processes are numbers, time is a variable. Shared by
 * the pool's unit tests; every test links it by including it once.
 */
#ifndef LIFEGUARD_TESTS_UNIT_POOL_FAKE_POOL_H
#define LIFEGUARD_TESTS_UNIT_POOL_FAKE_POOL_H

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "pool/pool.h"

struct fake {
    struct pool_spec spec;
    struct pool_effects effects;
    struct restart_budget budget;
    struct pool *pool;
    int64_t now;
    int next_pid;
    int spawn_error; /* what spawn answers, 0 = success */
    int spawned, signals[65];
    int events[POOL_EVENT_KINDS];
    int finals[TASK_STATES];
    int fed, told[WORD_STOP + 1];
    int feed_error;         /* what feed answers, 0 = success */
    uint64_t fed_ids[4096]; /* of the tasks handed out, a ring; the last at [fed - 1] */
    int64_t fed_limit;      /* of the last one */
    uint64_t cancelled_id;  /* of the last CANCEL */
    char said[POOL_EVENT_KINDS][160];
    bool has_evidence;       /* gather answers true, */
    int gathered;            /* so often, */
    enum gather_kind wanted; /* the last time for this */
};

static int fake_spawn(void *ctx, struct worker *worker, struct task *task, int *pid,
                      struct err *err)
{
    struct fake *fake = ctx;

    (void)worker;
    (void)task;
    if (fake->spawn_error)
        return err_set_errno(err, -fake->spawn_error, "exec /nowhere");
    fake->spawned++;
    *pid = ++fake->next_pid;
    return 0;
}

static void fake_signal(void *ctx, struct worker *worker, int signal)
{
    struct fake *fake = ctx;

    (void)worker;
    fake->signals[signal]++;
}

static void fake_final(void *ctx, struct pool *pool, struct task *task, struct worker *worker)
{
    struct fake *fake = ctx;

    (void)pool;
    (void)worker;
    fake->finals[task->state]++;
}

static void fake_again(void *ctx, struct pool *pool, struct task *task, struct worker *worker)
{
    (void)ctx;
    (void)pool;
    (void)task;
    (void)worker;
}

static void fake_event(void *ctx, struct pool *pool, struct worker *worker,
                       enum pool_event_kind kind, const char *text)
{
    struct fake *fake = ctx;

    (void)pool;
    (void)worker;
    assert_non_null(text);
    fake->events[kind]++;
    snprintf(fake->said[kind], sizeof(fake->said[kind]), "%s", text);
}

static void fake_room(void *ctx, struct pool *pool)
{
    (void)ctx;
    (void)pool;
}

static int fake_feed(void *ctx, struct worker *worker, struct task *task, int64_t limit)
{
    struct fake *fake = ctx;

    (void)worker;
    if (fake->feed_error)
        return fake->feed_error;
    fake->fed_ids[fake->fed++ % 4096] = task->id;
    fake->fed_limit = limit;
    return 0;
}

static void fake_tell(void *ctx, struct worker *worker, enum pool_word word,
                      const struct task *task)
{
    struct fake *fake = ctx;

    (void)worker;
    if (word == WORD_CANCEL)
        fake->cancelled_id = task->id;
    fake->told[word]++;
}

static bool fake_gather(void *ctx, struct worker *worker, enum gather_kind kind)
{
    struct fake *fake = ctx;

    (void)worker;
    fake->gathered += fake->has_evidence;
    fake->wanted = kind;
    return fake->has_evidence;
}

static void fake_init(struct fake *fake, enum pool_mode mode, int size)
{
    *fake = (struct fake){.now = 1000 * CLOCK_S};
    pool_spec_init(&fake->spec, "fake", mode);
    fake->effects = (struct pool_effects){
        fake_spawn, fake_signal, fake_final, fake_again,  fake_event,
        fake_feed,  fake_tell,   fake_room,  fake_gather,
    };
    fake->pool = pool_new(&fake->spec, size, &fake->effects, fake, &fake->budget, 42);
}

static void fake_fini(struct fake *fake)
{
    struct err err = {0};

    if (queue_audit(&fake->pool->queue, &err) < 0)
        fail_msg("%s", err.text);
    pool_free(fake->pool);
    pool_spec_fini(&fake->spec);
}

/* Lets time pass in steps that never jump over a deadline. */
static void fake_pass(struct fake *fake, int64_t span)
{
    int64_t end = fake->now + span;

    for (int turns = 0; turns < 100000; turns++) {
        int64_t next = pool_next_deadline(fake->pool);

        if (next > end)
            break;
        fake->now = next > fake->now ? next : fake->now;
        pool_tick(fake->pool, fake->now);
    }
    fake->now = end;
    pool_tick(fake->pool, fake->now);
}

/* The worker's process ends, and all that belongs to it. */
static void fake_end(struct fake *fake, struct worker *worker, int status)
{
    struct worker_end end = {.status = status};

    worker_on_exit(worker, &end, fake->now);
    worker_on_ended(worker, fake->now);
}

#endif
