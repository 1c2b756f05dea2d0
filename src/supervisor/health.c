/* SPDX-License-Identifier: MIT */
/*
 * The clocks of checks. Commands of a pool run CHECKS_MOST at a time, and no more than there is
 * room for yet another as many, so that each pool finds some; the others wait in the order in which
 * they are due, and being late is held against nobody. What could not be begun because we are short
 * of something is tried again soon and is no failure either.
 */
#include "supervisor/health.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "logs/capture.h"
#include "pool/health.h"
#include "supervisor/events.h"
#include "supervisor/life.h"
#include "supervisor/probe.h"

enum { CHECKS_MOST = 24, LINE_MOST = 512 };
static const int64_t SHORTAGE_PAUSE = CLOCK_S / 10;
static const int64_t READY_LIMIT = 10 * CLOCK_S; /* one question before it is ready */
/* CPU: a match that took less is free, this much may be owed, and so often it is paid back. */
static const int64_t MATCH_FREE = CLOCK_MS / 20, OWED_MOST = 20 * CLOCK_MS, PAY_BACK = 50;
static const int64_t LEAST_PAUSE = 10 * CLOCK_MS;
static const int64_t LOOK_PERIOD = CLOCK_S / 4;  /* at those that wait for room */
static const int64_t WAIT_TOLD = CLOCK_S;        /* a wait that is worth an event, */
static const int64_t TELL_PERIOD = 60 * CLOCK_S; /* so often */

static bool is_starting(const struct life *life)
{
    return life->worker->state == WORKER_STARTING;
}

static char *const *check_command(const struct life *life)
{
    const struct pool_spec *spec = life->box->spec;

    return is_starting(life) ? spec->ready.command : spec->health.command;
}

static const char *check_address(const struct life *life)
{
    const struct pool_spec *spec = life->box->spec;

    return is_starting(life) ? spec->ready.tcp : spec->health.tcp;
}

static int64_t check_limit(const struct life *life)
{
    const struct pool_spec *spec = life->box->spec;

    if (!is_starting(life))
        return spec->health.timeout;
    return spec->ready.timeout < READY_LIMIT ? spec->ready.timeout : READY_LIMIT;
}

static void check_unset_due(struct life *life)
{
    heap_remove(&life->box->checks[life->check.kind].due, &life->check.due);
}

static void check_set_due(struct life *life, enum check_kind kind, int64_t delay)
{
    struct life_check *check = &life->check;

    check_unset_due(life);
    check->kind = kind;
    check->waited_until = clock_add(life->sup->now, delay);
    heap_set(&life->box->checks[kind].due, &check->due, check->waited_until);
}

/* The next one, counted from the beginning of this one while it is ready. */
static void check_set_next(struct life *life)
{
    int64_t passed = life->sup->now - life->check.started_at, delay;

    if (is_starting(life)) {
        life->check.pause = health_ready_delay(life->check.pause);
        check_set_due(life, CHECK_READY, life->check.pause);
    } else if (health_is_watched(life->worker)) {
        delay = health_delay(life->worker) - passed;
        check_set_due(life, CHECK_HEALTH, delay > LEAST_PAUSE ? delay : LEAST_PAUSE);
    }
}

static void check_tell(struct life *life, bool ok, const char *why)
{
    bool starting = is_starting(life);

    life->sup->changed = true;
    worker_on_check(life->worker, ok, why, life->sup->now);
    /* Once it is ready health_on_ready has set the clock. */
    if (!(starting && ok))
        check_set_next(life);
}

static void check_on_command(void *ctx, const struct errand_result *result)
{
    struct life *life = ctx;
    char why[HEALTH_WHY_MAX] = "";
    bool ok = result->status == 0 && !result->timed_out;

    life->check.errand = NULL;
    life->box->checks[life->check.kind].running--;
    if (!ok)
        probe_describe(result, check_limit(life), why, sizeof(why));
    check_tell(life, ok, why);
}

static void check_on_connect(void *owner, uint32_t events)
{
    struct life *life = owner;
    struct err err = {0};
    int rc;

    (void)events;
    loop_delete(life->sup->loop, &life->check.watch);
    rc = probe_connected(life, check_address(life), &life->check.fd, &err);
    check_tell(life, rc == 0, err.text);
}

static void check_cancel(struct life *life)
{
    struct life_check *check = &life->check;

    if (check->errand) {
        errand_cancel(check->errand);
        check->errand = NULL;
        life->box->checks[check->kind].running--;
    }
    loop_delete(life->sup->loop, &check->watch);
    if (check->fd >= 0)
        close(check->fd);
    check->fd = -1;
    check_unset_due(life);
}

static bool is_shortage(int error)
{
    return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE ||
           error == ENOBUFS;
}

static int begin_connect(struct life *life, struct err *err)
{
    int rc = probe_connect(life, check_address(life), &life->check.fd, err);

    if (rc != 1)
        return rc;
    rc = loop_add(life->sup->loop, &life->check.watch, life->check.fd, EPOLLOUT, check_on_connect,
                  life);
    if (rc == 0) {
        check_set_due(life, life->check.kind, check_limit(life));
        return 1;
    }
    close(life->check.fd);
    life->check.fd = -1;
    return err_set_errno(err, -rc, "connect");
}

static enum errand_class class_of(enum check_kind kind)
{
    return kind == CHECK_READY ? ERRAND_READY : ERRAND_HEALTH;
}

/* What it waited since it was due, or since this was last told, is no time to become ready in. */
static void check_excuse_wait(struct life *life, int64_t until)
{
    int64_t wait = until - life->check.waited_until;

    if (life->check.kind != CHECK_READY || wait <= 0)
        return;
    life->check.waited_until = until;
    worker_on_check_wait(life->worker, wait);
}

/* 1 = it runs, 0 = it succeeded at once, -errno. */
static int check_begin(struct life *life, struct err *err)
{
    char *const *command = check_command(life);

    life->check.started_at = life->sup->now;
    if (!command)
        return begin_connect(life, err);
    life->check.errand = probe_command(life, class_of(life->check.kind), command, check_limit(life),
                                       check_on_command, err);
    if (!life->check.errand)
        return err->code ? -err->code : -EIO;
    life->box->checks[life->check.kind].running++;
    return 1;
}

/* Its time has come: to be checked, or for a connection to have been made. */
static void check_run(struct life *life)
{
    struct err err = {0};
    char span[48], limit[16];
    int rc;

    if (life->check.fd >= 0) {
        check_cancel(life);
        str_format_duration(limit, (double)check_limit(life) / 1e9);
        snprintf(span, sizeof(span), "no connection within %s", limit);
        check_tell(life, false, span);
        return;
    }
    if (!is_starting(life) && !health_is_watched(life->worker))
        return;
    rc = check_begin(life, &err);
    if (rc < 0 && is_shortage(-rc)) {
        life->box->checks[life->check.kind].later = life->sup->now + SHORTAGE_PAUSE;
        check_excuse_wait(life, life->sup->now + SHORTAGE_PAUSE);
        check_set_due(life, life->check.kind, SHORTAGE_PAUSE);
    } else if (rc <= 0) {
        check_tell(life, rc == 0, err.text);
    }
}

/* Commands of this queue have to wait until one of any pool has ended. */
static bool queue_is_blocked(const struct pool_box *box, enum check_kind kind)
{
    const struct check_queue *queue = &box->checks[kind];
    const struct pool_spec *spec = box->spec;
    int room;

    if (!(kind == CHECK_READY ? spec->ready.command : spec->health.command))
        return false;
    room = errand_room(box->sup, class_of(kind));
    return queue->running >= CHECKS_MOST || queue->running >= room;
}

static void queue_tell_wait(struct pool_box *box, enum check_kind kind, size_t waiting,
                            int64_t longest)
{
    struct supervisor *sup = box->sup;
    struct check_queue *queue = &box->checks[kind];

    if (longest < WAIT_TOLD || (queue->told_at && sup->now - queue->told_at < TELL_PERIOD))
        return;
    queue->told_at = sup->now;
    event_add(sup, "checks-wait", LEVEL_NOTE, false, "", box->pool, NULL,
              "%zu %s checks wait for their turn, the first for %.1fs: %d of this pool run",
              waiting, kind == CHECK_READY ? "ready" : "health", (double)longest / 1e9,
              queue->running);
}

/* Those that are due and have no room. */
static void queue_wait(struct pool_box *box, enum check_kind kind)
{
    struct check_queue *queue = &box->checks[kind];
    int64_t now = box->sup->now;
    size_t waiting = 0;

    if (queue->look_at > now)
        return;
    queue->look_at = now + LOOK_PERIOD;
    for (size_t i = 0; i < queue->due.count; i++) {
        struct heap_node *node = queue->due.nodes[i];

        if (node->key > now)
            continue;
        waiting++;
        /* Until the next look, in advance. */
        check_excuse_wait(CONTAINER_OF(node, struct life, check.due), now + LOOK_PERIOD);
    }
    queue_tell_wait(box, kind, waiting, now - heap_first(&queue->due)->key);
}

static void queue_check(struct pool_box *box, enum check_kind kind)
{
    struct check_queue *queue = &box->checks[kind];
    int64_t now = box->sup->now;

    while (queue->later <= now && heap_first(&queue->due) && heap_first(&queue->due)->key <= now) {
        struct life *life = CONTAINER_OF(heap_first(&queue->due), struct life, check.due);

        if (queue_is_blocked(box, kind)) {
            queue_wait(box, kind);
            return;
        }
        check_unset_due(life);
        check_excuse_wait(life, now);
        check_run(life);
    }
}

void health_check(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++)
        for (int kind = 0; kind < CHECK_KINDS; kind++)
            queue_check(&sup->boxes[i], (enum check_kind)kind);
}

static int64_t queue_next_check(const struct pool_box *box, enum check_kind kind)
{
    const struct check_queue *queue = &box->checks[kind];
    const struct heap_node *first = heap_first(&queue->due);

    if (!first)
        return CLOCK_NEVER;
    if (first->key > box->sup->now || queue->later > box->sup->now)
        return first->key > queue->later ? first->key : queue->later;
    /* A command that ends wakes us. */
    return queue_is_blocked(box, kind) ? queue->look_at : first->key;
}

int64_t health_next_check(const struct supervisor *sup)
{
    int64_t next = CLOCK_NEVER;

    for (size_t i = 0; i < sup->box_count; i++)
        for (int kind = 0; kind < CHECK_KINDS; kind++) {
            int64_t at = queue_next_check(&sup->boxes[i], (enum check_kind)kind);

            next = at < next ? at : next;
        }
    return next;
}

static void queue_shift(struct check_queue *queue, int64_t gap)
{
    /* All by the same, so that their order stays. */
    for (size_t n = 0; n < queue->due.count; n++) {
        struct heap_node *node = queue->due.nodes[n];
        struct life_check *check = CONTAINER_OF(node, struct life_check, due);

        node->key = clock_add(node->key, gap);
        check->waited_until = clock_add(check->waited_until, gap);
    }
}

void health_shift(struct supervisor *sup, int64_t gap)
{
    for (size_t i = 0; i < sup->box_count; i++)
        for (int kind = 0; kind < CHECK_KINDS; kind++)
            queue_shift(&sup->boxes[i].checks[kind], gap);
}

/* A pattern may be cheap on all lines but those of this worker: what it took is paid back. */
static void ready_pay_back(struct life *life, int64_t took)
{
    struct life_check *check = &life->check;
    int64_t now, paid;

    if (took < MATCH_FREE)
        return;
    now = clock_now();
    paid = (now - check->owed_at) / PAY_BACK;
    check->cpu_owed = took + (check->cpu_owed > paid ? check->cpu_owed - paid : 0);
    check->owed_at = now;
    if (check->cpu_owed < OWED_MOST)
        return;
    check->deaf_until = now + PAY_BACK * check->cpu_owed;
    check->cpu_owed = 0;
    if (check->told_slow)
        return;
    check->told_slow = true;
    event_add(life->sup, "ready-slow", LEVEL_NOTE, false, "", life->box->pool, life->worker,
              "ready.log: the pattern is slow, some lines are not looked at");
}

static void ready_on_line(void *ctx, const struct log_line *line)
{
    struct life *life = ctx;
    size_t len = line->len < LINE_MOST ? line->len : LINE_MOST;
    int64_t began;
    bool found;

    if (line->stream == 's' || (life->check.deaf_until && clock_now() < life->check.deaf_until))
        return;
    began = clock_cpu();
    found = pattern_matches(&life->box->ready_log, line->bytes, len);
    ready_pay_back(life, clock_cpu() - began);
    if (!found)
        return;
    capture_set_watch(life->capture, NULL, NULL);
    worker_on_check(life->worker, true, "", life->sup->now);
    life->sup->changed = true;
}

void health_begin(struct life *life)
{
    const struct pool_spec *spec = life->box->spec;

    if (spec->mode == POOL_COMMAND)
        return;
    if (life->box->ready_log.set)
        capture_set_watch(life->capture, ready_on_line, life);
    if (spec->ready.command || *spec->ready.tcp) {
        life->check.pause = health_ready_delay(0);
        check_set_due(life, CHECK_READY, life->check.pause);
    }
}

void health_on_ready(struct life *life)
{
    check_cancel(life);
    if (!health_is_checked(life->box->spec))
        return;
    check_set_due(life, CHECK_HEALTH, health_delay(life->worker));
}

void health_end(struct life *life)
{
    check_cancel(life);
}
