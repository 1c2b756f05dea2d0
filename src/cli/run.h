/* SPDX-License-Identifier: MIT */
/*
 * `lifeguard run`: what the command line says, as a spec. Starting it is main.c's affair.
 */
#ifndef LIFEGUARD_CLI_RUN_H
#define LIFEGUARD_CLI_RUN_H

struct args;
struct spec;

/* Reads the configs, or makes a service pool of the command behind "--". 0, or the exit status with
 * every reason printed. The spec is to be released in any case. */
int run_prepare(const struct args *args, struct spec *spec);

#endif
