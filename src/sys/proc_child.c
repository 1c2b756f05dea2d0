/* SPDX-License-Identifier: MIT */
/*
 * The child between clone and execve. On the fast path it lives in the parent's memory, on a stack
 * of its own: raw system calls only, no heap, no stdio, no sanitizer code, nothing written but
 * struct proc_child. glibc's setuid family is shunned because its wrappers signal the threads of
 * the parent, whose thread list the child sees.
 *
 * Order matters: the cgroup first, so that nothing escapes it; the user after what needs rights;
 * PDEATHSIG after the user, which clears it; handlers before the mask.
 */
#include "sys/proc_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHILD_CODE __attribute__((no_sanitize("address", "undefined", "thread")))

/* 0 or a positive errno of one stage. */
typedef int child_step(struct proc_child *child);

CHILD_CODE static int check(long result)
{
    return result < 0 ? errno : 0;
}

/* The table of descriptors may be the parent's own: what is opened in it is closed again. */
CHILD_CODE static int join_cgroup(struct proc_child *child)
{
    int dir = child->plan->cgroup_dir, error;
    long fd;

    if (dir < 0 || child->in_group)
        return 0;
    fd = syscall(SYS_openat, dir, "cgroup.procs", O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    error = check(syscall(SYS_write, fd, "0", 1));
    syscall(SYS_close, fd);
    return error;
}

CHILD_CODE static int make_session(struct proc_child *child)
{
    return child->plan->new_session ? check(syscall(SYS_setsid)) : 0;
}

/* Descriptor `target` becomes /dev/null (standard ones) or closed. */
CHILD_CODE static int place_nothing(int target)
{
    long fd;

    if (target > STDERR_FILENO) {
        syscall(SYS_close, target);
        return 0;
    }
    fd = syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (fd == target)
        return check(syscall(SYS_fcntl, target, F_SETFD, 0));
    if (syscall(SYS_dup3, fd, target, 0) < 0)
        return errno;
    return check(syscall(SYS_close, fd));
}

CHILD_CODE static int place_fd(int source, int target)
{
    if (source < 0)
        return place_nothing(target);
    if (source == target)
        return check(syscall(SYS_fcntl, target, F_SETFD, 0));
    return check(syscall(SYS_dup3, source, target, 0));
}

/* Moves *fd out of the range of targets, where it would be overwritten before its turn. */
CHILD_CODE static int move_away(int *fd, int target, int count)
{
    long moved;

    if (*fd < 0 || *fd >= count || *fd == target)
        return 0;
    moved = syscall(SYS_fcntl, *fd, F_DUPFD_CLOEXEC, count);
    if (moved < 0)
        return errno;
    *fd = (int)moved;
    return 0;
}

CHILD_CODE static int arrange_fds(struct proc_child *child)
{
    int count = (int)child->plan->fd_count;
    int error = 0;

    /* Until it is unshared, the table is the parent's own: nothing may be changed in it. */
    if (child->unshare_from)
        error = check(syscall(SYS_close_range, child->unshare_from, ~0U, CLOSE_RANGE_UNSHARE));
    if (!error)
        error = move_away(&child->error_fd, -1, count);
    for (int i = 0; i < count && !error; i++)
        error = move_away(&child->fds[i], i, count);
    for (int i = 0; i < count && !error; i++)
        error = place_fd(child->fds[i], i);
    if (error)
        return error;
    return check(syscall(SYS_close_range, count, ~0U, CLOSE_RANGE_CLOEXEC));
}

CHILD_CODE static int set_limits(struct proc_child *child)
{
    const struct proc_plan *plan = child->plan;

    syscall(SYS_umask, plan->umask);
    for (size_t i = 0; i < plan->limit_count; i++) {
        int error = check(
            syscall(SYS_prlimit64, 0, plan->limits[i].resource, &plan->limits[i].value, NULL));

        child->failure.detail = (int)i;
        if (error)
            return error;
    }
    return 0;
}

CHILD_CODE static int set_oom(const char *text)
{
    size_t len = 0;
    long fd, wrote;

    while (text[len])
        len++;
    if (len == 0)
        return 0;
    fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    wrote = syscall(SYS_write, fd, text, len);
    return check(wrote);
}

CHILD_CODE static int set_priority(struct proc_child *child)
{
    enum { IOPRIO_WHO_PROCESS = 1 };
    const struct proc_plan *plan = child->plan;
    int error = 0;

    child->failure.detail = PROC_NICE;
    if (plan->nice != INT_MIN)
        error = check(syscall(SYS_setpriority, PRIO_PROCESS, 0, plan->nice));
    if (error)
        return error;
    child->failure.detail = PROC_IONICE;
    if (plan->ionice >= 0)
        error = check(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, plan->ionice));
    if (error)
        return error;
    child->failure.detail = PROC_AFFINITY;
    if (plan->affinity)
        error = check(syscall(SYS_sched_setaffinity, 0, sizeof(cpu_set_t), plan->affinity));
    if (error)
        return error;
    child->failure.detail = PROC_OOM;
    return set_oom(child->oom);
}

/* The kernel takes capabilities away from who stops being root. Who has them without being root
 * would take them along, and could become root with them. */
CHILD_CODE static int drop_capabilities(void)
{
    struct __user_cap_header_struct header;
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    int error = check(syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));

    header.version = _LINUX_CAPABILITY_VERSION_3;
    header.pid = 0;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        none[i].effective = none[i].permitted = none[i].inheritable = 0;
    return error ? error : check(syscall(SYS_capset, &header, none));
}

CHILD_CODE static int set_user(struct proc_child *child)
{
    const struct proc_plan *plan = child->plan;
    int error;

    if (!plan->set_user)
        return 0;
    error = check(syscall(SYS_setgroups, plan->group_count, plan->groups));
    if (!error)
        error = check(syscall(SYS_setresgid, plan->gid, plan->gid, plan->gid));
    if (!error)
        error = check(syscall(SYS_setresuid, plan->uid, plan->uid, plan->uid));
    if (!error && plan->uid != 0)
        error = drop_capabilities();
    if (error)
        return error;
    /* Said to be done is not done: what must be gone, and what must be impossible now. */
    if (syscall(SYS_getgroups, 0, NULL) != (long)plan->group_count)
        return EPERM;
    if (plan->uid != 0 && syscall(SYS_setresuid, 0, 0, 0) == 0)
        return EPERM;
    if (plan->uid != 0 && plan->gid != 0 && syscall(SYS_setresgid, 0, 0, 0) == 0)
        return EPERM;
    return 0;
}

/* Its own PID in digits, for LISTEN_PID: nobody knows it before. On the fast path this is memory of
 * the parent, which waits until execve has copied it. */
CHILD_CODE static void tell_pid(char *out)
{
    char digits[PROC_PID_TEXT];
    long pid = syscall(SYS_getpid);
    int count = 0;

    for (; pid > 0 && count < PROC_PID_TEXT - 1; pid /= 10)
        digits[count++] = (char)('0' + pid % 10);
    while (count > 0)
        *out++ = digits[--count];
    *out = '\0';
}

CHILD_CODE static int enter_directory(struct proc_child *child)
{
    return child->plan->cwd ? check(syscall(SYS_chdir, child->plan->cwd)) : 0;
}

CHILD_CODE static int tie_to_parent(struct proc_child *child)
{
    int error;

    if (!child->plan->death_signal)
        return 0;
    error = check(syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
    /* The parent may have died before the tie was made. */
    if (!error && syscall(SYS_getppid) != child->parent)
        return ESRCH;
    return error;
}

/* As the kernel defines it; glibc's struct sigaction is another. */
struct child_sigaction {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

CHILD_CODE static void reset_signals(uint64_t at_default)
{
    struct child_sigaction action;
    uint64_t none = 0;

    action.handler = SIG_DFL;
    action.flags = 0;
    action.restorer = NULL;
    action.mask = 0;
    /* The real-time ones are left to execve, which resets all handlers: nobody ignores them, and
     * thirty calls more are a twentieth of the price of a small program. */
    for (int i = 1; i < SIGSYS + 1; i++)
        if (i != SIGKILL && i != SIGSTOP && !(at_default >> (i - 1) & 1))
            syscall(SYS_rt_sigaction, i, &action, NULL, sizeof(action.mask));
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
}

CHILD_CODE static int execute(struct proc_child *child)
{
    const struct proc_plan *plan = child->plan;

    if (plan->slow_path) {
        int error = proc_find_program(plan, child->path);

        if (error)
            return error;
    }
    if (plan->pid_text)
        tell_pid(plan->pid_text);
    reset_signals(plan->default_signals);
    return check(syscall(SYS_execve, child->path, plan->argv, plan->envp));
}

CHILD_CODE static int run_stage(struct proc_child *child, enum proc_stage stage, child_step *step)
{
    child->failure.error = step(child);
    if (child->failure.error)
        child->failure.stage = (int)stage;
    return child->failure.error;
}

CHILD_CODE int proc_child_main(void *arg)
{
    struct proc_child *child = arg;

    if (run_stage(child, PROC_STAGE_CGROUP, join_cgroup) ||
        run_stage(child, PROC_STAGE_SESSION, make_session) ||
        run_stage(child, PROC_STAGE_FDS, arrange_fds) ||
        run_stage(child, PROC_STAGE_LIMITS, set_limits) ||
        run_stage(child, PROC_STAGE_PRIORITY, set_priority) ||
        run_stage(child, PROC_STAGE_USER, set_user) ||
        run_stage(child, PROC_STAGE_CWD, enter_directory) ||
        run_stage(child, PROC_STAGE_SESSION, tie_to_parent))
        goto failed;
    run_stage(child, PROC_STAGE_EXEC, execute);
failed:
    if (child->error_fd >= 0)
        syscall(SYS_write, child->error_fd, &child->failure, sizeof(child->failure));
    syscall(SYS_exit_group, 127);
    __builtin_unreachable();
}
