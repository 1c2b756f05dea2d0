/* SPDX-License-Identifier: MIT */
/*
 * Private to sys/: operations on a directory of the cgroup v2 tree, given as a descriptor. None
 * allocates; cgroup_tree_kill and cgroup_tree_populated are async-signal-safe.
 */
#ifndef LIFEGUARD_SYS_CGROUP_TREE_H
#define LIFEGUARD_SYS_CGROUP_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 or -errno; -ENOENT where the controller is missing. */
int cgroup_tree_write(int dir, const char *file, const char *value);
/* Length of what was read, NUL-terminated, or -errno. */
int cgroup_tree_read(int dir, const char *file, char *out, size_t size);
int cgroup_tree_kill(int dir);
bool cgroup_tree_populated(int dir);
/* Waits until nothing lives in it or `deadline`; true when empty. */
bool cgroup_tree_wait_empty(int dir, int64_t deadline);
/* The number behind `key`, or -1. */
int64_t cgroup_tree_number(int dir, const char *file, const char *key);
int cgroup_tree_pids(int dir, int *pids, int max);
/* Processes in it and below. */
int cgroup_tree_count(int dir);
/* Removes all groups below (depth bounded); -EBUSY while one is populated. */
int cgroup_tree_remove_children(int dir);
/* The same, then the directory itself, whose path must be given. */
int cgroup_tree_remove(int dir, const char *path);

#endif
