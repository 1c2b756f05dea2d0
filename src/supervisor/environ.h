/* SPDX-License-Identifier: MIT */
/*
 * The environment and the identity that a pool's workers get. Built once a pool (reading files and
 * the user database happens before the loop turns); the few variables of one life are added at
 * each start without copying the rest.
 */
#ifndef LIFEGUARD_SUPERVISOR_ENVIRON_H
#define LIFEGUARD_SUPERVISOR_ENVIRON_H

#include <stdint.h>

struct err;
struct pool_box;
struct task;
struct worker;

enum { ENVIRON_LIFE_VARS = 16, ENVIRON_LIFE_BYTES = 1536 };

/* Room for one life's own variables; `envp` is what execve gets. Valid until the next fill. */
struct life_environ {
    char **envp;
    char bytes[ENVIRON_LIFE_BYTES];
    char *pid_text; /* the value of LISTEN_PID, for proc_plan.pid_text; NULL = none */
};

/* Fills box->env, path, uid, gid, groups. 0 or -errno (env file, unknown user) with the reason. */
int environ_prepare(struct pool_box *box, struct err *err);
void environ_release(struct pool_box *box);
int environ_for_life(const struct pool_box *box, const struct worker *worker,
                     const struct task *task, struct life_environ *out);
void environ_free_life(struct life_environ *out);

#endif
