/* SPDX-License-Identifier: MIT */
/*
 * When a worker is checked from outside, before it is ready and while it is: the clock of each life
 * and the check that runs for it. What a check means is the domain's business (pool/health.h).
 */
#ifndef LIFEGUARD_SUPERVISOR_HEALTH_H
#define LIFEGUARD_SUPERVISOR_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "sys/loop.h"

struct errand;
struct life;
struct supervisor;

/* What a check is for: they wait in queues of their own. */
enum check_kind { CHECK_READY, CHECK_HEALTH, CHECK_KINDS };

/* Of a pool. */
struct check_queue {
    struct heap due; /* of lives, by when they have to be looked at */
    int running;     /* commands */
    int64_t later;   /* short of something: none is begun before then */
    int64_t look_at; /* commands wait for room: when to look again how long */
    int64_t told_at; /* when that was last told; 0 = never */
};

/* One a life. At most one check runs for it. */
struct life_check {
    struct heap_node due; /* in box->checks: the next check, or the end of a connection's time */
    enum check_kind kind; /* in which queue, of what kind the one that runs is */
    int64_t waited_until; /* how much of its wait for room ready.timeout was put off by */
    int64_t cpu_owed;     /* ready.log: nanoseconds that matching took too long */
    int64_t owed_at;      /* when that was so */
    int64_t deaf_until;   /* and no line is looked at before then */
    bool told_slow;
    struct errand *errand; /* the command that runs */
    int fd;                /* the connection that is under way; -1 = none */
    struct loop_watch watch;
    int64_t started_at;
    int64_t pause; /* before it is ready: the wait before this check */
};

/* The process runs. */
void health_begin(struct life *life);
/* It is ready: from now on its health is checked. */
void health_on_ready(struct life *life);
/* The process is gone: ends the check that runs for it. May be called again. */
void health_end(struct life *life);
/* Begins what is due; to be called each turn. */
void health_check(struct supervisor *sup);
int64_t health_next_check(const struct supervisor *sup);
/* The supervisor stood still. */
void health_shift(struct supervisor *sup, int64_t gap);

#endif
