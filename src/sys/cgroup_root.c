/* SPDX-License-Identifier: MIT */
/*
 * The run's own directory: found, created, given its controllers, swept after dead supervisors.
 *
 * A cgroup that hands controllers down must hold no processes itself. Where ours holds nothing but
 * lifeguard (a delegated scope or service), lifeguard moves into a leaf beside the run; where it
 * holds others (a login session), limits are forgone and killing works all the same.
 */
#include "sys/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "sys/cgroup_locate.h"
#include "sys/cgroup_tree.h"
#include "sys/proc_scan.h"

#define LEAF_END ".self"
#define HOW_TO_GET_IT "systemd-run --user --scope -p Delegate=yes lifeguard run ..."

static bool list_has_word(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = strstr(list, word); at; at = strstr(at + 1, word))
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\n' || !at[len]))
            return true;
    return false;
}

static bool same_program(int pid)
{
    struct stat ours, theirs;
    char path[40];

    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    return stat("/proc/self/exe", &ours) == 0 && stat(path, &theirs) == 0 &&
           ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

/* Moves this program's processes out of their cgroup into a leaf, if there are no others. */
static bool step_aside(int own, const char *leaf)
{
    int pids[64];
    int count = cgroup_tree_pids(own, pids, 64);
    int dir;

    for (int i = 0; i < count; i++)
        if (!same_program(pids[i]))
            return false;
    if (count == 0 || count == 64 || (mkdirat(own, leaf, 0755) < 0 && errno != EEXIST))
        return false;
    dir = openat(own, leaf, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir < 0)
        return false;
    for (int i = 0; i < count; i++) {
        char text[16];

        snprintf(text, sizeof(text), "%d", pids[i]);
        cgroup_tree_write(dir, "cgroup.procs", text);
    }
    close(dir);
    return true;
}

static bool hand_down(int own, int run, const char *controller)
{
    char list[256], value[32];

    if (cgroup_tree_read(own, "cgroup.controllers", list, sizeof(list)) < 0 ||
        !list_has_word(list, controller))
        return false;
    snprintf(value, sizeof(value), "+%s", controller);
    return cgroup_tree_write(own, "cgroup.subtree_control", value) == 0 &&
           cgroup_tree_write(run, "cgroup.subtree_control", value) == 0;
}

static void enable_controllers(struct cgroup_root *root, int own, const char *leaf)
{
    char list[256];

    if (cgroup_tree_read(own, "cgroup.controllers", list, sizeof(list)) <= 1)
        return;
    root->memory = hand_down(own, root->dir, "memory");
    if (!root->memory && list_has_word(list, "memory") && step_aside(own, leaf))
        root->memory = hand_down(own, root->dir, "memory");
    root->cpu = hand_down(own, root->dir, "cpu");
    root->pids = hand_down(own, root->dir, "pids");
}

static int open_run(struct cgroup_root *root, int own, const char *name, struct err *err)
{
    char leaf[160];

    /* Searched by whoever runs in it, opened (and so locked) by its owner alone. */
    if (mkdirat(own, name, 0711) < 0 && errno != EEXIST)
        return err_set_errno(err, errno, "cgroups: no right to create groups below %s (%s)",
                             root->path, HOW_TO_GET_IT);
    root->dir = openat(own, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (root->dir < 0)
        return err_set_errno(err, errno, "cgroups: %s/%s", root->path, name);
    if (faccessat(root->dir, "cgroup.kill", W_OK, 0) < 0 ||
        faccessat(own, "cgroup.procs", W_OK, AT_EACCESS) < 0) {
        unlinkat(own, name, AT_REMOVEDIR);
        close(root->dir);
        return err_set(err, EPERM,
                       "cgroups: %s can't be used: no write permission, or a kernel before 5.14 "
                       "(%s)",
                       root->path, HOW_TO_GET_IT);
    }
    /* Held as long as this supervisor lives, see sweep_run. */
    flock(root->dir, LOCK_EX | LOCK_NB);
    snprintf(leaf, sizeof(leaf), "%.100s" LEAF_END, name);
    enable_controllers(root, own, leaf);
    return 0;
}

int cgroup_root_open(struct cgroup_root *root, const char *name, struct err *err)
{
    char run[128];
    size_t len;
    int own, result;

    *root = (struct cgroup_root){.dir = -1};
    if (cgroup_locate(NULL, root->path, sizeof(root->path) - sizeof(run) - 1) < 0) {
        root->path[0] = '\0';
        return err_set(err, ENOENT, "cgroups: no cgroup v2 tree is mounted");
    }
    own = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0) {
        result = err_set_errno(err, errno, "cgroups: %s", root->path);
        *root = (struct cgroup_root){.dir = -1};
        return result;
    }
    snprintf(run, sizeof(run), "lifeguard-%.64s-%d", name, (int)getpid());
    result = open_run(root, own, run, err);
    close(own);
    if (result < 0) {
        *root = (struct cgroup_root){.dir = -1};
        return result;
    }
    len = strlen(root->path);
    snprintf(root->path + len, sizeof(root->path) - len, "/%s", run);
    return 0;
}

/* "lifeguard-NAME-PID" or "lifeguard-NAME-PID.self". */
static bool is_run(const char *entry, const char *name)
{
    const char prefix[] = "lifeguard-";
    size_t len = strlen(name);
    char *end;

    if (strncmp(entry, prefix, strlen(prefix)) != 0)
        return false;
    entry += strlen(prefix);
    if (strncmp(entry, name, len) != 0 || entry[len] != '-')
        return false;
    entry += len + 1;
    if (*entry < '1' || *entry > '9')
        return false;
    (void)strtol(entry, &end, 10);
    return *end == '\0' || strcmp(end, LEAF_END) == 0;
}

static bool is_leaf(const char *entry)
{
    size_t len = strlen(entry), end_len = strlen(LEAF_END);

    return len > end_len && strcmp(entry + len - end_len, LEAF_END) == 0;
}

/* A run whose lock is held has a supervisor, wherever its sockets are and whatever build it is. */
static int sweep_run(int own, const char *entry)
{
    int dir = openat(own, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int count;

    if (dir < 0)
        return 0;
    if (flock(dir, LOCK_EX | LOCK_NB) < 0) {
        close(dir);
        return 0;
    }
    /* A leaf may hold clients that outlived their supervisor: it is only removed. */
    count = is_leaf(entry) ? 0 : cgroup_tree_count(dir);
    if (count > 0) {
        cgroup_tree_kill(dir);
        cgroup_tree_wait_empty(dir, clock_now() + 2 * CLOCK_S);
    }
    cgroup_tree_remove_children(dir);
    close(dir);
    unlinkat(own, entry, AT_REMOVEDIR);
    return count;
}

int cgroup_sweep_stale(const char *name)
{
    struct proc_scan scan;
    char path[512];
    const char *entry;
    int count = 0;

    if (cgroup_locate(NULL, path, sizeof(path)) < 0 || proc_scan_open(&scan, path) < 0)
        return 0;
    while ((entry = proc_scan_next_name(&scan)))
        if (is_run(entry, name))
            count += sweep_run(scan.fd, entry);
    proc_scan_close(&scan);
    return count;
}
