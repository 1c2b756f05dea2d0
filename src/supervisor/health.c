/* SPDX-License-Identifier: MIT */
/*
 * The clocks of checks. Commands of a pool run CHECKS_MOST at a time; the others wait in the order
 * in which they are due, and being late is held against nobody. What could not be begun because we
 * are short of something is tried again soon and is no failure either.
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
#include "supervisor/life.h"
#include "supervisor/probe.h"

enum { CHECKS_MOST = 24, LINE_MOST = 4096 };
static const int64_t SHORTAGE_PAUSE = CLOCK_S / 10;
static const int64_t READY_LIMIT = 10 * CLOCK_S; /* one question before it is ready */
static const int64_t LEAST_PAUSE = 10 * CLOCK_MS;

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

static void check_set_due(struct life *life, int64_t delay)
{
    heap_set(&life->box->checks, &life->check.due, clock_add(life->sup->now, delay));
}

/* The next one, counted from the beginning of this one while it is ready. */
static void check_set_next(struct life *life)
{
    int64_t passed = life->sup->now - life->check.started_at, delay;

    if (is_starting(life)) {
        life->check.pause = health_ready_delay(life->check.pause);
        check_set_due(life, life->check.pause);
    } else if (health_is_watched(life->worker)) {
        delay = health_delay(life->worker) - passed;
        check_set_due(life, delay > LEAST_PAUSE ? delay : LEAST_PAUSE);
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
    life->box->checks_running--;
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
        life->box->checks_running--;
    }
    loop_delete(life->sup->loop, &check->watch);
    if (check->fd >= 0)
        close(check->fd);
    check->fd = -1;
    heap_remove(&life->box->checks, &check->due);
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
        check_set_due(life, check_limit(life));
        return 1;
    }
    close(life->check.fd);
    life->check.fd = -1;
    return err_set_errno(err, -rc, "connect");
}

/* 1 = it runs, 0 = it succeeded at once, -errno. */
static int check_begin(struct life *life, struct err *err)
{
    char *const *command = check_command(life);

    life->check.started_at = life->sup->now;
    if (!command)
        return begin_connect(life, err);
    life->check.errand = probe_command(life, command, check_limit(life), check_on_command, err);
    if (!life->check.errand)
        return err->code ? -err->code : -EIO;
    life->box->checks_running++;
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
        life->box->checks_later = life->sup->now + SHORTAGE_PAUSE;
        check_set_due(life, SHORTAGE_PAUSE);
    } else if (rc <= 0) {
        check_tell(life, rc == 0, err.text);
    }
}

static bool box_is_blocked(const struct pool_box *box)
{
    return box->checks_running >= CHECKS_MOST;
}

static void box_check(struct pool_box *box)
{
    struct heap_node *node;

    while (!box_is_blocked(box) && box->checks_later <= box->sup->now &&
           (node = heap_take_until(&box->checks, box->sup->now)) != NULL)
        check_run(CONTAINER_OF(node, struct life, check.due));
}

void health_check(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++)
        box_check(&sup->boxes[i]);
}

int64_t health_next_check(const struct supervisor *sup)
{
    int64_t next = CLOCK_NEVER;

    for (size_t i = 0; i < sup->box_count; i++) {
        const struct pool_box *box = &sup->boxes[i];
        const struct heap_node *first = heap_first(&box->checks);
        int64_t at = CLOCK_NEVER;

        /* A command that ends wakes us. */
        if (first && !box_is_blocked(box))
            at = first->key > box->checks_later ? first->key : box->checks_later;
        next = at < next ? at : next;
    }
    return next;
}

void health_shift(struct supervisor *sup, int64_t gap)
{
    for (size_t i = 0; i < sup->box_count; i++) {
        struct heap *checks = &sup->boxes[i].checks;

        /* All by the same, so that their order stays. */
        for (size_t n = 0; n < checks->count; n++)
            checks->nodes[n]->key = clock_add(checks->nodes[n]->key, gap);
    }
}

static void ready_on_line(void *ctx, const struct log_line *line)
{
    struct life *life = ctx;
    size_t len = line->len < LINE_MOST ? line->len : LINE_MOST;

    if (line->stream == 's' || !pattern_matches(&life->box->ready_log, line->bytes, len))
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
        check_set_due(life, life->check.pause);
    }
}

void health_on_ready(struct life *life)
{
    check_cancel(life);
    if (!health_is_checked(life->box->spec))
        return;
    check_set_due(life, health_delay(life->worker));
}

void health_end(struct life *life)
{
    check_cancel(life);
}
