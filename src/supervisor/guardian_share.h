/* SPDX-License-Identifier: MIT */
/*
 * Private to the guardian's files: the shared memory, and the cleaning up that both kinds of
 * guardian do. Written by the supervisor only, read by a guardian only when the supervisor is gone.
 */
#ifndef LIFEGUARD_SUPERVISOR_GUARDIAN_SHARE_H
#define LIFEGUARD_SUPERVISOR_GUARDIAN_SHARE_H

#include <stdbool.h>
#include <sys/types.h>

struct guardian_share {
    pid_t supervisor, guardian;
    char tag[128];
    char cgroup[512];
    char socket_path[108];
    char paths[2][108];
};

struct guardian_tally {
    int ended; /* processes */
    int left;  /* that could not be ended in time */
};

/* Ends all workers and removes what the supervisor left. `is_parent`: orphans come to this process.
 * `cgroup_dir`: the run's directory, -1 = open it by its path. Allocates nothing. */
struct guardian_tally guardian_clean_up(const struct guardian_share *share, bool is_parent,
                                        int cgroup_dir);

#endif
