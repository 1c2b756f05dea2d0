/* SPDX-License-Identifier: MIT */
/*
 * Whether a process died because memory was out: asked of its cgroup, then of the kernel log.
 */
#ifndef LIFEGUARD_SUPERVISOR_OOM_H
#define LIFEGUARD_SUPERVISOR_OOM_H

struct cgroup;
struct life;

/* Fills end.oom and its figures of a life that has ended. `group` is its cgroup, NULL = none. */
void oom_examine(struct life *life, const struct cgroup *group);

#endif
