/* SPDX-License-Identifier: MIT */
/*
 * Rows 4 and 5's limit: keeps COUNT copies of PROGRAM running, restarts whichever ends, and on TERM
 * ends all and itself. Prints "up" when all are started. No logs, no policy.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int epoll_fd;

struct worker {
    pid_t pid;
    int pidfd;
};

static void start(struct worker *worker, char **argv)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = worker};

    worker->pid = vfork();
    if (worker->pid == 0) {
        sigset_t none;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execv(argv[0], argv);
        _exit(127);
    }
    worker->pidfd = (int)syscall(434 /* pidfd_open */, worker->pid, 0);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, worker->pidfd, &event);
}

int main(int argc, char **argv)
{
    int count = argc > 2 ? atoi(argv[1]) : 0, left = count, stopping = 0, signals;
    struct worker *workers = calloc((size_t)count + 1, sizeof(*workers));
    struct epoll_event event = {.events = EPOLLIN};
    sigset_t mask;

    if (!workers || count < 1)
        return 2;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signals = signalfd(-1, &mask, SFD_CLOEXEC);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, signals, &event);
    for (int i = 0; i < count; i++)
        start(&workers[i], argv + 2);
    puts("up");
    fflush(stdout);
    while (left) {
        struct epoll_event ready[64];
        int n = epoll_wait(epoll_fd, ready, 64, -1);

        for (int i = 0; i < n; i++) {
            struct worker *worker = ready[i].data.ptr;
            siginfo_t info;

            if (!worker) {
                struct signalfd_siginfo taken;

                stopping = read(signals, &taken, sizeof(taken)) > 0;
                for (int w = 0; w < count; w++)
                    kill(workers[w].pid, SIGTERM);
                continue;
            }
            waitid((idtype_t)3 /* P_PIDFD */, (id_t)worker->pidfd, &info, WEXITED);
            epoll_ctl(epoll_fd, EPOLL_CTL_DEL, worker->pidfd, NULL);
            close(worker->pidfd);
            if (stopping)
                left--;
            else
                start(worker, argv + 2);
        }
    }
    free(workers);
    return 0;
}
