/* SPDX-License-Identifier: MIT */
/*
 * Private to shared*.c: how shared objects and the claims on them are kept.
 */
#ifndef LIFEGUARD_POOL_SHARED_OBJECT_H
#define LIFEGUARD_POOL_SHARED_OBJECT_H

#include <stdbool.h>

#include "base/list.h"
#include "base/names.h"
#include "pool/shared.h"

enum kind { KIND_LOCK, KIND_SEMAPHORE, KIND_VALUE, KIND_DICT, KIND_LIST };

/* Bytes of a value. */
struct text {
    struct list link; /* in a list object */
    size_t len;
    char bytes[];
};

/* A permit that is held, or a wish for one. */
struct claim {
    struct list link; /* in object->holders or object->waiters */
    void *holder;
};

struct object {
    struct list link; /* in shared->objects */
    enum kind kind;
    int64_t free; /* permits */
    int64_t permits;
    bool abandoned;
    struct list holders, waiters; /* of claims */
    struct text *value;
    struct names entries; /* key -> struct text */
    struct list items;    /* head first */
    size_t count;
    size_t name_len;
    char name[];
};

struct shared {
    shared_answer_function *answer;
    void *ctx;
    struct names by_name;
    struct list objects; /* those with permits first */
    size_t memory;
    char refusal[160]; /* of the call in hand, where it has no answer; "" = none */
};

/* The claim of this holder, or NULL. */
struct claim *claim_find(const struct list *claims, const void *holder);
/* Drops the claims of this holder; how many there were. */
int claims_forget(struct list *claims, const void *holder);
void claims_free(struct list *claims);

#endif
