/* SPDX-License-Identifier: MIT */
/*
 * What a guardian does when the supervisor is gone. Three nets, from the strongest: the run's
 * cgroup, the descendants that a subreaper inherits, the tag in the environment. All are cast again
 * until none catches anything. Memory may be out when this runs: no heap.
 */
#include "supervisor/guardian_share.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "sys/cgroup.h"
#include "sys/proc.h"
#include "sys/sock.h"

/* The nets are cast for so long. Whatever is left then sleeps in the kernel and dies when it wakes.
 */
static const int64_t patience = 10 * CLOCK_S;

static struct cgroup_root open_cgroup(const struct guardian_share *share, int dir)
{
    struct cgroup_root root = {.dir = dir};

    if (share->cgroup[0] == '\0')
        return (struct cgroup_root){.dir = -1};
    if (root.dir < 0)
        root.dir = open(share->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    snprintf(root.path, sizeof(root.path), "%s", share->cgroup);
    return root;
}

static int sweep_tag(const struct guardian_share *share)
{
    char pattern[sizeof(share->tag) + 3];

    if (share->tag[0] == '\0')
        return 0;
    snprintf(pattern, sizeof(pattern), "%s:*", share->tag);
    return proc_sweep_tag(pattern, SIGKILL);
}

static struct guardian_tally end_workers(const struct guardian_share *share, bool is_parent,
                                         int64_t deadline)
{
    struct guardian_tally tally = {0, 0};

    for (;;) {
        int tagged = sweep_tag(share), reaped = 0;

        if (is_parent)
            tally.left = proc_sweep_children_counted(deadline, &reaped);
        else
            tally.left = tagged;
        tally.ended += is_parent ? reaped : tagged;
        if (tagged == 0 || clock_now() >= deadline)
            return tally;
        poll(NULL, 0, 1);
    }
}

/* Files first, then the directories that they were in. */
static void remove_paths(const struct guardian_share *share)
{
    for (int i = 0; i < 2; i++)
        if (share->paths[i][0] != '\0' && unlink(share->paths[i]) < 0 && errno == EISDIR)
            rmdir(share->paths[i]);
}

struct guardian_tally guardian_clean_up(const struct guardian_share *share, bool is_parent,
                                        int cgroup_dir)
{
    struct cgroup_root root = open_cgroup(share, cgroup_dir);
    int64_t deadline = clock_now() + patience;
    struct guardian_tally tally;
    int lock = -1, in_cgroup;

    /* A socket that is still there is that of a supervisor that could not clean up. Held until the
     * end, so that no new supervisor starts beside the old one's workers. */
    if (share->socket_path[0] != '\0' && access(share->socket_path, F_OK) == 0)
        lock = sock_seize(share->socket_path);
    in_cgroup = cgroup_root_count(&root);
    cgroup_root_kill(&root);
    tally = end_workers(share, is_parent, deadline);
    if (!is_parent)
        tally.ended += in_cgroup;
    cgroup_root_close(&root, deadline);
    if (lock >= 0) {
        remove_paths(share);
        close(lock);
    }
    return tally;
}
