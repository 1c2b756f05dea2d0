/* SPDX-License-Identifier: MIT */
/*
 * Who holds and who awaits what, for people and for the search for deadlocks.
 */
#include <stdio.h>

#include "base/buf.h"
#include "pool/shared_object.h"

static void print_names(const struct shared *shared, const void *holder, bool held, struct buf *out)
{
    LIST_EACH(node, &shared->objects)
    {
        const struct object *object = LIST_ENTRY(node, struct object, link);

        if (object->kind > KIND_SEMAPHORE)
            return;
        if (!claim_find(held ? &object->holders : &object->waiters, holder))
            continue;
        if (buf_len(out))
            buf_append_char(out, ' ');
        buf_append(out, object->name, object->name_len);
    }
}

void shared_print_held(const struct shared *shared, const void *holder, struct buf *out)
{
    print_names(shared, holder, true, out);
}

void shared_print_awaits(const struct shared *shared, const void *holder, struct buf *out)
{
    print_names(shared, holder, false, out);
}

const void *shared_awaited(const struct shared *shared, const void *holder, char *name, size_t size)
{
    LIST_EACH(node, &shared->objects)
    {
        struct object *object = LIST_ENTRY(node, struct object, link);
        struct list *first;

        if (object->kind > KIND_SEMAPHORE)
            return NULL;
        if (!claim_find(&object->waiters, holder))
            continue;
        snprintf(name, size, "%s %.*s", object->kind == KIND_LOCK ? "lock" : "semaphore",
                 (int)(object->name_len < 64 ? object->name_len : 64), object->name);
        first = list_first(&object->holders);
        return first ? LIST_ENTRY(first, struct claim, link)->holder : NULL;
    }
    return NULL;
}
