/* SPDX-License-Identifier: MIT */
/*
 * How processes end: reaping one's own by pidfd, reaping what a subreaper inherits, signals to
 * processes and groups.
 */
#include "sys/proc.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/proc_scan.h"

/* The status word of waitpid from what waitid says. */
static int make_status(const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED)
        return (info->si_status & 0xff) << 8;
    return (info->si_status & 0x7f) | (info->si_code == CLD_DUMPED ? 0x80 : 0);
}

int proc_reap(struct proc *proc, struct proc_end *end)
{
    siginfo_t info;
    long result;

    if (proc->pid <= 0 || proc->pidfd < 0)
        return -ECHILD;
    memset(&info, 0, sizeof(info));
    /* glibc's wrapper lacks the last argument. */
    do
        result = syscall(SYS_waitid, P_PIDFD, proc->pidfd, &info, WEXITED | WNOHANG, &end->usage);
    while (result < 0 && errno == EINTR);
    if (result < 0)
        return -errno;
    if (info.si_pid == 0)
        return 0;
    end->status = make_status(&info);
    close(proc->pidfd);
    proc->pidfd = -1;
    return 1;
}

int proc_signal(const struct proc *proc, int signal)
{
    if (proc->pid <= 0 || proc->pidfd < 0)
        return -ESRCH;
    return syscall(SYS_pidfd_send_signal, proc->pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int proc_signal_group(pid_t pgid, int signal)
{
    /* 0 and 1 would mean our own group and everybody. */
    if (pgid <= 1)
        return -EINVAL;
    return kill(-pgid, signal) < 0 ? -errno : 0;
}

bool proc_group_alive(pid_t pgid)
{
    struct proc_scan scan;
    bool alive = false;
    pid_t pid;

    if (pgid <= 1 || (kill(-pgid, 0) < 0 && errno == ESRCH))
        return false;
    /* Zombies are signalled too, so somebody must look. Without /proc: better alive than lost. */
    if (proc_scan_open(&scan, "/proc") < 0)
        return true;
    while (!alive && (pid = proc_scan_next(&scan)) > 0) {
        struct proc_scan_stat stat;

        /* getpgid is a tenth of the price of reading stat. */
        if (getpgid(pid) == pgid && proc_scan_stat(pid, &stat) == 0)
            alive = stat.pgid == pgid && stat.state != 'Z' && stat.state != 'X';
    }
    proc_scan_close(&scan);
    return alive;
}

void proc_close(struct proc *proc)
{
    if (proc->pid > 0 && proc->pidfd >= 0)
        close(proc->pidfd);
    if (proc->error_fd > 0)
        close(proc->error_fd);
    *proc = (struct proc){.pidfd = -1};
}

/* Any child that has ended, left unreaped; 0 when none. */
static pid_t peek_ended(void)
{
    siginfo_t info;

    memset(&info, 0, sizeof(info));
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return 0;
    return info.si_pid;
}

static bool reap_pid(pid_t pid)
{
    siginfo_t info;

    memset(&info, 0, sizeof(info));
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG) == 0 && info.si_pid == pid;
}

/* The slow way, for when a child that is claimed stands at the head of what can be waited for. */
static int reap_scanned(bool (*is_ours)(void *ctx, pid_t pid), void *ctx, int most)
{
    struct proc_scan scan;
    pid_t pid, self = getpid();
    int count = 0;

    if (proc_scan_open(&scan, "/proc") < 0)
        return 0;
    while (count < most && (pid = proc_scan_next(&scan)) > 0) {
        struct proc_scan_stat stat;

        if (proc_scan_stat(pid, &stat) == 0 && stat.ppid == self && stat.state == 'Z' &&
            !is_ours(ctx, pid) && reap_pid(pid))
            count++;
    }
    proc_scan_close(&scan);
    return count;
}

int proc_reap_orphans(bool (*is_ours)(void *ctx, pid_t pid), void *ctx, bool *in_the_way)
{
    enum { MOST = 64 };

    for (int count = 0; count < MOST; count++) {
        pid_t pid = peek_ended();
        bool again = *in_the_way;

        *in_the_way = pid != 0 && is_ours(ctx, pid);
        if (pid == 0 || (*in_the_way && !again))
            return count;
        if (*in_the_way)
            return count + reap_scanned(is_ours, ctx, MOST - count);
        reap_pid(pid);
    }
    return MOST;
}
