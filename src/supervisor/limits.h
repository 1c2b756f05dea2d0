/* SPDX-License-Identifier: MIT */
/*
 * What bounds the workers of a pool: niceness, I/O class, CPUs, the OOM score, rlimits, and what
 * their cgroups allow. Worked out once a pool at set-up, where it is also seen whether this process
 * has the right to all of it; given to every start.
 *
 * What limits one process is a condition: without the right to it nothing of the pool starts. What
 * the cgroup enforces is protection: where the kernel has no controller the pool runs without it
 * and says so (an alert, and `status`), for a limit that nobody exceeds is worth less than the
 * service.
 */
#ifndef LIFEGUARD_SUPERVISOR_LIMITS_H
#define LIFEGUARD_SUPERVISOR_LIMITS_H

struct cgroup;
struct err;
struct pool_box;
struct proc;
struct proc_plan;
struct supervisor;

/* Fills box->limits (also on failure, to be released). 0, or -errno with the key, its value and
 * what it needs. After environ_prepare, which knows user and PATH. */
int limits_prepare(struct pool_box *box, struct err *err);
void limits_release(struct pool_box *box);
/* Where workers are other users than we: closes our memory to them, cores of ourselves included.
 * Where they are the same user that would protect nothing, and cost the core. Once, after all pools
 * are prepared. */
void limits_protect(const struct supervisor *sup);
/* Tells once a pool, at start, what an operator should know: events. Needs box->pool. */
void limits_announce(struct pool_box *box);
/* Niceness, I/O class, CPUs, OOM score and rlimits of a process to be started. */
void limits_fill_plan(const struct pool_box *box, struct proc_plan *plan);
/* Puts the pool's key and value into the error of a start that failed at one of those. */
void limits_explain(const struct pool_box *box, const struct proc *proc, struct err *err);
/* The values of a fresh cgroup, before anybody joins it. The first failure is told as an alert. */
void limits_fill_group(struct pool_box *box, const struct cgroup *group);
/* Why limits of the config are not enforced; "" = they are. */
const char *limits_note(const struct pool_box *box);

#endif
