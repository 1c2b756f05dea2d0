/* SPDX-License-Identifier: MIT */
/*
 * Decoders of everything that is a number: counts, durations, sizes, masks, shares and rates.
 * Ranges are checked in 64 bits before anything is narrowed.
 */
#include "conf/decode.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/schema.h"
#include "conf/strings.h"

int conf_value_refuse(const struct conf_value *v, const char *what)
{
    return err_set(v->err, EINVAL, "must be %s", what);
}

const char *conf_value_text(const struct conf_value *v)
{
    if (config_setting_type(v->setting) != CONFIG_TYPE_STRING)
        return NULL;
    return config_setting_get_string(v->setting);
}

static bool value_is_number(const struct conf_value *v)
{
    int type = config_setting_type(v->setting);

    return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64 || type == CONFIG_TYPE_FLOAT;
}

static double value_number(const struct conf_value *v)
{
    switch (config_setting_type(v->setting)) {
    case CONFIG_TYPE_INT:
        return config_setting_get_int(v->setting);
    case CONFIG_TYPE_INT64:
        return (double)config_setting_get_int64(v->setting);
    default:
        return config_setting_get_float(v->setting);
    }
}

static bool value_integer(const struct conf_value *v, int64_t *number)
{
    int type = config_setting_type(v->setting);

    if (type == CONFIG_TYPE_INT)
        *number = config_setting_get_int(v->setting);
    else if (type == CONFIG_TYPE_INT64)
        *number = config_setting_get_int64(v->setting);
    return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
}

static int value_range(const struct conf_value *v, int64_t number)
{
    if (number >= v->key->min && number <= v->key->max)
        return 0;
    return err_set(v->err, ERANGE, "%" PRId64 " is out of range (%" PRId64 " to %" PRId64 ")",
                   number, v->key->min, v->key->max);
}

int conf_decode_int64(const struct conf_value *v)
{
    int64_t number = 0;
    int rc;

    if (!value_integer(v, &number))
        return conf_value_refuse(v, "a whole number");
    rc = value_range(v, number);
    if (rc == 0)
        *(int64_t *)v->at = number;
    return rc;
}

int conf_decode_int(const struct conf_value *v)
{
    int64_t number = 0;
    struct conf_value wide = *v;
    int rc;

    wide.at = &number;
    rc = conf_decode_int64(&wide);
    if (rc == 0)
        *(int *)v->at = (int)number;
    return rc;
}

int conf_decode_number(const struct conf_value *v)
{
    double number;

    if (!value_is_number(v))
        return conf_value_refuse(v, "a number");
    number = value_number(v);
    if (!(number >= (double)v->key->min && number <= (double)v->key->max))
        return err_set(v->err, ERANGE, "%g is out of range (%" PRId64 " to %" PRId64 ")", number,
                       v->key->min, v->key->max);
    *(double *)v->at = number;
    return 0;
}

static int value_duration(const struct conf_value *v, int64_t *ns)
{
    const char *text = conf_value_text(v);
    double number;
    int rc;

    if (!text && !value_is_number(v))
        return conf_value_refuse(v, "a duration: seconds, or a string such as \"1.5s\", \"200ms\", "
                                    "\"5m\", \"2h\"");
    if (!text) {
        number = value_number(v);
        rc = !(number >= 0 && number <= 100.0 * 366 * 86400) ? -ERANGE : 0;
        *ns = rc < 0 ? 0 : (int64_t)llround(number * 1e9);
    } else {
        rc = str_parse_duration(text, ns);
    }
    if (rc == -ERANGE)
        return err_set(v->err, ERANGE, "out of range (0 to 100 years)");
    return rc < 0 ? err_set(v->err, EINVAL,
                            "\"%s\" is no duration (\"1.5s\", \"200ms\", \"5m\", \"2h\")", text)
                  : 0;
}

int conf_decode_duration(const struct conf_value *v)
{
    int64_t ns = 0;
    int rc = value_duration(v, &ns);

    if (rc < 0)
        return rc;
    if (ns < v->key->min || ns > v->key->max)
        return err_set(v->err, ERANGE, "out of range (at least %g s)", (double)v->key->min / 1e9);
    *(int64_t *)v->at = ns;
    return 0;
}

static int value_bytes(const struct conf_value *v, int64_t empty, int64_t *bytes)
{
    const char *text = conf_value_text(v);
    int rc;

    if (text && !*text) {
        *bytes = empty;
        return 0;
    }
    if (text) {
        rc = str_parse_size(text, bytes);
        if (rc == -EINVAL)
            return err_set(v->err, EINVAL, "\"%s\" is no size (\"64K\", \"10M\", \"1G\")", text);
        if (rc < 0)
            return err_set(v->err, ERANGE, "\"%s\" is out of range", text);
    } else if (!value_integer(v, bytes)) {
        return conf_value_refuse(v, "a size: \"64K\", \"10M\", \"1G\"");
    }
    return value_range(v, *bytes);
}

int conf_decode_bytes(const struct conf_value *v)
{
    int64_t bytes = 0;
    int rc = value_bytes(v, 0, &bytes);

    if (rc == 0)
        *(int64_t *)v->at = bytes;
    return rc;
}

int conf_decode_limit(const struct conf_value *v)
{
    int64_t bytes = 0;
    int rc = value_bytes(v, -1, &bytes);

    if (rc == 0)
        *(int64_t *)v->at = bytes;
    return rc;
}

int conf_decode_mask(const struct conf_value *v)
{
    const char *text = conf_value_text(v);
    unsigned mask;

    if (!text || str_parse_mask(text, &mask) < 0)
        return conf_value_refuse(v, "an octal mask in quotes, \"0000\" to \"0777\"");
    *(unsigned *)v->at = mask;
    return 0;
}

/* "50%" to 50; -EINVAL for anything else. */
static int value_percent(const char *text, int max)
{
    char *end;
    long percent;

    if (*text < '0' || *text > '9')
        return -EINVAL;
    percent = strtol(text, &end, 10);
    return strcmp(end, "%") == 0 && percent >= 1 && percent <= max ? (int)percent : -EINVAL;
}

int conf_decode_pool_size(const struct conf_value *v)
{
    const char *text = conf_value_text(v);
    struct size_spec *size = v->at;
    int64_t number = 0;
    int percent;

    if (value_integer(v, &number)) {
        if (value_range(v, number) < 0)
            return -ERANGE;
        *size = (struct size_spec){.count = (int)number};
        return 0;
    }
    percent = !text ? -EINVAL : strcmp(text, "cpu") == 0 ? 100 : value_percent(text, 100000);
    if (percent < 0)
        return conf_value_refuse(v, "a number, \"cpu\", or a share of the CPUs such as \"50%\"");
    *size = (struct size_spec){.percent = percent};
    return 0;
}

int conf_decode_timeout(const struct conf_value *v)
{
    const char *text = conf_value_text(v);
    struct timeout_spec *timeout = v->at;
    int64_t ns = 0;
    int rc;

    if (text && strchr(text, '%')) {
        int percent = value_percent(text, 1000000);

        if (percent < 0)
            return conf_value_refuse(v, "a duration, or a share of the median such as \"300%\"");
        *timeout = (struct timeout_spec){.percent = percent};
        return 0;
    }
    rc = value_duration(v, &ns);
    if (rc == 0)
        *timeout = (struct timeout_spec){.duration = ns};
    return rc;
}

int conf_decode_statuses(const struct conf_value *v)
{
    int *numbers = NULL;
    size_t count = 0;
    int rc =
        conf_numbers_read(v->setting, (int)v->key->min, (int)v->key->max, &numbers, &count, v->err);

    if (rc < 0)
        return rc;
    free(*(int **)v->at);
    *(int **)v->at = numbers;
    *(size_t *)(void *)((char *)v->base + v->key->count_offset) = count;
    return 0;
}

/* "10/s", "100/m", "5/h", or "10" a second. */
int conf_decode_rate(const struct conf_value *v)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"/s", 1}, {"/m", 60}, {"/h", 3600}};
    const char *text = conf_value_text(v);
    const char *rest = text ? text + strcspn(text, "/") : "";
    char number[24];
    int64_t scaled = 0;

    if (text && !*text) {
        *(double *)v->at = 0;
        return 0;
    }
    /* A number without a unit is read as a duration in seconds, times 10^9; no locale is asked. */
    snprintf(number, sizeof(number), "%.*s", text ? (int)(rest - text) : 0, text ? text : "");
    if (!*number || strspn(number, "0123456789.") != strlen(number) ||
        str_parse_duration(number, &scaled) < 0)
        scaled = 0;
    for (size_t i = 0; scaled > 0 && i < ARRAY_LEN(units); i++) {
        if (strcmp(rest, units[i].unit) != 0)
            continue;
        *(double *)v->at = (double)scaled / 1e9 / units[i].seconds;
        return 0;
    }
    return conf_value_refuse(v, "a rate such as \"10/s\" or \"100/m\", or \"\"");
}
