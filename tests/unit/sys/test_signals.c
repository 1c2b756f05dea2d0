/* SPDX-License-Identifier: MIT */
/*
 * Signals as descriptors.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/signals.h"

static void signals_are_read(void **state)
{
    const int wanted[] = {SIGTERM, SIGUSR1, 0};
    int fd = signals_open(wanted, NULL);
    int sender = 0, ends[2];

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(signals_next(fd, &sender), 0);
    kill(getpid(), SIGUSR1);
    assert_int_equal(signals_next(fd, &sender), SIGUSR1);
    assert_int_equal(sender, getpid());
    /* The same one twice is one. */
    kill(getpid(), SIGTERM);
    kill(getpid(), SIGTERM);
    assert_int_equal(signals_next(fd, NULL), SIGTERM);
    assert_int_equal(signals_next(fd, NULL), 0);
    /* A reader that is gone is an error of the write, not our death. */
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(ends[1]);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(signals_are_read)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
