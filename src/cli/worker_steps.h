/* SPDX-License-Identifier: MIT */
/*
 * The checks of worker-check, in the order in which they run: each is one conversation with a
 * worker, on the life that the check before left or on a new one.
 */
#ifndef LIFEGUARD_CLI_WORKER_STEPS_H
#define LIFEGUARD_CLI_WORKER_STEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cli/worker_rig.h"

struct bench {
    struct rig rig;
    const char *task; /* an ordinary payload */
    bool beats;       /* it answers PING: a PING then shows that all before it was served */
    bool is_ready, does_tasks; /* it passed the checks of that name */
    int done;                  /* tasks that were answered OK */
    struct buf detail;         /* what an `ok` line says beside the name */
};

struct step {
    const char *name;
    bool (*run)(struct bench *bench, const struct step *step);
    bool fresh;          /* wants a new life */
    const char *payload; /* of the one task of a payload check; NULL = made by the check */
    size_t len;
};

/* What the other checks need; a breach of it alone is reported, not all that follows from it. */
bool step_is_needless(const struct bench *bench, const struct step *step);

extern const struct step worker_steps[];
extern const size_t worker_step_count;

/* Starts a life where the step needs one, and runs it. False: a breach, described in bench->rig.
 * -errno in *broken when the program can't be started at all. */
bool step_run(struct bench *bench, const struct step *step, int *broken);

#endif
