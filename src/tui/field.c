/* SPDX-License-Identifier: MIT */
/*
 * Values of messages. A key that is missing or of another type reads as "not known": an older or
 * newer supervisor shows gaps, never nonsense.
 */
#include "tui/field.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

const char *field_bytes(const json_t *object, const char *key, size_t *len)
{
    const json_t *value = json_object_get(object, key);
    const char *text = json_string_value(value);

    if (len)
        *len = text ? json_string_length(value) : 0;
    return text ? text : "";
}

const char *field_text(const json_t *object, const char *key)
{
    return field_bytes(object, key, NULL);
}

double field_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

int64_t field_int(const json_t *object, const char *key, int64_t missing)
{
    const json_t *value = json_object_get(object, key);

    if (json_is_integer(value))
        return json_integer_value(value);
    if (json_is_real(value) && fabs(json_real_value(value)) < 9e18)
        return (int64_t)json_real_value(value);
    return missing;
}

bool field_bool(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* A JSON string of the bytes, which need not be UTF-8; NULL when it is no base64. */
static json_t *decode(const char *text)
{
    struct buf bytes = {0};
    json_t *string = NULL;

    if (base64_decode(&bytes, text, strlen(text)) == 0)
        string = json_stringn_nocheck(buf_len(&bytes) ? buf_data(&bytes) : "", buf_len(&bytes));
    buf_fini(&bytes);
    return string;
}

static void decode_members(json_t *object)
{
    static const char suffix[] = "_base64";
    const char *key;
    json_t *value;
    void *next;

    json_object_foreach_safe(object, next, key, value)
    {
        size_t len = strlen(key);
        json_t *plain = NULL;
        char *name;
        field_decode_base64(value);
        if (len < sizeof(suffix) || strcmp(key + len - strlen(suffix), suffix) != 0)
            continue;
        if (json_is_string(value))
            plain = decode(json_string_value(value));
        name = mem_copy_bytes(key, len - strlen(suffix));
        if (plain)
            json_object_set_new_nocheck(object, name, plain);
        free(name);
    }
}

void field_decode_base64(json_t *value)
{
    json_t *item, *inner;
    size_t index;

    if (json_is_object(value))
        decode_members(value);
    if (!json_is_array(value))
        return;
    json_array_foreach(value, index, item)
    {
        inner = json_is_object(item) && json_object_size(item) == 1
                    ? json_object_get(item, "base64")
                    : NULL;
        if (json_is_string(inner)) {
            json_t *plain = decode(json_string_value(inner));
            if (plain)
                json_array_set_new(value, index, plain);
        } else {
            field_decode_base64(item);
        }
    }
}

void field_format_age(char out[16], double seconds)
{
    char text[48];
    long s = seconds >= 0 && seconds < 9999 * 86400.0 ? (long)seconds : -1;

    if (s < 0)
        snprintf(text, sizeof(text), "-");
    else if (s < 60)
        snprintf(text, sizeof(text), "%lds", s);
    else if (s < 3600 && s % 60 == 0)
        snprintf(text, sizeof(text), "%ldm", s / 60);
    else if (s < 3600)
        snprintf(text, sizeof(text), "%ldm%02lds", s / 60, s % 60);
    else if (s < 86400 && s / 60 % 60 == 0)
        snprintf(text, sizeof(text), "%ldh", s / 3600);
    else if (s < 86400)
        snprintf(text, sizeof(text), "%ldh%02ldm", s / 3600, s / 60 % 60);
    else
        snprintf(text, sizeof(text), "%ldd%02ldh", s / 86400, s / 3600 % 24);
    snprintf(out, 16, "%.15s", text);
}

void field_format_duration(char out[16], double seconds)
{
    str_format_duration(out, isnan(seconds) ? -1 : seconds);
}

void field_format_size(char out[16], double bytes)
{
    if (isnan(bytes) || bytes < 0)
        snprintf(out, 16, "-");
    else
        str_format_size(out, bytes);
}

void field_format_count(char out[32], double value)
{
    if (isnan(value) || fabs(value) > 9e17)
        snprintf(out, 32, "-");
    else
        str_format_count(out, (int64_t)value);
}

void field_format_rate(char out[16], double rate)
{
    char count[32];

    if (isnan(rate)) {
        snprintf(out, 16, "-");
    } else if (rate < 999.95) {
        snprintf(out, 16, rate == 0 ? "0" : "%.1f", rate);
    } else {
        field_format_count(count, rate);
        snprintf(out, 16, "%.15s", count);
    }
}

void field_format_clock(char out[16], double epoch, bool millis)
{
    time_t second;
    char text[64];
    struct tm tm;
    int ms;

    if (!(epoch >= 0 && epoch < 1e12)) {
        snprintf(out, 16, "-");
        return;
    }
    second = (time_t)(epoch + 0.0005);
    ms = (int)((epoch + 0.0005 - (double)second) * 1000);
    localtime_r(&second, &tm);
    if (millis)
        snprintf(text, sizeof(text), "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
    else
        snprintf(text, sizeof(text), "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
    snprintf(out, 16, "%.15s", text);
}

void field_format_eta(char out[16], const json_t *object)
{
    const char *why = field_text(object, "eta_why");

    if (*why)
        snprintf(out, 16, "%.6s", why);
    else
        field_format_age(out, field_number(object, "eta"));
}

static double largest(const json_t *numbers, size_t from)
{
    double top = 0;

    for (size_t i = from; i < json_array_size(numbers); i++) {
        double value = json_number_value(json_array_get(numbers, i));
        top = value > top ? value : top;
    }
    return top;
}

int field_sparkline(char *out, size_t size, const json_t *numbers, int width, double top)
{
    size_t count = json_array_size(numbers), from, used = 0;

    *out = '\0';
    if (width <= 0)
        return 0;
    from = count > (size_t)width ? count - (size_t)width : 0;
    if (top <= 0)
        top = largest(numbers, from);
    for (size_t i = from; i < count && used + 4 <= size; i++) {
        double value = json_number_value(json_array_get(numbers, i));
        int level = top > 0 ? (int)(value / top * 7 + 0.5) : 0;
        level = level < 0 ? 0 : level > 7 ? 7 : level;
        used += (size_t)snprintf(out + used, size - used, "\xe2\x96%c", (char)(0x81 + level));
    }
    return (int)(count - from);
}

size_t field_wrap(const char *text, size_t cells)
{
    size_t len = utf8_fit(text, strlen(text), cells), cut = len;

    while (text[len] && cut > 0 && text[cut] != ' ')
        cut--;
    return text[len] && cut > 0 ? cut : len;
}
