/* SPDX-License-Identifier: MIT */
/* The map by byte strings against a plain array that is searched from its beginning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/names.h"

static int values[4];

static void sets_finds_replaces_and_takes(void **state)
{
    struct names names = {0};

    (void)state;
    assert_null(names_find(&names, "a", 1));
    assert_null(names_take(&names, "a", 1));
    assert_null(names_take_any(&names));
    assert_null(names_set(&names, "a", 1, &values[0]));
    assert_ptr_equal(names_set(&names, "a", 1, &values[1]), &values[0]);
    assert_int_equal(names.count, 1);
    assert_ptr_equal(names_find(&names, "a", 1), &values[1]);
    assert_ptr_equal(names_take(&names, "a", 1), &values[1]);
    assert_null(names_find(&names, "a", 1));
    assert_int_equal(names.count, 0);
    names_fini(&names);
}

static void keys_are_bytes_with_a_length(void **state)
{
    struct names names = {0};
    char key[] = "ab";

    (void)state;
    names_set(&names, "", 0, &values[0]);
    names_set(&names, "a\0b", 3, &values[1]);
    names_set(&names, "a\0c", 3, &values[2]);
    names_set(&names, key, 2, &values[3]);
    memcpy(key, "zz", 2); /* it was copied */
    assert_int_equal(names.count, 4);
    assert_ptr_equal(names_find(&names, "", 0), &values[0]);
    assert_ptr_equal(names_find(&names, "a\0b", 3), &values[1]);
    assert_ptr_equal(names_find(&names, "a\0c", 3), &values[2]);
    assert_ptr_equal(names_find(&names, "ab", 2), &values[3]);
    assert_null(names_find(&names, "a", 1));
    assert_null(names_find(&names, "zz", 2));
    names_fini(&names);
}

/* FNV-1a of the prefix is 0, and further zeros keep it so: all these keys share one chain. */
static void keys_of_one_hash_stay_apart(void **state)
{
    enum { KEYS = 40 };
    static const char key[8 + KEYS] = "\xd5\x6b\xb9\x53\x42\x87\x08\x36";
    static int numbers[KEYS];
    struct names names = {0};

    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        assert_int_equal(map_hash_bytes(key, 8 + i), 0);
        assert_null(names_set(&names, key, 8 + i, &numbers[i]));
    }
    assert_null(names_find(&names, key, 7));
    for (size_t i = 0; i < KEYS; i += 2) /* from the chain's end, its middle and its head */
        assert_ptr_equal(names_take(&names, key, 8 + i), &numbers[i]);
    for (size_t i = 0; i < KEYS; i++)
        assert_ptr_equal(names_find(&names, key, 8 + i), i % 2 ? &numbers[i] : NULL);
    for (size_t left = KEYS / 2; left > 0; left--) {
        assert_int_equal(names.count, left);
        assert_non_null(names_take_any(&names));
    }
    assert_null(names_take_any(&names));
    names_fini(&names);
}

static void random_moves_agree_with_an_array(void **state)
{
    enum { KEYS = 97 };
    int *model[KEYS] = {0};
    struct names names = {0};
    unsigned seed = 20260202;
    size_t count = 0;

    (void)state;
    print_message("seed %u\n", seed);
    for (int step = 0; step < 50000; step++) {
        unsigned dice = (unsigned)rand_r(&seed) / 8;
        size_t at = dice / 4 % KEYS;
        unsigned char key[2] = {(unsigned char)(at % 10), (unsigned char)(at / 10)};
        int *value = &values[dice % 4];

        if (dice / 1024 % 3 == 0) {
            assert_ptr_equal(names_take(&names, (char *)key, 2), model[at]);
            count -= model[at] != NULL;
            model[at] = NULL;
        } else if (dice / 1024 % 3 == 1) {
            assert_ptr_equal(names_set(&names, (char *)key, 2, value), model[at]);
            count += model[at] == NULL;
            model[at] = value;
        } else {
            assert_ptr_equal(names_find(&names, (char *)key, 2), model[at]);
        }
        assert_int_equal(names.count, count);
    }
    names_fini(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_finds_replaces_and_takes),
        cmocka_unit_test(keys_are_bytes_with_a_length),
        cmocka_unit_test(keys_of_one_hash_stay_apart),
        cmocka_unit_test(random_moves_agree_with_an_array),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
