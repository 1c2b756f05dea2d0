/* SPDX-License-Identifier: MIT */
/*
 * Spawning, seen from the parent: prepare, clone, adopt. The fast path shares memory with the child
 * until it executes, so it costs the same whatever our size; its failures are read from the shared
 * struct when clone returns. The slow path is a plain fork whose failures come by a pipe.
 */
#include "sys/proc_child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "sys/proc_scan.h"
#include "sys/procfs.h"

/* Above this highest descriptor number, copying the table costs more than the detour around it. */
enum { MANY_FDS = 1000 };

/* One more than a plan can use: the last always stays on /dev/null, as the source of take_back. */
enum { RESERVED = PROC_MAX_FDS + 1 };

int proc_reserve_fds(void)
{
    int first, fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    first = fd;
    while (fd >= 0 && fd - first + 1 < RESERVED) {
        int next = fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);
        int error = errno;

        /* Somebody holds a number in between: begin anew behind it. */
        if (next != fd + 1) {
            close_range((unsigned)first, (unsigned)fd, 0);
            errno = error;
            first = next;
        }
        fd = next;
    }
    return fd < 0 ? -errno : first;
}

uint64_t proc_default_signals(void)
{
    struct sigaction action;
    uint64_t mask = 0;

    for (int i = 1; i < SIGSYS + 1; i++)
        if (sigaction(i, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) &&
            action.sa_handler == SIG_DFL)
            mask |= UINT64_C(1) << (i - 1);
    return mask;
}

/* The reserved numbers go back to /dev/null: left as they are they would hold the workers' pipes
 * open. */
static void take_back(const struct proc_plan *plan)
{
    for (size_t i = 0; i < plan->fd_count; i++)
        if (plan->fds[i] >= 0)
            dup3(plan->reserved + PROC_MAX_FDS, plan->reserved + (int)i, O_CLOEXEC);
}

/* Puts the sources at the reserved low numbers, so that the child can cut the table above them.
 * Followed by take_back in any case. */
static int lend_reserved(const struct proc_plan *plan, struct proc_child *child)
{
    for (size_t i = 0; i < plan->fd_count; i++) {
        int low = plan->reserved + (int)i;

        if (plan->fds[i] < 0)
            continue;
        if (dup3(plan->fds[i], low, O_CLOEXEC) < 0)
            return -errno;
        child->fds[i] = low;
    }
    child->unshare_from = plan->reserved + RESERVED;
    return 0;
}

static bool has_many_fds(const struct proc_plan *plan)
{
    int highest = plan->cgroup_dir;

    for (size_t i = 0; i < plan->fd_count; i++)
        if (plan->fds[i] > highest)
            highest = plan->fds[i];
    return highest > MANY_FDS;
}

/* CLOCK_BOOTTIME in the ticks of /proc/PID/stat. */
static uint64_t boot_ticks(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)((int64_t)now.tv_sec * CLOCK_S + now.tv_nsec) /
           (uint64_t)(CLOCK_S / procfs_ticks());
}

static void prepare(const struct proc_plan *plan, struct proc_child *child)
{
    assert(plan->fd_count >= 3 && plan->fd_count <= PROC_MAX_FDS);
    assert(plan->limit_count <= PROC_MAX_LIMITS);
    child->plan = plan;
    child->failure = (struct proc_failure){0, 0, 0};
    child->parent = getpid();
    child->cloned = boot_ticks();
    child->unshare_from = 0;
    child->error_fd = -1;
    child->path[0] = '\0';
    child->oom[0] = '\0';
    memcpy(child->fds, plan->fds, sizeof(child->fds));
    /* The last reserved number is /dev/null for good: the child need not open it. */
    for (int i = 0; i < 3; i++)
        if (child->fds[i] < 0 && plan->reserved > 0)
            child->fds[i] = plan->reserved + PROC_MAX_FDS;
    if (plan->oom_score_adj != INT_MIN)
        snprintf(child->oom, sizeof(child->oom), "%d", plan->oom_score_adj);
}

static int fail(const struct proc_plan *plan, const struct proc_child *child, struct proc *proc,
                enum proc_stage stage, int error, struct err *err)
{
    const struct proc_failure failure = {(int)stage, error, child->failure.detail};

    proc->pid = 0;
    proc->pidfd = -1;
    proc->stage = stage;
    proc->detail = failure.detail;
    return proc_explain(plan, &failure, child->path, err);
}

/* The kernel took the start time during clone: when the tick before is the tick now, that is it,
 * and reading it back (3 us) is saved. */
static uint64_t start_time(pid_t pid, uint64_t before)
{
    struct proc_scan_stat stat;

    if (boot_ticks() == before)
        return before;
    return proc_scan_stat(pid, &stat) == 0 ? stat.start : before;
}

/* Takes the child over; one that failed before execve is gone at once and is reaped here. */
static int adopt(const struct proc_plan *plan, struct proc_child *child, struct proc *proc,
                 struct err *err)
{
    if (child->failure.error) {
        struct proc_end end;

        waitid(P_PIDFD, (id_t)proc->pidfd, &(siginfo_t){0}, WEXITED | WNOWAIT);
        proc_reap(proc, &end);
        return fail(plan, child, proc, (enum proc_stage)child->failure.stage, child->failure.error,
                    err);
    }
    proc->start = start_time(proc->pid, child->cloned);
    return 0;
}

static int spawn_fast(const struct proc_plan *plan, struct proc_child *child, struct proc *proc,
                      struct err *err)
{
    bool lend = plan->reserved > 0 && has_many_fds(plan);
    int dumpable = plan->set_user ? prctl(PR_GET_DUMPABLE) : -1;
    int error = proc_find_program(plan, child->path);
    int result = 0;
    pid_t pid = 0;

    if (error) {
        child->path[0] = '\0';
        return fail(plan, child, proc, PROC_STAGE_EXEC, error, err);
    }
    if (lend)
        result = lend_reserved(plan, child);
    if (result == 0)
        pid = proc_clone(child, CLONE_VM | CLONE_VFORK | (lend ? CLONE_FILES : 0), &proc->pidfd);
    if (lend)
        take_back(plan);
    /* A child that changes its user changes the flag of the memory that it shares with us. */
    if (dumpable == 0 || dumpable == 1)
        prctl(PR_SET_DUMPABLE, dumpable);
    if (result < 0 || pid < 0)
        return fail(plan, child, proc, result < 0 ? PROC_STAGE_FDS : PROC_STAGE_CLONE,
                    result < 0 ? -result : -pid, err);
    proc->pid = pid;
    return adopt(plan, child, proc, err);
}

static int spawn_slow(const struct proc_plan *plan, struct proc_child *child, struct proc *proc,
                      struct err *err)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return fail(plan, child, proc, PROC_STAGE_FDS, errno, err);
    child->error_fd = ends[1];
    pid = proc_clone(child, 0, &proc->pidfd);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return fail(plan, child, proc, PROC_STAGE_CLONE, -pid, err);
    }
    proc->pid = pid;
    proc->error_fd = ends[0];
    return adopt(plan, child, proc, err);
}

int proc_spawn(const struct proc_plan *plan, struct proc *proc, struct err *err)
{
    struct proc_child child;

    *proc = (struct proc){.pidfd = -1};
    prepare(plan, &child);
    if (plan->slow_path)
        return spawn_slow(plan, &child, proc, err);
    return spawn_fast(plan, &child, proc, err);
}

/* Reads the error pipe: end of file without a word means that the program runs. */
static void read_failure(struct proc *proc)
{
    struct proc_failure failure;
    ssize_t got = read(proc->error_fd, &failure, sizeof(failure));

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    close(proc->error_fd);
    proc->error_fd = 0;
    if (got != (ssize_t)sizeof(failure))
        return;
    proc->stage = (enum proc_stage)failure.stage;
    proc->detail = failure.detail;
    proc->error = failure.error;
}

int proc_spawn_result(const struct proc_plan *plan, struct proc *proc, struct err *err)
{
    struct proc_failure failure;

    if (proc->error_fd > 0)
        read_failure(proc);
    if (proc->error_fd > 0)
        return 0;
    if (!proc->error)
        return 1;
    failure = (struct proc_failure){(int)proc->stage, proc->error, proc->detail};
    return proc_explain(plan, &failure, plan->path, err);
}
