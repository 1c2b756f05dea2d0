/* SPDX-License-Identifier: MIT */
/*
 * Threads, descriptors and memory of a process, from /proc. Nothing is kept open; what a process
 * says of itself (names) is cut to fit, and escaped by whoever shows it.
 */
#include "sys/procfs_task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/proc_scan.h"

size_t procfs_list_kin(struct procfs_kin **all)
{
    struct proc_scan_stat stat;
    struct proc_scan scan;
    size_t count = 0;
    pid_t pid;

    *all = NULL;
    if (proc_scan_open(&scan, "/proc") < 0)
        return 0;
    while ((pid = proc_scan_next(&scan)) > 0) {
        if (proc_scan_stat(pid, &stat) < 0)
            continue;
        if (mem_try_resize((void **)all, count + 1, sizeof(**all)) < 0)
            break;
        (*all)[count++] =
            (struct procfs_kin){pid, stat.ppid, stat.session, stat.user_ticks + stat.sys_ticks};
    }
    proc_scan_close(&scan);
    return count;
}

int procfs_list_threads(pid_t pid, pid_t *tids, int max)
{
    struct proc_scan scan;
    char path[48];
    int count = 0, rc;
    pid_t tid;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    rc = proc_scan_open(&scan, path);
    if (rc < 0)
        return rc == -ENOENT ? -ESRCH : rc;
    while (count < max && (tid = proc_scan_next(&scan)) > 0)
        tids[count++] = tid;
    proc_scan_close(&scan);
    return count;
}

int procfs_list_fds(pid_t pid, int *fds, int max)
{
    struct proc_scan scan;
    const char *name;
    char path[48];
    int count = 0, rc;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    rc = proc_scan_open(&scan, path);
    if (rc < 0)
        return rc == -ENOENT ? -ESRCH : rc;
    while (count < max && (name = proc_scan_next_name(&scan)))
        fds[count++] = (int)strtol(name, NULL, 10);
    proc_scan_close(&scan);
    return count;
}

ssize_t procfs_read_file(pid_t pid, const char *name, char *out, size_t size)
{
    char path[96];
    size_t len = 0;
    ssize_t got = 0;
    int fd;

    out[0] = '\0';
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    while (len < size - 1 && (got = read(fd, out + len, size - 1 - len)) > 0)
        len += (size_t)got;
    if (got < 0 && len == 0)
        got = -errno;
    close(fd);
    out[len] = '\0';
    return len ? (ssize_t)len : got;
}

int64_t procfs_find_number(const char *text, const char *key)
{
    size_t len = strlen(key);

    while (text) {
        if (strncmp(text, key, len) == 0)
            return strtoll(text + len, NULL, 10);
        text = strchr(text, '\n');
        if (text)
            text++;
    }
    return -1;
}

static int read_stat(pid_t pid, struct procfs_thread *thread)
{
    struct proc_scan_stat raw;
    char name[40], text[1024];
    size_t len;
    int rc;
    ssize_t got;

    snprintf(name, sizeof(name), "task/%d/stat", (int)thread->tid);
    got = proc_scan_read(pid, name, text, sizeof(text));
    if (got <= 0)
        return got < 0 ? (int)got : -ESRCH;
    rc = proc_scan_parse(text, &raw);
    if (rc < 0)
        return rc;
    len = raw.comm_len < sizeof(thread->comm) ? raw.comm_len : sizeof(thread->comm) - 1;
    memcpy(thread->comm, raw.comm, len);
    thread->comm[len] = '\0';
    thread->state = raw.state;
    thread->user_ticks = raw.user_ticks;
    thread->sys_ticks = raw.sys_ticks;
    return 0;
}

int procfs_read_thread(pid_t pid, pid_t tid, struct procfs_thread *thread)
{
    char name[40], text[96], *at;
    int rc;

    *thread = (struct procfs_thread){.tid = tid, .wanted_ns = -1};
    rc = read_stat(pid, thread);
    if (rc < 0)
        return rc;
    snprintf(name, sizeof(name), "task/%d/schedstat", (int)tid);
    if (proc_scan_read(pid, name, text, sizeof(text)) > 0) {
        thread->wanted_ns = strtoll(text, &at, 10);
        thread->wanted_ns += strtoll(at, NULL, 10);
    }
    snprintf(name, sizeof(name), "task/%d/wchan", (int)tid);
    if (proc_scan_read(pid, name, thread->wchan, sizeof(thread->wchan)) < 0 ||
        strcmp(thread->wchan, "0") == 0)
        thread->wchan[0] = '\0';
    return 0;
}

int procfs_read_call(pid_t pid, pid_t tid, struct procfs_call *call)
{
    char name[40], text[256], *at;
    ssize_t got;

    *call = (struct procfs_call){.number = -1};
    snprintf(name, sizeof(name), "task/%d/syscall", (int)tid);
    got = proc_scan_read(pid, name, text, sizeof(text));
    if (got <= 0)
        return got < 0 ? (int)got : -ESRCH;
    if (strncmp(text, "running", 7) == 0) {
        call->running = true;
        return 0;
    }
    call->number = strtol(text, &at, 10);
    for (int i = 0; i < 6 && call->number >= 0; i++)
        call->args[i] = strtoull(at, &at, 16);
    return 0;
}

/* The inode of "pipe:[123]". */
static uint64_t target_inode(const char *target)
{
    const char *open = strchr(target, '[');

    if (strncmp(target, "pipe:", 5) != 0 && strncmp(target, "socket:", 7) != 0)
        return 0;
    return open ? strtoull(open + 1, NULL, 10) : 0;
}

/* The "tfd:" lines of an epoll descriptor's information. */
static void read_polled(const char *info, struct procfs_fd *out)
{
    size_t used = 0;

    for (const char *at = strstr(info, "tfd:"); at; at = strstr(at + 1, "tfd:")) {
        int len = snprintf(out->polled + used, sizeof(out->polled) - used, "%s%ld", used ? " " : "",
                           strtol(at + 4, NULL, 10));

        if (len < 0 || used + (size_t)len >= sizeof(out->polled))
            break;
        used += (size_t)len;
    }
}

int procfs_read_fd(pid_t pid, int fd, struct procfs_fd *out)
{
    char path[64], info[4096];
    ssize_t got;

    *out = (struct procfs_fd){.fd = fd, .flags = -1};
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
    got = readlink(path, out->target, sizeof(out->target) - 1);
    if (got < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    out->target[got] = '\0';
    out->inode = target_inode(out->target);
    snprintf(path, sizeof(path), "fdinfo/%d", fd);
    if (procfs_read_file(pid, path, info, sizeof(info)) > 0) {
        const char *flags = strstr(info, "flags:");

        out->flags = flags ? (int)strtol(flags + 6, NULL, 8) : -1;
        if (strstr(out->target, "[eventpoll]"))
            read_polled(info, out);
    }
    return 0;
}

int procfs_peek(pid_t pid, uint64_t address, void *out, size_t size)
{
    struct iovec ours = {.iov_base = out, .iov_len = size};
    struct iovec theirs = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};
    ssize_t got = process_vm_readv(pid, &ours, 1, &theirs, 1, 0);

    if (got < 0)
        return -errno;
    return (size_t)got == size ? 0 : -EFAULT;
}
