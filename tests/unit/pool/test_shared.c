/* SPDX-License-Identifier: MIT */
/* Locks, semaphores, values, dictionaries and lists by name, and what a death gives back. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "pool/shared.h"

enum { HOLDERS = 8 };

struct heard {
    enum shared_answer answer;
    char name[32], text[128];
    size_t len;
    bool nothing;
    int count; /* answers so far */
};

struct world {
    struct shared *shared;
    struct heard heard[HOLDERS]; /* a holder is the address of its entry */
    struct err err;
};

static void hear(void *ctx, void *holder, enum shared_answer answer, const char *name,
                 size_t name_len, const char *text, size_t len)
{
    struct heard *heard = holder;

    (void)ctx;
    heard->count++;
    heard->answer = answer;
    snprintf(heard->name, sizeof(heard->name), "%.*s", (int)name_len, name);
    heard->nothing = !text;
    heard->len = len;
    memset(heard->text, 0, sizeof(heard->text));
    if (text)
        memcpy(heard->text, text, len < sizeof(heard->text) ? len : sizeof(heard->text) - 1);
}

static int begin(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    world->shared = shared_new(hear, world);
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;

    shared_free(world->shared);
    free(world);
    return 0;
}

static int ask_bytes(struct world *world, int holder, enum shared_request request, const char *name,
                     const char *key, const char *value, size_t len)
{
    struct shared_call call = {.request = request,
                               .holder = &world->heard[holder],
                               .name = name,
                               .name_len = strlen(name),
                               .key = key,
                               .key_len = strlen(key),
                               .value = value,
                               .value_len = len};

    return shared_do(world->shared, &call, &world->err);
}

static void ask(struct world *world, int holder, enum shared_request request, const char *name,
                const char *key, const char *value)
{
    assert_int_equal(ask_bytes(world, holder, request, name, key, value, strlen(value)), 0);
}

static void number(struct world *world, int holder, enum shared_request request, const char *name,
                   int64_t number)
{
    struct shared_call call = {.request = request,
                               .holder = &world->heard[holder],
                               .name = name,
                               .name_len = strlen(name),
                               .number = number};

    assert_int_equal(shared_do(world->shared, &call, &world->err), 0);
}

/* The holder's answers so far are `count`; the last one was this. "" = nothing. */
static void assert_heard(const struct world *world, int holder, int count,
                         enum shared_answer answer, const char *text)
{
    const struct heard *heard = &world->heard[holder];

    assert_int_equal(heard->count, count);
    assert_int_equal(heard->answer, answer);
    assert_string_equal(heard->text, text);
    assert_int_equal(heard->nothing, *text == '\0');
}

static void lock_goes_from_one_to_the_next(void **state)
{
    struct world *world = *state;

    ask(world, 0, CALL_LOCK, "gpu", "", "");
    assert_heard(world, 0, 1, SHARED_GRANTED, "");
    assert_string_equal(world->heard[0].name, "gpu");
    ask(world, 1, CALL_LOCK, "gpu", "", "");
    ask(world, 2, CALL_LOCK, "gpu", "", "");
    assert_int_equal(world->heard[1].count, 0);
    ask(world, 0, CALL_UNLOCK, "gpu", "", "");
    assert_heard(world, 1, 1, SHARED_GRANTED, "");
    assert_int_equal(world->heard[2].count, 0);
    ask(world, 1, CALL_UNLOCK, "gpu", "", "");
    assert_heard(world, 2, 1, SHARED_GRANTED, "");
    ask(world, 2, CALL_UNLOCK, "gpu", "", "");
    ask(world, 0, CALL_LOCK, "gpu", "", "");
    assert_heard(world, 0, 2, SHARED_GRANTED, "");
}

static void lock_is_not_taken_twice_nor_awaited_twice(void **state)
{
    struct world *world = *state;

    ask(world, 0, CALL_LOCK, "gpu", "", "");
    ask(world, 0, CALL_LOCK, "gpu", "", "");
    assert_heard(world, 0, 2, SHARED_DENIED, "it holds this lock already");
    ask(world, 1, CALL_LOCK, "gpu", "", "");
    ask(world, 1, CALL_LOCK, "gpu", "", "");
    assert_heard(world, 1, 1, SHARED_DENIED, "it waits for this already");
    ask(world, 0, CALL_UNLOCK, "gpu", "", "");
    assert_heard(world, 1, 2, SHARED_GRANTED, "");
}

static void giving_back_what_one_does_not_hold_is_a_breach(void **state)
{
    struct world *world = *state;

    shared_add_semaphore(world->shared, "db", 2);
    assert_int_equal(ask_bytes(world, 0, CALL_UNLOCK, "gpu", "", "", 0), -EPROTO);
    assert_string_equal(world->err.text, "UNLOCK of gpu, which it does not hold");
    world->err = (struct err){0};
    assert_int_equal(ask_bytes(world, 0, CALL_RELEASE, "db", "", "", 0), -EPROTO);
    assert_string_equal(world->err.text, "RELEASE_PERMIT of db, which it does not hold");
    ask(world, 1, CALL_LOCK, "gpu", "", "");
    assert_int_equal(ask_bytes(world, 0, CALL_UNLOCK, "gpu", "", "", 0), -EPROTO);
    ask(world, 2, CALL_LOCK, "gpu", "", "");
    assert_int_equal(world->heard[2].count, 0); /* still held */
}

static void semaphore_lets_in_as_many_as_it_has(void **state)
{
    struct world *world = *state;

    assert_int_equal(shared_add_semaphore(world->shared, "db", 2), 0);
    assert_int_equal(shared_add_semaphore(world->shared, "db", 2), 0); /* two pools name it */
    assert_int_equal(shared_add_semaphore(world->shared, "db", 3), -EEXIST);
    ask(world, 0, CALL_ACQUIRE, "db", "", "");
    ask(world, 0, CALL_ACQUIRE, "db", "", ""); /* one holder may have several */
    assert_heard(world, 0, 2, SHARED_GRANTED, "");
    ask(world, 1, CALL_ACQUIRE, "db", "", "");
    assert_int_equal(world->heard[1].count, 0);
    ask(world, 0, CALL_RELEASE, "db", "", "");
    assert_heard(world, 1, 1, SHARED_GRANTED, "");
    ask(world, 2, CALL_ACQUIRE, "none", "", "");
    assert_heard(world, 2, 1, SHARED_DENIED, "no such semaphore: the pool's `shared` names them");
}

static void death_gives_back_all_and_says_so_once(void **state)
{
    struct world *world = *state;

    shared_add_semaphore(world->shared, "db", 2);
    ask(world, 0, CALL_LOCK, "a", "", "");
    ask(world, 0, CALL_LOCK, "b", "", "");
    ask(world, 0, CALL_ACQUIRE, "db", "", "");
    ask(world, 0, CALL_ACQUIRE, "db", "", "");
    ask(world, 1, CALL_LOCK, "a", "", "");
    ask(world, 2, CALL_ACQUIRE, "db", "", "");
    ask(world, 3, CALL_ACQUIRE, "db", "", "");
    shared_forget(world->shared, &world->heard[0]);
    assert_heard(world, 1, 1, SHARED_GRANTED, "abandoned");
    assert_heard(world, 2, 1, SHARED_GRANTED, ""); /* a permit is no lock */
    assert_heard(world, 3, 1, SHARED_GRANTED, "");
    ask(world, 4, CALL_LOCK, "b", "", ""); /* nobody waited for it */
    assert_heard(world, 4, 1, SHARED_GRANTED, "abandoned");
    ask(world, 1, CALL_UNLOCK, "a", "", "");
    ask(world, 4, CALL_LOCK, "a", "", "");
    assert_heard(world, 4, 2, SHARED_GRANTED, ""); /* the next owner knew and made it good */
}

static void death_of_who_waits_lets_the_next_pass(void **state)
{
    struct world *world = *state;

    ask(world, 0, CALL_LOCK, "a", "", "");
    ask(world, 1, CALL_LOCK, "a", "", "");
    ask(world, 2, CALL_LOCK, "a", "", "");
    shared_forget(world->shared, &world->heard[1]);
    ask(world, 0, CALL_UNLOCK, "a", "", "");
    assert_int_equal(world->heard[1].count, 0);
    assert_heard(world, 2, 1, SHARED_GRANTED, "");
}

static void values_are_bytes(void **state)
{
    static const char bytes[] = "tab\t\n\0\xff.";
    struct world *world = *state;

    ask(world, 0, CALL_GET, "v", "", "");
    assert_heard(world, 0, 1, SHARED_VALUE, "");
    assert_int_equal(ask_bytes(world, 0, CALL_SET, "v", "", bytes, sizeof(bytes)), 0);
    assert_int_equal(world->heard[0].count, 1); /* a store has no answer */
    ask(world, 1, CALL_GET, "v", "", "");
    assert_int_equal(world->heard[1].len, sizeof(bytes));
    assert_memory_equal(world->heard[1].text, bytes, sizeof(bytes));
    ask(world, 0, CALL_SET, "v", "", ""); /* an empty one is there, too */
    ask(world, 1, CALL_GET, "v", "", "");
    assert_false(world->heard[1].nothing);
    assert_int_equal(world->heard[1].len, 0);
}

static void counters_count_and_never_wrap(void **state)
{
    struct world *world = *state;

    number(world, 0, CALL_INCR, "n", 5);
    assert_heard(world, 0, 1, SHARED_VALUE, "5");
    number(world, 1, CALL_INCR, "n", -7);
    assert_heard(world, 1, 1, SHARED_VALUE, "-2");
    ask(world, 0, CALL_SET, "n", "", "9223372036854775807");
    number(world, 0, CALL_INCR, "n", 1);
    assert_heard(world, 0, 2, SHARED_DENIED, "no integer of 64 bits");
    number(world, 0, CALL_INCR, "n", INT64_MIN);
    assert_heard(world, 0, 3, SHARED_VALUE, "-1");
    ask(world, 0, CALL_SET, "n", "", "many");
    number(world, 0, CALL_INCR, "n", 1);
    assert_heard(world, 0, 4, SHARED_DENIED, "no integer of 64 bits");
    ask(world, 0, CALL_GET, "n", "", "");
    assert_heard(world, 0, 5, SHARED_VALUE, "many"); /* left as it was */
    assert_int_equal(shared_add_number(world->shared, "m", -3), 0);
    assert_int_equal(shared_add_number(world->shared, "m", 100), 0); /* its first one counts */
    number(world, 0, CALL_INCR, "m", 0);
    assert_heard(world, 0, 6, SHARED_VALUE, "-3");
}

static void dictionaries(void **state)
{
    struct world *world = *state;

    ask(world, 0, CALL_HSET, "d", "k1", "one");
    ask(world, 0, CALL_HSET, "d", "", "no key");
    ask(world, 0, CALL_HSET, "d", "k1", "uno");
    ask(world, 1, CALL_HLEN, "d", "", "");
    assert_heard(world, 1, 1, SHARED_VALUE, "2");
    ask(world, 1, CALL_HGET, "d", "k1", "");
    assert_heard(world, 1, 2, SHARED_VALUE, "uno");
    ask(world, 1, CALL_HGET, "d", "", "");
    assert_heard(world, 1, 3, SHARED_VALUE, "no key");
    ask(world, 1, CALL_HDEL, "d", "k1", "");
    ask(world, 1, CALL_HDEL, "d", "k1", "");
    assert_int_equal(world->heard[1].count, 3);
    ask(world, 1, CALL_HGET, "d", "k1", "");
    assert_heard(world, 1, 4, SHARED_VALUE, "");
    ask(world, 1, CALL_HLEN, "d", "", "");
    assert_heard(world, 1, 5, SHARED_VALUE, "1");
}

static void lists(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < 5; i++)
        ask(world, 0, CALL_LPUSH, "l", "", (const char *[]){"0", "1", "2", "3", "4"}[i]);
    number(world, 1, CALL_LLEN, "l", 0);
    assert_heard(world, 1, 1, SHARED_VALUE, "5");
    number(world, 1, CALL_LINDEX, "l", 0);
    assert_heard(world, 1, 2, SHARED_VALUE, "4"); /* the head is the newest */
    number(world, 1, CALL_LINDEX, "l", -1);
    assert_heard(world, 1, 3, SHARED_VALUE, "0");
    number(world, 1, CALL_LINDEX, "l", 5);
    assert_heard(world, 1, 4, SHARED_VALUE, "");
    number(world, 1, CALL_LINDEX, "l", -6);
    assert_heard(world, 1, 5, SHARED_VALUE, "");
    for (int i = 0; i < 5; i++) {
        number(world, 1, CALL_LPOP, "l", 0);
        assert_heard(world, 1, 6 + i, SHARED_VALUE, (const char *[]){"4", "3", "2", "1", "0"}[i]);
    }
    number(world, 1, CALL_LPOP, "l", 0);
    assert_heard(world, 1, 11, SHARED_VALUE, "");
}

static void name_is_of_one_kind(void **state)
{
    struct world *world = *state;

    ask(world, 0, CALL_LPUSH, "x", "", "item");
    ask(world, 0, CALL_GET, "x", "", "");
    assert_heard(world, 0, 1, SHARED_DENIED, "this name is a list");
    /* To these nobody awaits an answer. */
    assert_int_equal(ask_bytes(world, 0, CALL_UNLOCK, "x", "", "", 0), -EPROTO);
    assert_int_equal(ask_bytes(world, 0, CALL_SET, "x", "", "1", 1), -EPROTO);
    assert_string_equal(world->err.text, "x: this name is a list");
    assert_heard(world, 0, 1, SHARED_DENIED, "this name is a list");
    assert_int_equal(shared_add_semaphore(world->shared, "x", 1), -EEXIST);
    assert_int_equal(shared_add_number(world->shared, "x", 1), -EEXIST);
}

/* Stores of 1 MiB each until one is refused. */
static int fill(struct world *world, enum shared_request request, const char *big, size_t len)
{
    char key[16];
    int stored = 0;

    do
        snprintf(key, sizeof(key), "k%d", stored);
    while (ask_bytes(world, 0, request, "big", key, big, len) == 0 && stored++ < 1000);
    return stored;
}

static void all_together_are_bounded_and_freed_room_is_room(void **state)
{
    struct world *world = *state;
    size_t len = 1 << 20;
    char *big = malloc(len);
    int stored;

    memset(big, 'x', len);
    stored = fill(world, CALL_HSET, big, len);
    assert_in_range(stored, 250, 256);
    assert_string_equal(world->err.text, "big: no room: all shared values together have 256 MiB");
    ask(world, 0, CALL_HDEL, "big", "k3", "");
    assert_int_equal(ask_bytes(world, 0, CALL_HSET, "big", "k4", big, len), 0); /* the same size */
    ask(world, 1, CALL_HLEN, "big", "", "");
    assert_int_equal(atoi(world->heard[1].text), stored - 1);
    free(big);
}

static void keys_take_room_too(void **state)
{
    struct world *world = *state;
    size_t len = 1 << 20;
    char *key = calloc(1, len + 1);
    int stored = 0;

    memset(key, 'k', len);
    do
        memcpy(key, (char[]){(char)('a' + stored / 26), (char)('a' + stored % 26)}, 2);
    while (ask_bytes(world, 0, CALL_HSET, "big", key, "", 0) == 0 && stored++ < 300);
    assert_in_range(stored, 250, 257);
    ask(world, 0, CALL_HDEL, "big", key, ""); /* this one was refused */
    memcpy(key, "aa", 2);
    ask(world, 0, CALL_HDEL, "big", key, "");
    ask(world, 0, CALL_HSET, "big", key, "");
    free(key);
}

static void what_is_held_and_awaited_is_printed(void **state)
{
    struct world *world = *state;
    struct buf text = {0};

    shared_add_semaphore(world->shared, "db", 1);
    ask(world, 0, CALL_LOCK, "gpu", "", "");
    ask(world, 0, CALL_ACQUIRE, "db", "", "");
    ask(world, 1, CALL_LOCK, "gpu", "", "");
    ask(world, 1, CALL_SET, "value", "", "not held");
    shared_print_held(world->shared, &world->heard[0], &text);
    assert_true(strcmp(buf_string(&text), "gpu db") == 0 ||
                strcmp(buf_string(&text), "db gpu") == 0);
    buf_reset(&text);
    shared_print_awaits(world->shared, &world->heard[1], &text);
    assert_string_equal(buf_string(&text), "gpu");
    buf_reset(&text);
    shared_print_held(world->shared, &world->heard[1], &text);
    assert_int_equal(buf_len(&text), 0);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lock_goes_from_one_to_the_next, begin, end),
        cmocka_unit_test_setup_teardown(lock_is_not_taken_twice_nor_awaited_twice, begin, end),
        cmocka_unit_test_setup_teardown(giving_back_what_one_does_not_hold_is_a_breach, begin, end),
        cmocka_unit_test_setup_teardown(semaphore_lets_in_as_many_as_it_has, begin, end),
        cmocka_unit_test_setup_teardown(death_gives_back_all_and_says_so_once, begin, end),
        cmocka_unit_test_setup_teardown(death_of_who_waits_lets_the_next_pass, begin, end),
        cmocka_unit_test_setup_teardown(values_are_bytes, begin, end),
        cmocka_unit_test_setup_teardown(counters_count_and_never_wrap, begin, end),
        cmocka_unit_test_setup_teardown(dictionaries, begin, end),
        cmocka_unit_test_setup_teardown(lists, begin, end),
        cmocka_unit_test_setup_teardown(name_is_of_one_kind, begin, end),
        cmocka_unit_test_setup_teardown(all_together_are_bounded_and_freed_room_is_room, begin,
                                        end),
        cmocka_unit_test_setup_teardown(keys_take_room_too, begin, end),
        cmocka_unit_test_setup_teardown(what_is_held_and_awaited_is_printed, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
