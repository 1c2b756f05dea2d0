/* SPDX-License-Identifier: MIT */
/*
 * Binary heap of deadlines (any int64 key, smallest first; equal keys in order of insertion).
 * Nodes live in their objects; a node knows its place, so a deadline can be moved or removed in
 * O(log n). Zeroed memory is an empty heap and a node in no heap.
 */
#ifndef LIFEGUARD_BASE_HEAP_H
#define LIFEGUARD_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    int64_t key;
    uint64_t order;
    size_t place; /* index + 1; 0 = in no heap */
};

struct heap {
    struct heap_node **nodes;
    size_t count;
    size_t cap;
    uint64_t next_order;
};

void heap_fini(struct heap *heap);
/* Inserts the node, or moves it when it is in the heap. Aborts when memory is out. */
void heap_set(struct heap *heap, struct heap_node *node, int64_t key);
void heap_remove(struct heap *heap, struct heap_node *node);
/* The smallest, or NULL. */
static inline struct heap_node *heap_first(const struct heap *heap)
{
    return heap->count ? heap->nodes[0] : NULL;
}
static inline bool heap_has(const struct heap_node *node)
{
    return node->place != 0;
}
/* The smallest if its key is at most `limit`, removed from the heap; else NULL. */
struct heap_node *heap_take_until(struct heap *heap, int64_t limit);

#endif
