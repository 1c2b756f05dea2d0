/* SPDX-License-Identifier: MIT */
/*
 * The splitter: what goes in comes out, whatever the reads; where lines are cut; how lines are
 * counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "logs/lines.h"

struct output {
    struct buf bytes;
    struct buf marks; /* 'w' or 'p' a piece */
    size_t longest;   /* partial piece */
};

static void collect(void *ctx, const char *bytes, size_t len, bool partial)
{
    struct output *output = ctx;

    assert_true(len > 0);
    if (partial) {
        assert_null(memchr(bytes, '\n', len));
        assert_true(len <= LINES_MAX);
    } else {
        assert_int_equal(bytes[len - 1], '\n');
    }
    if (partial && len > output->longest)
        output->longest = len;
    buf_append(&output->bytes, bytes, len);
    buf_append_char(&output->marks, partial ? 'p' : 'w');
}

static void output_fini(struct output *output)
{
    buf_fini(&output->bytes);
    buf_fini(&output->marks);
}

/* Feeds in reads of the sizes that `next_size` answers. */
static void feed_all(struct lines *lines, const char *bytes, size_t len, size_t (*next_size)(void),
                     struct output *output)
{
    char *space = mem_new(LINES_MAX + 65536);

    while (len > 0) {
        size_t part = next_size();

        if (part > len)
            part = len;
        memcpy(space + LINES_MAX, bytes, part);
        lines_feed(lines, space + LINES_MAX, part, collect, output);
        bytes += part;
        len -= part;
    }
    free(space);
}

static size_t random_size(void)
{
    return (size_t)rand() % 3 ? (size_t)rand() % 200 + 1 : (size_t)rand() % 65536 + 1;
}

static size_t one_byte(void)
{
    return 1;
}

static size_t full_size(void)
{
    return 65536;
}

static void expect_marks(const char *input, size_t (*sizes)(void), const char *marks)
{
    struct output output = {0};
    struct lines lines = {0};

    feed_all(&lines, input, strlen(input), sizes, &output);
    lines_finish(&lines, collect, &output);
    assert_string_equal(buf_string(&output.bytes), input);
    assert_string_equal(buf_string(&output.marks), marks);
    lines_fini(&lines);
    output_fini(&output);
}

static void pieces_are_whole_lines_or_partial(void **state)
{
    (void)state;
    expect_marks("a\nbc\n\nd\n", full_size, "w");
    expect_marks("a\nbc\n\nd\n", one_byte, "wwww");
    expect_marks("a\nrest", full_size, "wp");
    expect_marks("rest", one_byte, "p");
    expect_marks("\n", one_byte, "w");
    expect_marks("", one_byte, "");
}

static void bytes_come_out_as_they_went_in(void **state)
{
    unsigned seed = 4711;

    (void)state;
    for (int round = 0; round < 60; round++) {
        size_t len = (size_t)rand() % 400000 + 1;
        char *bytes = mem_new(len);
        struct output output = {0};
        struct lines lines = {0};
        int rarity = 1 << (round % 18);

        srand(seed + (unsigned)round);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (char)rand();
            if (bytes[i] == '\n' || rand() % rarity == 0)
                bytes[i] = rand() % rarity == 0 ? '\n' : '\0';
        }
        feed_all(&lines, bytes, len, random_size, &output);
        lines_finish(&lines, collect, &output);
        assert_int_equal(buf_len(&output.bytes), len);
        assert_memory_equal(buf_data(&output.bytes), bytes, len);
        assert_int_equal(lines.len, 0);
        lines_fini(&lines);
        output_fini(&output);
        free(bytes);
    }
}

static void long_lines_are_cut_at_the_limit(void **state)
{
    size_t len = 5 * LINES_MAX + 100;
    char *bytes = mem_new(len + 1);

    (void)state;
    memset(bytes, 'x', len);
    bytes[len - 1] = '\n';
    expect_marks(bytes, full_size, "pppppw");
    expect_marks(bytes, random_size, "pppppw");
    /* A line of the limit's length exactly is cut before its newline. */
    bytes[LINES_MAX] = '\n';
    bytes[LINES_MAX + 1] = '\0';
    expect_marks(bytes, random_size, "pw");
    bytes[LINES_MAX - 1] = '\n';
    bytes[LINES_MAX] = '\0';
    expect_marks(bytes, random_size, "w");
    free(bytes);
}

static void memory_stays_flat_without_newline(void **state)
{
    char *space = mem_new(LINES_MAX + 65536);
    struct lines lines = {0};
    struct output output = {0};
    size_t pieces = 0;

    (void)state;
    memset(space, 'x', LINES_MAX + 65536);
    for (int i = 0; i < 1024; i++) {
        lines_feed(&lines, space + LINES_MAX, 65000, collect, &output);
        assert_true(lines.cap <= LINES_MAX);
        pieces += buf_len(&output.marks);
        buf_reset(&output.marks);
        buf_reset(&output.bytes);
    }
    assert_int_equal(pieces, 1024 * 65000 / LINES_MAX);
    assert_int_equal(output.longest, LINES_MAX);
    lines_fini(&lines);
    output_fini(&output);
    free(space);
}

static void lines_are_counted(void **state)
{
    char *bytes = mem_new(70000);

    (void)state;
    for (size_t len = 0; len < 70000; len = len * 3 / 2 + 1) {
        size_t expected = 0;

        for (size_t i = 0; i < len; i++) {
            bytes[i] = rand() % 4 ? (char)rand() : '\n';
            expected += bytes[i] == '\n';
        }
        assert_int_equal(lines_count(bytes, len), expected);
    }
    memset(bytes, '\n', 70000);
    assert_int_equal(lines_count(bytes, 70000), 70000);
    assert_int_equal(lines_count(bytes + 1, 69998), 69998);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_whole_lines_or_partial),
        cmocka_unit_test(bytes_come_out_as_they_went_in),
        cmocka_unit_test(long_lines_are_cut_at_the_limit),
        cmocka_unit_test(memory_stays_flat_without_newline),
        cmocka_unit_test(lines_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
