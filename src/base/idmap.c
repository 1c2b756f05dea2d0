/* SPDX-License-Identifier: MIT */
/*
 * The map of ids. Invariant: a page is in the map as long as one of its cells is used.
 */
#include "base/idmap.h"

#include <stdlib.h>

#include "base/mem.h"

void idmap_fini(struct idmap *map)
{
    if (!map)
        return;
    for (size_t i = 0; i < map->pages.cap; i++)
        free(map->pages.cells[i].value);
    map_fini(&map->pages);
    *map = (struct idmap){0};
}

void idmap_set(struct idmap *map, uint64_t id, void *value)
{
    struct idmap_page *page = map_find(&map->pages, id / IDMAP_PAGE);
    void **cell;

    if (!page) {
        page = mem_new(sizeof(*page));
        map_set(&map->pages, id / IDMAP_PAGE, page);
    }
    cell = &page->cells[id % IDMAP_PAGE];
    if (!*cell) {
        page->used++;
        map->count++;
    }
    *cell = value;
}

void *idmap_find(const struct idmap *map, uint64_t id)
{
    const struct idmap_page *page = map_find(&map->pages, id / IDMAP_PAGE);

    return page ? page->cells[id % IDMAP_PAGE] : NULL;
}

void *idmap_take(struct idmap *map, uint64_t id)
{
    struct idmap_page *page = map_find(&map->pages, id / IDMAP_PAGE);
    void *value = page ? page->cells[id % IDMAP_PAGE] : NULL;

    if (!value)
        return NULL;
    page->cells[id % IDMAP_PAGE] = NULL;
    map->count--;
    if (--page->used == 0) {
        map_take(&map->pages, id / IDMAP_PAGE);
        free(page);
    }
    return value;
}

void idmap_each(const struct idmap *map, void (*visit)(void *value))
{
    for (size_t i = 0; i < map->pages.cap; i++) {
        const struct idmap_page *page = map->pages.cells[i].value;

        for (size_t cell = 0; page && cell < IDMAP_PAGE; cell++)
            if (page->cells[cell])
                visit(page->cells[cell]);
    }
}
