/* SPDX-License-Identifier: MIT */
/*
 * Ending what escaped: every descendant of a subreaper, and every process that carries a run's tag
 * in its environment. Nothing here allocates: the guardian calls it when memory may be out.
 * A process is taken hold of by pidfd before it is looked at, so that no stranger that took over
 * its PID in between is ever signalled.
 */
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "sys/proc_scan.h"

#define TAG_NAME "LIFEGUARD_WORKER="

/* One pass over an environment that comes in pieces. */
struct tag_search {
    const char *tag;
    size_t tag_len; /* without the star */
    bool prefix;
    size_t matched; /* bytes of the current variable that fit so far */
    bool skipping;  /* the current variable is another one */
    bool found;
};

static void tag_search_init(struct tag_search *search, const char *tag)
{
    size_t len = strlen(tag);

    *search = (struct tag_search){.tag = tag, .tag_len = len};
    if (len > 0 && tag[len - 1] == '*') {
        search->prefix = true;
        search->tag_len = len - 1;
    }
}

static char wanted_byte(const struct tag_search *search)
{
    const size_t name_len = strlen(TAG_NAME);

    if (search->matched < name_len)
        return TAG_NAME[search->matched];
    return search->tag[search->matched - name_len];
}

static void tag_search_byte(struct tag_search *search, char c)
{
    bool complete = search->matched == strlen(TAG_NAME) + search->tag_len;

    if (complete && !search->skipping && (search->prefix || c == '\0'))
        search->found = true;
    if (c == '\0') {
        search->matched = 0;
        search->skipping = false;
    } else if (!search->skipping && !complete && c == wanted_byte(search)) {
        search->matched++;
    } else {
        search->skipping = true;
    }
}

static void tag_search_feed(struct tag_search *search, const char *bytes, size_t len)
{
    const char *end = bytes + len;

    while (bytes < end && !search->found) {
        if (search->skipping) {
            bytes = memchr(bytes, '\0', (size_t)(end - bytes));
            if (!bytes)
                return;
        }
        tag_search_byte(search, *bytes++);
    }
}

static bool has_tag(pid_t pid, const char *tag)
{
    struct tag_search search;
    char bytes[4096];
    char path[40];
    ssize_t got;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    tag_search_init(&search, tag);
    while (!search.found && (got = read(fd, bytes, sizeof(bytes))) > 0)
        tag_search_feed(&search, bytes, (size_t)got);
    tag_search_feed(&search, "", 1);
    close(fd);
    return search.found;
}

static int open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static bool send_signal(int pidfd, int signal)
{
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0;
}

/* An ended process has no environment any more, so zombies never count. */
static bool sweep_one(pid_t pid, const char *tag, int signal)
{
    int pidfd = open_pidfd(pid);
    bool sent;

    if (pidfd < 0)
        return false;
    sent = has_tag(pid, tag) && send_signal(pidfd, signal);
    close(pidfd);
    return sent;
}

int proc_sweep_tag(const char *tag, int signal)
{
    struct proc_scan scan;
    pid_t pid, self = getpid();
    int count = 0;

    if (!tag[0] || proc_scan_open(&scan, "/proc") < 0)
        return 0;
    while ((pid = proc_scan_next(&scan)) > 0)
        if (pid != self && sweep_one(pid, tag, signal))
            count++;
    proc_scan_close(&scan);
    return count;
}

int proc_open_children(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    return open(path, O_RDONLY | O_CLOEXEC);
}

bool proc_has_tagged_child(int children, const char *tag, bool (*is_ours)(void *ctx, pid_t pid),
                           void *ctx)
{
    char bytes[4096];
    off_t at = 0;
    pid_t pid = 0;
    ssize_t got;

    while ((got = pread(children, bytes, sizeof(bytes), at)) > 0) {
        at += got;
        for (ssize_t i = 0; i < got; i++) {
            if (bytes[i] >= '0' && bytes[i] <= '9') {
                pid = pid * 10 + (bytes[i] - '0');
                continue;
            }
            if (pid > 0 && !is_ours(ctx, pid) && has_tag(pid, tag))
                return true;
            pid = 0;
        }
    }
    return false;
}

/* True when `pid` lives and descends from `ancestor`. Bounded: no tree of ours is that deep. */
static bool is_descendant(pid_t pid, pid_t ancestor)
{
    enum { DEPTH = 128 };
    struct proc_scan_stat stat;

    for (int i = 0; i < DEPTH && pid > 1; i++) {
        if (proc_scan_stat(pid, &stat) < 0)
            return false;
        if (i == 0 && (stat.state == 'Z' || stat.state == 'X'))
            return false;
        if (stat.ppid == ancestor)
            return true;
        pid = stat.ppid;
    }
    return false;
}

/* Reaps what has ended and adds it up; true while there are children left. */
static bool reap_all(int *ended)
{
    pid_t pid;

    do {
        pid = waitpid(-1, NULL, WNOHANG);
        if (pid > 0)
            ++*ended;
    } while (pid > 0 || (pid < 0 && errno == EINTR));
    return pid == 0;
}

/* Kills every descendant; *one gets the pidfd of one of them to wait for, or -1. */
static int kill_descendants(pid_t self, int *one)
{
    struct proc_scan scan;
    int count = 0;
    pid_t pid;

    *one = -1;
    if (proc_scan_open(&scan, "/proc") < 0)
        return 0;
    while ((pid = proc_scan_next(&scan)) > 0) {
        int pidfd = pid == self ? -1 : open_pidfd(pid);

        if (pidfd < 0)
            continue;
        if (is_descendant(pid, self)) {
            send_signal(pidfd, SIGKILL);
            count++;
            if (*one < 0) {
                *one = pidfd;
                continue;
            }
        }
        close(pidfd);
    }
    proc_scan_close(&scan);
    return count;
}

int proc_sweep_children_counted(int64_t deadline, int *ended)
{
    enum { ROUND_MS = 20 };
    pid_t self = getpid();

    *ended = 0;
    /* Only having no children is the end: a look at /proc can miss what changes its parent or ends
     * meanwhile, but all of it comes to us. */
    while (reap_all(ended)) {
        int one;
        int count = kill_descendants(self, &one);

        /* The next look is due when one of them is gone, or soon, should that one be stuck. */
        poll(&(struct pollfd){.fd = one, .events = POLLIN}, 1, count > 0 ? ROUND_MS : 1);
        if (one >= 0)
            close(one);
        if (clock_now() >= deadline)
            return reap_all(ended) ? (count > 0 ? count : 1) : 0;
    }
    return 0;
}

int proc_sweep_children(int64_t deadline)
{
    int ended;

    return proc_sweep_children_counted(deadline, &ended);
}
