/* SPDX-License-Identifier: MIT */
/* The line editor and the key tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "tui/input.h"
#include "tui/keys.h"
#include "tui/prompt.h"

static enum prompt_outcome press(struct prompt *prompt, uint32_t code)
{
    const struct key_event event = {.code = code};
    return prompt_key(prompt, &event);
}

static void editing_moves_by_characters(void **state)
{
    struct prompt prompt;

    (void)state;
    prompt_open(&prompt, "日本", NULL);
    press(&prompt, KEY_LEFT_CODE);
    press(&prompt, 0xfc);
    assert_string_equal(prompt.text, "日ü本");
    press(&prompt, KEY_BACKSPACE_CODE);
    press(&prompt, KEY_DELETE);
    assert_string_equal(prompt.text, "日");
    press(&prompt, KEY_HOME_CODE);
    press(&prompt, 'x');
    press(&prompt, KEY_END_CODE);
    press(&prompt, ' ');
    press(&prompt, 'w');
    press(&prompt, 'W' & 0x1f);
    assert_string_equal(prompt.text, "x日 ");
    press(&prompt, 'U' & 0x1f);
    assert_string_equal(prompt.text, "");
    assert_int_equal(press(&prompt, KEY_BACKSPACE_CODE), PROMPT_CANCELLED);
}

static void controls_and_marks_are_not_typed(void **state)
{
    struct prompt prompt;

    (void)state;
    prompt_open(&prompt, "a", NULL);
    assert_int_equal(press(&prompt, 1 + KEY_F1), PROMPT_IGNORED);
    press(&prompt, 0x9b);
    press(&prompt, 0x301);
    assert_string_equal(prompt.text, "a");
    for (int i = 0; i < 2000; i++)
        press(&prompt, 0x1f389);
    assert_true(prompt.len < sizeof(prompt.text));
    assert_true(utf8_valid(prompt.text, prompt.len));
}

static void history_comes_back(void **state)
{
    struct prompt_history history = {0};
    struct prompt prompt;

    (void)state;
    prompt_remember(&history, "one");
    prompt_remember(&history, "two");
    prompt_remember(&history, "two");
    for (int i = 0; i < 100; i++)
        prompt_remember(&history, i % 2 ? "odd" : "even");
    prompt_open(&prompt, "", &history);
    press(&prompt, KEY_UP_CODE);
    assert_string_equal(prompt.text, "odd");
    press(&prompt, KEY_UP_CODE);
    assert_string_equal(prompt.text, "even");
    press(&prompt, KEY_DOWN_CODE);
    press(&prompt, KEY_DOWN_CODE);
    assert_string_equal(prompt.text, "");
    prompt_history_fini(&history);
}

static void views_give_keys_their_own_meaning(void **state)
{
    const struct keys keys = {0};

    (void)state;
    assert_int_equal(keys_find(&keys, IN_POOLS, 'l'), ACTION_LOG);
    assert_int_equal(keys_find(&keys, IN_LOGS, 'l'), ACTION_RIGHT);
    assert_int_equal(keys_find(&keys, IN_WORKERS, ' '), ACTION_TAG);
    assert_int_equal(keys_find(&keys, IN_LOGS, ' '), ACTION_PAGE_DOWN);
    assert_int_equal(keys_find(&keys, IN_WORKERS, KEY_LEFT_CODE), ACTION_BACK);
    assert_int_equal(keys_find(&keys, IN_LOGS, KEY_LEFT_CODE), ACTION_LEFT);
    /* k moves, ^K does nothing: a slip must not kill. */
    assert_int_equal(keys_find(&keys, IN_WORKERS, 'k'), ACTION_UP);
    assert_int_equal(keys_find(&keys, IN_WORKERS, 'K' & 0x1f), ACTION_NONE);
    assert_int_equal(keys_find(&keys, IN_POOLS, 'X'), ACTION_NONE);
}

static void keys_can_be_bound_by_name(void **state)
{
    struct keys keys = {0};

    (void)state;
    assert_true(keys_rebind(&keys, "restart", "F5"));
    assert_int_equal(keys_find(&keys, IN_WORKERS, KEY_F5), ACTION_RESTART);
    assert_true(keys_rebind(&keys, "kill", "^K"));
    assert_int_equal(keys_find(&keys, IN_WORKERS, 'K' & 0x1f), ACTION_KILL);
    assert_false(keys_rebind(&keys, "no-such", "F5"));
    assert_false(keys_rebind(&keys, "restart", "F99"));
}

/* What the key bar and the help promise is bound somewhere where they promise it. */
static void no_promise_without_a_key(void **state)
{
    size_t count;
    const struct key_help *help = keys_help(&count);
    const struct keys keys = {0};

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (unsigned context = 1; context < IN_ALL; context <<= 1) {
            bool bound = help[i].action == ACTION_NONE || !keys_is_available(help[i].action);
            if (!(help[i].contexts & context))
                continue;
            for (uint32_t key = 0; key < 128 && !bound; key++)
                bound = keys_find(&keys, context, key) == help[i].action;
            for (uint32_t key = KEY_FIRST; key < KEY_NONE && !bound; key++)
                bound = keys_find(&keys, context, key) == help[i].action;
            if (!bound)
                fail_msg("%s (%s) is bound to nothing in %u", help[i].keys, help[i].text, context);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(editing_moves_by_characters),
        cmocka_unit_test(controls_and_marks_are_not_typed),
        cmocka_unit_test(history_comes_back),
        cmocka_unit_test(views_give_keys_their_own_meaning),
        cmocka_unit_test(keys_can_be_bound_by_name),
        cmocka_unit_test(no_promise_without_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
