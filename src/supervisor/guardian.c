/* SPDX-License-Identifier: MIT */
/*
 * The guardian as the supervisor's parent. Everything that it needs it has before the fork or on
 * its stack: what it must survive is exactly what killed the supervisor, lack of memory included.
 */
#include "supervisor/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "supervisor/guardian_share.h"
#include "sys/signals.h"

static const int relayed[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU, 0};

static void copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

void guardian_protect(struct guardian_share *share, const struct guardian_estate *estate)
{
    if (!share)
        return;
    copy_text(share->tag, sizeof(share->tag), estate->tag);
    copy_text(share->cgroup, sizeof(share->cgroup), estate->cgroup);
    copy_text(share->socket_path, sizeof(share->socket_path), estate->socket_path);
    for (int i = 0; i < 2; i++)
        copy_text(share->paths[i], sizeof(share->paths[i]), estate->paths[i]);
}

static void say(const char *text, int len)
{
    if (len > 0)
        (void)!write(STDERR_FILENO, text, (size_t)len);
}

/* One line, when the supervisor did not end by itself. */
static void report(pid_t pid, int status, const struct guardian_tally *tally)
{
    char text[256], stuck[64] = "";

    if (!WIFSIGNALED(status) && tally->ended == 0 && tally->left == 0)
        return;
    if (tally->left > 0)
        snprintf(stuck, sizeof(stuck), "; %d could not be ended", tally->left);
    if (WIFSIGNALED(status))
        say(text, snprintf(text, sizeof(text),
                           "lifeguard: the supervisor (pid %d) was killed by SIG%s%s; ended %d "
                           "processes left%s\n",
                           (int)pid, str_signal_name(WTERMSIG(status)),
                           WCOREDUMP(status) ? " (core dumped)" : "", tally->ended, stuck));
    else
        say(text, snprintf(text, sizeof(text),
                           "lifeguard: the supervisor (pid %d) exited with status %d; ended %d "
                           "processes left%s\n",
                           (int)pid, WEXITSTATUS(status), tally->ended, stuck));
}

static void relay_waiting(int signals, int pidfd)
{
    int signal;

    while ((signal = signals_next(signals, NULL)) > 0)
        syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/* Waits for the supervisor's end; returns its status as waitpid gives it. */
static int attend(pid_t pid, int pidfd, int signals)
{
    struct pollfd sources[] = {{.fd = signals, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
    int status = 0;

    for (;;) {
        if (poll(sources, ARRAY_LEN(sources), -1) < 0 && errno != EINTR)
            break;
        if (sources[0].revents)
            relay_waiting(signals, pidfd);
        if (sources[1].revents)
            break;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

static int guard(struct guardian_share *share, pid_t pid)
{
    struct guardian_tally tally;
    int signals, pidfd, status;

    prctl(PR_SET_NAME, "lifeguard-guard");
    signal(SIGCHLD, SIG_DFL);
    /* The caller's pipes must close when the supervisor closes its ends. */
    close_range(3, ~0U, 0);
    pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    signals = signals_open(relayed, NULL);
    status = attend(pid, pidfd, signals);
    tally = guardian_clean_up(share, true, -1);
    report(pid, status, &tally);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int supervise(const struct guardian_options *options, struct guardian_share *share,
                     const sigset_t *mask)
{
    /* Its own pid here, because the parent may be late in writing it. */
    share->supervisor = getpid();
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    sigprocmask(SIG_SETMASK, mask, NULL);
    return options->run(options->ctx, share);
}

int guardian_run(const struct guardian_options *options)
{
    struct guardian_share *share;
    sigset_t relay, before;
    int status;
    pid_t pid;

    share = mmap(NULL, sizeof(*share), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (share == MAP_FAILED)
        return 1;
    share->guardian = getpid();
    sigemptyset(&relay);
    for (const int *s = relayed; *s; s++)
        sigaddset(&relay, *s);
    /* Blocked before the fork: what comes in between waits for the relay. */
    sigprocmask(SIG_BLOCK, &relay, &before);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        return supervise(options, share, &before);
    if (pid > 0) {
        status = guard(share, pid);
    } else {
        say("lifeguard: can't fork\n", (int)strlen("lifeguard: can't fork\n"));
        status = 1;
    }
    munmap(share, sizeof(*share));
    return status;
}
