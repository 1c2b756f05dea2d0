/* SPDX-License-Identifier: MIT */
/*
 * What is hidden of variables and arguments, and what is not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/secret.h"

static void variables_lose_their_values(void **state)
{
    static const char *const cases[][2] = {
        {"PATH=/bin", "PATH=/bin"},
        {"DB_PASSWORD=hunter2", "DB_PASSWORD=***"},
        {"aws_secret_access=x=y", "aws_secret_access=***"},
        {"GITHUB_TOKEN=a", "GITHUB_TOKEN=***"},
        {"ApiKey=1", "ApiKey=***"},
        {"Credentials=1", "Credentials=***"},
        {"PASSWORD=", "PASSWORD="},
        {"no equals", "no equals"},
        {"", ""},
        {"NOTE=the password=x", "NOTE=the password=x"},
        {"DATABASE_URL=postgres://ana:hunter2@db/x", "DATABASE_URL=postgres://ana:***@db/x"},
        {"URL=http://h:80/a:b@c", "URL=http://h:80/a:b@c"},
        {"URL=redis://:p@ss@h:1", "URL=redis://:***@h:1"},
        {"URL=http://ana@h", "URL=http://ana@h"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out = {0};
        bool hidden = secret_add_variable(&out, cases[i][0], strlen(cases[i][0]));

        assert_string_equal(buf_string(&out), cases[i][1]);
        assert_int_equal(hidden, strcmp(cases[i][0], cases[i][1]) != 0);
        buf_fini(&out);
    }
}

static void arguments_lose_their_values(void **state)
{
    static const struct {
        const char *previous, *text, *shown;
    } cases[] = {
        {NULL, "--password=hunter2", "--password=***"},
        {"--password", "hunter2", "***"},
        {"--password", "--verbose", "--verbose"},
        {"--password=x", "file", "file"},
        {"-v", "hunter2", "hunter2"},
        {"password", "hunter2", "hunter2"},
        {NULL, "--user=ana", "--user=ana"},
        {"--token", "", ""},
        {NULL, "https://x:y@z/", "https://x:***@z/"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out = {0};

        secret_add_argument(&out, cases[i].previous, cases[i].text, strlen(cases[i].text));
        assert_string_equal(buf_string(&out), cases[i].shown);
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_lose_their_values),
        cmocka_unit_test(arguments_lose_their_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
