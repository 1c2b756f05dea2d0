/* SPDX-License-Identifier: MIT */
/*
 * The groups of one run: create, join, limit, kill, ask, remove. Works on directory descriptors,
 * so that what was opened is what is used. A name "" is the mark of "no cgroups", which makes
 * zeroed structs safe to hand around.
 */
#include "sys/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "sys/cgroup_tree.h"

bool cgroup_root_ok(const struct cgroup_root *root)
{
    return root->path[0] != '\0' && root->dir >= 0;
}

int cgroup_root_kill(const struct cgroup_root *root)
{
    return cgroup_root_ok(root) ? cgroup_tree_kill(root->dir) : 0;
}

int cgroup_root_count(const struct cgroup_root *root)
{
    return cgroup_root_ok(root) ? cgroup_tree_count(root->dir) : 0;
}

void cgroup_root_close(struct cgroup_root *root, int64_t deadline)
{
    if (!cgroup_root_ok(root))
        return;
    cgroup_tree_kill(root->dir);
    cgroup_tree_wait_empty(root->dir, deadline);
    cgroup_tree_remove(root->dir, root->path);
    close(root->dir);
    *root = (struct cgroup_root){.dir = -1};
}

enum { MEMBERS_MOST = 1024 };

static bool has_group(const struct cgroup *group)
{
    return group->name[0] != '\0' && group->dir >= 0;
}

int cgroup_open(const struct cgroup_root *root, struct cgroup *group, const char *name,
                struct err *err)
{
    *group = (struct cgroup){.dir = -1};
    if (!cgroup_root_ok(root))
        return 0;
    if ((size_t)snprintf(group->name, sizeof(group->name), "%s", name) >= sizeof(group->name) ||
        strchr(name, '/')) {
        group->name[0] = '\0';
        return err_set(err, EINVAL, "cgroup name %s", name);
    }
    if (mkdirat(root->dir, name, 0755) < 0 && errno != EEXIST)
        goto failed;
    group->dir = openat(root->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (group->dir >= 0)
        return 0;
failed:
    err_set_errno(err, errno, "cgroup %s/%s", root->path, name);
    *group = (struct cgroup){.dir = -1};
    return err ? -err->code : -EIO;
}

int cgroup_set(const struct cgroup *group, const char *file, const char *value)
{
    return has_group(group) ? cgroup_tree_write(group->dir, file, value) : -ENOENT;
}

int cgroup_kill(const struct cgroup *group)
{
    return has_group(group) ? cgroup_tree_kill(group->dir) : 0;
}

static bool is_member(const struct cgroup *group, int pid)
{
    int pids[MEMBERS_MOST];
    int count = cgroup_pids(group, pids, MEMBERS_MOST);

    for (int i = 0; i < count; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

int cgroup_signal_others(const struct cgroup *group, int pgid, int signal)
{
    int pids[MEMBERS_MOST];
    int count = has_group(group) ? cgroup_pids(group, pids, MEMBERS_MOST) : 0, sent = 0;

    for (int i = 0; i < count; i++) {
        int pidfd = getpgid(pids[i]) != pgid ? (int)syscall(SYS_pidfd_open, pids[i], 0) : -1;

        if (pidfd < 0)
            continue;
        /* The number may have passed to a stranger before it was opened. */
        if (is_member(group, pids[i]))
            sent += syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0;
        close(pidfd);
    }
    return sent;
}

bool cgroup_populated(struct cgroup *group)
{
    char text[128];
    ssize_t got;

    if (!has_group(group))
        return false;
    if (group->events <= 0)
        group->events = openat(group->dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
    if (group->events <= 0)
        return cgroup_tree_populated(group->dir);
    got = pread(group->events, text, sizeof(text) - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    return strstr(text, "populated 1") != NULL;
}

int64_t cgroup_waited(const struct cgroup *group)
{
    char text[256];
    const char *total;

    if (cgroup_tree_read(group->dir, "cpu.pressure", text, sizeof(text)) <= 0)
        return 0;
    total = strstr(text, "total=");
    return total ? strtoll(total + 6, NULL, 10) : 0;
}

int64_t cgroup_event(const struct cgroup *group, const char *file, const char *key)
{
    return has_group(group) ? cgroup_tree_number(group->dir, file, key) : -1;
}

int cgroup_pids(const struct cgroup *group, int *pids, int max)
{
    return has_group(group) ? cgroup_tree_pids(group->dir, pids, max) : 0;
}

int cgroup_remove(const struct cgroup_root *root, struct cgroup *group)
{
    if (!has_group(group) || !cgroup_root_ok(root))
        return -ENOENT;
    if (unlinkat(root->dir, group->name, AT_REMOVEDIR) < 0)
        return -errno;
    if (group->events > 0)
        close(group->events);
    close(group->dir);
    *group = (struct cgroup){.dir = -1};
    return 0;
}

int cgroup_close(const struct cgroup_root *root, struct cgroup *group)
{
    int result = 0;

    if (has_group(group)) {
        if (group->events > 0)
            close(group->events);
        /* A process of the group may have made groups of its own below. */
        result = cgroup_tree_remove_children(group->dir);
        close(group->dir);
        if (result == 0 && cgroup_root_ok(root) &&
            unlinkat(root->dir, group->name, AT_REMOVEDIR) < 0 && errno != ENOENT)
            result = -errno;
    }
    *group = (struct cgroup){.dir = -1};
    return result;
}
