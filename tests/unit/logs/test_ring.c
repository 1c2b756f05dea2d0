/* SPDX-License-Identifier: MIT */
/*
 * The ring against a plain model: an array of lines of which the ring must hold the last ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "logs/lines.h"
#include "logs/ring.h"

enum { MODEL_MAX = 20000 };

struct model_line {
    char *bytes;
    size_t len;
    char stream;
    bool partial;
};

struct model {
    struct model_line lines[MODEL_MAX];
    size_t count;
    uint64_t next_seq; /* expected by the check under way */
    size_t checked;
};

static void check_line(void *ctx, const struct log_line *line)
{
    struct model *model = ctx;
    const struct model_line *want;

    assert_int_equal(line->seq, model->next_seq);
    model->next_seq++;
    model->checked++;
    assert_in_range(line->seq, 1, model->count);
    want = &model->lines[line->seq - 1];
    assert_int_equal(line->stream, want->stream);
    assert_int_equal(line->partial, want->partial);
    assert_int_equal(line->len, want->len);
    assert_memory_equal(line->bytes, want->bytes, want->len);
}

static size_t check_tail(struct model *model, const struct ring *ring, size_t count)
{
    size_t got;

    model->checked = 0;
    model->next_seq = model->count - count + 1;
    got = ring_tail(ring, count, check_line, model);
    assert_int_equal(model->checked, got);
    return got;
}

static void count_line(void *ctx, const struct log_line *line)
{
    (void)line;
    ++*(size_t *)ctx;
}

static size_t lines_held(const struct ring *ring)
{
    size_t count = 0;
    size_t told = ring_tail(ring, SIZE_MAX, count_line, &count);

    assert_int_equal(told, count);
    return count;
}

static void model_add(struct model *model, const char *bytes, size_t len, char stream, bool partial)
{
    assert_true(model->count < MODEL_MAX);
    model->lines[model->count++] =
        (struct model_line){mem_copy_bytes(bytes, len), len, stream, partial};
}

/* Pushes a block of `lines` random lines, or one partial one, into both. */
static void push_random(struct model *model, struct ring *ring, size_t longest, int64_t wall)
{
    bool partial = rand() % 8 == 0;
    size_t lines = partial ? 1 : (size_t)rand() % 12 + 1, len = 0;
    char *block = mem_new(lines * (longest + 1) + 1);
    struct ring_run run = {.wall = wall, .stream = rand() % 3 ? 'o' : 'e', .partial = partial};

    for (size_t i = 0; i < lines; i++) {
        size_t line_len = (size_t)rand() % longest + partial;
        char *line = block + len;

        for (size_t k = 0; k < line_len; k++)
            line[k] = (char)(rand() % 255 + 11);
        for (size_t k = 0; k < line_len; k++)
            if (line[k] == '\n')
                line[k] = '\0';
        model_add(model, line, line_len, run.stream, partial);
        len += line_len;
        if (!partial)
            block[len++] = '\n';
    }
    run.last_seq = model->count;
    ring_push(ring, block, len, &run);
    free(block);
}

static void model_fini(struct model *model)
{
    for (size_t i = 0; i < model->count; i++)
        free(model->lines[i].bytes);
    free(model);
}

static void check_against_model(size_t max, size_t longest, int rounds)
{
    struct ring_budget budget = {.total = 1 << 20};
    struct model *model = mem_new(sizeof(*model));
    struct ring ring;

    ring_init(&ring, &budget, max);
    for (int round = 0; round < rounds; round++) {
        size_t held;

        push_random(model, &ring, longest, (int64_t)round * (rand() % 2000000));
        held = lines_held(&ring);
        assert_int_equal(check_tail(model, &ring, held), held);
        if (held > 1)
            assert_int_equal(check_tail(model, &ring, held / 2), held / 2);
        assert_true(ring.tail - ring.head <= max);
        assert_true(ring.cap <= max);
    }
    ring_fini(&ring);
    assert_int_equal(budget.used, 0);
    model_fini(model);
}

static void ring_holds_the_last_lines(void **state)
{
    (void)state;
    srand(20261121);
    check_against_model(4096, 60, 800);
    check_against_model(5000, 60, 800);
    check_against_model(1 << 18, 60, 800);
    check_against_model(1500, 100, 800);
}

static void ring_is_used_well(void **state)
{
    struct ring_budget budget = {.total = 1 << 20};
    struct ring ring;
    uint64_t seq = 0;

    (void)state;
    ring_init(&ring, &budget, 10000);
    for (int i = 0; i < 5000; i++) {
        struct ring_run run = {.wall = i * INT64_C(1000000000), .stream = 'o', .last_seq = ++seq};

        ring_push(&ring, "123456789\n", 10, &run);
    }
    /* Runs of one line each are bounded too: 8 * 2^n up to 8 + 10000 / 128. */
    assert_int_equal(lines_held(&ring), 64);
    for (int i = 0; i < 5000; i++) {
        struct ring_run run = {.wall = 1, .stream = 'o', .last_seq = ++seq};

        ring_push(&ring, "123456789\n", 10, &run);
    }
    assert_int_equal(lines_held(&ring), 1000);
    ring_fini(&ring);
}

static void keep_last(void *ctx, const struct log_line *line)
{
    *(struct log_line *)ctx = *line;
}

/* What is longer than the ring: the last whole lines of a block, the start of one line. */
static void too_much_is_cut(void **state)
{
    struct ring_budget budget = {.total = 1 << 20};
    struct ring_run run = {.wall = 1, .stream = 'o', .last_seq = 3};
    char *block = mem_new(9000);
    struct log_line last = {0};
    struct ring ring;

    (void)state;
    memset(block, 'a', 9000);
    block[2999] = block[5999] = block[8999] = '\n';
    ring_init(&ring, &budget, 4000);
    ring_push(&ring, block, 9000, &run);
    assert_int_equal(lines_held(&ring), 1);
    ring_tail(&ring, 1, keep_last, &last);
    assert_int_equal(last.seq, 3);
    assert_int_equal(last.len, 2999);
    assert_false(last.partial);
    ring_fini(&ring);
    /* The cut falls on the start of a line exactly. */
    ring_init(&ring, &budget, 6000);
    ring_push(&ring, block, 9000, &run);
    assert_int_equal(lines_held(&ring), 2);
    ring_fini(&ring);
    ring_init(&ring, &budget, 2000);
    ring_push(&ring, block, 9000, &run);
    assert_int_equal(lines_held(&ring), 1);
    ring_tail(&ring, 1, keep_last, &last);
    assert_int_equal(last.len, 2000);
    assert_true(last.partial);
    assert_int_equal(last.seq, 3);
    ring_fini(&ring);
    free(block);
}

static void budget_is_shared(void **state)
{
    enum { RINGS = 64 };
    struct ring_budget budget = {.total = 256 << 10};
    struct ring rings[RINGS];
    char line[1000];

    (void)state;
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    for (int i = 0; i < RINGS; i++)
        ring_init(&rings[i], &budget, 100000);
    for (int i = 0; i < RINGS; i++)
        for (uint64_t seq = 1; seq <= 200; seq++) {
            struct ring_run run = {.wall = 1, .stream = 'o', .last_seq = seq};

            ring_push(&rings[i], line, sizeof(line), &run);
            assert_true(budget.used <= budget.total);
        }
    /* The first ones could take much; the last ones still got something. */
    assert_int_equal(lines_held(&rings[0]), 100);
    assert_true(lines_held(&rings[10]) >= 4);
    for (int i = 0; i < RINGS; i++)
        ring_fini(&rings[i]);
    assert_int_equal(budget.used, 0);
}

static void no_ring_is_no_ring(void **state)
{
    struct ring_budget budget = {.total = 1 << 20};
    struct ring_run run = {.wall = 1, .stream = 'o', .last_seq = 1};
    struct ring ring;

    (void)state;
    ring_init(&ring, &budget, 0);
    ring_push(&ring, "a\n", 2, &run);
    assert_int_equal(lines_held(&ring), 0);
    assert_int_equal(budget.used, 0);
    ring_fini(&ring);
    ring_init(&ring, &budget, 1000);
    ring_push(&ring, "a\n", 2, &run);
    assert_true(budget.used <= 1500);
    ring_fini(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_holds_the_last_lines), cmocka_unit_test(ring_is_used_well),
        cmocka_unit_test(too_much_is_cut),           cmocka_unit_test(budget_is_shared),
        cmocka_unit_test(no_ring_is_no_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
