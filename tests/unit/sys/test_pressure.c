/* SPDX-License-Identifier: MIT */
/* Pressure stall information: real text, hostile text, none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/pressure.h"

static const char TEXT[] = "some avg10=87.21 avg60=33.00 avg300=6.94 total=3670420973\n"
                           "full avg10=12.00 avg60=0.00 avg300=0.00 total=49716835\n";

static void totals_are_found_by_their_line(void **state)
{
    (void)state;
    assert_int_equal(pressure_total(TEXT, "some"), 3670420973);
    assert_int_equal(pressure_total(TEXT, "full"), 49716835);
}

static void what_is_no_total_is_not_known(void **state)
{
    static const char *const texts[] = {
        "",
        "\n\n",
        "some",
        "some avg10=1.00\n",
        "some total=\n",
        "total",
        "full total=7",
        "something total=7",
        "some total=-3",
        "some total=x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (pressure_total(texts[i], "some") != -1)
            fail_msg("%s", texts[i]);
    /* The total of the next line is not this one's. */
    assert_int_equal(pressure_total("some avg10=1.00\nfull total=9\n", "some"), -1);
}

static void a_share_is_between_nothing_and_all(void **state)
{
    (void)state;
    assert_float_equal(pressure_share(1000000, 1500000, 1000000000), 0.5, 1e-9);
    assert_float_equal(pressure_share(0, 9000000, 1000000000), 1, 1e-9);
    assert_float_equal(pressure_share(-1, 5, 1000000000), 0, 1e-9);
    assert_float_equal(pressure_share(5, -1, 1000000000), 0, 1e-9);
    assert_float_equal(pressure_share(7, 5, 1000000000), 0, 1e-9);
    assert_float_equal(pressure_share(5, 7, 0), 0, 1e-9);
}

static void files_are_read_where_they_are(void **state)
{
    char dir[] = "/tmp/pressure-XXXXXX", path[64];
    struct pressure pressure;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(dir));
    pressure_read(dir, &pressure);
    assert_int_equal(pressure.cpu_some, -1);
    assert_int_equal(pressure.memory_full, -1);
    snprintf(path, sizeof(path), "%s/memory", dir);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(TEXT, file);
    fclose(file);
    pressure_read(dir, &pressure);
    assert_int_equal(pressure.cpu_some, -1);
    assert_int_equal(pressure.memory_full, 49716835);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_are_found_by_their_line),
        cmocka_unit_test(what_is_no_total_is_not_known),
        cmocka_unit_test(a_share_is_between_nothing_and_all),
        cmocka_unit_test(files_are_read_where_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
