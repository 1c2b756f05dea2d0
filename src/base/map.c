/* SPDX-License-Identifier: MIT */
/*
 * The number map. Invariant: from a key's home cell to its cell there is no empty cell; removal
 * shifts the followers back instead of leaving tombstones.
 */
#include "base/map.h"

#include <stdlib.h>

#include "base/mem.h"

static size_t map_home(const struct map *map, uint64_t key)
{
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & (map->cap - 1);
}

void map_fini(struct map *map)
{
    if (!map)
        return;
    free(map->cells);
    *map = (struct map){0};
}

static void map_insert(struct map *map, uint64_t key, void *value)
{
    size_t i = map_home(map, key);

    while (map->cells[i].value && map->cells[i].key != key)
        i = (i + 1) & (map->cap - 1);
    if (!map->cells[i].value)
        map->count++;
    map->cells[i] = (struct map_cell){key, value};
}

static void map_grow(struct map *map)
{
    struct map old = *map;

    map->cap = old.cap ? old.cap * 2 : 64;
    map->count = 0;
    map->cells = mem_new_array(map->cap, sizeof(struct map_cell));
    for (size_t i = 0; i < old.cap; i++)
        if (old.cells[i].value)
            map_insert(map, old.cells[i].key, old.cells[i].value);
    free(old.cells);
}

void map_set(struct map *map, uint64_t key, void *value)
{
    if ((map->count + 1) * 10 > map->cap * 7)
        map_grow(map);
    map_insert(map, key, value);
}

static struct map_cell *map_cell(const struct map *map, uint64_t key)
{
    size_t i;

    if (!map->cap)
        return NULL;
    for (i = map_home(map, key); map->cells[i].value; i = (i + 1) & (map->cap - 1))
        if (map->cells[i].key == key)
            return &map->cells[i];
    return NULL;
}

void *map_find(const struct map *map, uint64_t key)
{
    struct map_cell *cell = map_cell(map, key);

    return cell ? cell->value : NULL;
}

void *map_take(struct map *map, uint64_t key)
{
    struct map_cell *cell = map_cell(map, key);
    void *value = cell ? cell->value : NULL;
    size_t hole, i;

    if (!cell)
        return NULL;
    hole = (size_t)(cell - map->cells);
    for (i = (hole + 1) & (map->cap - 1); map->cells[i].value; i = (i + 1) & (map->cap - 1)) {
        size_t home = map_home(map, map->cells[i].key);

        /* The follower may move back only if its home is not between the hole and itself. */
        if (((i - home) & (map->cap - 1)) >= ((i - hole) & (map->cap - 1))) {
            map->cells[hole] = map->cells[i];
            hole = i;
        }
    }
    map->cells[hole].value = NULL;
    map->count--;
    return value;
}

uint64_t map_hash_bytes(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return hash;
}
