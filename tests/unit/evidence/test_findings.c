/* SPDX-License-Identifier: MIT */
/* Findings about real children, where /proc tells the truth and where it is faked: a process in
 * disk wait can't be had on every machine. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "evidence/calls.h"
#include "evidence/facts.h"
#include "evidence/findings.h"
#include "evidence/report.h"
#include "evidence/sections.h"

ssize_t __real_proc_scan_read(pid_t pid, const char *name, char *out, size_t size);
ssize_t __wrap_proc_scan_read(pid_t pid, const char *name, char *out, size_t size);

static pid_t stuck; /* the process that is shown in disk wait; 0 = none */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

ssize_t __wrap_proc_scan_read(pid_t pid, const char *name, char *out, size_t size)
{
    ssize_t got = __real_proc_scan_read(pid, name, out, size);
    char *state = got > 0 ? strrchr(out, ')') : NULL;

    if (!stuck || pid != stuck || got < 0)
        return got;
    if (ends_with(name, "/stat") || strcmp(name, "stat") == 0) {
        state[2] = 'D';
        return got;
    }
    if (ends_with(name, "wchan"))
        return snprintf(out, size, "nfs_wait_bit_killable");
    if (ends_with(name, "syscall"))
        return snprintf(out, size, "%d 0x3 0x0 0x1000 0x0 0x0 0x0 0x0 0x0", SYS_read);
    return got;
}

static pid_t begin(void (*work)(void))
{
    pid_t pid = fork();

    if (pid == 0) {
        work();
        _exit(1);
    }
    assert_true(pid > 0);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void rest(void)
{
    int fd = open("/etc/passwd", O_RDONLY);

    if (fd != 3)
        dup2(fd, 3);
    pause();
}

/* Looks until the first finding is of this kind: the child needs a moment to get there. */
static struct report *look(pid_t pid, double quiet, const char *kind)
{
    struct report *report = mem_new(sizeof(*report));

    for (int i = 0; i < 200; i++) {
        struct facts facts;

        report_fini(report);
        assert_int_equal(facts_gather(&facts, pid, 0, 20), 0);
        findings_make(&facts, quiet, report);
        section_threads(&facts, SECTION_ALL, report);
        facts_fini(&facts);
        if (report->finding_count && strcmp(report->findings[0].kind, kind) == 0)
            return report;
    }
    fail_msg("no finding of kind %s; the first of %zu is %s", kind, report->finding_count,
             report->finding_count ? report->findings[0].text : "-");
    return NULL;
}

static void drop(struct report *report)
{
    report_fini(report);
    free(report);
}

static void disk_wait_is_named_with_channel_file_and_time(void **state)
{
    pid_t pid = begin(rest);
    struct report *report;
    const char *text;

    (void)state;
    drop(look(pid, 0, "wait")); /* it rests */
    stuck = pid;
    report = look(pid, 42, "disk");
    text = report->findings[0].text;
    assert_non_null(
        strstr(text, "is in disk wait (D) in nfs_wait_bit_killable, fd 3, /etc/passwd"));
    assert_non_null(strstr(text, " for 42"));
    assert_non_null(strstr(text, "not even KILL"));
    drop(report);
    stuck = 0;
    end(pid);
}

static void a_process_that_is_gone_is_not_mistaken(void **state)
{
    pid_t pid = begin(rest);
    struct facts facts;

    (void)state;
    assert_int_equal(facts_gather(&facts, pid, 1, 0), -ESRCH); /* another start time */
    end(pid);
    assert_int_equal(facts_gather(&facts, pid, 0, 0), -ESRCH);
}

static void sleeps_are_read_from_the_arguments(void **state)
{
    pid_t pid;
    struct report *report;

    (void)state;
    pid = fork();
    if (pid == 0) {
        sleep(5000);
        _exit(1);
    }
    report = look(pid, 0, "sleep");
    assert_non_null(strstr(report->findings[0].text, "sleeps for 5000s (clock_nanosleep)"));
    assert_int_equal(report->section_count, 1);
    drop(report);
    end(pid);
}

static void every_call_has_a_name(void **state)
{
    char unknown[24];

    (void)state;
    assert_string_equal(call_name(SYS_read, unknown, sizeof(unknown)), "read");
    assert_string_equal(call_name(SYS_futex, unknown, sizeof(unknown)), "futex");
    assert_string_equal(call_name(99999, unknown, sizeof(unknown)), "call 99999");
    assert_int_equal(call_class_find(SYS_wait4)->kind, CALL_CHILD);
    assert_null(call_class_find(SYS_getpid));
}

static void a_report_is_bounded_and_text(void **state)
{
    struct report *report = mem_new(sizeof(*report));

    (void)state;
    report_line(report, "no section yet: dropped");
    for (int s = 0; s < REPORT_SECTIONS; s++)
        report_section(report, "section %d", s);
    for (int i = 0; i < REPORT_LINES + 5; i++)
        report_line(report, "\xff\x1b[31m line %d", i);
    /* The lines of a section that was refused stand below no other's title. */
    report_section(report, "one too many");
    report_line(report, "of the refused one");
    assert_int_equal(report->sections[REPORT_SECTIONS - 1].left_out, 5);
    for (int f = 0; f < REPORT_FINDINGS + 2; f++)
        report_find(report, "wait", 1, 1, "%s", "x");
    assert_int_equal(report->section_count, REPORT_SECTIONS);
    assert_int_equal(report->sections[REPORT_SECTIONS - 1].count, REPORT_LINES);
    assert_int_equal(report->sections[REPORT_SECTIONS - 1].left_out, 5);
    assert_int_equal(report->finding_count, REPORT_FINDINGS);
    drop(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disk_wait_is_named_with_channel_file_and_time),
        cmocka_unit_test(a_process_that_is_gone_is_not_mistaken),
        cmocka_unit_test(sleeps_are_read_from_the_arguments),
        cmocka_unit_test(every_call_has_a_name),
        cmocka_unit_test(a_report_is_bounded_and_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
