/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's turn and its end. A turn: wait, serve what is ready, sources, ticks, sinks,
 * views. Nothing in it waits for anything but the loop itself.
 */
#include "supervisor/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "pool/assign.h"
#include "pool/hang.h"
#include "supervisor/client.h"
#include "supervisor/errand.h"
#include "supervisor/events.h"
#include "supervisor/health.h"
#include "supervisor/life.h"
#include "supervisor/life_start.h"
#include "supervisor/order.h"
#include "supervisor/publish.h"
#include "supervisor/sample.h"
#include "supervisor/setup.h"
#include "supervisor/sink.h"
#include "supervisor/source.h"
#include "supervisor/speak.h"
#include "supervisor/starved.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "sys/signals.h"

static const int64_t REAP_PERIOD = CLOCK_S / 2;
static const int64_t PROGRESS_PERIOD = 5 * CLOCK_S;
/* See supervisor_gather. */
static const int64_t GATHER = CLOCK_MS / 10;
enum { SHORT_TURNS = 4 };

struct pool_box *supervisor_find_pool(struct supervisor *sup, const char *name)
{
    for (size_t i = 0; i < sup->box_count; i++)
        if (strcmp(sup->boxes[i].spec->name, name) == 0)
            return &sup->boxes[i];
    return NULL;
}

void supervisor_shutdown(struct supervisor *sup, const char *who, bool now)
{
    int64_t longest = sup->spec.supervisor.shutdown_timeout;

    sup->changed = true;
    if (!sup->stopping) {
        sup->stopping = true;
        sup->stopping_since = sup->now;
        sup->stop_deadline = clock_add(sup->now, longest);
        snprintf(sup->stop_who, sizeof(sup->stop_who), "%s", who);
        order_stop(sup);
    }
    if (now && !sup->killing) {
        sup->killing = true;
        order_stop_all(sup);
        for (size_t i = 0; i < sup->box_count; i++)
            pool_kill_all(sup->boxes[i].pool, sup->now);
        if (cgroup_root_ok(&sup->cgroups))
            cgroup_root_kill(&sup->cgroups);
    }
}

static void resize_all(struct supervisor *sup, int change)
{
    for (size_t i = 0; !sup->stopping && i < sup->box_count; i++) {
        struct pool *pool = sup->boxes[i].pool;

        pool_resize(pool, pool->want + change, "signal", sup->now, NULL);
    }
}

void supervisor_on_signal(void *owner, uint32_t events)
{
    struct supervisor *sup = owner;
    int signal;

    (void)events;
    while ((signal = signals_next(sup->signal_fd, NULL)) > 0) {
        switch (signal) {
        case SIGTERM:
        case SIGINT:
        case SIGQUIT:
            sup->interrupted = signal;
            event_add(sup, "signal", LEVEL_NOTE, false, "", NULL, NULL, "%s: %s", strsignal(signal),
                      sup->stop_requests ? "killing now" : "stopping all pools");
            supervisor_shutdown(sup, "signal", sup->stop_requests++ > 0);
            break;
        case SIGTTIN:
            resize_all(sup, 1);
            break;
        case SIGTTOU:
            resize_all(sup, -1);
            break;
        case SIGHUP:
            event_add(sup, "signal", LEVEL_NOTE, false, "", NULL, NULL,
                      "SIGHUP ignored: reload is not built yet");
            break;
        case SIGUSR1:
            setup_write_table(sup);
            break;
        default: /* SIGCHLD: an orphan may have come; see reap_orphans */
            break;
        }
    }
}

bool supervisor_owns_pid(void *ctx, int pid)
{
    struct supervisor *sup = ctx;

    return map_find(&sup->by_pid, (uint64_t)pid) || setup_pid_is_own(sup, pid) ||
           errand_owns_pid(sup, pid);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t supervisor_deadline(const struct supervisor *sup)
{
    int64_t next = earlier(sample_next_deadline(sup), publish_next_deadline(sup));

    next = earlier(next, life_next_check(sup));
    next = earlier(next, speak_next_check(sup));
    next = earlier(next, starved_next_check(sup));
    next = earlier(next, errand_next_check(sup));
    next = earlier(next, health_next_check(sup));
    if (sup->accept_paused_until)
        next = earlier(next, sup->accept_paused_until);
    if (sup->stopping && !sup->killing)
        next = earlier(next, sup->stop_deadline);
    for (size_t i = 0; i < sup->box_count; i++) {
        const struct pool_box *box = &sup->boxes[i];

        next = earlier(next, pool_next_deadline(box->pool));
        if (box->source)
            next = earlier(next, source_next_deadline(box->source));
        next = earlier(next, sink_client_deadline(box->sink));
        next = earlier(next, sink_next_deadline(box->sink));
        if (!sink_is_empty(box->sink))
            next = earlier(next, sup->now + CLOCK_S);
    }
    return next;
}

/* What runs, and what waits for its turn, must find room: in memory and in the next pool. Still one
 * may run, for it may be the one that all others wait for; unless that one waits to be tried again,
 * and then it will be the first. */
static int64_t room_for_results(struct pool_box *box)
{
    int64_t room = source_room_downstream(box), held = (int64_t)sink_held(box->sink);

    if (!held)
        return room;
    if (room != INT64_MAX)
        room -= held;
    if (room > 1 && !sink_held_is_full(box->sink))
        return room;
    return box->pool->queue.counts[TASK_RETRY] ? 0 : 1;
}

static void run_pool(struct pool_box *box)
{
    struct supervisor *sup = box->sup;
    bool was_done = box->pool->done;

    if (box->source && source_next_deadline(box->source) <= sup->now)
        source_run(box->source);
    pool_stall(box->pool, sink_is_full(box->sink));
    pool_limit_running(box->pool, room_for_results(box));
    pool_tick(box->pool, sup->now);
    /* The tick may have taken from the queue: the source fills it up in the same turn. */
    if (box->source && source_next_deadline(box->source) <= sup->now && !box->pool->dirty)
        source_run(box->source);
    if (box->pool->done && !was_done)
        source_end_downstream(box);
}

static bool pools_are_done(const struct supervisor *sup)
{
    bool jobs = false;

    for (size_t i = 0; i < sup->box_count; i++) {
        const struct pool_box *box = &sup->boxes[i];

        if (!box->source)
            continue;
        jobs = true;
        if (!box->pool->done || !sink_is_empty(box->sink))
            return false;
    }
    return jobs;
}

/* Ends the run when nothing of it is left. */
static void check_end(struct supervisor *sup)
{
    bool down = true;

    for (size_t i = 0; sup->gives_up && i < sup->box_count; i++)
        if (!sup->boxes[i].pool->halting && pool_is_hopeless(sup->boxes[i].pool))
            pool_give_up(sup->boxes[i].pool, sup->now);
    sup->all_done = pools_are_done(sup);
    if (sup->all_done && sup->exit_when_done && !sup->stopping)
        supervisor_shutdown(sup, "", false);
    if (!sup->stopping)
        return;
    if (!sup->killing && sup->now >= sup->stop_deadline)
        supervisor_shutdown(sup, "", true);
    order_stop(sup);
    for (size_t i = 0; i < sup->box_count; i++)
        down &= pool_is_down(sup->boxes[i].pool);
    if (!down)
        return;
    sup->finished = true;
}

/* One line on stderr every few seconds of a finite run that has no screen. */
static void supervisor_tell_progress(struct supervisor *sup)
{
    uint64_t accepted = 0, ended = 0, failed = 0;
    char line[160];

    if (!sup->progress || sup->now < sup->progress_at || !(sup->exit_when_done || sup->stopping))
        return;
    if (sup->progress_at)
        for (size_t i = 0; i < sup->box_count; i++) {
            accepted += sup->boxes[i].pool->queue.accepted;
            ended += queue_ended(&sup->boxes[i].pool->queue);
            failed += sup->boxes[i].pool->failed_tasks;
        }
    sup->progress_at = sup->now + PROGRESS_PERIOD;
    if (!accepted)
        return;
    snprintf(line, sizeof(line), "lifeguard: %llu of %llu tasks done, %llu failed\n",
             (unsigned long long)ended, (unsigned long long)accepted, (unsigned long long)failed);
    file_write_if_ready(STDERR_FILENO, line, strlen(line));
}

/* A worker that writes line by line would wake us for each of them, which costs it and us more than
 * the lines do. After some such turns in a row the next lines gather in its pipe for a moment; a
 * pipe that gets half full ends that, so nobody is ever held up by it. */
static void supervisor_gather(struct supervisor *sup, int served, int64_t waited)
{
    bool again = served > 0 && sup->short_reads >= served && waited < GATHER;

    sup->short_reads = 0;
    sup->short_turns = again ? sup->short_turns + 1 : 0;
    if (sup->short_turns > SHORT_TURNS)
        loop_gather(GATHER);
}

static void supervisor_turn(struct supervisor *sup)
{
    int64_t began = clock_now();
    int served;

    sup->asked_deadline = supervisor_deadline(sup);
    served = loop_turn(sup->loop, sup->asked_deadline);
    supervisor_gather(sup, served, sup->now - began);
    if (sup->accept_paused_until && sup->now >= sup->accept_paused_until) {
        sup->accept_paused_until = 0;
        loop_change(sup->loop, &sup->listen_watch, EPOLLIN);
    }
    starved_check(sup);
    sample_run(sup);
    life_check(sup);
    errand_check(sup);
    health_check(sup);
    for (size_t i = 0; i < sup->box_count; i++)
        run_pool(&sup->boxes[i]);
    speak_flush(sup);
    life_bury(sup);
    for (size_t i = 0; i < sup->box_count; i++)
        sink_flush(sup->boxes[i].sink);
    order_check(sup);
    if (sup->now >= sup->reap_at) {
        proc_reap_orphans(supervisor_owns_pid, sup, &sup->reap_in_the_way);
        sup->reap_at = sup->now + REAP_PERIOD;
        guardian_watch_tick(&sup->guardian);
    }
    check_end(sup);
    supervisor_tell_progress(sup);
    diag_flush(&sup->diag);
    publish_views(sup);
    client_reap(sup);
}

/* What a pool's halt rule makes of the exit status; -1 where failures are just counted. */
static int halt_exit_status(const struct pool *pool)
{
    const struct halt_spec *halt = &pool->spec->halt;
    bool met = pool->halting && pool->halted_by_rule;

    if (met && halt->why == HALT_ON_SUCCESS)
        return 0;
    if (met && halt->why == HALT_ON_FAIL && halt->count == 1)
        return pool->halt_exit;
    if (halt->percent > 0 && pool->failed_tasks)
        return (int)((pool->failed_tasks * 100 + pool->queue.accepted - 1) / pool->queue.accepted);
    return -1;
}

/* GNU parallel's exit statuses for a finite run. */
static int finite_exit_status(const struct supervisor *sup)
{
    uint64_t failed = 0;

    if (sup->interrupted || (sup->stopping && !sup->all_done))
        return 130;
    for (size_t i = 0; i < sup->box_count; i++) {
        int status = halt_exit_status(sup->boxes[i].pool);

        if (status > 0)
            return status;
        if (status < 0)
            failed += sup->boxes[i].pool->failed_tasks;
    }
    return failed > 100 ? 101 : (int)failed;
}

void supervisor_finish_tasks(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++)
        assign_halt(sup->boxes[i].pool);
    sup->changed = true;
}

int supervisor_run(struct supervisor *sup)
{
    loop_on_wake(sup->loop, starved_on_wake, sup);
    sup->now = clock_now();
    sup->wall = clock_wall();
    sup->diag.gather = true;
    order_start(sup);
    while (!sup->finished)
        supervisor_turn(sup);
    sup->diag.gather = false;
    diag_flush(&sup->diag);
    sup->changed = true;
    sup->publish_at = 0;
    publish_views(sup);
    setup_say_goodbye(sup, sup->exit_when_done ? finite_exit_status(sup) : 0);
    return sup->exit_when_done ? finite_exit_status(sup) : 0;
}
