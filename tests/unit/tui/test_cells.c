/* SPDX-License-Identifier: MIT */
/* The cell grid: clipping, cutting, wide characters, ASCII. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "tui/cells.h"

static void check(const struct cells *cells, const char *expected)
{
    struct buf text = {0};

    assert_int_equal(cells_dump(cells, &text), 0);
    assert_string_equal(buf_string(&text), expected);
    buf_fini(&text);
}

static void text_is_cut_with_a_sign(void **state)
{
    struct cells cells = {0};

    (void)state;
    assert_int_equal(cells_resize(&cells, 3, 10), 0);
    assert_int_equal(cells_put(&cells, 0, 0, 6, TEXT_PLAIN, "scan-212.pdf"), 6);
    assert_int_equal(cells_put(&cells, 1, 4, 20, TEXT_PLAIN, "too long for this"), 6);
    cells_put_right(&cells, 2, 0, 8, TEXT_PLAIN, "1,904");
    check(&cells, "scan-…\n    too l…\n   1,904\n");
    cells_fini(&cells);
}

static void nothing_is_drawn_outside(void **state)
{
    struct cells cells = {0};

    (void)state;
    assert_int_equal(cells_resize(&cells, 1, 3), 0);
    for (int y = -2; y < 4; y++)
        for (int x = -3; x < 6; x++)
            for (int width = -1; width < 6; width++) {
                cells_put(&cells, y, x, width, TEXT_PLAIN, "日本語");
                cells_fill(&cells, y, x, width, '-', TEXT_PLAIN);
                cells_add_attrs(&cells, y, x, width, TEXT_BOLD);
                cells_put_right(&cells, y, x, width, TEXT_PLAIN, "ab");
            }
    cells_fini(&cells);
}

static void halves_of_wide_characters_never_stay(void **state)
{
    struct cells cells = {0};

    (void)state;
    assert_int_equal(cells_resize(&cells, 1, 6), 0);
    cells_put(&cells, 0, 0, 6, TEXT_PLAIN, "日本語");
    cells_put(&cells, 0, 1, 1, TEXT_PLAIN, "x");
    check(&cells, " x本語\n");
    cells_put(&cells, 0, 0, 5, TEXT_PLAIN, "日本語");
    check(&cells, "日本…\n");
    cells_clear(&cells);
    cells_put(&cells, 0, 0, 4, TEXT_PLAIN, "a日本");
    check(&cells, "a日…\n");
    cells_fini(&cells);
}

static void controls_are_visible_and_marks_stay_with_their_base(void **state)
{
    struct cells cells = {0};

    (void)state;
    assert_int_equal(cells_resize(&cells, 2, 20), 0);
    cells_put(&cells, 0, 0, 20, TEXT_PLAIN, "a\033[31mb\n");
    cells_put(&cells, 1, 0, 20, TEXT_PLAIN,
              "\xcc\x81"
              "e\xcc\x81");
    check(&cells, "a␛[31mb␊\n\\u0301e\xcc\x81\n");
    cells_fini(&cells);
}

static void ascii_has_a_form_for_every_symbol(void **state)
{
    struct cells cells = {.ascii = true};

    (void)state;
    assert_int_equal(cells_resize(&cells, 2, 30), 0);
    cells_put(&cells, 0, 0, 30, TEXT_PLAIN, "●○◌◔!↻‖✗⊘ 4→2 ──┌┐ ▁█ …");
    cells_put(&cells, 1, 0, 4, TEXT_PLAIN, "日本語日本");
    check(&cells, "*-~v!^=x# 4>2 --++ .# ~\n???~\n");
    cells_fini(&cells);
}

static void parts_can_be_marked_and_scrolled(void **state)
{
    struct cells cells = {0};
    const struct cells_span span = {2, 4};
    const struct cells_text text = {.bytes = "abcdef",
                                    .len = 6,
                                    .skip = 1,
                                    .spans = &span,
                                    .span_count = 1,
                                    .span_style = {3, -1, TEXT_REVERSE}};

    (void)state;
    assert_int_equal(cells_resize(&cells, 1, 10), 0);
    cells_put_text(&cells, 0, 0, 10, TEXT_PLAIN, &text);
    check(&cells, "bcdef\n");
    assert_int_equal(cells.grid[0].style.attrs, 0);
    assert_int_equal(cells.grid[1].style.attrs, TEXT_REVERSE);
    assert_int_equal(cells.grid[2].style.fg, 3);
    assert_int_equal(cells.grid[3].style.attrs, 0);
    cells_fini(&cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_cut_with_a_sign),
        cmocka_unit_test(nothing_is_drawn_outside),
        cmocka_unit_test(halves_of_wide_characters_never_stay),
        cmocka_unit_test(controls_are_visible_and_marks_stay_with_their_base),
        cmocka_unit_test(ascii_has_a_form_for_every_symbol),
        cmocka_unit_test(parts_can_be_marked_and_scrolled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
