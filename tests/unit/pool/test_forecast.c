/* SPDX-License-Identifier: MIT */
/* Forecasts: more hands, no more CPUs, arrivals, and what can't be known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pool/forecast.h"

static void twice_the_workers_take_half_the_time(void **state)
{
    const struct forecast now = {.left = 1200, .rate = 2, .workers = 4, .cpu = 0.1, .cpus = 2};

    (void)state;
    assert_float_equal(forecast_eta(&now, 4), 600, 1e-6);
    assert_float_equal(forecast_eta(&now, 8), 300, 1e-6);
    assert_float_equal(forecast_eta(&now, 2), 1200, 1e-6);
    assert_int_equal(forecast_useful(&now, 1000), 1000);
}

static void no_more_than_the_cpus(void **state)
{
    const struct forecast now = {.left = 1200, .rate = 2, .workers = 4, .cpu = 2, .cpus = 4};
    const struct forecast full = {.left = 1200, .rate = 2, .workers = 8, .cpu = 4, .cpus = 4};

    (void)state;
    assert_float_equal(forecast_eta(&now, 8), 300, 1e-6);
    assert_float_equal(forecast_eta(&now, 100), 300, 1e-6); /* half a CPU each: eight fill them */
    assert_int_equal(forecast_useful(&now, 100), 8);
    assert_float_equal(forecast_eta(&full, 16), forecast_eta(&full, 8), 1e-6);
    assert_int_equal(forecast_useful(&full, 16), 8);
}

static void what_arrives_is_work_too(void **state)
{
    const struct forecast now = {.left = 100, .rate = 2, .arrivals = 3, .workers = 2, .cpus = 4};

    (void)state;
    assert_float_equal(forecast_eta(&now, 2), -1, 1e-6); /* it grows */
    assert_float_equal(forecast_eta(&now, 3), -1, 1e-6);
    assert_float_equal(forecast_eta(&now, 4), 100, 1e-6);
}

static void nothing_is_told_from_nothing(void **state)
{
    const struct forecast none = {0};
    const struct forecast idle = {.left = 5, .rate = 0, .workers = 3, .cpus = 2};
    const struct forecast alone = {.left = 5, .rate = 1, .workers = 0, .cpu = 9, .cpus = 2};
    const struct forecast odd = {.left = 5, .rate = 1, .workers = 1, .cpu = 90, .cpus = 2};

    (void)state;
    assert_float_equal(forecast_eta(&none, 4), -1, 1e-6);
    assert_float_equal(forecast_eta(&idle, 4), -1, 1e-6);
    assert_float_equal(forecast_eta(&alone, 4), -1, 1e-6);
    assert_float_equal(forecast_eta(&odd, 0), -1, 1e-6);
    assert_float_equal(forecast_eta(&odd, 4), 5, 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twice_the_workers_take_half_the_time),
        cmocka_unit_test(no_more_than_the_cpus),
        cmocka_unit_test(what_arrives_is_work_too),
        cmocka_unit_test(nothing_is_told_from_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
