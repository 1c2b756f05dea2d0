/* SPDX-License-Identifier: MIT */
/*
 * Errands: short programs run on the side (probes, evidence), off the loop. Each has a time limit
 * and a bound on its output; what outlives the limit is killed with everything that it started, and
 * one that even KILL does not end is given up, not waited for. The supervisor owns them all.
 */
#ifndef LIFEGUARD_SUPERVISOR_ERRAND_H
#define LIFEGUARD_SUPERVISOR_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct errand;
struct pool_box;
struct supervisor;

/* Each has room of its own, so that none of them keeps another waiting. */
enum errand_class {
    ERRAND_EVIDENCE,
    ERRAND_READY,  /* checks of what starts */
    ERRAND_HEALTH, /* checks of what runs */
    ERRAND_CLASSES
};

struct errand_spec {
    enum errand_class class;
    char *const *argv;          /* argv[0] is looked up in the pool's PATH, else ours */
    char *const *extra_env;     /* NULL-terminated "KEY=VALUE" besides the pool's; NULL = none */
    const struct pool_box *box; /* runs with this pool's environment, directory and user; NULL = as
                                   the supervisor itself, with its environment */
    const char *input;          /* its standard input; NULL = /dev/null */
    size_t input_len;           /* at most 64 KiB (one pipe) */
    int64_t limit;              /* ns until it is killed, more than 0 */
    size_t output_max;          /* bytes of stdout and stderr together that are kept */
};

struct errand_result {
    int status;         /* as waitpid gives it; -1 when it was given up */
    bool timed_out;     /* the limit was reached */
    const char *output; /* what it printed, NUL-terminated besides; cut at output_max */
    size_t len;
    double seconds;
};

/* Called once, from the loop, never from within errand_start or errand_cancel. The result is lent
 * for the call; the errand itself is gone with it. What it started and left behind in its process
 * group was killed when it ended. */
typedef void errand_done_function(void *ctx, const struct errand_result *result);

/* NULL with the reason in *err when it could not be started; `done` is not called then. -EAGAIN:
 * too many run already, ask again later. Nothing of the spec is kept. */
struct errand *errand_start(struct supervisor *sup, const struct errand_spec *spec,
                            errand_done_function *done, void *ctx, struct err *err);
/* How many more of the class may be started now. */
int errand_room(const struct supervisor *sup, enum errand_class class);
/* Ends it; `done` will not be called. Accepts NULL. */
void errand_cancel(struct errand *errand);
/* Limits: to be called each turn, and when the next one is due (CLOCK_NEVER). */
void errand_check(struct supervisor *sup);
int64_t errand_next_check(const struct supervisor *sup);
/* The supervisor stood still: nobody's limit is over for that. */
void errand_shift(struct supervisor *sup, int64_t gap);
/* For the reaper of orphans: a child of ours that is waited for elsewhere. */
bool errand_owns_pid(const struct supervisor *sup, int pid);
/* Kills and forgets all (supervisor_free). */
void errand_free_all(struct supervisor *sup);

#endif
