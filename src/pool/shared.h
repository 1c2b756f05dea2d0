/* SPDX-License-Identifier: MIT */
/*
 * What workers share by name: locks, semaphores, values, dictionaries, lists. A holder is whatever
 * the caller takes for a worker's life; at its end everything it held or waited for is given back,
 * and the next owner of its lock is told that it was abandoned. A name is made by its first use
 * (semaphores by shared_add_semaphore) and is of one kind for good. Bounded: SHARED_MEMORY bytes.
 * Pure; answers leave by the callback, some of them to others than who asked.
 */
#ifndef LIFEGUARD_POOL_SHARED_H
#define LIFEGUARD_POOL_SHARED_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct shared;

enum { SHARED_MEMORY = 256 << 20 };

enum shared_request {
    CALL_LOCK,
    CALL_UNLOCK,
    CALL_ACQUIRE,
    CALL_RELEASE,
    CALL_GET,
    CALL_SET,
    CALL_INCR,
    CALL_HGET,
    CALL_HSET,
    CALL_HDEL,
    CALL_HLEN,
    CALL_LPUSH,
    CALL_LPOP,
    CALL_LLEN,
    CALL_LINDEX,
    CALL_REQUESTS
};

enum shared_answer { SHARED_GRANTED, SHARED_DENIED, SHARED_VALUE };

struct shared_call {
    enum shared_request request;
    void *holder;
    const char *name, *key, *value;
    size_t name_len, key_len, value_len;
    int64_t number; /* INCR: n; LINDEX: index from 0, the head */
};

/* `text` NULL = nothing: no such value, or a grant of a lock that nobody abandoned. */
typedef void shared_answer_function(void *ctx, void *holder, enum shared_answer answer,
                                    const char *name, size_t name_len, const char *text,
                                    size_t len);

struct shared *shared_new(shared_answer_function *answer, void *ctx);
void shared_free(struct shared *shared);
/* -EEXIST when the name is taken by another kind or another count. */
int shared_add_semaphore(struct shared *shared, const char *name, int64_t permits);
/* A value with its first number; -EEXIST as above. */
int shared_add_number(struct shared *shared, const char *name, int64_t number);
/* 0, also when the answer is a denial. -EPROTO for giving back what it does not hold, and for a
 * store that is refused: nobody waits for an answer to that, so it can only be a breach. */
int shared_do(struct shared *shared, const struct shared_call *call, struct err *err);
/* The holder is gone. */
void shared_forget(struct shared *shared, const void *holder);
/* For people: the names that it holds, and the one it waits for, separated by a space. */
void shared_print_held(const struct shared *shared, const void *holder, struct buf *out);
void shared_print_awaits(const struct shared *shared, const void *holder, struct buf *out);
/* Who holds what it waits for (of a semaphore the first), and its name, "lock gpu"; NULL when it
 * waits for nothing, or nobody holds it. */
const void *shared_awaited(const struct shared *shared, const void *holder, char *name,
                           size_t size);

#endif
