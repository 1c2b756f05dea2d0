/* SPDX-License-Identifier: MIT */
/*
 * Signals through a signalfd. A signalfd tells each process that reads it of its own signals, so
 * it must not be inherited in use: open it after the last fork.
 */
#include "sys/signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/err.h"

int signals_open(const int *signals, struct err *err)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    for (; *signals; signals++)
        sigaddset(&set, *signals);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_set_errno(err, errno, "sigprocmask");
    signal(SIGPIPE, SIG_IGN);
    /* A log file that meets the limit of file size is an error of the write, not our death. */
    signal(SIGXFSZ, SIG_IGN);
    /* Nothing here uses these; from others they mean nothing. */
    signal(SIGALRM, SIG_IGN);
    signal(SIGVTALRM, SIG_IGN);
    signal(SIGPROF, SIG_IGN);
    signal(SIGIO, SIG_IGN);
    signal(SIGTSTP, SIG_IGN);
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return fd < 0 ? err_set_errno(err, errno, "signalfd") : fd;
}

int signals_next(int fd, int *sender)
{
    struct signalfd_siginfo info;
    ssize_t got;

    do
        got = read(fd, &info, sizeof(info));
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(info))
        return 0;
    if (sender)
        *sender = (int)info.ssi_pid;
    return (int)info.ssi_signo;
}
