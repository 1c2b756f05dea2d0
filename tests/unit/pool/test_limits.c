/* SPDX-License-Identifier: MIT */
/*
 * The forms of limits: what is read, and that what is not wholly of the form is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "pool/limits.h"

static void ionice_is_read(void **state)
{
    static const struct {
        const char *text;
        int value;
    } cases[] = {{"none", 0},
                 {"idle", 3 << 13},
                 {"best-effort", 2 << 13 | 4},
                 {"best-effort:0", 2 << 13},
                 {"best-effort:7", 2 << 13 | 7},
                 {"realtime:0", 1 << 13},
                 {"realtime:3", 1 << 13 | 3}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int value = -1;

        assert_int_equal(limits_parse_ionice(cases[i].text, &value, NULL), 0);
        assert_int_equal(value, cases[i].value);
    }
}

static void other_ionice_is_refused(void **state)
{
    static const char *const texts[] = {"",          "fast",          "best-effort:", "idle:1",
                                        "none:0",    "best-effort:8", "realtime:-1",  "realtime:11",
                                        "realtime ", "best",          "Idle",         ":4"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err err = {0};

        if (limits_check_ionice(texts[i], &err) != -EINVAL)
            fail_msg("%s was taken", texts[i]);
        assert_non_null(strstr(err.text, "best-effort:0"));
    }
}

static void affinity_is_read(void **state)
{
    cpu_set_t set;

    (void)state;
    assert_int_equal(limits_parse_affinity("0-3,8", &set, NULL), 0);
    assert_int_equal(CPU_COUNT(&set), 5);
    for (int cpu = 0; cpu < 10; cpu++)
        assert_int_equal(!!CPU_ISSET(cpu, &set), cpu <= 3 || cpu == 8);
    assert_int_equal(limits_parse_affinity("1023", &set, NULL), 0);
    assert_int_equal(CPU_COUNT(&set), 1);
    assert_true(CPU_ISSET(1023, &set));
    assert_int_equal(limits_parse_affinity("5-5,5,0", &set, NULL), 0);
    assert_int_equal(CPU_COUNT(&set), 2);
}

static void other_affinity_is_refused(void **state)
{
    static const char *const texts[] = {"",    ",",   "0,",         "1-",     "-1",   "3-1", "a",
                                        "0 1", "0-b", "4294967296", "0-9999", "1024", "1--2"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (limits_check_affinity(texts[i], NULL) != -EINVAL)
            fail_msg("%s was taken", texts[i]);
}

static void share_of_cpu_is_read(void **state)
{
    static const struct {
        const char *text;
        int64_t quota;
    } cases[] = {{"150%", 150000}, {"1%", 1000}, {"12.5%", 12500}, {"100%", 100000}, {"max", 0}};
    static const char *const refused[] = {"",      "150",   "%",        "0%",
                                          "0.5%",  "-1%",   "1e9%",     "1.2.3%",
                                          "0x10%", "150 %", "2000000%", "maximum"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t quota = -1;

        assert_int_equal(limits_parse_cpu_max(cases[i].text, &quota, NULL), 0);
        assert_int_equal(quota, cases[i].quota);
    }
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (limits_check_cpu_max(refused[i], NULL) != -EINVAL)
            fail_msg("%s was taken", refused[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ionice_is_read),       cmocka_unit_test(other_ionice_is_refused),
        cmocka_unit_test(affinity_is_read),     cmocka_unit_test(other_affinity_is_refused),
        cmocka_unit_test(share_of_cpu_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
