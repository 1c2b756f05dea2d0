/* SPDX-License-Identifier: MIT */
/*
 * The deadline heap. Invariant: nodes[i]->place == i + 1, and no node is smaller than its parent.
 */
#include "base/heap.h"

#include <stdlib.h>

static bool heap_less(const struct heap_node *a, const struct heap_node *b)
{
    return a->key != b->key ? a->key < b->key : a->order < b->order;
}

static void heap_put(struct heap *heap, size_t index, struct heap_node *node)
{
    heap->nodes[index] = node;
    node->place = index + 1;
}

static void heap_sift_up(struct heap *heap, size_t index)
{
    struct heap_node *node = heap->nodes[index];

    while (index > 0 && heap_less(node, heap->nodes[(index - 1) / 2])) {
        heap_put(heap, index, heap->nodes[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    heap_put(heap, index, node);
}

static void heap_sift_down(struct heap *heap, size_t index)
{
    struct heap_node *node = heap->nodes[index];

    for (;;) {
        size_t child = 2 * index + 1;

        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap_less(heap->nodes[child + 1], heap->nodes[child]))
            child++;
        if (!heap_less(heap->nodes[child], node))
            break;
        heap_put(heap, index, heap->nodes[child]);
        index = child;
    }
    heap_put(heap, index, node);
}

void heap_fini(struct heap *heap)
{
    if (!heap)
        return;
    for (size_t i = 0; i < heap->count; i++)
        heap->nodes[i]->place = 0;
    free(heap->nodes);
    *heap = (struct heap){0};
}

void heap_set(struct heap *heap, struct heap_node *node, int64_t key)
{
    node->key = key;
    node->order = heap->next_order++;
    if (!node->place) {
        if (heap->count == heap->cap) {
            heap->cap = heap->cap ? heap->cap * 2 : 64;
            heap->nodes = realloc(heap->nodes, heap->cap * sizeof(struct heap_node *));
            if (!heap->nodes)
                abort();
        }
        heap_put(heap, heap->count++, node);
    }
    heap_sift_up(heap, node->place - 1);
    heap_sift_down(heap, node->place - 1);
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    size_t index = node->place - 1;
    struct heap_node *last;

    if (!node->place)
        return;
    node->place = 0;
    last = heap->nodes[--heap->count];
    if (last == node)
        return;
    heap_put(heap, index, last);
    heap_sift_up(heap, index);
    heap_sift_down(heap, last->place - 1);
}

struct heap_node *heap_take_until(struct heap *heap, int64_t limit)
{
    struct heap_node *node = heap_first(heap);

    if (!node || node->key > limit)
        return NULL;
    heap_remove(heap, node);
    return node;
}
