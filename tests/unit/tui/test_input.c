/* SPDX-License-Identifier: MIT */
/* Bytes of the terminal to key events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tui/input.h"

static uint32_t only_key(const char *bytes)
{
    struct input input = {0};
    struct key_event event, next;

    assert_int_equal(input_feed(&input, bytes, strlen(bytes)), strlen(bytes));
    if (!input_next(&input, &event, true))
        return 0;
    assert_false(input_next(&input, &next, true));
    return event.code;
}

static void sequences_of_many_terminals(void **state)
{
    (void)state;
    assert_int_equal(only_key("\033[A"), KEY_UP_CODE);
    assert_int_equal(only_key("\033OA"), KEY_UP_CODE);
    assert_int_equal(only_key("\033OP"), KEY_F1);
    assert_int_equal(only_key("\033[11~"), KEY_F1);
    assert_int_equal(only_key("\033[[A"), KEY_F1);
    assert_int_equal(only_key("\033[[E"), KEY_F5);
    assert_int_equal(only_key("\033[15~"), KEY_F5);
    assert_int_equal(only_key("\033[24~"), KEY_F12);
    assert_int_equal(only_key("\033[1~"), KEY_HOME_CODE);
    assert_int_equal(only_key("\033[H"), KEY_HOME_CODE);
    assert_int_equal(only_key("\033[7~"), KEY_HOME_CODE);
    assert_int_equal(only_key("\033[5~"), KEY_PAGE_UP);
    assert_int_equal(only_key("\033[Z"), KEY_BACK_TAB);
    assert_int_equal(only_key("\033[1;5A"), KEY_UP_CODE);
    assert_int_equal(only_key("\b"), KEY_BACKSPACE_CODE);
    assert_int_equal(only_key("\177"), KEY_BACKSPACE_CODE);
    assert_int_equal(only_key("\033"), KEY_ESCAPE);
    assert_int_equal(only_key("ü"), 0xfc);
    assert_int_equal(only_key("日"), 0x65e5);
}

static void what_is_not_known_is_swallowed(void **state)
{
    (void)state;
    assert_int_equal(only_key("\033x"), 0);      /* Alt+x */
    assert_int_equal(only_key("\033[99;7u"), 0); /* an unknown CSI */
    assert_int_equal(only_key("\033[1;2P"), 0);  /* Shift+F1 */
    assert_int_equal(only_key("\033[20;5~"), 0); /* Ctrl+F9 */
    assert_int_equal(only_key("\033[I"), 0);     /* focus */
    assert_int_equal(only_key("\033[12"), 0);    /* cut */
    assert_int_equal(only_key("\xff"), 0);
    assert_int_equal(only_key("\xe6\x97"), 0);
}

static void sequences_may_come_in_pieces(void **state)
{
    struct input input = {0};
    struct key_event event;

    (void)state;
    input_feed(&input, "\033", 1);
    assert_false(input_next(&input, &event, false));
    input_feed(&input, "[", 1);
    assert_false(input_next(&input, &event, false));
    input_feed(&input, "B", 1);
    assert_true(input_next(&input, &event, false));
    assert_int_equal(event.code, KEY_DOWN_CODE);
    input_feed(&input, "\xe6", 1);
    assert_false(input_next(&input, &event, false));
    input_feed(&input,
               "\x97\xa5"
               "q",
               3);
    assert_true(input_next(&input, &event, false));
    assert_int_equal(event.code, 0x65e5);
    assert_true(input_next(&input, &event, false));
    assert_int_equal(event.code, 'q');
}

static void mouse_reports(void **state)
{
    struct input input = {0};
    struct key_event event;
    static const char bytes[] =
        "\033[<0;12;7M\033[<0;12;7m\033[<64;1;1M\033[<65;300;200M\033[<35;5;5M";

    (void)state;
    input_feed(&input, bytes, sizeof(bytes) - 1);
    assert_true(input_next(&input, &event, false));
    assert_int_equal(event.code, KEY_MOUSE_EVENT);
    assert_int_equal(event.mouse, MOUSE_PRESS);
    assert_int_equal(event.x, 11);
    assert_int_equal(event.y, 6);
    assert_true(input_next(&input, &event, false));
    assert_int_equal(event.mouse, MOUSE_RELEASE);
    assert_true(input_next(&input, &event, false));
    assert_int_equal(event.mouse, MOUSE_WHEEL_UP);
    assert_true(input_next(&input, &event, false));
    assert_int_equal(event.mouse, MOUSE_WHEEL_DOWN);
    assert_int_equal(event.x, 299);
    assert_true(input_next(&input, &event, false));
    assert_int_equal(event.mouse, MOUSE_RELEASE); /* motion is no press */
}

static void pasting_is_told(void **state)
{
    struct input input = {0};
    struct key_event event;

    (void)state;
    input_feed(&input, "\033[200~X\033[201~Y", 14);
    assert_true(input_next(&input, &event, false));
    assert_int_equal(event.code, KEY_PASTE_BEGIN);
    assert_true(input_next(&input, &event, false));
    assert_true(input.pasting && event.code == 'X');
    assert_true(input_next(&input, &event, false));
    assert_true(input_next(&input, &event, false));
    assert_true(!input.pasting && event.code == 'Y');
}

/* Whatever comes, the buffer is always emptied in the end and never overrun. */
static void noise_is_survived(void **state)
{
    struct key_event event;

    (void)state;
    for (unsigned seed = 1; seed < 3000; seed++) {
        struct input input = {0};
        srandom(seed);
        for (int i = 0; i < 50; i++) {
            char bytes[32];
            for (size_t k = 0; k < sizeof(bytes); k++)
                bytes[k] = (char)(random() % 3 ? random() : "\033[O<;1mM~"[random() % 9]);
            input_feed(&input, bytes, sizeof(bytes));
            while (input_next(&input, &event, false))
                assert_true(event.code < KEY_NONE);
            assert_true(input.len < sizeof(input.bytes));
        }
        while (input_next(&input, &event, true))
            ;
        assert_int_equal(input.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_of_many_terminals),
        cmocka_unit_test(what_is_not_known_is_swallowed),
        cmocka_unit_test(sequences_may_come_in_pieces),
        cmocka_unit_test(mouse_reports),
        cmocka_unit_test(pasting_is_told),
        cmocka_unit_test(noise_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
