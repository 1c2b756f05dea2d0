/* SPDX-License-Identifier: MIT */
/*
 * The control and notify sockets: who gets in, what happens to tricks with names, and what a second
 * supervisor is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "sys/procfs.h"
#include "sys/sock.h"

static char base[64];
static char dir[96];

static int make_base(void **state)
{
    (void)state;
    snprintf(base, sizeof(base), "/tmp/lifeguard-test-XXXXXX");
    if (!mkdtemp(base))
        return -1;
    snprintf(dir, sizeof(dir), "%s/run", base);
    return 0;
}

static int remove_base(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", base);
    return system(command);
}

static void in_dir(char out[PATH_MAX], const char *name)
{
    snprintf(out, PATH_MAX, "%s/%s", dir, name);
}

static unsigned mode_of(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 ? status.st_mode & 07777 : 0;
}

static void client_is_accepted_and_known(void **state)
{
    struct sock_listener listener;
    struct sock_peer peer;
    int client, served;
    char byte;

    (void)state;
    assert_int_equal(sock_listen(&listener, dir, "a", 0600, NULL, NULL), 0);
    assert_int_equal(sock_accept(listener.fd, &peer), -EAGAIN);
    client = sock_connect(listener.path, NULL);
    assert_true(client >= 0);
    assert_int_equal(fcntl(client, F_GETFL) & O_NONBLOCK, 0);
    served = sock_accept(listener.fd, &peer);
    assert_true(served >= 0);
    assert_int_equal(peer.pid, getpid());
    assert_int_equal(peer.uid, getuid());
    assert_int_equal(read(served, &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
    assert_true(fcntl(served, F_GETFD) & FD_CLOEXEC);
    close(client);
    close(served);
    sock_unlisten(&listener);
}

static void modes_are_tight_whatever_the_umask(void **state)
{
    struct sock_listener listener;
    char path[PATH_MAX];
    mode_t before = umask(0);

    (void)state;
    assert_int_equal(sock_listen(&listener, dir, "a", 0600, NULL, NULL), 0);
    assert_int_equal(mode_of(dir), 0700);
    assert_int_equal(mode_of(listener.path), 0600);
    in_dir(path, "a.lock");
    assert_int_equal(mode_of(path), 0600);
    sock_unlisten(&listener);
    umask(0777);
    assert_int_equal(sock_listen(&listener, dir, "a", 0600, NULL, NULL), 0);
    assert_int_equal(mode_of(listener.path), 0600);
    sock_unlisten(&listener);
    umask(before);
    /* A readable directory is tightened. */
    chmod(dir, 0755);
    assert_int_equal(sock_listen(&listener, dir, "a", 0600, NULL, NULL), 0);
    assert_int_equal(mode_of(dir), 0700);
    sock_unlisten(&listener);
}

static void group_may_be_let_in(void **state)
{
    struct sock_listener listener;
    struct stat status;
    struct err err = {0};

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(sock_listen(&listener, dir, "a", 0660, "daemon", &err), 0);
    assert_int_equal(mode_of(dir), 0710);
    assert_int_equal(stat(listener.path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0660);
    assert_int_not_equal(status.st_gid, 0);
    sock_unlisten(&listener);
    assert_int_equal(sock_listen(&listener, dir, "a", 0660, "no-such-group", &err), -ENOENT);
    assert_string_equal(err.text, "group no-such-group: there is none of that name");
}

/* A guardian holds the lock while it cleans up, and the socket is gone or answers no more. */
static void a_lock_without_a_socket_is_waited_for(void **state)
{
    struct sock_listener listener;
    char path[PATH_MAX], byte = 'x';
    int ready[2];
    pid_t guardian;

    (void)state;
    snprintf(path, sizeof(path), "%s/a.lock", dir);
    assert_int_equal(pipe(ready), 0);
    guardian = fork();
    if (guardian == 0) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || write(ready[1], &byte, 1) != 1)
            _exit(1);
        poll(NULL, 0, 100);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(sock_listen(&listener, dir, "a", 0600, NULL, NULL), 0);
    sock_unlisten(&listener);
    assert_int_equal(waitpid(guardian, NULL, 0), guardian);
    close(ready[0]);
    close(ready[1]);
}

static void second_supervisor_is_refused(void **state)
{
    struct sock_listener first, second;
    struct err err = {0};
    char expected[128];
    int client;

    (void)state;
    assert_int_equal(sock_listen(&first, dir, "a", 0600, NULL, NULL), 0);
    assert_int_equal(sock_listen(&second, dir, "a", 0600, NULL, &err), -EBUSY);
    snprintf(expected, sizeof(expected), "a supervisor of the name \"a\" runs already, PID %d",
             (int)getpid());
    assert_string_equal(err.text, expected);
    assert_int_equal(second.fd, -1);
    /* The first one's socket is untouched. */
    client = sock_connect(first.path, NULL);
    assert_true(client >= 0);
    close(client);
    assert_int_equal(sock_listen(&second, dir, "b", 0600, NULL, NULL), 0);
    sock_unlisten(&second);
    sock_unlisten(&first);
    assert_int_equal(sock_listen(&first, dir, "a", 0600, NULL, NULL), 0);
    sock_unlisten(&first);
}

static void stale_socket_is_replaced(void **state)
{
    struct sock_listener listener;
    struct err err = {0};
    int status, client;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(sock_listen(&listener, dir, "a", 0600, NULL, NULL) == 0 ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(sock_listen(&listener, dir, "a", 0600, NULL, &err), 0);
    client = sock_connect(listener.path, NULL);
    assert_true(client >= 0);
    close(client);
    sock_unlisten(&listener);
    assert_int_equal(access(dir, F_OK), 0);
    client = sock_connect("/tmp/does/not/exist.sock", &err);
    assert_int_equal(client, -ENOENT);
}

static void expect_refused(int error)
{
    int before = procfs_count_fds(getpid());
    struct sock_listener listener;
    struct err err = {0};

    assert_int_equal(sock_listen(&listener, dir, "a", 0600, NULL, &err), -error);
    assert_true(err.text[0] != '\0');
    assert_int_equal(procfs_count_fds(getpid()), before);
}

static void tricks_with_names_are_refused(void **state)
{
    char socket_path[PATH_MAX], lock[PATH_MAX], victim[PATH_MAX];
    struct sock_listener listener;
    struct stat status;
    int fd;

    (void)state;
    in_dir(socket_path, "a.sock");
    in_dir(lock, "a.lock");
    snprintf(victim, sizeof(victim), "%s/victim", base);
    fd = open(victim, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "precious", 8), 8);
    close(fd);
    assert_int_equal(sock_listen(&listener, dir, "a", 0600, NULL, NULL), 0);
    sock_unlisten(&listener);
    /* The socket's name: symlink, directory, file. */
    assert_int_equal(symlink(victim, socket_path), 0);
    expect_refused(EEXIST);
    unlink(socket_path);
    assert_int_equal(mkdir(socket_path, 0700), 0);
    expect_refused(EEXIST);
    rmdir(socket_path);
    assert_int_equal(link(victim, socket_path), 0);
    expect_refused(EEXIST);
    unlink(socket_path);
    /* The lock's name: symlink, hard link, FIFO. */
    unlink(lock);
    assert_int_equal(symlink(victim, lock), 0);
    expect_refused(ELOOP);
    unlink(lock);
    assert_int_equal(link(victim, lock), 0);
    expect_refused(EINVAL);
    unlink(lock);
    assert_int_equal(mkfifo(lock, 0600), 0);
    expect_refused(EINVAL);
    unlink(lock);
    assert_int_equal(stat(victim, &status), 0);
    assert_int_equal(status.st_size, 8);
}

static void tricks_with_the_directory_are_refused(void **state)
{
    char real[PATH_MAX], link_path[PATH_MAX];
    struct sock_listener listener;
    struct err err = {0};

    (void)state;
    snprintf(real, sizeof(real), "%s/real", base);
    snprintf(link_path, sizeof(link_path), "%s/link", base);
    assert_int_equal(mkdir(real, 0700), 0);
    assert_int_equal(symlink(real, link_path), 0);
    assert_int_equal(sock_listen(&listener, link_path, "a", 0600, NULL, &err), -ENOTDIR);
    chmod(real, 0770);
    err_clear(&err);
    assert_int_equal(sock_listen(&listener, real, "a", 0600, NULL, &err), -EPERM);
    chmod(real, 01777);
    assert_int_equal(sock_listen(&listener, real, "a", 0600, NULL, NULL), -EPERM);
    chmod(real, 0700);
    if (geteuid() == 0) {
        assert_int_equal(chown(real, 12345, 0), 0);
        assert_int_equal(sock_listen(&listener, real, "a", 0600, NULL, NULL), -EPERM);
        assert_int_equal(chown(real, 0, 0), 0);
    }
    assert_int_equal(sock_listen(&listener, real, "a/b", 0600, NULL, NULL), -ENAMETOOLONG);
    memset(real, 'x', 120);
    real[0] = '/';
    real[120] = '\0';
    assert_int_equal(sock_listen(&listener, real, "a", 0600, NULL, NULL), -ENAMETOOLONG);
}

static void answering_sockets_are_listed(void **state)
{
    struct sock_listener a, b;
    char path[PATH_MAX];
    char **names;
    pid_t pid;
    struct err err = {0};

    (void)state;
    assert_null(sock_list("/dev/null", &err));
    assert_non_null(strstr(err.text, "-S NAME"));
    names = sock_list("/does/not/exist", NULL);
    assert_null(names[0]);
    mem_free_strings(names);
    pid = fork();
    if (pid == 0)
        _exit(sock_listen(&a, dir, "dead", 0600, NULL, NULL) == 0 ? 0 : 1);
    waitpid(pid, NULL, 0);
    assert_int_equal(sock_listen(&b, dir, "beta", 0600, NULL, NULL), 0);
    assert_int_equal(sock_listen(&a, dir, "alpha", 0600, NULL, NULL), 0);
    in_dir(path, "dead.sock");
    assert_int_equal(access(path, F_OK), 0);
    names = sock_list(dir, NULL);
    assert_string_equal(names[0], "alpha");
    assert_string_equal(names[1], "beta");
    assert_null(names[2]);
    mem_free_strings(names);
    sock_unlisten(&a);
    sock_unlisten(&b);
}

static void directory_follows_the_rules(void **state)
{
    char *before = mem_copy_string(getenv("XDG_RUNTIME_DIR"));
    char out[64], expected[64];

    (void)state;
    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    assert_int_equal(sock_directory(out, sizeof(out), NULL), 0);
    assert_string_equal(out, "/run/user/7/lifeguard");
    assert_int_equal(sock_directory(out, 8, NULL), -ENAMETOOLONG);
    unsetenv("XDG_RUNTIME_DIR");
    snprintf(expected, sizeof(expected), geteuid() ? "/tmp/lifeguard-%u" : "/run/lifeguard",
             geteuid());
    assert_int_equal(sock_directory(out, sizeof(out), NULL), 0);
    assert_string_equal(out, expected);
    if (before)
        setenv("XDG_RUNTIME_DIR", before, 1);
    free(before);
}

/* Sends a datagram as another process, which is returned; `pass_fd` goes along if not -1. */
static pid_t notify(const char *path, const char *text, size_t len, int pass_fd)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        union {
            struct cmsghdr align;
            char bytes[CMSG_SPACE(sizeof(int))];
        } control = {.bytes = {0}};
        struct iovec bytes = {.iov_base = (void *)(uintptr_t)text, .iov_len = len};
        struct msghdr message = {.msg_name = &address,
                                 .msg_namelen = sizeof(address),
                                 .msg_iov = &bytes,
                                 .msg_iovlen = 1};
        int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

        strcpy(address.sun_path, path);
        if (pass_fd >= 0) {
            message.msg_control = control.bytes;
            message.msg_controllen = sizeof(control.bytes);
            control.align = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
                                             .cmsg_level = SOL_SOCKET,
                                             .cmsg_type = SCM_RIGHTS};
            memcpy(CMSG_DATA(&control.align), &pass_fd, sizeof(int));
        }
        if (geteuid() == 0 && setuid(65534) < 0)
            _exit(2);
        _exit(sendmsg(fd, &message, 0) == (ssize_t)len ? 0 : 1);
    }
    return pid;
}

static void expect_sent(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void notifications_come_with_their_sender(void **state)
{
    char path[128], text[64], big[200];
    struct sock_peer sender;
    int fd, barrier[2];
    char byte;
    pid_t pid;

    (void)state;
    chmod(base, 0711);
    snprintf(path, sizeof(path), "%s/notify/socket", base);
    fd = sock_notify_open(path, NULL);
    assert_true(fd >= 0);
    assert_int_equal(mode_of(path), 0666);
    assert_int_equal(sock_notify_read(fd, text, sizeof(text), &sender), -EAGAIN);
    pid = notify(path, "READY=1", 7, -1);
    expect_sent(pid);
    assert_int_equal(sock_notify_read(fd, text, sizeof(text), &sender), 7);
    assert_string_equal(text, "READY=1");
    assert_int_equal(sender.pid, pid);
    assert_int_equal(sender.uid, geteuid() == 0 ? 65534 : geteuid());
    /* The descriptor of a barrier is closed, which is the answer that its sender waits for. */
    assert_int_equal(pipe(barrier), 0);
    expect_sent(notify(path, "BARRIER=1", 9, barrier[1]));
    close(barrier[1]);
    assert_int_equal(sock_notify_read(fd, text, sizeof(text), &sender), 9);
    assert_int_equal(read(barrier[0], &byte, 1), 0);
    close(barrier[0]);
    memset(big, 'x', sizeof(big));
    expect_sent(notify(path, big, sizeof(big), -1));
    assert_int_equal(sock_notify_read(fd, text, sizeof(text), &sender), -EMSGSIZE);
    assert_int_equal(sock_notify_read(fd, text, sizeof(text), &sender), -EAGAIN);
    close(fd);
    /* Once more: the stale name is no obstacle. */
    fd = sock_notify_open(path, NULL);
    assert_true(fd >= 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_is_accepted_and_known),
        cmocka_unit_test(modes_are_tight_whatever_the_umask),
        cmocka_unit_test(group_may_be_let_in),
        cmocka_unit_test(a_lock_without_a_socket_is_waited_for),
        cmocka_unit_test(second_supervisor_is_refused),
        cmocka_unit_test(stale_socket_is_replaced),
        cmocka_unit_test(tricks_with_names_are_refused),
        cmocka_unit_test(tricks_with_the_directory_are_refused),
        cmocka_unit_test(answering_sockets_are_listed),
        cmocka_unit_test(directory_follows_the_rules),
        cmocka_unit_test(notifications_come_with_their_sender),
    };

    return cmocka_run_group_tests(tests, make_base, remove_base);
}
