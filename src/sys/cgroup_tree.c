/* SPDX-License-Identifier: MIT */
/*
 * The files of a cgroup directory. Used by the supervisor, and by the guardian when the supervisor
 * is gone, hence without heap.
 */
#include "sys/cgroup_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "sys/proc_scan.h"

enum { TREE_DEPTH = 16 };

int cgroup_tree_write(int dir, const char *file, const char *value)
{
    int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
    int result = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, value, strlen(value)) < 0)
        result = -errno;
    close(fd);
    return result;
}

int cgroup_tree_read(int dir, const char *file, char *out, size_t size)
{
    int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return -errno;
    got = read(fd, out, size - 1);
    if (got < 0)
        got = -errno;
    else
        out[got] = '\0';
    close(fd);
    return (int)got;
}

int cgroup_tree_kill(int dir)
{
    return cgroup_tree_write(dir, "cgroup.kill", "1");
}

int64_t cgroup_tree_number(int dir, const char *file, const char *key)
{
    char text[1024] = "";
    const char *at = text;
    size_t len = strlen(key);

    if (cgroup_tree_read(dir, file, text, sizeof(text)) <= 0)
        return -1;
    while (at) {
        if (strncmp(at, key, len) == 0 && at[len] == ' ')
            return strtoll(at + len + 1, NULL, 10);
        at = strchr(at, '\n');
        if (at)
            at++;
    }
    return -1;
}

bool cgroup_tree_populated(int dir)
{
    return cgroup_tree_number(dir, "cgroup.events", "populated") == 1;
}

bool cgroup_tree_wait_empty(int dir, int64_t deadline)
{
    enum { LOOK_AGAIN_MS = 50 };
    struct pollfd events = {.fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC),
                            .events = POLLPRI};
    char byte[64];
    bool empty;

    for (;;) {
        int64_t left = deadline - clock_now();

        /* Reading arms the notification, so it comes before the look. */
        if (events.fd >= 0)
            (void)!pread(events.fd, byte, sizeof(byte), 0);
        empty = !cgroup_tree_populated(dir);
        if (empty || left <= 0)
            break;
        poll(&events, 1,
             left < LOOK_AGAIN_MS * CLOCK_MS ? (int)(left / CLOCK_MS) + 1 : LOOK_AGAIN_MS);
    }
    if (events.fd >= 0)
        close(events.fd);
    return empty;
}

/* Calls `each` for every PID of cgroup.procs until it answers false. */
static void each_pid(int dir, bool (*each)(void *ctx, int pid), void *ctx)
{
    int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    char text[4096];
    bool more = true;
    int pid = 0;
    ssize_t got;

    if (fd < 0)
        return;
    while (more && (got = read(fd, text, sizeof(text))) > 0)
        for (ssize_t i = 0; i < got && more; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                pid = pid * 10 + (text[i] - '0');
                continue;
            }
            /* Processes outside our PID namespace read as 0. */
            if (pid > 0)
                more = each(ctx, pid);
            pid = 0;
        }
    close(fd);
}

struct pid_list {
    int *pids;
    int count, max;
};

static bool list_pid(void *ctx, int pid)
{
    struct pid_list *list = ctx;

    if (list->count >= list->max)
        return false;
    list->pids[list->count++] = pid;
    return true;
}

int cgroup_tree_pids(int dir, int *pids, int max)
{
    struct pid_list list = {.pids = pids, .max = max};

    each_pid(dir, list_pid, &list);
    return list.count;
}

static bool count_pid(void *ctx, int pid)
{
    (void)pid;
    ++*(int *)ctx;
    return true;
}

static bool is_group(int dir, const char *name)
{
    struct stat status;

    return fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

/* Opens a second handle on the directory for reading its entries. */
static int open_scan(struct proc_scan *scan, int dir)
{
    scan->next = scan->end = 0;
    scan->fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return scan->fd < 0 ? -errno : 0;
}

static int count_below(int dir, int depth)
{
    struct proc_scan scan;
    const char *name;
    int count = 0;

    each_pid(dir, count_pid, &count);
    if (depth == 0 || open_scan(&scan, dir) < 0)
        return count;
    while ((name = proc_scan_next_name(&scan))) {
        int child = is_group(dir, name)
                        ? openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
                        : -1;

        if (child < 0)
            continue;
        count += count_below(child, depth - 1);
        close(child);
    }
    proc_scan_close(&scan);
    return count;
}

int cgroup_tree_count(int dir)
{
    return count_below(dir, TREE_DEPTH);
}

static int remove_below(int dir, int depth)
{
    struct proc_scan scan;
    const char *name;
    int result = 0;

    if (depth == 0 || open_scan(&scan, dir) < 0)
        return -EBUSY;
    while ((name = proc_scan_next_name(&scan))) {
        int child;

        if (!is_group(dir, name) || unlinkat(dir, name, AT_REMOVEDIR) == 0)
            continue;
        child = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (child < 0)
            continue;
        remove_below(child, depth - 1);
        close(child);
        if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
            result = -errno;
    }
    proc_scan_close(&scan);
    return result;
}

int cgroup_tree_remove_children(int dir)
{
    struct stat status;

    /* A cgroup directory has two links and one for every group below: mostly there is none. */
    if (fstat(dir, &status) == 0 && status.st_nlink == 2)
        return 0;
    return remove_below(dir, TREE_DEPTH);
}

int cgroup_tree_remove(int dir, const char *path)
{
    cgroup_tree_remove_children(dir);
    return rmdir(path) < 0 && errno != ENOENT ? -errno : 0;
}
