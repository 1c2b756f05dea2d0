/* SPDX-License-Identifier: MIT */
/*
 * Ends of processes: groups, orphans, sweeps over trees that try to escape. Everything is done in
 * real processes that this program forks; what they report comes through pipes.
 */
#include <errno.h>
#include <poll.h>
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
#include "sys/proc.h"
#include "sys/procfs.h"

/* A pipe whose writing end every process of a tree holds: end of file means that all are gone. */
static int life[2];

static void tree_open(void)
{
    assert_int_equal(pipe(life), 0);
}

/* True when nobody of the tree lives any more; waits up to ten seconds for it. */
static bool tree_gone(void)
{
    struct pollfd end = {.fd = life[0]};
    bool gone;

    close(life[1]);
    gone = poll(&end, 1, 10000) == 1 && (end.revents & POLLHUP);
    close(life[0]);
    return gone;
}

static void rest(void)
{
    for (;;)
        pause();
}

static pid_t fork_resting(void)
{
    pid_t pid = fork();

    if (pid == 0)
        rest();
    assert_true(pid > 0);
    return pid;
}

/* A daemon: forks, leaves the session, forks again; the parents exit. */
static void fork_daemon(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        setsid();
        if (fork() == 0)
            rest();
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static void run_in_child(int (*body)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(body());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void group_is_signalled_and_watched(void **state)
{
    int ready[2];
    char byte;
    pid_t leader;

    (void)state;
    tree_open();
    assert_int_equal(pipe(ready), 0);
    leader = fork();
    if (leader == 0) {
        setpgid(0, 0);
        for (int i = 0; i < 3; i++)
            if (fork() == 0)
                rest();
        (void)!write(ready[1], "x", 1);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(waitpid(leader, NULL, 0), leader);
    /* The leader is gone, its group is not. */
    assert_true(proc_group_alive(leader));
    assert_int_equal(proc_signal_group(leader, SIGKILL), 0);
    assert_true(tree_gone());
    while (proc_group_alive(leader))
        poll(NULL, 0, 1);
    close(ready[0]);
    close(ready[1]);
}

static void group_of_a_zombie_is_dead(void **state)
{
    siginfo_t info;
    pid_t leader = fork();

    (void)state;
    if (leader == 0) {
        setpgid(0, 0);
        _exit(0);
    }
    assert_int_equal(waitid(P_PID, (id_t)leader, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(kill(-leader, 0), 0);
    assert_false(proc_group_alive(leader));
    assert_int_equal(waitpid(leader, NULL, 0), leader);
    assert_int_equal(proc_signal_group(leader, SIGTERM), -ESRCH);
}

static void dangerous_groups_are_refused(void **state)
{
    (void)state;
    assert_int_equal(proc_signal_group(0, SIGTERM), -EINVAL);
    assert_int_equal(proc_signal_group(1, SIGTERM), -EINVAL);
    assert_int_equal(proc_signal_group(-1, SIGTERM), -EINVAL);
    assert_false(proc_group_alive(0));
    assert_false(proc_group_alive(1));
}

static bool is_claimed(void *ctx, pid_t pid)
{
    return pid == *(pid_t *)ctx;
}

static void wait_for_zombie(pid_t pid)
{
    siginfo_t info;

    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

/* The claimed child is the oldest, so it stands before the orphans in every queue. */
static int reap_orphans_beside_claimed(void)
{
    pid_t claimed = fork(), others[5];
    bool in_the_way = false;

    if (claimed == 0)
        _exit(3);
    wait_for_zombie(claimed);
    for (int i = 0; i < 5; i++) {
        others[i] = fork();
        if (others[i] == 0)
            _exit(0);
        wait_for_zombie(others[i]);
    }
    /* It may be reaped at any moment; only when it is not are the others looked for behind it. */
    if (proc_reap_orphans(is_claimed, &claimed, &in_the_way) != 0 || !in_the_way)
        return 1;
    if (proc_reap_orphans(is_claimed, &claimed, &in_the_way) != 5)
        return 2;
    if (proc_reap_orphans(is_claimed, &claimed, &in_the_way) != 0)
        return 3;
    if (waitpid(claimed, NULL, WNOHANG) != claimed)
        return 4;
    proc_reap_orphans(is_claimed, &claimed, &in_the_way);
    return in_the_way ? 5 : 0;
}

static int reap_real_orphans(void)
{
    pid_t nobody = 0;
    bool in_the_way = false;
    int count = 0;

    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return 1;
    for (int i = 0; i < 100; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            /* The grandchild becomes an orphan of ours. */
            if (fork() == 0)
                _exit(0);
            _exit(0);
        }
        wait_for_zombie(pid);
    }
    while (count < 200) {
        int got = proc_reap_orphans(is_claimed, &nobody, &in_the_way);

        if (got < 0 || got > 64)
            return 2;
        count += got;
    }
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 3;
}

static void orphans_are_reaped(void **state)
{
    (void)state;
    run_in_child(reap_orphans_beside_claimed);
    run_in_child(reap_real_orphans);
}

/* Children, grandchildren, daemons, ones that ignore signals, and a stopped one. */
static int sweep_everything(void)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return 1;
    for (int i = 0; i < 8; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            signal(SIGTERM, SIG_IGN);
            setsid();
            fork_resting();
            fork_daemon();
            if (i == 0)
                raise(SIGSTOP);
            rest();
        }
    }
    for (int i = 0; i < 8; i++)
        fork_daemon();
    if (proc_sweep_children(clock_now() + 10 * CLOCK_S) != 0)
        return 2;
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 3;
}

static void sweep_of_children_leaves_nobody(void **state)
{
    (void)state;
    tree_open();
    run_in_child(sweep_everything);
    assert_true(tree_gone());
}

/* A tree that forks while it is swept. */
static int sweep_bomb(void)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return 1;
    if (fork() == 0) {
        /* A chain: each forks the next and exits after. */
        for (;;) {
            pid_t pid = fork();

            if (pid > 0) {
                poll(NULL, 0, 1);
                _exit(0);
            }
        }
    }
    return proc_sweep_children(clock_now() + 20 * CLOCK_S);
}

static void sweep_catches_what_forks_on(void **state)
{
    (void)state;
    tree_open();
    run_in_child(sweep_bomb);
    assert_true(tree_gone());
}

static pid_t fork_tagged(const char *tag)
{
    int ready[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        char *argv[] = {strdup("sh"), strdup("-c"), strdup("echo; exec sleep 1000"), NULL};
        char *envp[] = {malloc(40000), malloc(512), NULL};

        /* The tag must be found behind much else, across the borders of the pieces read. */
        memset(envp[0], 'A', 39999);
        memcpy(envp[0], "X=LIFEGUARD_WORKER=", 19);
        envp[0][39999] = '\0';
        snprintf(envp[1], 512, "LIFEGUARD_WORKER=%s", tag);
        setsid();
        dup2(ready[1], STDOUT_FILENO);
        execve("/bin/sh", argv, envp);
        _exit(127);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void expect_alive(pid_t pid, bool alive)
{
    if (alive) {
        assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
        return;
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void tag_is_swept_and_nothing_else(void **state)
{
    char run[64], other[64], tag[96], pattern[80];
    pid_t a, b, c, d;

    (void)state;
    snprintf(run, sizeof(run), "testrun-%d", (int)getpid());
    snprintf(other, sizeof(other), "testrun-%d9", (int)getpid());
    snprintf(tag, sizeof(tag), "%s:web:1", run);
    a = fork_tagged(tag);
    snprintf(tag, sizeof(tag), "%s:web:12", run);
    b = fork_tagged(tag);
    snprintf(tag, sizeof(tag), "%s:web:1", other);
    c = fork_tagged(tag);
    d = fork_tagged("unrelated");
    /* Exact: slot 1 is not slot 12. */
    snprintf(tag, sizeof(tag), "%s:web:1", run);
    assert_int_equal(proc_sweep_tag(tag, SIGKILL), 1);
    expect_alive(a, false);
    expect_alive(b, true);
    snprintf(pattern, sizeof(pattern), "%s:*", run);
    assert_int_equal(proc_sweep_tag(pattern, SIGKILL), 1);
    expect_alive(b, false);
    expect_alive(c, true);
    expect_alive(d, true);
    assert_int_equal(proc_sweep_tag(pattern, SIGKILL), 0);
    assert_int_equal(proc_sweep_tag("", SIGKILL), 0);
    snprintf(pattern, sizeof(pattern), "%s:*", other);
    assert_int_equal(proc_sweep_tag(pattern, SIGKILL), 1);
    expect_alive(c, false);
    kill(d, SIGKILL);
    expect_alive(d, false);
}

static void limit_of_descriptors_is_raised(void **state)
{
    struct rlimit before, now;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
    now.rlim_cur = now.rlim_max / 2;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    assert_int_equal(proc_raise_nofile_from(&before), (int64_t)now.rlim_max);
    assert_int_equal(before.rlim_cur, now.rlim_max / 2);
    assert_int_equal(proc_raise_nofile(), (int64_t)now.rlim_max);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(group_is_signalled_and_watched),
        cmocka_unit_test(group_of_a_zombie_is_dead),
        cmocka_unit_test(dangerous_groups_are_refused),
        cmocka_unit_test(orphans_are_reaped),
        cmocka_unit_test(sweep_of_children_leaves_nobody),
        cmocka_unit_test(sweep_catches_what_forks_on),
        cmocka_unit_test(tag_is_swept_and_nothing_else),
        cmocka_unit_test(limit_of_descriptors_is_raised),
    };

    /* The group test's grandchildren come home to us, so that nobody else leaves them unreaped. */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
