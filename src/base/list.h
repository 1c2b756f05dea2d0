/* SPDX-License-Identifier: MIT */
/*
 * Intrusive doubly linked list: the node lives in the object. A list is a ring through its head;
 * zeroed nodes count as not linked. An object is in at most one list per node it has.
 */
#ifndef LIFEGUARD_BASE_LIST_H
#define LIFEGUARD_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct list {
    struct list *next;
    struct list *prev;
};

#define LIST_ENTRY(node, type, member) CONTAINER_OF(node, type, member)
/* The body may unlink `node`. */
#define LIST_EACH(node, head)                                                         \
    for (struct list *node = (head)->next, *node##_next = node->next; node != (head); \
         node = node##_next, node##_next = node->next)

static inline void list_init(struct list *head)
{
    head->next = head->prev = head;
}
static inline bool list_empty(const struct list *head)
{
    return head->next == head || !head->next;
}
static inline bool list_linked(const struct list *node)
{
    return node->next && node->next != node;
}
static inline void list_insert_before(struct list *place, struct list *node)
{
    node->prev = place->prev;
    node->next = place;
    place->prev->next = node;
    place->prev = node;
}
static inline void list_push_back(struct list *head, struct list *node)
{
    list_insert_before(head, node);
}
static inline void list_push_front(struct list *head, struct list *node)
{
    list_insert_before(head->next, node);
}
/* Unlinking a node that is in no list is allowed. */
static inline void list_remove(struct list *node)
{
    if (!node->next)
        return;
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = node->prev = NULL;
}
static inline struct list *list_first(const struct list *head)
{
    return list_empty(head) ? NULL : head->next;
}
static inline struct list *list_last(const struct list *head)
{
    return list_empty(head) ? NULL : head->prev;
}

#endif
