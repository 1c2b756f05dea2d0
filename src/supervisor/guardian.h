/* SPDX-License-Identifier: MIT */
/*
 * The guardian: a tiny parent of the supervisor that ends every worker when the supervisor dies,
 * and never restarts it. It relays signals, allocates nothing after start, and exits with the
 * supervisor's status. Should the guardian die, the supervisor makes a new one as its own child,
 * which does the same but for the relaying.
 *
 *     caller ── guardian_run ──┬── guardian: waits, relays, cleans up, returns the status
 *                              └── supervisor: options.run(ctx, share), returns its result
 */
#ifndef LIFEGUARD_SUPERVISOR_GUARDIAN_H
#define LIFEGUARD_SUPERVISOR_GUARDIAN_H

#include <stdbool.h>
#include <sys/types.h>

#include "sys/loop.h"

/* Memory that guardian and supervisor share: what is to be ended and removed. */
struct guardian_share;

struct guardian_options {
    /* The supervisor's work, in the child: returns the exit status. The child is in a session of
     * its own (a key of the terminal reaches it once, through the guardian), a subreaper, and has
     * the caller's signal mask. */
    int (*run)(void *ctx, struct guardian_share *share);
    void *ctx;
};

/* Forks. In the child returns what `run` returned; in the caller, which becomes the guardian and
 * closes all descriptors from 3 up, the supervisor's exit status, 128 + signal if a signal ended
 * it. Both then go up to main and exit. Relayed: TERM INT HUP USR1 USR2 TTIN TTOU. 1 when the fork
 * failed. */
int guardian_run(const struct guardian_options *options);

/* What the supervisor leaves if it dies. Strings are copied; NULL or "" = none. */
struct guardian_estate {
    const char *tag;         /* workers have LIFEGUARD_WORKER=tag:... in their environment */
    const char *cgroup;      /* directory of the run */
    const char *socket_path; /* "DIR/NAME.sock", removed if no other supervisor has the name */
    const char *paths[2];    /* other files, and then empty directories, to be removed likewise */
};

/* To be told before the first worker starts. `share` may be NULL everywhere: no guardian. */
void guardian_protect(struct guardian_share *share, const struct guardian_estate *estate);

/* In the supervisor: watches the guardian, and makes a new one when it died. */
struct guardian_watch {
    struct guardian_share *share;
    struct loop *loop;
    struct loop_watch watch;
    int pidfd;     /* of the guardian, -1 = there is none */
    pid_t own;     /* a guardian that is our child (not to be reaped by others), 0 = none */
    bool degraded; /* not the first guardian any more */
    void (*on_change)(void *ctx);
    void *ctx;
};

/* 0 or -errno. `on_change` (may be NULL) is called after a guardian died and was replaced. */
int guardian_watch_start(struct guardian_watch *watch, struct loop *loop,
                         struct guardian_share *share, void (*on_change)(void *ctx), void *ctx);
/* Makes a guardian if none could be made before; to be called every now and then. */
void guardian_watch_tick(struct guardian_watch *watch);
/* Ends the watch and a guardian of our own: before the end of an orderly shutdown, and before
 * proc_sweep_children, which would end it otherwise. Zeroed memory is accepted. */
void guardian_watch_stop(struct guardian_watch *watch);

#endif
