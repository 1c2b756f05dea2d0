/* SPDX-License-Identifier: MIT */
/*
 * From numbers that are given out in order (task ids) to pointers: pages of IDMAP_PAGE neighbours
 * behind a number map, so that neighbours share their memory and a page ends with its last one.
 * Values are lent, never owned. Zeroed memory is an empty map. Value NULL is not allowed.
 */
#ifndef LIFEGUARD_BASE_IDMAP_H
#define LIFEGUARD_BASE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

enum { IDMAP_PAGE = 64 };

struct idmap_page {
    unsigned used;
    void *cells[IDMAP_PAGE]; /* NULL = none */
};

struct idmap {
    struct map pages; /* id / IDMAP_PAGE -> page */
    size_t count;
};

void idmap_fini(struct idmap *map);
/* Adds or replaces. Aborts when memory is out. */
void idmap_set(struct idmap *map, uint64_t id, void *value);
/* The value, or NULL. */
void *idmap_find(const struct idmap *map, uint64_t id);
/* Removes and returns the value, or NULL. */
void *idmap_take(struct idmap *map, uint64_t id);
/* Calls `visit` with every value; the map must not change meanwhile. */
void idmap_each(const struct idmap *map, void (*visit)(void *value));

#endif
