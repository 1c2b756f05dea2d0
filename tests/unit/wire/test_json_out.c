/* SPDX-License-Identifier: MIT */
/* The JSON emitter: what it writes is read back by jansson, an independent reader. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "wire/json_out.h"

static void check_text(struct buf *buf, const char *expected)
{
    assert_string_equal(buf_string(buf), expected);
    buf_fini(buf);
}

static void commas_and_levels(void **state)
{
    struct buf buf = {0};
    struct json_out out;

    (void)state;
    json_out_init(&out, &buf);
    for (int i = 0; i < 2; i++) {
        json_open_object(&out, NULL);
        json_put_int(&out, "id", 7);
        json_open_array(&out, "rows");
        json_open_array(&out, NULL);
        json_close_array(&out);
        json_open_object(&out, NULL);
        json_put_bool(&out, "a", true);
        json_put_null(&out, "b");
        json_close_object(&out);
        json_put_int(&out, NULL, INT64_MIN);
        json_close_array(&out);
        json_put_string(&out, "none", NULL);
        json_close_object(&out);
        json_end_line(&out);
    }
    assert_true(json_out_ok(&out));
    check_text(
        &buf,
        "{\"id\":7,\"rows\":[[],{\"a\":true,\"b\":null},-9223372036854775808],\"none\":null}\n"
        "{\"id\":7,\"rows\":[[],{\"a\":true,\"b\":null},-9223372036854775808],\"none\":null}\n");
}

static void numbers(void **state)
{
    static const struct {
        double value;
        int decimals;
        const char *text;
    } cases[] = {{0, 3, "0"},
                 {-0.0004, 3, "0"},
                 {1.5, 3, "1.5"},
                 {-1.25, 2, "-1.25"},
                 {-0.5, 1, "-0.5"},
                 {62.45, 1, "62.5"},
                 {100, 0, "100"},
                 {100, 6, "100"},
                 {0.000001, 6, "0.000001"},
                 {1766000000.123456, 3, "1766000000.123"},
                 {1e17, 3, "100000000000000000"},
                 {NAN, 2, "null"},
                 {-INFINITY, 2, "null"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf buf = {0};
        struct json_out out;

        json_out_init(&out, &buf);
        json_put_number(&out, NULL, cases[i].value, cases[i].decimals);
        check_text(&buf, cases[i].text);
    }
}

/* Every byte value in a string comes back unchanged, as text or as base64. */
static void strings_survive(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        int text;
    } cases[] = {{"", 0, 1},
                 {"plain", 5, 1},
                 {"q\" b\\ \b\f\n\r\t \x01\x1f\x7f", 13, 1},
                 {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, 1},
                 {"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", 10, 1},
                 {"a\0b", 3, 0},
                 {"\xff", 1, 0},
                 {"\xc0\xaf", 2, 0},
                 {"\xe0\x9f\x80", 3, 0},
                 {"\xed\xa0\x80", 3, 0},
                 {"\xf0\x8f\x80\x80", 4, 0},
                 {"\xf4\x90\x80\x80", 4, 0},
                 {"cut \xe2\x82", 6, 0},
                 {"\xe2\x28\xa1", 3, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf buf = {0};
        struct json_out out;
        json_t *root;

        json_out_init(&out, &buf);
        json_open_object(&out, NULL);
        json_put_bytes(&out, "k", cases[i].bytes, cases[i].len);
        json_close_object(&out);
        root = json_loadb(buf_data(&buf), buf_len(&buf), 0, NULL);
        assert_non_null(root);
        if (cases[i].text) {
            json_t *value = json_object_get(root, "k");

            assert_int_equal(json_string_length(value), cases[i].len);
            assert_memory_equal(json_string_value(value), cases[i].bytes, cases[i].len);
        } else {
            assert_null(json_object_get(root, "k"));
            assert_non_null(json_object_get(root, "k_base64"));
        }
        json_decref(root);
        buf_fini(&buf);
    }
}

/* Each byte at each place among plain ones: strings are looked at eight bytes at a time. */
static void bytes_at_every_place(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++)
        for (size_t len = 1; len <= 17; len++)
            for (size_t at = 0; at < len; at++) {
                char text[17], *end;
                struct buf buf = {0};
                struct json_out out;
                json_t *root;

                memset(text, 'x', sizeof(text));
                text[at] = (char)c;
                json_out_init(&out, &buf);
                json_open_object(&out, NULL);
                json_put_bytes(&out, "k", text, len);
                json_close_object(&out);
                root = json_loadb(buf_data(&buf), buf_len(&buf), JSON_ALLOW_NUL, NULL);
                assert_non_null(root);
                end = strstr(buf_string(&buf), "k_base64");
                assert_int_equal(end != NULL, c == 0 || c >= 0x80);
                if (!end) {
                    assert_int_equal(json_string_length(json_object_get(root, "k")), len);
                    assert_memory_equal(json_string_value(json_object_get(root, "k")), text, len);
                }
                json_decref(root);
                buf_fini(&buf);
            }
}

static void base64_text(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } cases[] = {{"\xff", 1, "{\"base64\":\"/w==\"}"},
                 {"\xff\xfe", 2, "{\"base64\":\"//4=\"}"},
                 {"\xff\0z", 3, "{\"base64\":\"/wB6\"}"},
                 {"\xff\0zM", 4, "{\"base64\":\"/wB6TQ==\"}"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf buf = {0};
        struct json_out out;

        json_out_init(&out, &buf);
        json_put_bytes(&out, NULL, cases[i].bytes, cases[i].len);
        check_text(&buf, cases[i].text);
    }
}

/* A full buffer is remembered, and nothing more is written. */
static void full_buffer(void **state)
{
    struct buf buf = {0};
    struct json_out out;

    (void)state;
    buf_init(&buf, 8);
    json_out_init(&out, &buf);
    json_open_array(&out, NULL);
    json_put_string(&out, NULL, "far too long for this");
    json_put_int(&out, NULL, 1);
    assert_false(json_out_ok(&out));
    assert_true(buf_len(&buf) <= 8);
    buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_levels), cmocka_unit_test(numbers),
        cmocka_unit_test(strings_survive),   cmocka_unit_test(base64_text),
        cmocka_unit_test(full_buffer),       cmocka_unit_test(bytes_at_every_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
