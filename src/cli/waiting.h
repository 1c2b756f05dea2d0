/* SPDX-License-Identifier: MIT */
/*
 * Waiting for tasks to become final, for `submit --wait` and `wait`: the supervisor tells of each
 * one; its state, result and reason are printed as they come.
 */
#ifndef LIFEGUARD_CLI_WAITING_H
#define LIFEGUARD_CLI_WAITING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct session;

enum wait_until { WAIT_ALL, WAIT_ANY, WAIT_FIRST_FAILURE };

struct waiting {
    struct session *session;
    json_t *open; /* object: ids that are not final yet */
    size_t ended;
    bool failed; /* one of them did not succeed */
};

void waiting_init(struct waiting *waiting, struct session *session);
void waiting_fini(struct waiting *waiting);
void waiting_add(struct waiting *waiting, const char *id);
/* A final task: prints it. */
void waiting_tell(struct waiting *waiting, const json_t *task);
/* Waits for as many as `until` wants. The exit status: CLI_OK when none of those failed. */
int waiting_run(struct waiting *waiting, enum wait_until until);

#endif
