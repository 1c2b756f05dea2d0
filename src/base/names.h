/* SPDX-License-Identifier: MIT */
/*
 * A map by byte strings (struct map is by number). Keys are copied; values belong to the caller.
 */
#ifndef LIFEGUARD_BASE_NAMES_H
#define LIFEGUARD_BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"

/* Zeroed memory is an empty map. */
struct names {
    struct map buckets;
    size_t count;
};

void *names_find(const struct names *names, const char *key, size_t len);
/* Adds or replaces; the value before, or NULL. Aborts when memory is out. */
void *names_set(struct names *names, const char *key, size_t len, void *value);
/* Removes and returns the value, or NULL. */
void *names_take(struct names *names, const char *key, size_t len);
/* Removes any one and returns its value; NULL when empty. */
void *names_take_any(struct names *names);
void names_fini(struct names *names);

#endif
