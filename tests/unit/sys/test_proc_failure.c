/* SPDX-License-Identifier: MIT */
/*
 * Spawning that fails: every stage is told in words, and nothing is left behind.
 */
#include "proc_fixture.h"

static void expect_failure(struct run *run, enum proc_stage stage, int error, const char *text)
{
    int before = procfs_count_fds(getpid());
    int result = proc_spawn(&run->plan, &run->proc, &run->err);

    assert_int_equal(result, -error);
    assert_int_equal(run->proc.stage, stage);
    assert_string_equal(run->err.text, text);
    assert_int_equal(run->proc.pid, 0);
    assert_int_equal(run->proc.pidfd, -1);
    /* Nothing is left behind: no zombie, no descriptor. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(procfs_count_fds(getpid()), before);
    run_fini(run);
}

static void missing_program_is_told(void **state)
{
    struct run run;

    (void)state;
    run_init(&run, "/nonexistent/program", NULL);
    expect_failure(&run, PROC_STAGE_EXEC, ENOENT,
                   "exec /nonexistent/program: No such file or directory");
}

static const char *make_file(const char *name, const char *text, unsigned mode)
{
    static char path[PATH_MAX + 64];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

static void unexecutable_program_is_told(void **state)
{
    const char *path = make_file("plain", "#!/bin/sh\n", 0644);
    char text[PATH_MAX + 128];
    struct run run;

    (void)state;
    snprintf(text, sizeof(text), "exec %s: Permission denied", path);
    run_init(&run, path, NULL);
    expect_failure(&run, PROC_STAGE_EXEC, EACCES, text);
}

static void missing_interpreter_is_told(void **state)
{
    const char *path = make_file("script", "#! /bin/nope -x\n", 0755);
    char text[PATH_MAX + 128];
    struct run run;

    (void)state;
    snprintf(text, sizeof(text), "exec %s: its interpreter /bin/nope does not exist", path);
    run_init(&run, path, NULL);
    expect_failure(&run, PROC_STAGE_EXEC, ENOENT, text);
    /* The same program by a path relative to the child's directory. */
    run_init(&run, "./script", NULL);
    run.plan.cwd = directory;
    expect_failure(&run, PROC_STAGE_EXEC, ENOENT,
                   "exec ./script: its interpreter /bin/nope does not exist");
}

static void missing_loader_is_told(void **state)
{
    char text[PATH_MAX + 128], path[PATH_MAX + 16];
    size_t len, at = 0;
    char *bytes = file_read_all("/bin/true", 1 << 24, &len, NULL);
    struct run run;
    int fd;

    (void)state;
    assert_non_null(bytes);
    while (at < len && strncmp(bytes + at, "/lib64/ld-linux", 15) != 0)
        at++;
    if (at == len) {
        free(bytes);
        skip();
    }
    bytes[at + 1] = 'X';
    snprintf(path, sizeof(path), "%s/badloader", directory);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    assert_int_equal(file_write_all(fd, bytes, len), 0);
    close(fd);
    snprintf(text, sizeof(text), "exec %s: its interpreter %s does not exist", path, bytes + at);
    run_init(&run, path, NULL);
    expect_failure(&run, PROC_STAGE_EXEC, ENOENT, text);
    free(bytes);
}

static void script_without_interpreter_is_told(void **state)
{
    const char *path = make_file("bare", "echo hello\n", 0755);
    char text[PATH_MAX + 128];
    struct run run;

    (void)state;
    snprintf(text, sizeof(text), "exec %s: Exec format error (a script needs a #! line)", path);
    run_init(&run, path, NULL);
    expect_failure(&run, PROC_STAGE_EXEC, ENOEXEC, text);
}

static void missing_directory_is_told(void **state)
{
    struct run run;

    (void)state;
    run_script(&run, "true");
    run.plan.cwd = "/gone/away";
    expect_failure(&run, PROC_STAGE_CWD, ENOENT, "cwd /gone/away: No such file or directory");
}

static void bad_stages_are_told(void **state)
{
    struct run run;

    (void)state;
    run_script(&run, "true");
    run.plan.fds[1] = 9999;
    expect_failure(&run, PROC_STAGE_FDS, EBADF, "fds: Bad file descriptor");
    run_script(&run, "true");
    run.plan.limits[0].resource = 4444;
    run.plan.limit_count = 1;
    expect_failure(&run, PROC_STAGE_LIMITS, EINVAL, "limits: Invalid argument");
    run_script(&run, "true");
    run.plan.cgroup_dir = 9999;
    expect_failure(&run, PROC_STAGE_CGROUP, EBADF, "cgroup: Bad file descriptor");
    run_script(&run, "true");
    run.plan.ionice = 7 << 13;
    expect_failure(&run, PROC_STAGE_PRIORITY, EINVAL, "priority: Invalid argument");
}

static int spawn_unprivileged(void)
{
    struct run run;

    if (setgid(65534) < 0 || setuid(65534) < 0)
        return 1;
    run_script(&run, "true");
    run.plan.set_user = true;
    run.plan.uid = 1;
    if (proc_spawn(&run.plan, &run.proc, &run.err) != -EPERM || run.proc.stage != PROC_STAGE_USER)
        return 2;
    return strcmp(run.err.text, "user 1, group 0: Operation not permitted") != 0;
}

static void failing_user_is_told(void **state)
{
    int status;
    pid_t pid;

    (void)state;
    if (geteuid() != 0)
        skip();
    pid = fork();
    if (pid == 0)
        _exit(spawn_unprivileged());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void too_long_arguments_are_told(void **state)
{
    size_t size = 4 << 20;
    struct run run;

    (void)state;
    run_script(&run, "true");
    free(run.argv[2]);
    run.argv[2] = mem_new(size + 1);
    memset(run.argv[2], 'x', size);
    expect_failure(&run, PROC_STAGE_EXEC, E2BIG, "exec /bin/sh: Argument list too long");
}

static void program_is_searched(void **state)
{
    char search[PATH_MAX + 64];
    struct run run;

    (void)state;
    make_file("tool", "#!/bin/sh\necho tool\n", 0755);
    make_file("plain", "", 0644);
    snprintf(search, sizeof(search), "/nonexistent:%s:/bin", directory);
    run_init(&run, "tool", NULL);
    run.plan.search = search;
    run_through(&run);
    assert_string_equal(run.text, "tool\n");
    run_fini(&run);
    /* Relative directories of the search are meant from the child's directory. */
    run_init(&run, "tool", NULL);
    run.plan.search = "/nonexistent::.";
    run.plan.cwd = directory;
    run_through(&run);
    assert_string_equal(run.text, "tool\n");
    run_fini(&run);
    run_init(&run, "no-such-tool", NULL);
    run.plan.search = search;
    expect_failure(&run, PROC_STAGE_EXEC, ENOENT, "exec no-such-tool: No such file or directory");
    run_init(&run, "plain", NULL);
    run.plan.search = search;
    expect_failure(&run, PROC_STAGE_EXEC, EACCES, "exec plain: Permission denied");
    run_init(&run, "sh", NULL);
    expect_failure(&run, PROC_STAGE_EXEC, ENOENT, "exec sh: No such file or directory");
}

static void slow_path_tells_failure_afterwards(void **state)
{
    int before = procfs_count_fds(getpid());
    struct run run;

    (void)state;
    run_init(&run, "/nonexistent/program", NULL);
    run.plan.slow_path = true;
    run_through(&run);
    assert_int_equal(WEXITSTATUS(run.end.status), 127);
    assert_int_equal(proc_spawn_result(&run.plan, &run.proc, &run.err), -ENOENT);
    assert_int_equal(run.proc.stage, PROC_STAGE_EXEC);
    assert_string_equal(run.err.text, "exec /nonexistent/program: No such file or directory");
    assert_int_equal(proc_spawn_result(&run.plan, &run.proc, NULL), -ENOENT);
    run_fini(&run);
    assert_int_equal(procfs_count_fds(getpid()), before);
}

static void clone_failure_is_told(void **state)
{
    struct run run;
    int status;
    pid_t pid;

    (void)state;
    if (geteuid() != 0)
        skip();
    pid = fork();
    if (pid == 0) {
        setrlimit(RLIMIT_NPROC, &(struct rlimit){1, 1});
        /* Root is not bound by the limit. */
        if (setresuid(61234, 61234, 61234) < 0)
            _exit(1);
        run_script(&run, "true");
        if (proc_spawn(&run.plan, &run.proc, &run.err) != -EAGAIN)
            _exit(2);
        _exit(run.proc.stage == PROC_STAGE_CLONE ? 0 : 3);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_program_is_told),
        cmocka_unit_test(unexecutable_program_is_told),
        cmocka_unit_test(missing_interpreter_is_told),
        cmocka_unit_test(missing_loader_is_told),
        cmocka_unit_test(script_without_interpreter_is_told),
        cmocka_unit_test(missing_directory_is_told),
        cmocka_unit_test(bad_stages_are_told),
        cmocka_unit_test(failing_user_is_told),
        cmocka_unit_test(too_long_arguments_are_told),
        cmocka_unit_test(program_is_searched),
        cmocka_unit_test(slow_path_tells_failure_afterwards),
        cmocka_unit_test(clone_failure_is_told),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
