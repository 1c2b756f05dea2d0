/* SPDX-License-Identifier: MIT */
/*
 * Out-of-memory deaths in records of the kernel log, as kernels of several years write them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sys/caps.h"
#include "sys/kmsg.h"

static void deaths_are_read(void **state)
{
    struct kmsg_death death;

    (void)state;
    assert_true(kmsg_parse(
        "3,1907,81234567,-;Out of memory: Killed process 4711 (worker) total-vm:812000kB, "
        "anon-rss:790004kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1600kB oom_score_adj:0\n",
        &death));
    assert_int_equal(death.pid, 4711);
    assert_int_equal(death.at, 81234567 * CLOCK_US);
    assert_int_equal(death.total_vm, 812000 * INT64_C(1024));
    assert_int_equal(death.anon_rss, 790004 * INT64_C(1024));
    assert_true(kmsg_parse("3,9,5,-;Memory cgroup out of memory: Killed process 12 (a b) "
                           "total-vm:10kB, anon-rss:5kB, file-rss:1kB",
                           &death));
    assert_int_equal(death.pid, 12);
    assert_int_equal(death.total_vm, 10240);
    /* Before 5.0 the figures were on a line of their own. */
    assert_true(kmsg_parse("3,9,5,-;Out of memory: Killed process 13 (old)", &death));
    assert_int_equal(death.total_vm, -1);
    /* A name can't pretend. */
    assert_true(kmsg_parse("3,9,5,-;Out of memory: Killed process 14 (total-vm:9999kB) "
                           "total-vm:8kB, anon-rss:4kB",
                           &death));
    assert_int_equal(death.total_vm, 8192);
}

static void other_records_are_not(void **state)
{
    static const char *const records[] = {
        "",
        "6,1,2,-;usb 1-1: new device",
        "3,1,2,-;Out of memory: Killed process (none)",
        /* Not the kernel's: facility 1, as for everything that programs write there. */
        "11,1,2,-;Out of memory: Killed process 4711 (worker) total-vm:1kB, anon-rss:1kB",
        "3,1;Out of memory: Killed process 4711 (worker)",
        "Out of memory: Killed process 4711 (worker)",
        "4,1,2,-;oom_reaper: reaped process 4711 (worker), now anon-rss:0kB",
    };
    struct kmsg_death death;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(records); i++)
        if (kmsg_parse(records[i], &death))
            fail_msg("taken: %s", records[i]);
}

static void what_is_not_readable_tells_nothing(void **state)
{
    struct kmsg log = {.fd = -1};
    struct kmsg_death death;

    (void)state;
    log.deaths[0] = (struct kmsg_death){.pid = 7, .at = clock_now()};
    assert_false(kmsg_take_death(&log, 7, 0, &death));
    kmsg_close(&log);
}

static void a_death_is_taken_once_and_only_if_it_can_be_meant(void **state)
{
    struct kmsg log = {.fd = open("/dev/null", O_RDONLY | O_CLOEXEC)};
    int64_t now = clock_now();
    struct kmsg_death death;

    (void)state;
    log.deaths[3] = (struct kmsg_death){.pid = 7, .at = now};
    assert_false(kmsg_take_death(&log, 8, 0, &death));
    /* Long before the process began: a stranger had its number. */
    assert_false(kmsg_take_death(&log, 7, now + now / 2 + 100 * CLOCK_S, &death));
    assert_true(kmsg_take_death(&log, 7, now - CLOCK_S, &death));
    assert_int_equal(death.pid, 7);
    assert_false(kmsg_take_death(&log, 7, now - CLOCK_S, &death));
    kmsg_close(&log);
    assert_int_equal(log.fd, -1);
}

static void capabilities_are_read(void **state)
{
    char path[] = "/tmp/lifeguard-test-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_int_equal(caps_parse("Name:\tx\nCapPrm:\t00ff\nCapEff:\t000001ffffffffff\nCapBnd:\t0\n"),
                     0x1ffffffffff);
    assert_int_equal(caps_parse("Name:\tx\n"), 0);
    assert_true(caps_have(1 << 5, 5));
    assert_false(caps_have(1 << 5, 6));
    assert_int_equal(caps_effective() & 1, geteuid() == 0);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0755), 0);
    assert_null(caps_of_file(path));
    assert_int_equal(fchmod(fd, 04755), 0);
    assert_string_equal(caps_of_file(path), "setuid");
    assert_int_equal(fchmod(fd, 02755), 0);
    assert_string_equal(caps_of_file(path), "setgid");
    assert_int_equal(fchmod(fd, 02644), 0);
    assert_null(caps_of_file(path));
    close(fd);
    unlink(path);
    assert_null(caps_of_file(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deaths_are_read),
        cmocka_unit_test(other_records_are_not),
        cmocka_unit_test(what_is_not_readable_tells_nothing),
        cmocka_unit_test(a_death_is_taken_once_and_only_if_it_can_be_meant),
        cmocka_unit_test(capabilities_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
