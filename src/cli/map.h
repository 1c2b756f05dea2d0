/* SPDX-License-Identifier: MIT */
/*
 * `lifeguard map`: a command for each input, several at once. map_plan makes a spec of the command
 * line; map_client takes the results from the supervisor and writes them out.
 */
#ifndef LIFEGUARD_CLI_MAP_H
#define LIFEGUARD_CLI_MAP_H

#include <stdbool.h>

struct args;
struct spec;

struct map_options {
    bool tag, bar, eta, raw, dry_run, tui, compare;
    double *seconds; /* the tasks' own time is added to it; NULL = not wanted */
    char **rerun;    /* the command line up to ":::", for the summary */
    char *columns;   /* --colsep's text, or NULL */
};

/* 0, or the exit status with the reason printed. Both are to be released in any case. */
int map_plan(const struct args *args, struct spec *spec, struct map_options *options);
void map_options_fini(struct map_options *options);
/* Prints the command lines that would be run. The exit status. */
int map_dry_run(const struct spec *spec);
/* Speaks with the supervisor on `fd` until the run is over; closes it. The exit status. */
int map_client(int fd, const struct map_options *options);

/* Runs a sample of the inputs with one slot, then with all, by `run`, and prints what the second
 * way gained. Outputs are dropped. The exit status. */
typedef int map_runner(const struct args *args, struct spec *spec,
                       const struct map_options *options);
int map_compare(const struct args *args, struct spec *spec, struct map_options *options,
                map_runner *run);

#endif
