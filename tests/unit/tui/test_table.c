/* SPDX-License-Identifier: MIT */
/* Tables that fit, and the list cursor that stays on its object. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tui/table.h"

static const struct column columns[] = {
    {"S", NULL, 1, 0, 0, false, false},       {"NAME", NULL, 6, 12, 0, false, false},
    {"AGE", NULL, 4, 0, 1, true, false},      {"LOAD", NULL, 10, 0, 2, false, false},
    {"NOTE", NULL, 8, 1000, 3, false, false},
};

static void what_does_not_fit_is_dropped_in_order(void **state)
{
    struct table table;

    (void)state;
    table_layout(&table, columns, 5, 35);
    assert_true(table.width[4] == 8);
    table_layout(&table, columns, 5, 34);
    assert_int_equal(table.width[4], 0);
    assert_int_equal(table.width[3], 10);
    table_layout(&table, columns, 5, 25);
    assert_int_equal(table.width[3], 0);
    assert_int_equal(table.width[2], 4);
    table_layout(&table, columns, 5, 4);
    assert_int_equal(table.width[2], 0);
    assert_int_equal(table.width[1], 6); /* never dropped */
}

static void what_is_left_is_given_out_in_order(void **state)
{
    struct table table;

    (void)state;
    table_layout(&table, columns, 5, 60);
    assert_int_equal(table.width[1], 12);
    assert_int_equal(table.width[4], 8 + 60 - 35 - 6);
    assert_int_equal(table.at[4] + table.width[4], 60);
    assert_int_equal(table_column_at(&table, table.at[3] + 2), 3);
    assert_int_equal(table_column_at(&table, 0), -1);
}

static void the_cursor_stays_in_the_list(void **state)
{
    struct list list = {.total = 100, .page = 10};

    (void)state;
    list_move(&list, 15);
    assert_int_equal(list.cursor, 15);
    assert_int_equal(list.top, 6);
    list_move(&list, -1000);
    assert_int_equal(list.cursor, 0);
    assert_int_equal(list.top, 0);
    list_go(&list, 99);
    assert_int_equal(list.top, 90);
    list.total = 5;
    list_clamp(&list);
    assert_int_equal(list.cursor, 4);
    assert_int_equal(list.top, 0);
    list.total = 0;
    list_clamp(&list);
    assert_int_equal(list.cursor, 0);
}

static void following_keeps_the_screen_line(void **state)
{
    struct list list = {.total = 100, .page = 10, .cursor = 25, .top = 20};

    (void)state;
    list_follow(&list, 60);
    assert_int_equal(list.cursor, 60);
    assert_int_equal(list.top, 55);
    list_follow(&list, 2); /* no room for it above */
    assert_int_equal(list.cursor, 2);
    assert_int_equal(list.top, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_is_dropped_in_order),
        cmocka_unit_test(what_is_left_is_given_out_in_order),
        cmocka_unit_test(the_cursor_stays_in_the_list),
        cmocka_unit_test(following_keeps_the_screen_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
