/* SPDX-License-Identifier: MIT */
/*
 * One object a name, one function a request. A lock is a semaphore of one permit that remembers
 * whether its last holder died. Waiters are served in the order in which they asked.
 */
#include "pool/shared.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "pool/shared_object.h"

static const char *const kind_names[] = {[KIND_LOCK] = "lock",
                                         [KIND_SEMAPHORE] = "semaphore",
                                         [KIND_VALUE] = "value",
                                         [KIND_DICT] = "dictionary",
                                         [KIND_LIST] = "list"};

struct shared *shared_new(shared_answer_function *answer, void *ctx)
{
    struct shared *shared = mem_new(sizeof(*shared));

    shared->answer = answer;
    shared->ctx = ctx;
    list_init(&shared->objects);
    return shared;
}

static void object_free(struct object *object)
{
    struct text *text;

    claims_free(&object->holders);
    claims_free(&object->waiters);
    free(object->value);
    while ((text = names_take_any(&object->entries)) != NULL)
        free(text);
    names_fini(&object->entries);
    LIST_EACH(node, &object->items)
    free(LIST_ENTRY(node, struct text, link));
    list_remove(&object->link);
    free(object);
}

void shared_free(struct shared *shared)
{
    if (!shared)
        return;
    LIST_EACH(node, &shared->objects)
    object_free(LIST_ENTRY(node, struct object, link));
    names_fini(&shared->by_name);
    free(shared);
}

static struct object *object_new(struct shared *shared, const char *name, size_t len,
                                 enum kind kind, int64_t permits)
{
    struct object *object = mem_new(sizeof(*object) + len + 1);

    object->kind = kind;
    object->free = object->permits = permits;
    list_init(&object->holders);
    list_init(&object->waiters);
    list_init(&object->items);
    object->name_len = len;
    memcpy(object->name, name, len);
    if (kind <= KIND_SEMAPHORE)
        list_push_front(&shared->objects, &object->link);
    else
        list_push_back(&shared->objects, &object->link);
    names_set(&shared->by_name, name, len, object);
    shared->memory += sizeof(*object) + len;
    return object;
}

int shared_add_semaphore(struct shared *shared, const char *name, int64_t permits)
{
    struct object *object = names_find(&shared->by_name, name, strlen(name));

    if (object)
        return object->kind == KIND_SEMAPHORE && object->permits == permits ? 0 : -EEXIST;
    object_new(shared, name, strlen(name), KIND_SEMAPHORE, permits);
    return 0;
}

static void tell(struct shared *shared, void *holder, enum shared_answer answer,
                 const struct object *object, const char *text, size_t len)
{
    shared->answer(shared->ctx, holder, answer, object->name, object->name_len, text, len);
}

/* Requests that nobody waits for an answer to: a denial would be taken for the next answer. */
static bool call_is_silent(const struct shared_call *call)
{
    switch ((int)call->request) {
    case CALL_UNLOCK:
    case CALL_RELEASE:
    case CALL_SET:
    case CALL_HSET:
    case CALL_HDEL:
    case CALL_LPUSH:
        return true;
    default:
        return false;
    }
}

static void deny(struct shared *shared, const struct shared_call *call, const char *why)
{
    if (call_is_silent(call))
        snprintf(shared->refusal, sizeof(shared->refusal), "%.60s: %s", call->name, why);
    else
        shared->answer(shared->ctx, call->holder, SHARED_DENIED, call->name, call->name_len, why,
                       strlen(why));
}

static void tell_number(struct shared *shared, void *holder, const struct object *object,
                        int64_t number)
{
    char text[24];

    tell(shared, holder, SHARED_VALUE, object, text,
         (size_t)snprintf(text, sizeof(text), "%" PRId64, number));
}

static void claim_add(struct list *claims, void *holder)
{
    struct claim *claim = mem_new(sizeof(*claim));

    claim->holder = holder;
    list_push_back(claims, &claim->link);
}

/* Permits go to those who wait, the first first. */
static void object_grant(struct shared *shared, struct object *object)
{
    struct list *first;

    while (object->free > 0 && (first = list_first(&object->waiters)) != NULL) {
        struct claim *claim = LIST_ENTRY(first, struct claim, link);
        bool abandoned = object->abandoned;

        list_remove(&claim->link);
        list_push_back(&object->holders, &claim->link);
        object->free--;
        object->abandoned = false;
        tell(shared, claim->holder, SHARED_GRANTED, object, abandoned ? "abandoned" : NULL,
             abandoned ? strlen("abandoned") : 0);
    }
}

static void do_acquire(struct shared *shared, struct object *object, const struct shared_call *call)
{
    if (claim_find(&object->waiters, call->holder)) {
        deny(shared, call, "it waits for this already");
    } else if (object->kind == KIND_LOCK && claim_find(&object->holders, call->holder)) {
        deny(shared, call, "it holds this lock already");
    } else {
        claim_add(&object->waiters, call->holder);
        object_grant(shared, object);
    }
}

static int do_release(struct shared *shared, struct object *object, const struct shared_call *call,
                      struct err *err)
{
    struct claim *claim = claim_find(&object->holders, call->holder);

    if (!claim)
        return err_set(err, EPROTO, "%s of %.60s, which it does not hold",
                       call->request == CALL_UNLOCK ? "UNLOCK" : "RELEASE_PERMIT", object->name);
    list_remove(&claim->link);
    free(claim);
    object->free++;
    object_grant(shared, object);
    return 0;
}

static struct text *text_new(struct shared *shared, const char *bytes, size_t len)
{
    struct text *text = mem_try_new(sizeof(*text) + len + 1);

    if (!text)
        return NULL;
    text->len = len;
    if (len)
        memcpy(text->bytes, bytes, len);
    shared->memory += sizeof(*text) + len;
    return text;
}

static void text_free(struct shared *shared, struct text *text)
{
    if (!text)
        return;
    shared->memory -= sizeof(*text) + text->len;
    free(text);
}

static void tell_text(struct shared *shared, void *holder, const struct object *object,
                      const struct text *text)
{
    tell(shared, holder, SHARED_VALUE, object, text ? text->bytes : NULL, text ? text->len : 0);
}

static void do_increment(struct shared *shared, struct object *object,
                         const struct shared_call *call)
{
    int64_t number = 0;
    char digits[24];
    int len;

    if ((object->value && str_parse_int(object->value->bytes, &number) < 0) ||
        __builtin_add_overflow(number, call->number, &number)) {
        deny(shared, call, "no integer of 64 bits");
        return;
    }
    text_free(shared, object->value);
    len = snprintf(digits, sizeof(digits), "%" PRId64, number);
    object->value = text_new(shared, digits, (size_t)len);
    tell_number(shared, call->holder, object, number);
}

int shared_add_number(struct shared *shared, const char *name, int64_t number)
{
    struct object *object = names_find(&shared->by_name, name, strlen(name));
    char digits[24];

    if (object)
        return object->kind == KIND_VALUE ? 0 : -EEXIST;
    object = object_new(shared, name, strlen(name), KIND_VALUE, 1);
    object->value =
        text_new(shared, digits, (size_t)snprintf(digits, sizeof(digits), "%" PRId64, number));
    return 0;
}

/* NULL when there is no room, which is said. */
static struct text *text_store(struct shared *shared, const struct shared_call *call)
{
    struct text *text = shared->memory + call->value_len + call->key_len < SHARED_MEMORY
                            ? text_new(shared, call->value, call->value_len)
                            : NULL;

    if (!text)
        deny(shared, call, "no room: all shared values together have 256 MiB");
    return text;
}

static void do_value(struct shared *shared, struct object *object, const struct shared_call *call)
{
    struct text *text;

    if (call->request == CALL_GET) {
        tell_text(shared, call->holder, object, object->value);
    } else if (call->request == CALL_INCR) {
        do_increment(shared, object, call);
    } else if ((text = text_store(shared, call)) != NULL) {
        text_free(shared, object->value);
        object->value = text;
    }
}

/* What an entry's key takes besides its value. */
enum { KEY_OVERHEAD = 64 };

static void dict_set(struct shared *shared, struct object *object, const struct shared_call *call,
                     struct text *text)
{
    struct text *before = names_set(&object->entries, call->key, call->key_len, text);

    if (before)
        text_free(shared, before);
    else
        shared->memory += call->key_len + KEY_OVERHEAD;
}

static void dict_delete(struct shared *shared, struct object *object,
                        const struct shared_call *call)
{
    struct text *text = names_take(&object->entries, call->key, call->key_len);

    if (!text)
        return;
    shared->memory -= call->key_len + KEY_OVERHEAD;
    text_free(shared, text);
}

static void do_dict(struct shared *shared, struct object *object, const struct shared_call *call)
{
    struct names *entries = &object->entries;
    struct text *text;

    if (call->request == CALL_HGET)
        tell_text(shared, call->holder, object, names_find(entries, call->key, call->key_len));
    else if (call->request == CALL_HLEN)
        tell_number(shared, call->holder, object, (int64_t)entries->count);
    else if (call->request == CALL_HDEL)
        dict_delete(shared, object, call);
    else if ((text = text_store(shared, call)) != NULL)
        dict_set(shared, object, call, text);
}

static struct text *list_at(const struct object *object, int64_t index)
{
    if (index < 0)
        index += (int64_t)object->count;
    LIST_EACH(node, &object->items)
    if (index-- == 0)
        return LIST_ENTRY(node, struct text, link);
    return NULL;
}

static void do_list(struct shared *shared, struct object *object, const struct shared_call *call)
{
    struct text *text;

    if (call->request == CALL_LLEN) {
        tell_number(shared, call->holder, object, (int64_t)object->count);
    } else if (call->request == CALL_LINDEX) {
        tell_text(shared, call->holder, object, list_at(object, call->number));
    } else if (call->request == CALL_LPOP) {
        text = list_at(object, 0);
        tell_text(shared, call->holder, object, text);
        if (!text)
            return;
        list_remove(&text->link);
        object->count--;
        text_free(shared, text);
    } else if ((text = text_store(shared, call)) != NULL) {
        list_push_front(&object->items, &text->link);
        object->count++;
    }
}

static enum kind request_kind(enum shared_request request)
{
    if (request <= CALL_UNLOCK)
        return KIND_LOCK;
    if (request <= CALL_RELEASE)
        return KIND_SEMAPHORE;
    if (request <= CALL_INCR)
        return KIND_VALUE;
    return request <= CALL_HLEN ? KIND_DICT : KIND_LIST;
}

static int call_do(struct shared *shared, const struct shared_call *call, struct err *err)
{
    struct object *object = names_find(&shared->by_name, call->name, call->name_len);
    enum kind kind = request_kind(call->request);
    char why[80];

    if (!object && (kind == KIND_SEMAPHORE || shared->memory > SHARED_MEMORY)) {
        deny(shared, call,
             kind == KIND_SEMAPHORE ? "no such semaphore: the pool's `shared` names them"
                                    : "no room: all shared values together have 256 MiB");
        return 0;
    }
    if (!object)
        object = object_new(shared, call->name, call->name_len, kind, 1);
    if (object->kind != kind) {
        snprintf(why, sizeof(why), "this name is a %s", kind_names[object->kind]);
        deny(shared, call, why);
        return 0;
    }
    if (call->request == CALL_UNLOCK || call->request == CALL_RELEASE)
        return do_release(shared, object, call, err);
    if (kind == KIND_LOCK || kind == KIND_SEMAPHORE)
        do_acquire(shared, object, call);
    else if (kind == KIND_VALUE)
        do_value(shared, object, call);
    else if (kind == KIND_DICT)
        do_dict(shared, object, call);
    else
        do_list(shared, object, call);
    return 0;
}

int shared_do(struct shared *shared, const struct shared_call *call, struct err *err)
{
    int rc;

    shared->refusal[0] = '\0';
    rc = call_do(shared, call, err);
    return rc == 0 && shared->refusal[0] ? err_set(err, EPROTO, "%s", shared->refusal) : rc;
}

void shared_forget(struct shared *shared, const void *holder)
{
    LIST_EACH(node, &shared->objects)
    {
        struct object *object = LIST_ENTRY(node, struct object, link);
        int given_back;

        if (object->kind > KIND_SEMAPHORE)
            return;
        claims_forget(&object->waiters, holder);
        given_back = claims_forget(&object->holders, holder);
        object->free += given_back;
        if (given_back)
            object->abandoned = object->kind == KIND_LOCK;
        object_grant(shared, object);
    }
}
