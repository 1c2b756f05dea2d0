/* SPDX-License-Identifier: MIT */
/*
 * The form of listening addresses.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "pool/address.h"

static void addresses_are_read(void **state)
{
    static const struct {
        const char *text, *host, *path;
        int port;
    } cases[] = {{"tcp://:8080", "", NULL, 8080},
                 {"tcp://127.0.0.1:80", "127.0.0.1", NULL, 80},
                 {"tcp://[::1]:65535", "::1", NULL, 65535},
                 {"tcp://[fe80::1:2]:0", "fe80::1:2", NULL, 0},
                 {"unix:/run/x.sock", "", "/run/x.sock", 0},
                 {"unix:x:y", "", "x:y", 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct address address;

        assert_int_equal(address_parse(cases[i].text, &address, NULL), 0);
        assert_string_equal(address.host, cases[i].host);
        assert_int_equal(address.port, cases[i].port);
        if (cases[i].path)
            assert_string_equal(address.path, cases[i].path);
        else
            assert_null(address.path);
    }
}

static void others_are_refused(void **state)
{
    static const char *const texts[] = {
        "",           "8080",          "tcp:8080",       "tcp://8080",        "tcp://:",
        "tcp://:x",   "tcp://:65536",  "tcp://:-1",      "tcp://: 80",        "tcp://:80 ",
        "unix:",      "tcp://host:80", "tcp://[::1]80",  "tcp://[]:80",       "tcp://::1:80",
        "tcp://[:80", "udp://:53",     "tcp://1.2.3:80", "tcp://[1.2.3.4]:80"};
    char longer[200] = "unix:/";
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (address_check(texts[i], NULL) != -EINVAL)
            fail_msg("%s was taken", texts[i]);
    memset(longer + 6, 'x', 108);
    assert_int_equal(address_check(longer, &err), -EINVAL);
    assert_non_null(strstr(err.text, "107 bytes"));
    longer[5 + 107] = '\0';
    assert_int_equal(address_check(longer, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(others_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
