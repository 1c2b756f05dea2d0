/* SPDX-License-Identifier: MIT */
/*
 * One check of a worker from outside: its command as an errand, or a connection that is begun and
 * closed. What went wrong comes in words that fit an event.
 */
#ifndef LIFEGUARD_SUPERVISOR_PROBE_H
#define LIFEGUARD_SUPERVISOR_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "supervisor/errand.h"

struct life;

/* Runs the command for this life, {pid} and the like replaced, LIFEGUARD_PID and what the worker
 * itself was told in its environment. NULL with the reason, as errand_start. */
struct errand *probe_command(struct life *life, enum errand_class class, char *const *command,
                             int64_t limit, errand_done_function *done, struct err *err);
/* 0 = connected (and closed again), 1 = under way in *fd, or -errno with the reason. */
int probe_connect(struct life *life, const char *address, int *fd, struct err *err);
/* How that ended, closing *fd: 0 or -errno with the reason. */
int probe_connected(struct life *life, const char *address, int *fd, struct err *err);
/* "exit 1: last line", "no success within 1s: last line", "signal 9 (KILL)". */
void probe_describe(const struct errand_result *result, int64_t limit, char *out, size_t size);

#endif
