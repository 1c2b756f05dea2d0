/* SPDX-License-Identifier: MIT */
/* UTF-8: what is valid, how wide it is, and where it may be cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

static void decode_takes_the_shortest_form_only(void **state)
{
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x80\x80",
                                      "\xed\xa0\x80",
                                      "\xf0\x80\x80\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "\xe2\x82",
                                      "\xc3",
                                      "\xe2\x28\xa1"};
    uint32_t c;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &c), 0);
    assert_int_equal(utf8_decode("", 0, &c), 0);
    assert_int_equal(utf8_decode("\xf4\x8f\xbf\xbf", 4, &c), 4);
    assert_int_equal(c, 0x10ffff);
}

static void every_code_point_survives_encoding(void **state)
{
    char bytes[4];
    uint32_t back;

    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        size_t len = utf8_encode(bytes, c);
        assert_int_equal(utf8_decode(bytes, len, &back), len);
        if (c >= 0xd800 && c < 0xe000)
            assert_int_equal(back, 0xfffd);
        else
            assert_int_equal(back, c);
    }
    assert_int_equal(utf8_encode(bytes, 0x110000), 3);
}

static void validity_is_of_the_whole_text(void **state)
{
    (void)state;
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\0b", 3));
    assert_true(utf8_valid("grüße 日本 🎉", strlen("grüße 日本 🎉")));
    assert_false(utf8_valid("abc\xff", 4));
    assert_false(utf8_valid("日本", 5));
}

static void widths_are_those_of_terminals(void **state)
{
    static const struct {
        uint32_t codepoint;
        int width;
    } cases[] = {{'a', 1},    {0, -1},      {0x1b, -1},     {0x7f, -1},  {0x9b, -1},   {0xa0, 1},
                 {0xe9, 1},   {0x301, 0},   {0x200d, 0},    {0xfe0f, 0}, {0x2588, 1},  {0x25cf, 1},
                 {0x65e5, 2}, {0xff21, 2},  {0x1f389, 2},   {0xac00, 2}, {0x1100, 2},  {0x1161, 0},
                 {0xe000, 1}, {0xd800, -1}, {0x110000, -1}, {0x3000, 2}, {0x20000, 2}, {0x26a0, 1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(utf8_width(cases[i].codepoint), cases[i].width);
    assert_int_equal(utf8_text_width("日本e\xcc\x81x\xff", 11), 7);
}

static void cutting_keeps_characters_whole(void **state)
{
    char out[32];

    (void)state;
    assert_int_equal(utf8_truncate(out, sizeof(out), "scan-212.pdf", 12, 12), 12);
    assert_string_equal(out, "scan-212.pdf");
    assert_int_equal(utf8_truncate(out, sizeof(out), "scan-212.pdf", 12, 7), 7);
    assert_string_equal(out, "scan-2…");
    assert_int_equal(utf8_truncate(out, sizeof(out), "日本語", 9, 4), 3);
    assert_string_equal(out, "日…");
    assert_int_equal(utf8_truncate(out, sizeof(out), "日本", 6, 1), 1);
    assert_string_equal(out, "…");
    assert_int_equal(utf8_truncate(out, sizeof(out), "abc", 3, 0), 0);
    assert_string_equal(out, "");
    assert_int_equal(utf8_fit("e\xcc\x81x", 4, 1), 3);
}

static void a_small_buffer_is_never_overrun(void **state)
{
    char marks[400], out[8];

    (void)state;
    for (size_t i = 0; i < sizeof(marks); i += 2)
        memcpy(marks + i, "\xcc\x81", 2);
    for (size_t size = 1; size <= sizeof(out); size++) {
        utf8_truncate(out, size, marks, sizeof(marks), 3);
        assert_true(strlen(out) < size);
        utf8_truncate(out, size, "日本語日本語", 18, 12);
        assert_true(strlen(out) < size);
        assert_true(utf8_valid(out, strlen(out)));
    }
}

static void what_is_no_text_is_replaced(void **state)
{
    static const char bytes[] = "a\xff\xc3\xa9\0z\xe2\x82";
    struct buf out = {0};

    (void)state;
    assert_int_equal(utf8_append_clean(&out, bytes, sizeof(bytes) - 1), 0);
    assert_true(utf8_valid(buf_data(&out), buf_len(&out)));
    assert_null(memchr(buf_data(&out), '\0', buf_len(&out)));
    assert_memory_equal(buf_data(&out), "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbdz\xef\xbf\xbd", 10);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode_takes_the_shortest_form_only),
        cmocka_unit_test(every_code_point_survives_encoding),
        cmocka_unit_test(validity_is_of_the_whole_text),
        cmocka_unit_test(widths_are_those_of_terminals),
        cmocka_unit_test(cutting_keeps_characters_whole),
        cmocka_unit_test(a_small_buffer_is_never_overrun),
        cmocka_unit_test(what_is_no_text_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
