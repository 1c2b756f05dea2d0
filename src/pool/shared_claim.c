/* SPDX-License-Identifier: MIT */
/*
 * Claims: permits that are held, and wishes for one, in the lists of their object.
 */
#include <stdlib.h>

#include "pool/shared_object.h"

struct claim *claim_find(const struct list *claims, const void *holder)
{
    LIST_EACH(node, claims)
    {
        struct claim *claim = LIST_ENTRY(node, struct claim, link);

        if (claim->holder == holder)
            return claim;
    }
    return NULL;
}

int claims_forget(struct list *claims, const void *holder)
{
    int dropped = 0;

    LIST_EACH(node, claims)
    {
        struct claim *claim = LIST_ENTRY(node, struct claim, link);

        if (claim->holder != holder)
            continue;
        list_remove(node);
        free(claim);
        dropped++;
    }
    return dropped;
}

void claims_free(struct list *claims)
{
    LIST_EACH(node, claims)
    free(LIST_ENTRY(node, struct claim, link));
    list_init(claims);
}
