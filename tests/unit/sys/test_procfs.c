/* SPDX-License-Identifier: MIT */
/*
 * Reading /proc of a child in known states, and the parser on hostile names.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/proc_scan.h"
#include "sys/procfs.h"

static pid_t child;

static int start_child(void **state)
{
    int ready[2];
    char byte;

    (void)state;
    if (pipe(ready) < 0)
        return -1;
    child = fork();
    if (child == 0) {
        prctl(PR_SET_NAME, ") R 1 (a) b");
        setsid();
        (void)!write(ready[1], "x", 1);
        for (;;)
            pause();
    }
    if (read(ready[0], &byte, 1) != 1)
        return -1;
    close(ready[0]);
    close(ready[1]);
    return 0;
}

static int end_child(void **state)
{
    (void)state;
    kill(child, SIGKILL);
    return waitpid(child, NULL, 0) == child ? 0 : -1;
}

static char wait_for_state(char wanted)
{
    struct procfs_stat stat = {0};

    for (int i = 0; i < 10000 && stat.state != wanted; i++) {
        if (i > 0)
            poll(NULL, 0, 1);
        assert_int_equal(procfs_read_stat(child, 0, &stat), 0);
    }
    return stat.state;
}

static void stat_is_read(void **state)
{
    struct procfs_stat stat;

    (void)state;
    assert_int_equal(wait_for_state('S'), 'S');
    assert_int_equal(procfs_read_stat(child, 0, &stat), 0);
    assert_string_equal(stat.comm, ") R 1 (a) b");
    assert_int_equal(stat.ppid, getpid());
    assert_int_equal(stat.pgid, child);
    assert_int_equal(stat.session, child);
    assert_int_equal(stat.threads, 1);
    assert_int_equal(stat.nice, getpriority(PRIO_PROCESS, 0));
    assert_true(stat.rss > 4096);
    assert_true(stat.start > 0);
    kill(child, SIGSTOP);
    assert_int_equal(wait_for_state('T'), 'T');
    kill(child, SIGCONT);
    assert_int_equal(wait_for_state('S'), 'S');
}

static void gone_or_other_is_esrch(void **state)
{
    struct procfs_stat stat;
    pid_t pid = fork();
    char text[16];

    (void)state;
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    assert_int_equal(procfs_read_stat(pid, 0, &stat), -ESRCH);
    assert_int_equal(procfs_read_stat(0, 0, &stat), -ESRCH);
    assert_int_equal(procfs_read_stat(-5, 0, &stat), -ESRCH);
    assert_int_equal(procfs_count_fds(pid), -ESRCH);
    assert_int_equal(procfs_read_io(pid), -ESRCH);
    assert_int_equal(procfs_read_wchan(pid, text, sizeof(text)), -ESRCH);
    assert_int_equal(procfs_read_stat(getpid(), 1, &stat), -ESRCH);
}

static void descriptors_are_counted(void **state)
{
    int before = procfs_count_fds(getpid());
    int fds[20];

    (void)state;
    for (int i = 0; i < 20; i++)
        fds[i] = dup(STDERR_FILENO);
    assert_int_equal(procfs_count_fds(getpid()), before + 20);
    for (int i = 0; i < 20; i++)
        close(fds[i]);
    assert_int_equal(procfs_count_fds(getpid()), before);
}

static void io_grows(void **state)
{
    int64_t before = procfs_read_io(getpid());
    char byte = 'x';
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(write(ends[1], &byte, 1), 1);
        assert_int_equal(read(ends[0], &byte, 1), 1);
    }
    assert_true(before >= 0);
    assert_true(procfs_read_io(getpid()) >= before + 2000);
    close(ends[0]);
    close(ends[1]);
}

static void wchan_and_machine_are_read(void **state)
{
    struct procfs_machine machine;
    char text[64];

    (void)state;
    assert_int_equal(procfs_read_wchan(child, text, sizeof(text)), 0);
    assert_int_equal(procfs_read_machine(&machine), 0);
    assert_true(machine.mem_total > machine.mem_available && machine.mem_available > 0);
    assert_true(machine.cpu_total_ticks > machine.cpu_busy_ticks && machine.cpu_busy_ticks > 0);
    assert_true(procfs_ticks() > 0);
}

static void broken_stat_is_refused(void **state)
{
    static const char *const texts[] = {"",        "1",  "1 (",      "1 )",          "1 (a)",
                                        "1 (a) S", ")(", "1 (a) S ", "1 (a) S 1 2 3"};
    struct proc_scan_stat stat;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_int_equal(proc_scan_parse(texts[i], &stat), -EBADMSG);
    assert_int_equal(proc_scan_parse("7 (a) b) R -1 2 3 4 -5 6 7 8 9 10 11 12 13 14 15 -19 17 18 "
                                     "18446744073709551615 20 21\n",
                                     &stat),
                     0);
    assert_int_equal(stat.comm_len, 4);
    assert_int_equal(stat.ppid, -1);
    assert_int_equal(stat.user_ticks, 11);
    assert_int_equal(stat.nice, -19);
    assert_true(stat.start == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stat_is_read),
        cmocka_unit_test(gone_or_other_is_esrch),
        cmocka_unit_test(descriptors_are_counted),
        cmocka_unit_test(io_grows),
        cmocka_unit_test(wchan_and_machine_are_read),
        cmocka_unit_test(broken_stat_is_refused),
    };

    return cmocka_run_group_tests(tests, start_child, end_child);
}
