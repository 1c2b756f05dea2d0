/* SPDX-License-Identifier: MIT */
/*
 * Keys of one hash hang in a chain, which is nearly always of one.
 */
#include "base/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct name {
    struct name *next;
    void *value;
    size_t len;
    char key[];
};

static struct name *names_find_in(struct name *chain, const char *key, size_t len)
{
    while (chain && (chain->len != len || memcmp(chain->key, key, len) != 0))
        chain = chain->next;
    return chain;
}

void *names_find(const struct names *names, const char *key, size_t len)
{
    const struct name *name =
        names_find_in(map_find(&names->buckets, map_hash_bytes(key, len)), key, len);

    return name ? name->value : NULL;
}

void *names_set(struct names *names, const char *key, size_t len, void *value)
{
    uint64_t hash = map_hash_bytes(key, len);
    struct name *chain = map_find(&names->buckets, hash);
    struct name *name = names_find_in(chain, key, len);
    void *before = NULL;

    if (name) {
        before = name->value;
        name->value = value;
        return before;
    }
    name = mem_new(sizeof(*name) + len + 1);
    name->next = chain;
    name->value = value;
    name->len = len;
    if (len)
        memcpy(name->key, key, len);
    map_set(&names->buckets, hash, name);
    names->count++;
    return NULL;
}

static void *names_unlink(struct names *names, uint64_t hash, struct name *chain, struct name *name)
{
    void *value = name->value;

    if (chain == name) {
        chain = name->next;
    } else {
        struct name *before = chain;

        while (before->next != name)
            before = before->next;
        before->next = name->next;
    }
    if (chain)
        map_set(&names->buckets, hash, chain);
    else
        map_take(&names->buckets, hash);
    names->count--;
    free(name);
    return value;
}

void *names_take(struct names *names, const char *key, size_t len)
{
    uint64_t hash = map_hash_bytes(key, len);
    struct name *chain = map_find(&names->buckets, hash);
    struct name *name = names_find_in(chain, key, len);

    return name ? names_unlink(names, hash, chain, name) : NULL;
}

void *names_take_any(struct names *names)
{
    for (size_t i = 0; i < names->buckets.cap; i++) {
        const struct map_cell *cell = &names->buckets.cells[i];

        if (cell->value)
            return names_unlink(names, cell->key, cell->value, cell->value);
    }
    return NULL;
}

void names_fini(struct names *names)
{
    while (names->count)
        names_take_any(names);
    map_fini(&names->buckets);
}
