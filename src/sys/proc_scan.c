/* SPDX-License-Identifier: MIT */
/*
 * Walking /proc by getdents64 into the caller's memory. Nothing here allocates or uses stdio.
 */
#include "sys/proc_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The number that `text` is as a whole, 0 when it is none. */
static pid_t parse_pid(const char *text)
{
    pid_t pid = 0;

    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9' || c - text > 9)
            return 0;
        pid = pid * 10 + (*c - '0');
    }
    return pid;
}

int proc_scan_open(struct proc_scan *scan, const char *path)
{
    scan->next = scan->end = 0;
    scan->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return scan->fd < 0 ? -errno : 0;
}

static bool refill(struct proc_scan *scan)
{
    long got = syscall(SYS_getdents64, scan->fd, scan->bytes, sizeof(scan->bytes));

    scan->next = 0;
    scan->end = got > 0 ? (size_t)got : 0;
    return got > 0;
}

const char *proc_scan_next_name(struct proc_scan *scan)
{
    while (scan->next < scan->end || refill(scan)) {
        const struct dirent64 *entry = (const void *)(scan->bytes + scan->next);

        scan->next += entry->d_reclen;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return entry->d_name;
    }
    return NULL;
}

pid_t proc_scan_next(struct proc_scan *scan)
{
    const char *name;

    while ((name = proc_scan_next_name(scan))) {
        pid_t pid = parse_pid(name);

        if (pid > 0)
            return pid;
    }
    return 0;
}

void proc_scan_close(struct proc_scan *scan)
{
    if (scan->fd >= 0)
        close(scan->fd);
    scan->fd = -1;
}

/* Builds "/proc/PID/NAME" without stdio; `out` is large enough for any name used here. */
static void make_path(char out[64], pid_t pid, const char *name)
{
    char digits[16];
    size_t count = 0, at = strlen("/proc/");

    memcpy(out, "/proc/", at);
    do
        digits[count++] = (char)('0' + pid % 10);
    while (pid /= 10);
    while (count > 0)
        out[at++] = digits[--count];
    out[at++] = '/';
    strncpy(out + at, name, 64 - at - 1);
    out[63] = '\0';
}

ssize_t proc_scan_read(pid_t pid, const char *name, char *out, size_t size)
{
    char path[64];
    ssize_t got;
    int fd;

    if (pid <= 0)
        return -ESRCH;
    make_path(path, pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    do
        got = read(fd, out, size - 1);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        got = -errno;
    close(fd);
    if (got >= 0)
        out[got] = '\0';
    return got;
}

static int64_t parse_number(const char **text)
{
    bool minus = **text == '-';
    int64_t value = 0;

    if (minus)
        ++*text;
    while (**text >= '0' && **text <= '9')
        value = (int64_t)((uint64_t)value * 10 + (uint64_t)(*(*text)++ - '0'));
    if (**text == ' ')
        ++*text;
    return minus ? -value : value;
}

int proc_scan_parse(const char *text, struct proc_scan_stat *stat)
{
    enum { FIRST = 4, LAST = 24 }; /* fields by their number in proc(5) */
    int64_t fields[LAST + 1] = {0};
    const char *open = strchr(text, '(');
    /* A comm may hold anything, parentheses too; only the last one ends it. */
    const char *at = strrchr(text, ')');

    if (!open || !at || at < open || at[1] != ' ' || !at[2] || at[3] != ' ')
        return -EBADMSG;
    stat->comm = open + 1;
    stat->comm_len = (size_t)(at - open - 1);
    stat->state = at[2];
    at += 4;
    for (int i = FIRST; i <= LAST; i++) {
        if (!*at)
            return -EBADMSG;
        fields[i] = parse_number(&at);
    }
    stat->ppid = (pid_t)fields[4];
    stat->pgid = (pid_t)fields[5];
    stat->session = (pid_t)fields[6];
    stat->user_ticks = (uint64_t)fields[14];
    stat->sys_ticks = (uint64_t)fields[15];
    stat->nice = (int)fields[19];
    stat->threads = (int)fields[20];
    stat->start = (uint64_t)fields[22];
    stat->rss_pages = fields[24];
    return 0;
}

int proc_scan_stat(pid_t pid, struct proc_scan_stat *stat)
{
    char text[1024];
    ssize_t got = proc_scan_read(pid, "stat", text, sizeof(text));
    int result;

    if (got < 0)
        return (int)got;
    if (got == 0)
        return -ESRCH;
    result = proc_scan_parse(text, stat);
    stat->comm = NULL;
    stat->comm_len = 0;
    return result;
}
