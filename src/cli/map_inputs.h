/* SPDX-License-Identifier: MIT */
/*
 * map's inputs as they stand on its command line: words behind ":::", lines of the files behind
 * "::::" and of -a, each group a source. A "+" behind the colons links a source with the one before
 * it, item by item; else all combinations are taken, the last source turning fastest.
 */
#ifndef LIFEGUARD_CLI_MAP_INPUTS_H
#define LIFEGUARD_CLI_MAP_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

struct args;
struct pool_spec;

/* ":::", ":::+", "::::" or "::::+": where the command ends and inputs begin. */
bool map_inputs_begin_at(const char *word);
/* The sources of tasks into `pool`. One -a file and standard input are read by the supervisor as
 * they are needed, everything else here. 0, or the exit status with the reason printed. */
int map_inputs_plan(const struct args *args, struct pool_spec *pool);

#endif
