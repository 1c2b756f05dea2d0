/* SPDX-License-Identifier: MIT */
/* Addresses as users write them. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/dial.h"
#include "base/err.h"
#include "base/mem.h"

/* "host port", or the path. */
static void print(const struct dial *address, char *out, size_t size)
{
    char host[80];

    if (address->kind == DIAL_UNIX)
        snprintf(out, size, "%s", address->path);
    else
        snprintf(out, size, "%s %d",
                 inet_ntop(address->kind == DIAL_IPV4 ? AF_INET : AF_INET6, address->host, host,
                           sizeof(host)),
                 address->port);
}

static void good_ones_are_read(void **state)
{
    static const char *const pairs[][2] = {
        {"127.0.0.1:80", "127.0.0.1 80"}, {"tcp://10.0.0.1:65535", "10.0.0.1 65535"},
        {"localhost:1", "127.0.0.1 1"},   {"[::1]:8080", "::1 8080"},
        {"::1:8080", "::1 8080"},         {"unix:/run/app.sock", "/run/app.sock"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct dial address;
        struct err err = {0};
        char text[160];

        assert_int_equal(dial_parse(&address, pairs[i][0], &err), 0);
        print(&address, text, sizeof(text));
        assert_string_equal(text, pairs[i][1]);
    }
}

static void bad_ones_say_why(void **state)
{
    static const char *const pairs[][2] = {
        {"", "is not HOST:PORT"},
        {"80", "is not HOST:PORT"},
        {"1.2.3.4", "is not HOST:PORT"},
        {"1.2.3.4:", "is not HOST:PORT"},
        {"1.2.3.4:0", "1 to 65535"},
        {"1.2.3.4:65536", "1 to 65535"},
        {"1.2.3.4:http", "1 to 65535"},
        {":80", "must be a numeric address"},
        {"example.org:80", "must be a numeric address"},
        {"1.2.3:80", "must be a numeric address"},
        {"unix:", "must begin with /"},
        {"unix:app", "must begin with /"},
    };
    char longest[200] = "unix:/";
    struct dial address;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct err err = {0};

        assert_int_equal(dial_parse(&address, pairs[i][0], &err), -EINVAL);
        assert_non_null(strstr(err.text, pairs[i][1]));
    }
    memset(longest + 6, 'x', 150);
    assert_int_equal(dial_parse(&address, longest, NULL), -EINVAL);
    memset(longest, 'h', 150);
    snprintf(longest + 150, 10, ":80");
    assert_int_equal(dial_parse(&address, longest, NULL), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_are_read),
        cmocka_unit_test(bad_ones_say_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
