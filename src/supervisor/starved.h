/* SPDX-License-Identifier: MIT */
/*
 * Time in which nobody could do anything: the machine was suspended or paused, the supervisor was
 * stopped or came late, or the machine starves of CPU or memory. It is not counted against workers.
 */
#ifndef LIFEGUARD_SUPERVISOR_STARVED_H
#define LIFEGUARD_SUPERVISOR_STARVED_H

#include <stdint.h>

#include "sys/pressure.h"

struct supervisor;

struct starved {
    struct pressure seen; /* at the last look */
    int64_t seen_at, look_at;
    int64_t told_at;
    int64_t untold;     /* shifted since the last event about it, */
    double cpu, memory; /* and the greatest shares meanwhile */
};

/* Takes the turn's time down, and shifts all clocks when the wait ended far too late. */
void starved_on_wake(void *ctx, int64_t now);
/* Once a second while signs of life are awaited: looks at the machine's pressure. */
void starved_check(struct supervisor *sup);
/* A turn waits at most a second while a clock runs against a worker: a jump of the clock within a
 * wait can't be seen from its end. */
int64_t starved_next_check(const struct supervisor *sup);

#endif
