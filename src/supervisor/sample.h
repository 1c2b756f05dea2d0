/* SPDX-License-Identifier: MIT */
/*
 * Looking at processes in /proc: CPU, memory, state. Only pools whose hang limits need it are
 * sampled by themselves; the rest only while somebody looks, and every 30 s otherwise.
 */
#ifndef LIFEGUARD_SUPERVISOR_SAMPLE_H
#define LIFEGUARD_SUPERVISOR_SAMPLE_H

#include <stdint.h>

struct supervisor;

/* Samples what is due. */
void sample_run(struct supervisor *sup);
int64_t sample_next_deadline(const struct supervisor *sup);

#endif
