/* SPDX-License-Identifier: MIT */
/*
 * Private to sys/: where this process's own cgroup lies in the file system, worked out from the
 * text of /proc/self/mountinfo and /proc/self/cgroup. Pure but for cgroup_locate.
 */
#ifndef LIFEGUARD_SYS_CGROUP_LOCATE_H
#define LIFEGUARD_SYS_CGROUP_LOCATE_H

#include <stddef.h>

/* The directory of the cgroup for `controller` (v1), or of the v2 tree when it is NULL. 0, -ENOENT
 * when there is no such mount or it does not reach our cgroup, -ENAMETOOLONG. */
int cgroup_locate_in(const char *mountinfo, const char *membership, const char *controller,
                     char *out, size_t size);
/* The same for this process as it is now. */
int cgroup_locate(const char *controller, char *out, size_t size);

#endif
