/* SPDX-License-Identifier: MIT */
/*
 * The loop: what is delivered, in which order, and above all what is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sys/loop.h"
#include "sys/proc.h"

enum { MANY = 1500 };

struct source {
    struct loop *loop;
    struct loop_watch watch;
    struct source *victim;  /* deleted by the callback */
    struct source *revived; /* added by the callback */
    char *trace;
    char name;
    int fd;
    int served;
    uint32_t events;
};

static void on_ready(void *owner, uint32_t events)
{
    struct source *source = owner;
    uint64_t count;

    source->served++;
    source->events = events;
    if (source->trace)
        strncat(source->trace, &source->name, 1);
    if (events & EPOLLIN)
        (void)!read(source->fd, &count, sizeof(count));
    if (source->victim)
        loop_delete(source->loop, &source->victim->watch);
    if (source->revived)
        assert_int_equal(loop_add(source->loop, &source->revived->watch, source->revived->fd,
                                  EPOLLIN, on_ready, source->revived),
                         0);
}

static void source_init(struct source *source, struct loop *loop, bool ready)
{
    *source = (struct source){.loop = loop, .name = 'x'};
    source->fd = eventfd(ready ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(source->fd >= 0);
    assert_int_equal(loop_add(loop, &source->watch, source->fd, EPOLLIN, on_ready, source), 0);
}

static void source_fini(struct source *source)
{
    loop_delete(source->loop, &source->watch);
    close(source->fd);
}

static void ready_is_served_once(void **state)
{
    struct loop *loop = loop_new(NULL);
    struct source source;

    (void)state;
    source_init(&source, loop, true);
    assert_int_equal(loop_turn(loop, CLOCK_NEVER), 1);
    assert_int_equal(source.served, 1);
    assert_int_equal(loop_turn(loop, 0), 0);
    source_fini(&source);
    loop_free(loop);
}

/* Whichever of the two is served first deletes the other: exactly one may be served. */
static void deleted_watch_is_not_delivered(void **state)
{
    struct loop *loop = loop_new(NULL);
    struct source a, b;

    (void)state;
    source_init(&a, loop, true);
    source_init(&b, loop, true);
    a.victim = &b;
    b.victim = &a;
    assert_int_equal(loop_turn(loop, CLOCK_NEVER), 1);
    assert_int_equal(a.served + b.served, 1);
    source_fini(&a);
    source_fini(&b);
    loop_free(loop);
}

/* The slot of the deleted watch is taken by a new one within the turn: the event that was fetched
 * for the old one must not reach the new one. */
static void stale_event_does_not_reach_slots_next_user(void **state)
{
    struct loop *loop = loop_new(NULL);
    struct source first, old, fresh = {.loop = loop, .name = 'f'};

    (void)state;
    source_init(&first, loop, true);
    source_init(&old, loop, true);
    first.watch.early = true;
    first.victim = &old;
    first.revived = &fresh;
    fresh.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_int_equal(loop_turn(loop, CLOCK_NEVER), 1);
    assert_int_equal(fresh.watch.slot, old.watch.slot);
    assert_int_equal(old.served, 0);
    assert_int_equal(fresh.served, 0);
    source_fini(&fresh);
    source_fini(&first);
    source_fini(&old);
    loop_free(loop);
}

static void early_watches_come_first(void **state)
{
    struct loop *loop = loop_new(NULL);
    struct source sources[8];
    char trace[16] = "";

    (void)state;
    for (int i = 0; i < 8; i++) {
        source_init(&sources[i], loop, true);
        sources[i].watch.early = i >= 5;
        sources[i].name = i >= 5 ? 'E' : 'l';
        sources[i].trace = trace;
    }
    assert_int_equal(loop_turn(loop, CLOCK_NEVER), 8);
    assert_string_equal(trace, "EEElllll");
    for (int i = 0; i < 8; i++)
        source_fini(&sources[i]);
    loop_free(loop);
}

static void events_no_longer_wanted_are_dropped(void **state)
{
    struct loop *loop = loop_new(NULL);
    struct source source;

    (void)state;
    source_init(&source, loop, true);
    assert_int_equal(loop_change(loop, &source.watch, EPOLLIN | EPOLLOUT), 0);
    assert_int_equal(loop_turn(loop, CLOCK_NEVER), 1);
    assert_int_equal(source.events, EPOLLIN | EPOLLOUT);
    assert_int_equal(loop_change(loop, &source.watch, 0), 0);
    assert_int_equal(eventfd_write(source.fd, 1), 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    source_fini(&source);
    loop_free(loop);
}

static void deadline_is_kept_to_the_microsecond(void **state)
{
    struct loop *loop = loop_new(NULL);
    int64_t best = INT64_MAX;

    (void)state;
    /* The best of many: a loaded machine may be late, but never all of the time. */
    for (int i = 0; i < 50 && best > 400 * CLOCK_US; i++) {
        int64_t deadline = clock_now() + 300 * CLOCK_US;

        assert_int_equal(loop_turn(loop, deadline), 0);
        assert_true(loop_now(loop) >= deadline);
        if (loop_now(loop) - deadline < best)
            best = loop_now(loop) - deadline;
    }
    assert_true(best < 650 * CLOCK_US);
    loop_free(loop);
}

static void past_deadline_does_not_wait(void **state)
{
    struct loop *loop = loop_new(NULL);
    int64_t before = clock_now();

    (void)state;
    assert_int_equal(loop_turn(loop, before - CLOCK_S), 0);
    assert_int_equal(loop_turn(loop, INT64_MIN / 2), 0);
    assert_true(clock_now() - before < 5 * CLOCK_S);
    loop_free(loop);
}

static void on_alarm(int signal)
{
    (void)signal;
}

static void interrupted_wait_goes_on(void **state)
{
    struct loop *loop = loop_new(NULL);
    struct itimerval every = {.it_interval = {.tv_usec = 1000}, .it_value = {.tv_usec = 1000}};
    struct itimerval never = {0};
    int64_t deadline = clock_now() + 30 * CLOCK_MS;

    (void)state;
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &every, NULL);
    assert_int_equal(loop_turn(loop, deadline), 0);
    assert_true(clock_now() >= deadline);
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_DFL);
    loop_free(loop);
}

static void at_most_1024_events_a_turn(void **state)
{
    static struct source sources[MANY];
    struct loop *loop = loop_new(NULL);
    int total = 0, turns = 0;

    (void)state;
    if (proc_raise_nofile() < MANY + 64) {
        loop_free(loop);
        skip();
    }
    for (int i = 0; i < MANY; i++) {
        sources[i] = (struct source){.loop = loop, .fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)};
        assert_true(sources[i].fd >= 0);
        assert_int_equal(
            loop_add(loop, &sources[i].watch, sources[i].fd, EPOLLIN, on_ready, &sources[i]), 0);
    }
    while (total < MANY) {
        int served = loop_turn(loop, CLOCK_NEVER);

        assert_in_range(served, 1, 1024);
        total += served;
        turns++;
    }
    assert_int_equal(turns, 2);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(sources[i].served, 1);
        source_fini(&sources[i]);
    }
    loop_free(loop);
}

static void regular_files_are_refused(void **state)
{
    struct loop *loop = loop_new(NULL);
    struct loop_watch watch = {0};
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_int_equal(loop_add(loop, &watch, fd, EPOLLIN, on_ready, NULL), -EPERM);
    assert_false(watch.added);
    loop_delete(loop, &watch);
    close(fd);
    loop_free(loop);
}

static void slots_are_reused(void **state)
{
    struct loop *loop = loop_new(NULL);
    struct source source;
    uint32_t highest = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        source_init(&source, loop, false);
        if (source.watch.slot > highest)
            highest = source.watch.slot;
        source_fini(&source);
    }
    assert_in_range(highest, 0, 63);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_is_served_once),
        cmocka_unit_test(deleted_watch_is_not_delivered),
        cmocka_unit_test(stale_event_does_not_reach_slots_next_user),
        cmocka_unit_test(early_watches_come_first),
        cmocka_unit_test(events_no_longer_wanted_are_dropped),
        cmocka_unit_test(deadline_is_kept_to_the_microsecond),
        cmocka_unit_test(past_deadline_does_not_wait),
        cmocka_unit_test(interrupted_wait_goes_on),
        cmocka_unit_test(at_most_1024_events_a_turn),
        cmocka_unit_test(regular_files_are_refused),
        cmocka_unit_test(slots_are_reused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
