/* SPDX-License-Identifier: MIT */
/*
 * Building a supervisor and taking it down: everything before the first turn and after the last.
 */
#ifndef LIFEGUARD_SUPERVISOR_SETUP_H
#define LIFEGUARD_SUPERVISOR_SETUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct supervisor;

/* A child that is no worker: a source's command, a guardian. */
bool setup_pid_is_own(const struct supervisor *sup, pid_t pid);
/* SIGUSR1: the table of workers into lifeguard.log. */
void setup_write_table(struct supervisor *sup);
/* The last word to a map client and to the log. */
void setup_say_goodbye(struct supervisor *sup, int status);

/* supervisor.c */
void supervisor_on_signal(void *owner, uint32_t events);

#endif
