/* SPDX-License-Identifier: MIT */
/*
 * The event loop: epoll with an intrusive watch a descriptor. One thread. The owner of the fd
 * keeps it; the loop never closes it. Callbacks may add, change and delete any watch, their own
 * included: events already fetched for a deleted watch are not delivered.
 */
#ifndef LIFEGUARD_SYS_LOOP_H
#define LIFEGUARD_SYS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct loop;

/* Zeroed memory is a watch that is not added. `events` are EPOLLIN, EPOLLOUT, ... */
struct loop_watch {
    int fd;
    uint32_t events;
    bool added;
    bool early; /* served before the others of the same turn (the notify socket, exits) */
    void (*on_ready)(void *owner, uint32_t events);
    void *owner;
    uint32_t slot; /* the loop's own */
};

struct loop *loop_new(struct err *err);
void loop_free(struct loop *loop);
/* 0 or -errno (-EPERM for regular files, which are always ready: read them directly). */
int loop_add(struct loop *loop, struct loop_watch *watch, int fd, uint32_t events,
             void (*on_ready)(void *owner, uint32_t events), void *owner);
int loop_change(struct loop *loop, struct loop_watch *watch, uint32_t events);
/* Must come before close(fd). A watch that is not added is accepted. */
void loop_delete(struct loop *loop, struct loop_watch *watch);
/* Waits until something is ready or the monotonic time `deadline` (CLOCK_NEVER = no limit), then
 * serves what is ready, at most 1,024 events. Returns how many were served, or -errno. */
int loop_turn(struct loop *loop, int64_t deadline);
/* Called in every turn after the wait, before anything is served: the place to take the time down.
 */
void loop_on_wake(struct loop *loop, void (*on_wake)(void *ctx, int64_t now), void *ctx);
/* Lets events gather for a fraction of a millisecond before the next turn. */
void loop_gather(int64_t time);
/* Monotonic time, read once when the turn's wait ended. */
int64_t loop_now(const struct loop *loop);

#endif
