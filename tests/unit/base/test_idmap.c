/* SPDX-License-Identifier: MIT */
/* The map of ids beside a plain array, over many random steps; its memory ends with its values. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/idmap.h"

enum { IDS = 1000, STEPS = 200000 };

static size_t visited;

static void visit(void *value)
{
    visited++;
    assert_non_null(value);
}

static void as_an_array(void **state)
{
    static char objects[IDS];
    void *expected[IDS] = {0};
    struct idmap map = {0};
    size_t count = 0;
    unsigned seed = 7;

    (void)state;
    for (int step = 0; step < STEPS; step++) {
        uint64_t id = (uint64_t)rand_r(&seed) % IDS;

        if (rand_r(&seed) % 2) {
            count += !expected[id];
            expected[id] = &objects[rand_r(&seed) % IDS];
            idmap_set(&map, id, expected[id]);
        } else {
            assert_ptr_equal(idmap_take(&map, id), expected[id]);
            count -= expected[id] != NULL;
            expected[id] = NULL;
        }
        id = (uint64_t)rand_r(&seed) % IDS;
        assert_ptr_equal(idmap_find(&map, id), expected[id]);
        assert_int_equal(map.count, count);
    }
    idmap_each(&map, visit);
    assert_int_equal(visited, count);
    idmap_fini(&map);
}

static void pages_end_with_their_last(void **state)
{
    struct idmap map = {0};
    int object;

    (void)state;
    for (uint64_t id = 1; id < 100000; id++) {
        idmap_set(&map, id, &object);
        if (id > 100)
            assert_ptr_equal(idmap_take(&map, id - 100), &object);
        assert_true(map.pages.count <= 3);
    }
    for (uint64_t id = 99900; id < 100000; id++)
        idmap_take(&map, id);
    assert_int_equal(map.count, 0);
    assert_int_equal(map.pages.count, 0);
    idmap_set(&map, UINT64_MAX, &object);
    assert_ptr_equal(idmap_find(&map, UINT64_MAX), &object);
    assert_null(idmap_find(&map, UINT64_MAX - 1));
    assert_null(idmap_take(&map, UINT64_MAX - 64));
    idmap_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_an_array),
        cmocka_unit_test(pages_end_with_their_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
