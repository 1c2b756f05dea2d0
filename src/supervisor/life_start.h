/* SPDX-License-Identifier: MIT */
/*
 * The two halves of a life's code meet here: life_start.c prepares and spawns, life.c watches.
 */
#ifndef LIFEGUARD_SUPERVISOR_LIFE_START_H
#define LIFEGUARD_SUPERVISOR_LIFE_START_H

#include <stdint.h>

struct expansion;
struct life;
struct pool_box;
struct slot_box;
struct supervisor;
struct task;

/* What is executed for this task (command mode), or for any of the pool's workers. 0, -ENOMEM, or
 * -EINVAL for a task with a NUL byte that would be an argument. */
int life_command(const struct pool_box *box, const struct task *task, int slot,
                 struct expansion *command);
/* Adds the life's descriptors to the loop. */
void life_watch(struct life *life);
/* A rule line in the worker's log: "ocr[2] pid 4711 generation 3 started". */
void life_note(struct life *life, const char *what);
/* The slot's own things, made on first use; NULL for pools that keep none. */
struct slot_box *life_slot(struct pool_box *box, int slot);
/* Looks at the lives whose leader is gone, and at logs that wait for room on the disk. */
void life_check(struct supervisor *sup);
/* When that must be done again; CLOCK_NEVER when there are none. */
int64_t life_next_check(const struct supervisor *sup);
/* Gives back what ended lives kept, when those that follow them have been started. */
void life_bury(struct supervisor *sup);

#endif
