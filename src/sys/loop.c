/* SPDX-License-Identifier: MIT */
/*
 * The event loop. A watch has a slot; what epoll carries is slot and generation, and deleting a
 * watch raises its slot's generation, so an event that was fetched for a deleted watch finds
 * another generation and is dropped. Events are served in two passes, early watches first.
 */
#include "sys/loop.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

enum { LOOP_BATCH = 1024, LOOP_NO_SLOT = UINT32_MAX };

struct loop_slot {
    struct loop_watch *watch; /* NULL = free */
    uint32_t generation;
    uint32_t next_free;
};

struct loop {
    int epoll;
    bool serving;
    bool coarse; /* no epoll_pwait2 here: milliseconds, rounded up */
    int64_t now;
    void (*on_wake)(void *ctx, int64_t now);
    void *wake_ctx;
    struct loop_slot *slots;
    uint32_t slot_count;
    uint32_t first_free;
    struct epoll_event events[LOOP_BATCH];
};

struct loop *loop_new(struct err *err)
{
    struct loop *loop = mem_new(sizeof(*loop));

    loop->first_free = LOOP_NO_SLOT;
    loop->now = clock_now();
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0) {
        err_set_errno(err, errno, "epoll_create1");
        free(loop);
        return NULL;
    }
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    for (uint32_t i = 0; i < loop->slot_count; i++)
        if (loop->slots[i].watch)
            loop->slots[i].watch->added = false;
    close(loop->epoll);
    free(loop->slots);
    free(loop);
}

static int loop_grow(struct loop *loop)
{
    uint32_t old = loop->slot_count;
    uint32_t count = old ? old * 2 : 64;
    void *slots = loop->slots;
    int result = mem_try_resize(&slots, count, sizeof(*loop->slots));

    if (result < 0)
        return result;
    loop->slots = slots;
    for (uint32_t i = old; i < count; i++)
        loop->slots[i] = (struct loop_slot){.next_free = i + 1 < count ? i + 1 : loop->first_free};
    loop->first_free = old;
    loop->slot_count = count;
    return 0;
}

static int loop_control(struct loop *loop, int operation, const struct loop_watch *watch)
{
    struct epoll_event event = {.events = watch->events};

    event.data.u64 = (uint64_t)loop->slots[watch->slot].generation << 32 | watch->slot;
    return epoll_ctl(loop->epoll, operation, watch->fd, &event) < 0 ? -errno : 0;
}

int loop_add(struct loop *loop, struct loop_watch *watch, int fd, uint32_t events,
             void (*on_ready)(void *owner, uint32_t events), void *owner)
{
    uint32_t slot;
    int result;

    assert(!watch->added && on_ready);
    if (loop->first_free == LOOP_NO_SLOT && (result = loop_grow(loop)) < 0)
        return result;
    slot = loop->first_free;
    watch->fd = fd;
    watch->events = events;
    watch->on_ready = on_ready;
    watch->owner = owner;
    watch->slot = slot;
    result = loop_control(loop, EPOLL_CTL_ADD, watch);
    if (result < 0)
        return result;
    loop->first_free = loop->slots[slot].next_free;
    loop->slots[slot].watch = watch;
    watch->added = true;
    return 0;
}

int loop_change(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
    uint32_t before = watch->events;
    int result;

    assert(watch->added);
    if (events == before)
        return 0;
    watch->events = events;
    result = loop_control(loop, EPOLL_CTL_MOD, watch);
    if (result < 0)
        watch->events = before;
    return result;
}

void loop_delete(struct loop *loop, struct loop_watch *watch)
{
    struct loop_slot *slot;

    if (!watch->added)
        return;
    slot = &loop->slots[watch->slot];
    assert(slot->watch == watch);
    /* Fails only when the owner closed the descriptor first, which took it out of epoll too. */
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    slot->watch = NULL;
    slot->generation++;
    slot->next_free = loop->first_free;
    loop->first_free = watch->slot;
    watch->added = false;
}

static int wait_coarse(struct loop *loop, int64_t left)
{
    int64_t ms = left < 0 ? -1 : (left + CLOCK_MS - 1) / CLOCK_MS;

    if (ms > INT32_MAX)
        ms = INT32_MAX;
    return epoll_wait(loop->epoll, loop->events, LOOP_BATCH, (int)ms);
}

/* `left` in nanoseconds, negative = no limit. */
static int wait_fine(struct loop *loop, int64_t left)
{
    struct timespec limit = {.tv_sec = left / CLOCK_S, .tv_nsec = left % CLOCK_S};
    int count;

    if (loop->coarse)
        return wait_coarse(loop, left);
    count = epoll_pwait2(loop->epoll, loop->events, LOOP_BATCH, left < 0 ? NULL : &limit, NULL);
    /* Old kernels lack the call and old seccomp filters answer EPERM for what they don't know. */
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
        loop->coarse = true;
        return wait_coarse(loop, left);
    }
    return count;
}

static int loop_wait(struct loop *loop, int64_t deadline)
{
    int64_t now = clock_now();

    for (;;) {
        int64_t left = deadline == CLOCK_NEVER ? -1 : deadline > now ? deadline - now : 0;
        int count = wait_fine(loop, left);

        if (count >= 0)
            return count;
        if (errno != EINTR)
            return -errno;
        now = clock_now();
    }
}

/* The watch that the event was fetched for, NULL when it has been deleted since. */
static struct loop_watch *loop_event_watch(const struct loop *loop, const struct epoll_event *event)
{
    uint32_t index = (uint32_t)event->data.u64;
    uint32_t generation = (uint32_t)(event->data.u64 >> 32);

    if (loop->slots[index].generation != generation)
        return NULL;
    return loop->slots[index].watch;
}

static int loop_serve(struct loop *loop, int count, bool early)
{
    int served = 0;

    for (int i = 0; i < count; i++) {
        struct loop_watch *watch = loop_event_watch(loop, &loop->events[i]);
        uint32_t events;

        if (!watch || watch->early != early || !loop->events[i].events)
            continue;
        /* What the owner stopped asking for during this turn is no longer its business. */
        events = loop->events[i].events & (watch->events | EPOLLERR | EPOLLHUP);
        /* Cleared, because a callback may change `early` between the passes. */
        loop->events[i].events = 0;
        if (!events)
            continue;
        watch->on_ready(watch->owner, events);
        served++;
    }
    return served;
}

int loop_turn(struct loop *loop, int64_t deadline)
{
    int count, served;

    assert(!loop->serving);
    count = loop_wait(loop, deadline);
    loop->now = clock_now();
    if (loop->on_wake)
        loop->on_wake(loop->wake_ctx, loop->now);
    if (count < 0)
        return count;
    loop->serving = true;
    served = loop_serve(loop, count, true);
    served += loop_serve(loop, count, false);
    loop->serving = false;
    return served;
}

void loop_gather(int64_t time)
{
    struct timespec span = {.tv_sec = time / CLOCK_S, .tv_nsec = time % CLOCK_S};

    nanosleep(&span, NULL);
}

int64_t loop_now(const struct loop *loop)
{
    return loop->now;
}

void loop_on_wake(struct loop *loop, void (*on_wake)(void *ctx, int64_t now), void *ctx)
{
    loop->on_wake = on_wake;
    loop->wake_ctx = ctx;
}
