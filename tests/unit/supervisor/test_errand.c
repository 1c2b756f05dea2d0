/* SPDX-License-Identifier: MIT */
/*
 * Errands with real processes on a real loop: what they print, how they end, and that none of them,
 * nor what it started, is left behind.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "supervisor/errand.h"
#include "supervisor/supervisor.h"
#include "sys/proc.h"

static const int64_t PATIENCE = 30 * CLOCK_S;

static struct supervisor sup;
static bool deaf; /* signals reach nobody, as a process in an uninterruptible sleep has it */

int __real_proc_signal(const struct proc *proc, int signal);
int __wrap_proc_signal(const struct proc *proc, int signal);
int __real_proc_signal_group(pid_t pgid, int signal);
int __wrap_proc_signal_group(pid_t pgid, int signal);

int __wrap_proc_signal(const struct proc *proc, int signal)
{
    return deaf ? 0 : __real_proc_signal(proc, signal);
}

int __wrap_proc_signal_group(pid_t pgid, int signal)
{
    return deaf ? 0 : __real_proc_signal_group(pgid, signal);
}

struct heard {
    int count;
    struct errand_result result;
    char output[4096];
    struct errand *cancels; /* another one, from within the verdict */
};

static void on_done(void *ctx, const struct errand_result *result)
{
    struct heard *heard = ctx;

    heard->count++;
    heard->result = *result;
    snprintf(heard->output, sizeof(heard->output), "%s", result->output);
    errand_cancel(heard->cancels);
    heard->cancels = NULL;
}

static void on_wake(void *ctx, int64_t now)
{
    (void)ctx;
    sup.now = now;
}

static int set_up(void **state)
{
    struct err err = {0};

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sup = (struct supervisor){0};
    sup.loop = loop_new(&err);
    assert_non_null(sup.loop);
    loop_on_wake(sup.loop, on_wake, NULL);
    list_init(&sup.errands);
    snprintf(sup.run_tag, sizeof(sup.run_tag), "errand-test-%d", getpid());
    sup.now = clock_now();
    deaf = false;
    return 0;
}

static bool is_errand(void *ctx, pid_t pid)
{
    return errand_owns_pid(ctx, pid);
}

static void turn(void)
{
    int64_t next = errand_next_check(&sup), soon = clock_now() + CLOCK_S / 50;

    loop_turn(sup.loop, next < soon ? next : soon);
    errand_check(&sup);
    proc_reap_orphans(is_errand, &sup, &sup.reap_in_the_way);
}

static void wait_for(const struct heard *heard)
{
    int64_t until = clock_now() + PATIENCE;

    while (!heard->count && clock_now() < until)
        turn();
    assert_int_equal(heard->count, 1);
}

static void wait_until_reaped(void)
{
    int64_t until = clock_now() + PATIENCE;

    while (!list_empty(&sup.errands) && clock_now() < until)
        turn();
    assert_true(list_empty(&sup.errands));
}

static bool has_children(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/* KILL to all errands of this test, and no other's; how many there were. */
static int sweep(void)
{
    char tag[80];

    snprintf(tag, sizeof(tag), "%s:*", sup.run_tag);
    return proc_sweep_tag(tag, SIGKILL);
}

static int count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static int tear_down(void **state)
{
    int64_t until = clock_now() + PATIENCE;

    (void)state;
    deaf = false;
    errand_free_all(&sup);
    proc_sweep_children(until);
    loop_free(sup.loop);
    return 0;
}

static struct errand *start_class(enum errand_class class, const char *script, const char *input,
                                  int64_t limit, struct heard *heard)
{
    char sh[] = "/bin/sh", c[] = "-c", text[512];
    char extra[] = "ERRAND=yes";
    char *const argv[] = {sh, c, text, NULL};
    char *const env[] = {extra, NULL};
    struct errand_spec spec = {.class = class,
                               .argv = argv,
                               .extra_env = env,
                               .input = input,
                               .input_len = input ? strlen(input) : 0,
                               .limit = limit,
                               .output_max = 64};
    struct err err = {0};

    snprintf(text, sizeof(text), "%s", script);
    return errand_start(&sup, &spec, on_done, heard, &err);
}

static struct errand *start_shell(const char *script, const char *input, int64_t limit,
                                  struct heard *heard)
{
    return start_class(ERRAND_EVIDENCE, script, input, limit, heard);
}

static void prints_and_exits(void **state)
{
    struct heard heard = {0};
    int fds = count_fds();

    (void)state;
    assert_non_null(start_shell("echo out $ERRAND; echo err >&2; exit 3", NULL, PATIENCE, &heard));
    assert_int_equal(heard.count, 0);
    wait_for(&heard);
    assert_int_equal(WEXITSTATUS(heard.result.status), 3);
    assert_false(heard.result.timed_out);
    assert_string_equal(heard.output, "out yes\nerr\n");
    assert_int_equal(heard.result.len, 12);
    assert_true(list_empty(&sup.errands));
    assert_int_equal(count_fds(), fds);
    assert_false(has_children());
}

static void output_is_cut(void **state)
{
    struct heard heard = {0};

    (void)state;
    start_shell("head -c 300000 /dev/zero | tr '\\0' x", NULL, PATIENCE, &heard);
    wait_for(&heard);
    assert_int_equal(heard.result.status, 0);
    assert_int_equal(heard.result.len, 64);
    assert_int_equal(strspn(heard.output, "x"), 64);
}

static void input_arrives(void **state)
{
    struct heard heard = {0};
    char *input = malloc(65537);

    (void)state;
    memset(input, 'y', 65536);
    input[65536] = '\0';
    start_shell("wc -c", input, PATIENCE, &heard);
    wait_for(&heard);
    assert_int_equal(strtol(heard.output, NULL, 10), 65536);
    free(input);
}

static void unread_input_does_not_matter(void **state)
{
    struct heard heard = {0};

    (void)state;
    start_shell("exec <&-; echo done", "not read", PATIENCE, &heard);
    wait_for(&heard);
    assert_int_equal(heard.result.status, 0);
    assert_string_equal(heard.output, "done\n");
}

/* The one in the background holds the output: its end shows that it was killed as well. */
static void limit_kills_the_group(void **state)
{
    struct heard heard = {0};

    (void)state;
    start_shell("trap '' TERM HUP; sleep 1000 & echo begun; sleep 1000", NULL, CLOCK_S / 5, &heard);
    wait_for(&heard);
    assert_true(heard.result.timed_out);
    assert_int_equal(WTERMSIG(heard.result.status), SIGKILL);
    assert_string_equal(heard.output, "begun\n");
    assert_true(heard.result.seconds < (double)PATIENCE / 1e9);
    assert_int_equal(sweep(), 0);
}

static void background_ends_with_it(void **state)
{
    struct heard heard = {0};

    (void)state;
    start_shell("sleep 1000 & exit 0", NULL, PATIENCE, &heard);
    wait_for(&heard);
    assert_int_equal(heard.result.status, 0);
    assert_false(heard.result.timed_out);
    while (has_children())
        turn();
}

static void who_left_the_group_is_swept(void **state)
{
    struct heard heard = {0};

    (void)state;
    start_shell("setsid sleep 1000 & exit 4", NULL, PATIENCE, &heard);
    wait_for(&heard);
    assert_int_equal(WEXITSTATUS(heard.result.status), 4);
    assert_false(heard.result.timed_out);
    while (has_children())
        turn();
}

static void cancelled_is_silent(void **state)
{
    struct heard heard = {0};

    (void)state;
    errand_cancel(start_shell("echo loud; exec sleep 1000", NULL, PATIENCE, &heard));
    assert_false(list_empty(&sup.errands));
    wait_until_reaped();
    assert_int_equal(heard.count, 0);
    errand_cancel(NULL);
}

static void verdict_may_cancel_another(void **state)
{
    struct heard first = {0}, second = {0};

    (void)state;
    start_shell("sleep 1000", NULL, CLOCK_S / 10, &first);
    first.cancels = start_shell("sleep 1000", NULL, PATIENCE, &second);
    wait_until_reaped();
    assert_int_equal(first.count, 1);
    assert_int_equal(second.count, 0);
}

static void what_can_not_start_says_why(void **state)
{
    char name[] = "/nonexistent/probe";
    char *const argv[] = {name, NULL};
    struct errand_spec spec = {.argv = argv, .limit = CLOCK_S};
    struct heard heard = {0};
    struct err err = {0};
    int fds = count_fds();

    (void)state;
    assert_null(errand_start(&sup, &spec, on_done, &heard, &err));
    assert_non_null(strstr(err.text, "/nonexistent/probe: No such file"));
    assert_int_equal(count_fds(), fds);
    turn();
    assert_int_equal(heard.count, 0);
}

static void too_many_are_refused(void **state)
{
    static const int room[ERRAND_CLASSES] = {40, 32, 32};
    struct heard heard = {0};

    (void)state;
    /* A full class takes nothing from the next. */
    for (enum errand_class class = 0; class < ERRAND_CLASSES; class ++) {
        int started = 0;

        assert_int_equal(errand_room(&sup, class), room[class]);
        while (started < 1000 && start_class(class, "exec sleep 1000", NULL, PATIENCE, &heard))
            started++;
        assert_int_equal(started, room[class]);
        assert_int_equal(errand_room(&sup, class), 0);
    }
    errand_free_all(&sup);
    assert_true(list_empty(&sup.errands));
    assert_int_equal(proc_sweep_children(clock_now() + PATIENCE), 0);
    assert_int_equal(heard.count, 0);
}

static void given_up_is_reaped_later(void **state)
{
    struct heard heard = {0};

    (void)state;
    assert_non_null(start_shell("exec sleep 1000", NULL, CLOCK_S / 10, &heard));
    deaf = true;
    wait_for(&heard);
    assert_int_equal(heard.result.status, -1);
    assert_true(heard.result.timed_out);
    assert_false(list_empty(&sup.errands));
    assert_int_equal(errand_next_check(&sup), CLOCK_NEVER);
    deaf = false;
    assert_true(sweep() >= 1);
    wait_until_reaped();
    assert_int_equal(heard.count, 1);
    assert_false(has_children());
}

static void stalls_cost_nothing(void **state)
{
    struct heard heard = {0};
    int64_t next;

    (void)state;
    start_shell("exec sleep 1000", NULL, CLOCK_S, &heard);
    next = errand_next_check(&sup);
    errand_shift(&sup, CLOCK_S * 1000);
    assert_int_equal(errand_next_check(&sup), next + CLOCK_S * 1000);
}

#define ERRAND_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ERRAND_TEST(prints_and_exits),
        ERRAND_TEST(output_is_cut),
        ERRAND_TEST(input_arrives),
        ERRAND_TEST(unread_input_does_not_matter),
        ERRAND_TEST(limit_kills_the_group),
        ERRAND_TEST(background_ends_with_it),
        ERRAND_TEST(who_left_the_group_is_swept),
        ERRAND_TEST(cancelled_is_silent),
        ERRAND_TEST(verdict_may_cancel_another),
        ERRAND_TEST(what_can_not_start_says_why),
        ERRAND_TEST(too_many_are_refused),
        ERRAND_TEST(given_up_is_reaped_later),
        ERRAND_TEST(stalls_cost_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
