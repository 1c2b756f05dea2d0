/* SPDX-License-Identifier: MIT */
/* The command table is consistent, and has every verb that the product names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "wire/commands.h"

static void check_args(const struct command *command)
{
    bool rest = false, optional = false;

    for (size_t i = 0; i < command->arg_count; i++) {
        const struct command_arg *arg = &command->args[i];

        assert_true(arg->help && *arg->help);
        assert_true((arg->kind == ARG_FLAG) == (arg->meta == NULL));
        assert_false(arg->positional && (arg->letter || arg->kind == ARG_FLAG));
        assert_true((arg->kind == ARG_REST) <= arg->positional);
        if (arg->positional) {
            assert_false(rest); /* nothing can follow the words that take all */
            assert_false(arg->required && optional);
            rest = arg->kind == ARG_REST;
            optional = !arg->required;
        }
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(arg->name, command->args[j].name);
            assert_false(arg->letter && arg->letter == command->args[j].letter);
        }
        for (size_t j = 0; j < command_global_count; j++) {
            assert_string_not_equal(arg->name, command_globals[j].name);
            assert_false(arg->letter && arg->letter == command_globals[j].letter);
        }
    }
}

static void table_is_consistent(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &command_table[i];

        assert_true(command->summary && *command->summary);
        assert_ptr_equal(command_find(command->name), command);
        assert_true(command->arg_count == 0 || command->args);
        check_args(command);
    }
}

static void every_verb_is_there(void **state)
{
    static const char *const built[] = {
        "run",    "map",     "attach",      "list",         "check",  "status", "ps",
        "scale",  "start",   "stop",        "restart",      "pause",  "resume", "drain",
        "hold",   "kill",    "ack",         "undo",         "submit", "tasks",  "retry",
        "cancel", "logs",    "events",      "shutdown",     "bury",   "kick",   "prioritise",
        "help",   "version", "completions", "worker-check", "wait",   "replay", "why",
        "stack",  "files",   "env"};
    static const char *const later[] = {"reload", "save", "metrics", "history",
                                        "fleet",  "init", "import",  "upgrade"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(built); i++) {
        assert_non_null(command_find(built[i]));
        assert_null(command_find(built[i])->later);
    }
    for (size_t i = 0; i < ARRAY_LEN(later); i++) {
        assert_non_null(command_find(later[i]));
        assert_non_null(command_find(later[i])->later);
    }
    assert_int_equal(command_count, ARRAY_LEN(built) + ARRAY_LEN(later));
}

static void nearest_verb(void **state)
{
    (void)state;
    assert_string_equal(command_nearest("satus"), "status");
    assert_string_equal(command_nearest("shutdwon"), "shutdown");
    assert_null(command_nearest("zzzzzzzz"));
    assert_null(command_find("statu"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_consistent),
        cmocka_unit_test(every_verb_is_there),
        cmocka_unit_test(nearest_verb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
