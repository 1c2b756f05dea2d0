/* SPDX-License-Identifier: MIT */
/*
 * Careful files: what is read, what is refused, what paths become.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "sys/file.h"

static char base[64];

static const char *at(const char *name)
{
    static char paths[4][PATH_MAX];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, PATH_MAX, "%s/%s", base, name);
    return path;
}

static void put(const char *name, const char *bytes, size_t len)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, bytes, len), 0);
    close(fd);
}

static void files_are_read_whole(void **state)
{
    size_t len = 0, big = 300000;
    char *want = mem_new(big), *got;

    (void)state;
    for (size_t i = 0; i < big; i++)
        want[i] = (char)(i * 7 % 251);
    put("big", want, big);
    for (size_t max = big; max < big + 3; max++) {
        got = file_read_all(at("big"), max, &len, NULL);
        assert_non_null(got);
        assert_int_equal(len, big);
        assert_memory_equal(got, want, big);
        assert_int_equal(got[len], 0);
        free(got);
    }
    put("empty", "", 0);
    got = file_read_all(at("empty"), 10, &len, NULL);
    assert_non_null(got);
    assert_int_equal(len, 0);
    free(got);
    got = file_read_all(at("empty"), 10, NULL, NULL);
    assert_string_equal(got, "");
    free(got);
    free(want);
}

static void expect_unreadable(const char *path, size_t max, int code, const char *text)
{
    struct err err = {0};
    size_t len;

    assert_null(file_read_all(path, max, &len, &err));
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, text));
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    put("ten", "0123456789", 10);
    expect_unreadable(at("ten"), 9, EFBIG, "larger than 9 bytes");
    expect_unreadable(at("none"), 9, ENOENT, "No such file");
    expect_unreadable(base, 9, EINVAL, "not a regular file");
    expect_unreadable("/dev/zero", 9, EINVAL, "not a regular file");
    /* A FIFO without a writer would block an ordinary open for ever. */
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    expect_unreadable(at("fifo"), 9, EINVAL, "not a regular file");
}

static void kernel_files_are_read(void **state)
{
    char *text = file_read_kernel("/proc/self/status", 1 << 16);

    (void)state;
    assert_non_null(strstr(text, "Pid:"));
    free(text);
    text = file_read_kernel("/proc/self/status", 5);
    assert_string_equal(text, "Name:");
    free(text);
    assert_null(file_read_kernel("/proc/self/nonsense", 5));
}

static void directories_are_made(void **state)
{
    struct err err = {0};
    struct stat status;

    (void)state;
    assert_int_equal(file_make_dirs(at("a/b//c"), 0750, NULL), 0);
    assert_int_equal(file_make_dirs(at("a/b/c/"), 0750, NULL), 0);
    assert_int_equal(stat(at("a/b/c"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0750);
    put("plain", "", 0);
    assert_int_equal(file_make_dirs(at("plain/x"), 0750, &err), -ENOTDIR);
    err_clear(&err);
    assert_int_equal(file_make_dirs(at("plain"), 0750, &err), -ENOTDIR);
    assert_int_equal(file_make_dirs("/", 0750, NULL), 0);
}

static void expect_absolute(const char *from, const char *path, const char *expected)
{
    char *got = file_absolute(from, path);

    assert_string_equal(got, expected);
    free(got);
}

static void expect_directory(const char *path, const char *expected)
{
    char *got = file_directory(path);

    assert_string_equal(got, expected);
    free(got);
}

static void paths_are_made_absolute(void **state)
{
    (void)state;
    setenv("HOME", "/home/x", 1);
    expect_absolute("/etc", "a/b", "/etc/a/b");
    expect_absolute("/", "a", "/a");
    expect_absolute("/etc", "/a", "/a");
    expect_absolute("/etc", "~/a", "/home/x/a");
    expect_absolute("/etc", "~", "/home/x");
    expect_absolute("/etc", "~user/a", "/etc/~user/a");
    expect_directory("/a/b", "/a");
    expect_directory("/a", "/");
    expect_directory("/", "/");
    expect_directory("a", ".");
}

static void appending_is_careful(void **state)
{
    int dir = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct err err = {0};
    struct stat status;
    int fd;

    (void)state;
    umask(0);
    fd = file_open_append(dir, "log", NULL);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(file_write_all(fd, "one", 3), 0);
    close(fd);
    fd = file_open_append(dir, "log", NULL);
    assert_int_equal(file_write_all(fd, "two", 3), 0);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_size, 6);
    close(fd);
    assert_int_equal(symlinkat("log", dir, "soft"), 0);
    assert_int_equal(file_open_append(dir, "soft", &err), -ELOOP);
    assert_int_equal(linkat(dir, "log", dir, "hard", 0), 0);
    assert_int_equal(file_open_append(dir, "hard", NULL), -EMLINK);
    assert_int_equal(mkdirat(dir, "folder", 0700), 0);
    assert_int_equal(file_open_append(dir, "folder", NULL), -EISDIR);
    assert_int_equal(mkfifoat(dir, "pipe", 0600), 0);
    assert_int_equal(file_open_append(dir, "pipe", NULL), -ENXIO);
    close(dir);
}

static void on_alarm(int signal)
{
    (void)signal;
}

/* A pipe that is read slowly while signals interrupt the writer. */
static void interrupted_writes_are_whole(void **state)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval every = {.it_interval = {.tv_usec = 500}, .it_value = {.tv_usec = 500}};
    size_t size = 1 << 20;
    char *bytes = mem_new(size);
    int ends[2], status;
    pid_t pid;

    (void)state;
    assert_int_equal(file_pipe(ends, false, false), 0);
    pid = fork();
    if (pid == 0) {
        char chunk[1000];
        size_t total = 0;
        ssize_t got;

        close(ends[1]);
        while ((got = read(ends[0], chunk, sizeof(chunk))) > 0)
            total += (size_t)got;
        _exit(total == size ? 0 : 1);
    }
    close(ends[0]);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
    assert_int_equal(file_write_all(ends[1], bytes, size), 0);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    close(ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    free(bytes);
}

static void pipes_block_as_asked(void **state)
{
    int ends[2];

    (void)state;
    for (int i = 0; i < 4; i++) {
        bool in = i & 1, out = i & 2;

        assert_int_equal(file_pipe(ends, in, out), 0);
        assert_int_equal(!!(fcntl(ends[0], F_GETFL) & O_NONBLOCK), in);
        assert_int_equal(!!(fcntl(ends[1], F_GETFL) & O_NONBLOCK), out);
        assert_true(fcntl(ends[0], F_GETFD) & fcntl(ends[1], F_GETFD) & FD_CLOEXEC);
        close(ends[0]);
        close(ends[1]);
    }
}

static void local_file_systems_do_not_hang(void **state)
{
    (void)state;
    assert_false(file_may_hang("/proc/self"));
    assert_false(file_may_hang("/proc/self/does-not-exist"));
    assert_false(file_may_hang("/dev/null"));
    assert_false(file_may_hang("nothing-here"));
}

static int make_base(void **state)
{
    (void)state;
    snprintf(base, sizeof(base), "/tmp/lifeguard-test-XXXXXX");
    return mkdtemp(base) ? 0 : -1;
}

static int remove_base(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", base);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_whole),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(kernel_files_are_read),
        cmocka_unit_test(directories_are_made),
        cmocka_unit_test(paths_are_made_absolute),
        cmocka_unit_test(appending_is_careful),
        cmocka_unit_test(interrupted_writes_are_whole),
        cmocka_unit_test(pipes_block_as_asked),
        cmocka_unit_test(local_file_systems_do_not_hang),
    };

    return cmocka_run_group_tests(tests, make_base, remove_base);
}
