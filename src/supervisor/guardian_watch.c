/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's side: it learns of its guardian's death by a pidfd and forks another, as its own
 * child. That one holds the run's cgroup directory open and waits for the supervisor's pidfd. It is
 * no subreaper of the workers, so behind the cgroup it has the tag only.
 */
#include "supervisor/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/guardian_share.h"

static int open_pidfd(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    return fd < 0 ? -errno : fd;
}

/* Keeps these two descriptors and standard error, and nothing else of the supervisor's: its lock,
 * its sockets and its workers' pipes must close when it dies. */
static void keep_only(int *first, int *second)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int high = fcntl(*second >= 0 ? *second : null, F_DUPFD_CLOEXEC, 1000);
    bool has_second = *second >= 0;

    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup3(*first, 3, O_CLOEXEC);
    if (high >= 0)
        dup3(high, 4, O_CLOEXEC);
    close_range(5, ~0U, 0);
    *first = 3;
    *second = has_second && high >= 0 ? 4 : -1;
}

/* The new guardian's whole life. */
static void guard_parent(const struct guardian_share *share, int supervisor)
{
    int cgroup = share->cgroup[0] ? open(share->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    struct guardian_tally tally;
    char text[160];
    int len;

    setsid();
    prctl(PR_SET_NAME, "lifeguard-guard");
    keep_only(&supervisor, &cgroup);
    while (poll(&(struct pollfd){.fd = supervisor, .events = POLLIN}, 1, -1) < 0) {
    }
    tally = guardian_clean_up(share, false, cgroup);
    if (tally.ended == 0 && tally.left == 0)
        _exit(0);
    len = snprintf(text, sizeof(text),
                   "lifeguard: the supervisor (pid %d) is gone; ended %d processes left\n",
                   (int)share->supervisor, tally.ended);
    (void)!write(STDERR_FILENO, text, (size_t)len);
    _exit(0);
}

/* Forks the new guardian: its PID or -errno. */
static pid_t fork_guardian(struct guardian_share *share)
{
    /* Opened here, so that the child holds the right process whatever happens to it meanwhile. */
    int self = open_pidfd(getpid());
    sigset_t all, before;
    pid_t pid;

    if (self < 0)
        return self;
    share->supervisor = getpid();
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0)
        guard_parent(share, self);
    if (pid < 0)
        pid = -errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(self);
    return pid;
}

static void on_guardian_gone(void *owner, uint32_t events);

static int watch_pid(struct guardian_watch *watch, pid_t pid)
{
    int result;

    watch->pidfd = open_pidfd(pid);
    if (watch->pidfd < 0)
        return watch->pidfd;
    result = loop_add(watch->loop, &watch->watch, watch->pidfd, EPOLLIN, on_guardian_gone, watch);
    if (result < 0) {
        close(watch->pidfd);
        watch->pidfd = -1;
    }
    return result;
}

static void let_go(struct guardian_watch *watch)
{
    loop_delete(watch->loop, &watch->watch);
    if (watch->pidfd >= 0)
        close(watch->pidfd);
    watch->pidfd = -1;
    if (watch->own > 0)
        waitpid(watch->own, NULL, 0);
    watch->own = 0;
}

static void replace(struct guardian_watch *watch)
{
    pid_t pid = fork_guardian(watch->share);

    watch->degraded = true;
    if (pid < 0)
        return;
    watch->own = pid;
    watch->share->guardian = pid;
    if (watch_pid(watch, pid) == 0)
        return;
    /* One that can't be watched is not to be had. */
    kill(pid, SIGKILL);
    let_go(watch);
}

static void on_guardian_gone(void *owner, uint32_t events)
{
    struct guardian_watch *watch = owner;

    (void)events;
    let_go(watch);
    replace(watch);
    if (watch->on_change)
        watch->on_change(watch->ctx);
}

int guardian_watch_start(struct guardian_watch *watch, struct loop *loop,
                         struct guardian_share *share, void (*on_change)(void *ctx), void *ctx)
{
    int result;

    *watch = (struct guardian_watch){
        .share = share, .loop = loop, .pidfd = -1, .on_change = on_change, .ctx = ctx};
    if (!share)
        return 0;
    /* A guardian that died already has left us to another parent. */
    if (getppid() == share->guardian) {
        result = watch_pid(watch, share->guardian);
        if (result != -ESRCH)
            return result;
    }
    replace(watch);
    return watch->pidfd < 0 ? -EAGAIN : 0;
}

void guardian_watch_tick(struct guardian_watch *watch)
{
    if (!watch->share || watch->pidfd >= 0)
        return;
    replace(watch);
    if (watch->pidfd >= 0 && watch->on_change)
        watch->on_change(watch->ctx);
}

void guardian_watch_stop(struct guardian_watch *watch)
{
    if (!watch->share)
        return;
    if (watch->own > 0)
        kill(watch->own, SIGKILL);
    let_go(watch);
    watch->share = NULL;
}
