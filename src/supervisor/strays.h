/* SPDX-License-Identifier: MIT */
/*
 * Where there are no cgroups: descendants of a life that left its process group. When their parents
 * are gone they come to the supervisor, which is their subreaper, and are known by the tag in their
 * environment. One that took the tag out is ended with the supervisor at the latest.
 */
#ifndef LIFEGUARD_SUPERVISOR_STRAYS_H
#define LIFEGUARD_SUPERVISOR_STRAYS_H

#include <stdbool.h>

struct life;
struct supervisor;

/* After the leader's end. */
bool strays_alive(struct life *life);
void strays_signal(struct life *life, int signal);
void strays_close(struct supervisor *sup);

#endif
