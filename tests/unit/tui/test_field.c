/* SPDX-License-Identifier: MIT */
/* Values of messages: defaults, base64, and how they are written for people. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tui/field.h"

static void missing_and_wrong_values_are_not_known(void **state)
{
    json_t *object = json_loads("{\"a\":1,\"b\":\"x\",\"c\":null,\"d\":2.5,\"e\":true}", 0, NULL);
    size_t len;

    (void)state;
    assert_int_equal(field_int(object, "a", -1), 1);
    assert_int_equal(field_int(object, "b", -1), -1);
    assert_int_equal(field_int(object, "d", -1), 2);
    assert_true(isnan(field_number(object, "b")));
    assert_true(isnan(field_number(object, "nothing")));
    assert_string_equal(field_text(object, "a"), "");
    assert_string_equal(field_bytes(object, "b", &len), "x");
    assert_int_equal(len, 1);
    assert_true(field_bool(object, "e"));
    assert_false(field_bool(object, "a"));
    assert_string_equal(field_text(NULL, "a"), "");
    json_decref(object);
}

static void base64_is_decoded_everywhere(void **state)
{
    json_t *object = json_loads("{\"name_base64\":\"YmFk/5s=\",\"in\":{\"t_base64\":\"AGE=\"},"
                                "\"list\":[{\"base64\":\"eA==\"},{\"k\":1}],\"x_base64\":\"%%\"}",
                                0, NULL);
    size_t len;

    (void)state;
    field_decode_base64(object);
    assert_memory_equal(field_bytes(object, "name", &len), "bad\xff\x9b", 5);
    assert_int_equal(len, 5);
    assert_memory_equal(field_bytes(json_object_get(object, "in"), "t", &len), "\0a", 2);
    assert_string_equal(json_string_value(json_array_get(json_object_get(object, "list"), 0)), "x");
    assert_string_equal(field_text(object, "x"), "");
    json_decref(object);
}

static void check_age(double seconds, const char *expected)
{
    char text[16];

    field_format_age(text, seconds);
    assert_string_equal(text, expected);
}

static void ages_are_short(void **state)
{
    (void)state;
    check_age((double)NAN, "-");
    check_age(-1, "-");
    check_age(0.9, "0s");
    check_age(59.9, "59s");
    check_age(60, "1m");
    check_age(620, "10m20s");
    check_age(3599, "59m59s");
    check_age(36000, "10h");
    check_age(5880, "1h38m");
    check_age(273600, "3d04h");
    check_age(1e18, "-");
}

static void rates_counts_and_clocks(void **state)
{
    char text[32];

    (void)state;
    setenv("TZ", "UTC", 1);
    field_format_rate(text, 62.44);
    assert_string_equal(text, "62.4");
    field_format_rate(text, 12345.6);
    assert_string_equal(text, "12,345");
    field_format_count(text, (double)NAN);
    assert_string_equal(text, "-");
    field_format_clock(text, 1769863267.9996, false);
    assert_string_equal(text, "12:41:08");
    field_format_clock(text, 1769863267.25, true);
    assert_string_equal(text, "12:41:07.250");
    field_format_clock(text, 1e300, true);
    assert_string_equal(text, "-");
}

static void sparklines_show_the_newest(void **state)
{
    json_t *numbers = json_loads("[9,0,50,100,200]", 0, NULL);
    char text[64];

    (void)state;
    assert_int_equal(field_sparkline(text, sizeof(text), numbers, 4, 100), 4);
    assert_string_equal(text, "▁▅██");
    assert_int_equal(field_sparkline(text, sizeof(text), numbers, 2, 0), 2);
    assert_string_equal(text, "▅█");
    assert_int_equal(field_sparkline(text, sizeof(text), NULL, 4, 0), 0);
    json_decref(numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_and_wrong_values_are_not_known),
        cmocka_unit_test(base64_is_decoded_everywhere),
        cmocka_unit_test(ages_are_short),
        cmocka_unit_test(rates_counts_and_clocks),
        cmocka_unit_test(sparklines_show_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
