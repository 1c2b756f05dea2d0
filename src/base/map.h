/* SPDX-License-Identifier: MIT */
/*
 * Hash map from a 64-bit number to a pointer (PIDs, task ids). Open addressing, grows at 70 %.
 * Values are lent, never owned. Zeroed memory is an empty map. Value NULL is not allowed.
 */
#ifndef LIFEGUARD_BASE_MAP_H
#define LIFEGUARD_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_cell {
    uint64_t key;
    void *value; /* NULL = empty cell */
};

struct map {
    struct map_cell *cells;
    size_t count;
    size_t cap; /* power of two */
};

void map_fini(struct map *map);
/* Adds or replaces. Aborts when memory is out. */
void map_set(struct map *map, uint64_t key, void *value);
/* The value, or NULL. */
void *map_find(const struct map *map, uint64_t key);
/* Removes and returns the value, or NULL. */
void *map_take(struct map *map, uint64_t key);
/* FNV-1a of a string, for maps keyed by name (compare the name in the value). */
uint64_t map_hash_bytes(const void *bytes, size_t len);

#endif
