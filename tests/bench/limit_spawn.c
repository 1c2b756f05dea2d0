/* SPDX-License-Identifier: MIT */
/*
 * Row 1's limit: COUNT runs of PROGRAM with SLOTS in flight, each with two pipes read to their end
 * and a pidfd waited for. Nothing is kept, ordered, logged or retried.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
    int fds[3]; /* stdout, stderr, pidfd; -1 = over */
    int left;
};

static struct job jobs[64];
static int epoll_fd;

static void watch(int fd, unsigned slot, unsigned what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = slot * 4 + what};

    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int start(char **argv, unsigned slot)
{
    struct job *job = &jobs[slot];
    int out[2], err[2], pidfd = -1;
    pid_t pid;

    if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
        return -1;
    pid = vfork();
    if (pid == 0) {
        dup2(out[1], 1);
        dup2(err[1], 2);
        execv(argv[0], argv);
        _exit(127);
    }
    if (pid < 0)
        return -1;
    pidfd = (int)syscall(434 /* pidfd_open */, pid, 0);
    close(out[1]);
    close(err[1]);
    *job = (struct job){{out[0], err[0], pidfd}, 3};
    for (unsigned i = 0; i < 3; i++)
        watch(job->fds[i], slot, i);
    return 0;
}

static void serve(struct job *job, unsigned what)
{
    static char block[65536];
    siginfo_t info;

    if (what < 2 && read(job->fds[what], block, sizeof(block)) > 0)
        return;
    if (what == 2)
        waitid((idtype_t)3 /* P_PIDFD */, (id_t)job->fds[2], &info, WEXITED);
    /* A child on its way to execve may still hold a copy: closing alone would leave the watch. */
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, job->fds[what], NULL);
    close(job->fds[what]);
    job->left--;
}

int main(int argc, char **argv)
{
    unsigned count, slots, started = 0, ended = 0;

    if (argc < 4)
        return 2;
    count = (unsigned)atoi(argv[1]);
    slots = (unsigned)atoi(argv[2]);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (; started < slots && started < count; started++)
        if (start(argv + 3, started) < 0)
            return 1;
    while (ended < count) {
        struct epoll_event events[64];
        int ready = epoll_wait(epoll_fd, events, 64, -1);

        for (int i = 0; i < ready; i++) {
            unsigned slot = (unsigned)(events[i].data.u64 / 4);

            serve(&jobs[slot], events[i].data.u64 % 4);
            if (jobs[slot].left)
                continue;
            ended++;
            if (started < count && start(argv + 3, slot) == 0)
                started++;
        }
    }
    return 0;
}
