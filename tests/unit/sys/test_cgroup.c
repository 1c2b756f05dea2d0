/* SPDX-License-Identifier: MIT */
/*
 * The cgroup tier on a real v2 tree where there is one to write to (skipped elsewhere), and the
 * search for it on texts of systems of all kinds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "sys/cgroup.h"
#include "sys/cgroup_locate.h"
#include "sys/proc.h"

static struct cgroup_root root;
static bool available;

static pid_t fork_into(const struct cgroup *group)
{
    int ready[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        int procs = openat(group->dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);

        if (write(procs, "0", 1) != 1)
            _exit(1);
        setsid();
        (void)!write(ready[1], "x", 1);
        /* As exec does. */
        close_range(3, ~0U, 0);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

/* Starts `cat /proc/self/cgroup` by the plan; its membership must name the group. */
static void expect_born_in(struct proc_plan *plan, const char *name)
{
    char cat[] = "/bin/cat", file[] = "/proc/self/cgroup", text[4096];
    char *argv[] = {cat, file, NULL}, *envp[] = {NULL};
    struct proc proc;
    struct proc_end end;
    struct err err = {0};
    int out[2], status = 0;
    ssize_t len = 0, got;

    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    plan->path = cat;
    plan->argv = argv;
    plan->envp = envp;
    plan->fds[1] = out[1];
    if (proc_spawn(plan, &proc, &err) < 0)
        fail_msg("%s", err.text);
    close(out[1]);
    while ((got = read(out[0], text + len, sizeof(text) - 1 - (size_t)len)) > 0)
        len += got;
    close(out[0]);
    text[len] = '\0';
    while ((status = proc_reap(&proc, &end)) == 0)
        sched_yield();
    assert_int_equal(status, 1);
    assert_int_equal(end.status, 0);
    if (!strstr(text, name))
        fail_msg("not in %s: %s", name, text);
}

/* A directory that no child can be born in, but whose cgroup.procs is that of the group. */
static int open_false_group(const char *name, char *path)
{
    char procs[sizeof(root.path) + 64];
    int dir;

    assert_non_null(mkdtemp(path));
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(procs, sizeof(procs), "%s/%s/cgroup.procs", root.path, name);
    assert_int_equal(symlinkat(procs, dir, "cgroup.procs"), 0);
    return dir;
}

static void child_is_born_in_its_group(void **state)
{
    char path[] = "/tmp/lifeguard-unit-XXXXXX";
    struct proc_plan plan;
    struct cgroup group;
    int false_group;

    (void)state;
    if (!available)
        skip();
    assert_int_equal(cgroup_open(&root, &group, "born.1.1", NULL), 0);
    false_group = open_false_group("born.1.1", path);
    for (int slow = 0; slow < 2; slow++) {
        proc_plan_init(&plan);
        plan.slow_path = slow;
        plan.cgroup_dir = group.dir;
        expect_born_in(&plan, "/born.1.1\n");
        /* Where it can't be born there, it joins. */
        proc_plan_init(&plan);
        plan.slow_path = slow;
        plan.cgroup_dir = false_group;
        expect_born_in(&plan, "/born.1.1\n");
    }
    unlinkat(false_group, "cgroup.procs", 0);
    close(false_group);
    rmdir(path);
    assert_int_equal(cgroup_close(&root, &group), 0);
}

static void group_lives_and_dies(void **state)
{
    struct cgroup group;
    struct err err = {0};
    int pids[8], status;
    pid_t a, b;

    (void)state;
    if (!available)
        skip();
    assert_int_equal(cgroup_open(&root, &group, "web.1.1", &err), 0);
    assert_false(cgroup_populated(&group));
    a = fork_into(&group);
    b = fork_into(&group);
    assert_true(cgroup_populated(&group));
    assert_int_equal(cgroup_pids(&group, pids, 8), 2);
    assert_true((pids[0] == a && pids[1] == b) || (pids[0] == b && pids[1] == a));
    assert_int_equal(cgroup_pids(&group, pids, 1), 1);
    assert_int_equal(cgroup_event(&group, "cgroup.events", "populated"), 1);
    assert_int_equal(cgroup_event(&group, "cgroup.events", "nonsense"), -1);
    assert_int_equal(cgroup_event(&group, "nonsense.events", "populated"), -1);
    assert_int_equal(cgroup_set(&group, "nonsense.max", "1"), -ENOENT);
    assert_int_equal(cgroup_kill(&group), 0);
    assert_int_equal(waitpid(a, &status, 0), a);
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_int_equal(waitpid(b, &status, 0), b);
    assert_int_equal(cgroup_close(&root, &group), 0);
    assert_int_equal(faccessat(root.dir, "web.1.1", F_OK, 0), -1);
}

static void populated_group_is_not_removed(void **state)
{
    struct cgroup group;
    pid_t pid;

    (void)state;
    if (!available)
        skip();
    assert_int_equal(cgroup_open(&root, &group, "busy", NULL), 0);
    pid = fork_into(&group);
    assert_int_equal(cgroup_remove(&root, &group), -EBUSY);
    assert_true(cgroup_populated(&group));
    assert_int_equal(cgroup_close(&root, &group), -EBUSY);
    assert_int_equal(group.dir, -1);
    /* It is still there to be opened again and killed. */
    assert_int_equal(cgroup_open(&root, &group, "busy", NULL), 0);
    assert_int_equal(cgroup_kill(&group), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(cgroup_remove(&root, &group), 0);
    assert_int_equal(group.dir, -1);
    assert_int_equal(faccessat(root.dir, "busy", F_OK, 0), -1);
    assert_int_equal(cgroup_remove(&root, &group), -ENOENT);
}

static void groups_below_are_removed_too(void **state)
{
    struct cgroup group;

    (void)state;
    if (!available)
        skip();
    assert_int_equal(cgroup_open(&root, &group, "nest", NULL), 0);
    assert_int_equal(mkdirat(group.dir, "a", 0755), 0);
    assert_int_equal(mkdirat(group.dir, "a/b", 0755), 0);
    assert_int_equal(cgroup_remove(&root, &group), -EBUSY);
    assert_int_equal(cgroup_close(&root, &group), 0);
    assert_int_equal(faccessat(root.dir, "nest", F_OK, 0), -1);
}

static void bad_names_are_refused(void **state)
{
    struct cgroup group;
    struct err err = {0};

    (void)state;
    if (!available)
        skip();
    assert_int_equal(cgroup_open(&root, &group, "../evil", &err), -EINVAL);
    assert_false(cgroup_populated(&group));
}

static void closing_the_run_kills_it(void **state)
{
    struct cgroup_root run;
    struct cgroup one, two;
    char path[512];
    pid_t a, b;

    (void)state;
    if (!available)
        skip();
    assert_int_equal(cgroup_root_open(&run, "unit-close", NULL), 0);
    assert_int_equal(cgroup_open(&run, &one, "one", NULL), 0);
    assert_int_equal(cgroup_open(&run, &two, "two", NULL), 0);
    a = fork_into(&one);
    b = fork_into(&two);
    memcpy(path, run.path, sizeof(path));
    cgroup_root_close(&run, clock_now() + 10 * CLOCK_S);
    assert_int_equal(waitpid(a, NULL, 0), a);
    assert_int_equal(waitpid(b, NULL, 0), b);
    assert_int_equal(access(path, F_OK), -1);
    assert_false(cgroup_root_ok(&run));
    close(one.dir);
    close(two.dir);
}

/* A stop reaches members that lead sessions of their own, and nobody outside. */
static void others_are_signalled(void **state)
{
    struct cgroup_root run;
    struct cgroup group;
    pid_t inside, outside;
    int status;

    (void)state;
    if (!available)
        skip();
    assert_int_equal(cgroup_root_open(&run, "unit-others", NULL), 0);
    assert_int_equal(cgroup_open(&run, &group, "w", NULL), 0);
    inside = fork_into(&group);
    outside = fork();
    if (outside == 0)
        for (;;)
            pause();
    assert_int_equal(cgroup_signal_others(&group, inside, SIGTERM), 0);
    assert_int_equal(cgroup_signal_others(&group, getpgrp(), SIGTERM), 1);
    assert_int_equal(waitpid(inside, &status, 0), inside);
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_int_equal(waitpid(outside, &status, WNOHANG), 0);
    kill(outside, SIGKILL);
    assert_int_equal(waitpid(outside, &status, 0), outside);
    cgroup_close(&run, &group);
    cgroup_root_close(&run, clock_now() + CLOCK_S);
}

/* What a supervisor that was killed leaves behind: its directory, and workers in it. */
static void stale_runs_are_swept(void **state)
{
    struct cgroup_root ours;
    int handover[2], pid_pipe[2];
    pid_t dead, worker = 0;
    char path[512] = "";

    (void)state;
    if (!available)
        skip();
    assert_int_equal(pipe(handover), 0);
    assert_int_equal(pipe(pid_pipe), 0);
    dead = fork();
    if (dead == 0) {
        struct cgroup_root run;
        struct cgroup group;

        if (cgroup_root_open(&run, "unit-stale", NULL) < 0 ||
            cgroup_open(&run, &group, "w", NULL) < 0)
            _exit(1);
        worker = fork_into(&group);
        (void)!write(pid_pipe[1], &worker, sizeof(worker));
        (void)!write(handover[1], run.path, sizeof(run.path));
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(dead, NULL, 0), dead);
    assert_int_equal(read(handover[0], path, sizeof(path)), sizeof(path));
    assert_int_equal(read(pid_pipe[0], &worker, sizeof(worker)), sizeof(worker));
    assert_int_equal(kill(worker, 0), 0);
    /* A run of another name, and our own, must stay. */
    assert_int_equal(cgroup_sweep_stale("unit"), 0);
    assert_int_equal(cgroup_root_open(&ours, "unit-stale", NULL), 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(cgroup_sweep_stale("unit-stale"), 1);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(cgroup_root_ok(&ours));
    assert_int_equal(access(ours.path, F_OK), 0);
    cgroup_root_close(&ours, clock_now() + CLOCK_S);
    for (int i = 0; i < 2; i++) {
        close(handover[i]);
        close(pid_pipe[i]);
    }
}

/* Another supervisor of the same name, of another user or build: known by its lock alone. */
static void living_runs_are_left_alone(void **state)
{
    struct cgroup_root mine;
    struct cgroup group;
    int ready[2], done[2], status;
    pid_t other, worker;
    char byte = 'x';

    (void)state;
    if (!available)
        skip();
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(done), 0);
    other = fork();
    if (other == 0) {
        prctl(PR_SET_NAME, "another-name");
        if (cgroup_root_open(&mine, "unit-alive", NULL) < 0 ||
            cgroup_open(&mine, &group, "w", NULL) < 0)
            _exit(1);
        worker = fork_into(&group);
        (void)!write(ready[1], &byte, 1);
        (void)!read(done[0], &byte, 1);
        byte = kill(worker, 0) == 0 && cgroup_populated(&group) ? 0 : 2;
        cgroup_root_close(&mine, clock_now() + 10 * CLOCK_S);
        waitpid(worker, NULL, 0);
        _exit(byte);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(cgroup_sweep_stale("unit-alive"), 0);
    assert_int_equal(write(done[1], &byte, 1), 1);
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(status, 0);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(done[i]);
    }
}

static void zeroed_is_harmless(void **state)
{
    struct cgroup_root none = {0};
    struct cgroup group = {0};
    int pid;

    (void)state;
    assert_false(cgroup_root_ok(&none));
    assert_int_equal(cgroup_root_kill(&none), 0);
    assert_int_equal(cgroup_set(&group, "memory.max", "1"), -ENOENT);
    assert_int_equal(cgroup_kill(&group), 0);
    assert_false(cgroup_populated(&group));
    assert_int_equal(cgroup_event(&group, "memory.events", "oom_kill"), -1);
    assert_int_equal(cgroup_pids(&group, &pid, 1), 0);
    assert_int_equal(cgroup_close(&none, &group), 0);
    assert_int_equal(cgroup_open(&none, &group, "x", NULL), 0);
    assert_int_equal(group.dir, -1);
    cgroup_root_close(&none, 0);
    /* Descriptor 0 is what a zeroed struct names: it must still be open. */
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0 || errno == EBADF);
}

static void expect_located(const char *mounts, const char *membership, const char *controller,
                           const char *expected)
{
    char path[256] = "";

    assert_int_equal(cgroup_locate_in(mounts, membership, controller, path, sizeof(path)),
                     expected ? 0 : -ENOENT);
    if (expected)
        assert_string_equal(path, expected);
}

static void own_group_is_located(void **state)
{
    const char *unified = "22 1 0:20 / /sys rw - sysfs sysfs rw\n"
                          "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
    const char *hybrid = "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup "
                         "rw,cpu,cpuacct\n"
                         "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    const char *part = "9 8 0:26 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
    const char *blank = "9 8 0:26 / /mnt/my\\040groups rw shared:1 master:2 - cgroup2 x rw\n";

    (void)state;
    expect_located(unified, "0::/user.slice/a.scope\n", NULL, "/sys/fs/cgroup/user.slice/a.scope");
    expect_located(unified, "0::/\n", NULL, "/sys/fs/cgroup");
    expect_located(hybrid, "5:cpu,cpuacct:/x\n0::/y\n", NULL, "/sys/fs/cgroup/unified/y");
    expect_located(hybrid, "5:cpu,cpuacct:/x\n0::/y\n", "cpu", "/sys/fs/cgroup/cpu,cpuacct/x");
    expect_located(hybrid, "5:cpu,cpuacct:/x\n0::/y\n", "cpuacc", NULL);
    expect_located(part, "0::/docker/ab/sub\n", NULL, "/sys/fs/cgroup/sub");
    expect_located(part, "0::/docker/ab\n", NULL, "/sys/fs/cgroup");
    expect_located(part, "0::/docker/abc\n", NULL, NULL);
    expect_located(part, "0::/../other\n", NULL, NULL);
    expect_located(blank, "0::/a\n", NULL, "/mnt/my groups/a");
    expect_located("", "0::/\n", NULL, NULL);
    expect_located(unified, "", NULL, NULL);
    expect_located("garbage\n\n - - -\n", "0::/\n", NULL, NULL);
    expect_located(unified, "garbage\n:\n::\n0::/z\n", NULL, "/sys/fs/cgroup/z");
}

static int open_root(void **state)
{
    struct err err = {0};

    (void)state;
    available = cgroup_root_open(&root, "unit", &err) == 0;
    if (!available)
        print_message("skipping what needs cgroups: %s\n", err.text);
    return 0;
}

static int close_root(void **state)
{
    (void)state;
    cgroup_root_close(&root, clock_now() + 5 * CLOCK_S);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(child_is_born_in_its_group),
        cmocka_unit_test(group_lives_and_dies),
        cmocka_unit_test(populated_group_is_not_removed),
        cmocka_unit_test(groups_below_are_removed_too),
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(closing_the_run_kills_it),
        cmocka_unit_test(others_are_signalled),
        cmocka_unit_test(stale_runs_are_swept),
        cmocka_unit_test(living_runs_are_left_alone),
        cmocka_unit_test(zeroed_is_harmless),
        cmocka_unit_test(own_group_is_located),
    };

    return cmocka_run_group_tests(tests, open_root, close_root);
}
