/* SPDX-License-Identifier: MIT */
/*
 * Spawning: what a child gets and what it does not get. The test program is its own child
 * ("describe" prints what it sees).
 */
#include "proc_fixture.h"

static void expect_output(const char *script, const char *expected)
{
    struct run run;

    run_script(&run, script);
    run_through(&run);
    assert_string_equal(run.text, expected);
    run_fini(&run);
}

/* Line `key=` of what "describe" printed. */
static const char *described(const struct run *run, const char *key, char out[4096])
{
    const char *at = strstr(run->text, key);

    assert_non_null(at);
    at += strlen(key);
    snprintf(out, 4096, "%.*s", (int)strcspn(at, "\n"), at);
    return out;
}

static int describe(void)
{
    sigset_t blocked;
    int ignored = 0, masked = 0, death = 0;

    printf("fds=");
    for (int fd = 0; fd < 30000; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf("%d ", fd);
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    for (int i = 1; i < 65; i++) {
        struct sigaction action;

        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            ignored++;
        masked += sigismember(&blocked, i) == 1;
    }
    prctl(PR_GET_PDEATHSIG, &death);
    printf("\nignored=%d\nmasked=%d\ndeath=%d\nsid=%d\npgid=%d\n", ignored, masked, death,
           getsid(0) == getpid(), getpgrp() == getpid());
    return 0;
}

static void child_gets_output_and_status(void **state)
{
    struct run run;

    (void)state;
    run_script(&run, "echo hello; exit 7");
    run_through(&run);
    assert_string_equal(run.text, "hello\n");
    assert_true(WIFEXITED(run.end.status));
    assert_int_equal(WEXITSTATUS(run.end.status), 7);
    assert_true(run.end.usage.ru_maxrss > 0);
    assert_true(run.proc.start > 0);
    assert_int_equal(proc_reap(&run.proc, &run.end), -ECHILD);
    run_fini(&run);
}

static void death_by_signal_is_told(void **state)
{
    struct run run;

    (void)state;
    run_script(&run, "kill -KILL $$");
    run_through(&run);
    assert_true(WIFSIGNALED(run.end.status));
    assert_int_equal(WTERMSIG(run.end.status), SIGKILL);
    run_fini(&run);
}

static void start_time_is_the_kernels(void **state)
{
    struct procfs_stat stat;
    struct run run;

    (void)state;
    run_script(&run, "exec sleep 100");
    assert_int_equal(proc_spawn(&run.plan, &run.proc, NULL), 0);
    assert_int_equal(procfs_read_stat(run.proc.pid, run.proc.start, &stat), 0);
    assert_int_equal(procfs_read_stat(run.proc.pid, run.proc.start + 1, &stat), -ESRCH);
    assert_int_equal(proc_reap(&run.proc, &run.end), 0);
    assert_int_equal(proc_signal(&run.proc, SIGTERM), 0);
    wait_reap(&run.proc, &run.end);
    assert_int_equal(WTERMSIG(run.end.status), SIGTERM);
    assert_int_equal(proc_signal(&run.proc, SIGTERM), -ESRCH);
    run_fini(&run);
}

static void check_no_leaks(bool slow)
{
    struct run run;
    char line[4096];
    int leaked[64];

    /* Not CLOEXEC on purpose: the child must not get them all the same. */
    for (int i = 0; i < 64; i++)
        leaked[i] = dup(STDERR_FILENO);
    run_init(&run, self, "describe");
    run.plan.slow_path = slow;
    run_through(&run);
    assert_string_equal(described(&run, "fds=", line), "0 1 2 ");
    for (int i = 0; i < 64; i++)
        close(leaked[i]);
    run_fini(&run);
}

static void no_descriptor_leaks(void **state)
{
    (void)state;
    check_no_leaks(false);
    check_no_leaks(true);
}

/* With and without the knowledge of which actions were never changed. */
static void expect_fresh_signals(bool told)
{
    struct run run;
    char line[4096];
    sigset_t set, before;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, &before);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    run_init(&run, self, "describe");
    run.plan.new_session = true;
    run.plan.death_signal = true;
    run.plan.default_signals = told ? proc_default_signals() : 0;
    run_through(&run);
    assert_string_equal(described(&run, "ignored=", line), "0");
    assert_string_equal(described(&run, "masked=", line), "0");
    assert_string_equal(described(&run, "death=", line), "9");
    assert_string_equal(described(&run, "sid=", line), "1");
    assert_string_equal(described(&run, "pgid=", line), "1");
    /* And ours are as they were. */
    sigprocmask(SIG_SETMASK, &before, &set);
    assert_true(sigismember(&set, SIGTERM) && !sigismember(&set, SIGINT));
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    run_fini(&run);
}

static void signals_are_fresh(void **state)
{
    uint64_t at_default = proc_default_signals();

    (void)state;
    assert_true(at_default & UINT64_C(1) << (SIGTERM - 1));
    signal(SIGTERM, SIG_IGN);
    assert_int_equal(proc_default_signals(), at_default & ~(UINT64_C(1) << (SIGTERM - 1)));
    signal(SIGTERM, SIG_DFL);
    expect_fresh_signals(false);
    expect_fresh_signals(true);
}

/* Descriptors that stand in each other's way. Runs in a process of its own, because it rearranges
 * the standard ones. */
static void rearrange(void)
{
    char *argv[] = {mem_copy_string("/bin/sh"), mem_copy_string("-c"),
                    mem_copy_string("echo A; echo B >&2; echo C >&3; echo D >&4"), NULL};
    char text[64] = "";
    struct proc_plan plan;
    struct proc proc;
    struct proc_end end;
    int ends[4][2];

    for (int i = 0; i < 4; i++)
        assert_int_equal(pipe2(ends[i], O_CLOEXEC | O_NONBLOCK), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(fcntl(ends[i][0], F_DUPFD_CLOEXEC, 50 + i), 50 + i);
        assert_int_equal(fcntl(ends[i][1], F_DUPFD_CLOEXEC, 60 + i), 60 + i);
    }
    close_range(3, 49, 0);
    /* The writing ends, each at the place where another is wanted. */
    dup3(60, 4, O_CLOEXEC);
    dup3(61, 3, O_CLOEXEC);
    dup3(62, 2, O_CLOEXEC);
    dup3(63, 1, O_CLOEXEC);
    proc_plan_init(&plan);
    plan.path = argv[0];
    plan.argv = argv;
    plan.envp = environ;
    plan.fd_count = 5;
    plan.fds[1] = 4;
    plan.fds[2] = 3;
    plan.fds[3] = 2;
    plan.fds[4] = 1;
    if (proc_spawn(&plan, &proc, NULL) < 0)
        _exit(1);
    wait_reap(&proc, &end);
    for (int i = 0; i < 4; i++)
        if (read(50 + i, text + i, 2) != 2)
            _exit(2);
    _exit(strcmp(text, "ABCD\n") != 0);
}

static void crossed_descriptors_arrive(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        rearrange();
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void missing_standard_ones_are_null(void **state)
{
    (void)state;
    expect_output("readlink /proc/self/fd/0", "/dev/null\n");
}

/* With thousands of descriptors the table is shared with the child for a while: the child must get
 * what it was promised, and the parent must lose and keep nothing. */
static void many_descriptors_are_handled(void **state)
{
    struct run run;
    char line[4096];
    int reserved = proc_reserve_fds();
    int before = procfs_count_fds(getpid());
    int many[3000];

    (void)state;
    assert_true(reserved > 2);
    for (int i = 0; i <= PROC_MAX_FDS; i++)
        assert_true(fcntl(reserved + i, F_GETFD) & FD_CLOEXEC);
    if (proc_raise_nofile() < 4000)
        skip();
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        assert_true((many[i] = dup(STDERR_FILENO)) >= 0);
    run_init(&run, self, "describe");
    run.plan.reserved = reserved;
    run.plan.fd_count = 5;
    run.plan.fds[4] = run.out[1];
    assert_true(run.out[1] > 1000);
    run_through(&run);
    assert_string_equal(described(&run, "fds=", line), "0 1 2 4 ");
    run_fini(&run);
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        close(many[i]);
    assert_int_equal(procfs_count_fds(getpid()), before);
    for (int i = 0; i <= PROC_MAX_FDS; i++) {
        char path[64], target[64] = "";

        snprintf(path, sizeof(path), "/proc/self/fd/%d", reserved + i);
        assert_true(readlink(path, target, sizeof(target) - 1) > 0);
        assert_string_equal(target, "/dev/null");
        close(reserved + i);
    }
}

static void limits_and_umask_are_set(void **state)
{
    struct run run;

    (void)state;
    run_script(&run, "umask; ulimit -n; ulimit -c; nice; cat /proc/self/oom_score_adj");
    run.plan.umask = 027;
    run.plan.limits[0].resource = RLIMIT_NOFILE;
    run.plan.limits[0].value = (struct rlimit){123, 123};
    run.plan.limits[1].resource = RLIMIT_CORE;
    run.plan.limit_count = 2;
    run.plan.nice = 3;
    run.plan.oom_score_adj = 500;
    run_through(&run);
    assert_string_equal(run.text, "0027\n123\n0\n3\n500\n");
    run_fini(&run);
}

static void the_child_writes_its_own_pid(void **state)
{
    struct run run;

    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        char before[] = "A=1", pid[] = "LISTEN_PID=           ", after[] = "B=2", expected[64];
        char *envp[] = {before, pid, after, NULL};

        assert_true(strlen(pid) >= strlen("LISTEN_PID=") + PROC_PID_TEXT - 1);
        run_script(&run, "echo $A $LISTEN_PID $B $$");
        run.plan.envp = envp;
        run.plan.pid_text = pid + strlen("LISTEN_PID=");
        run.plan.slow_path = slow;
        run_through(&run);
        snprintf(expected, sizeof(expected), "1 %d 2 %d\n", run.proc.pid, run.proc.pid);
        assert_string_equal(run.text, expected);
        run_fini(&run);
    }
}

static void affinity_is_set(void **state)
{
    cpu_set_t all, one;
    struct run run;
    int cpu = 0;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    run_script(&run, "nproc");
    run.plan.affinity = &one;
    run_through(&run);
    assert_string_equal(run.text, "1\n");
    run_fini(&run);
}

static void working_directory_is_set(void **state)
{
    struct run run;

    (void)state;
    run_script(&run, "pwd -P");
    run.plan.cwd = "/usr/share";
    run_through(&run);
    assert_string_equal(run.text, "/usr/share\n");
    run_fini(&run);
}

static void user_is_dropped(void **state)
{
    const gid_t groups[] = {1234, 2345};
    struct run run;

    (void)state;
    if (geteuid() != 0)
        skip();
    run_script(&run, "id -u; id -g; id -G");
    run.plan.set_user = true;
    run.plan.uid = 65534;
    run.plan.gid = 65533;
    run.plan.groups = groups;
    run.plan.group_count = 2;
    run.plan.death_signal = true;
    run.plan.cwd = "/";
    run_through(&run);
    assert_string_equal(run.text, "65534\n65533\n65533 1234 2345\n");
    /* The child's change of user clears the flag of the memory shared with it. */
    assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
    assert_int_equal(getuid(), 0);
    run_fini(&run);
}

/* PDEATHSIG must survive the change of user, which clears it. */
static void death_signal_outlives_change_of_user(void **state)
{
    struct run run;
    char line[4096];

    (void)state;
    if (geteuid() != 0)
        skip();
    run_script(&run, "");
    free(run.argv[0]);
    run.argv[0] = mem_copy_string(self);
    free(run.argv[1]);
    run.argv[1] = mem_copy_string("describe");
    run.plan.path = self;
    run.plan.set_user = true;
    run.plan.death_signal = true;
    run_through(&run);
    assert_string_equal(described(&run, "death=", line), "9");
    run_fini(&run);
}

static void slow_path_runs_programs(void **state)
{
    struct run run;

    (void)state;
    run_init(&run, "sh", "-c");
    run.argv[2] = mem_copy_string("echo slow");
    run.plan.search = "/nonexistent:/bin";
    run.plan.slow_path = true;
    run_through(&run);
    assert_string_equal(run.text, "slow\n");
    assert_int_equal(proc_spawn_result(&run.plan, &run.proc, NULL), 1);
    run_fini(&run);
}

static void cpus_are_counted(void **state)
{
    cpu_set_t set;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
    assert_in_range(proc_cpu_count(), 1, CPU_COUNT(&set));
}

static void stages_have_names(void **state)
{
    (void)state;
    for (int i = PROC_STAGE_NONE; i <= PROC_STAGE_EXEC; i++)
        assert_non_null(proc_stage_name((enum proc_stage)i));
    assert_string_equal(proc_stage_name(PROC_STAGE_CWD), "cwd");
    assert_string_equal(proc_stage_name((enum proc_stage)99), "?");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(child_gets_output_and_status),
        cmocka_unit_test(death_by_signal_is_told),
        cmocka_unit_test(start_time_is_the_kernels),
        cmocka_unit_test(no_descriptor_leaks),
        cmocka_unit_test(signals_are_fresh),
        cmocka_unit_test(crossed_descriptors_arrive),
        cmocka_unit_test(missing_standard_ones_are_null),
        cmocka_unit_test(many_descriptors_are_handled),
        cmocka_unit_test(limits_and_umask_are_set),
        cmocka_unit_test(the_child_writes_its_own_pid),
        cmocka_unit_test(affinity_is_set),
        cmocka_unit_test(working_directory_is_set),
        cmocka_unit_test(user_is_dropped),
        cmocka_unit_test(death_signal_outlives_change_of_user),
        cmocka_unit_test(slow_path_runs_programs),
        cmocka_unit_test(stages_have_names),
        cmocka_unit_test(cpus_are_counted),
    };

    if (argc > 1 && strcmp(argv[1], "describe") == 0)
        return describe();
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
