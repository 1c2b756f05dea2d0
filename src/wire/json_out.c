/* SPDX-License-Identifier: MIT */
/*
 * The JSON emitter: writes straight into a struct buf and keeps no tree. The only state is whether
 * a comma is due, because opening a level clears it and closing one sets it. Numbers are written
 * without printf's decimal point, so that a locale can't change the protocol.
 */
#include "wire/json_out.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

static void json_raw(struct json_out *out, const char *bytes, size_t len)
{
    if (!out->failed && buf_append(out->buf, bytes, len) < 0)
        out->failed = true;
}

static void json_raw_string(struct json_out *out, const char *text)
{
    json_raw(out, text, strlen(text));
}

/* A NUL is no text here: readers in C would cut the string at it. */
static bool json_is_text(const char *bytes, size_t len)
{
    return utf8_valid(bytes, len) && !(len && memchr(bytes, 0, len));
}

static void json_escape(struct json_out *out, unsigned char c)
{
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    char text[8];

    for (size_t i = 0; shorts[i]; i += 2) {
        if ((unsigned char)shorts[i] != c)
            continue;
        text[0] = '\\';
        text[1] = shorts[i + 1];
        json_raw(out, text, 2);
        return;
    }
    snprintf(text, sizeof(text), "\\u%04x", c);
    json_raw(out, text, 6);
}

static bool json_is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* How many bytes stand for themselves. */
static size_t json_plain(const char *bytes, size_t len)
{
    size_t at = 0;

    while (at < len && json_is_plain((unsigned char)bytes[at]))
        at++;
    return at;
}

/* ASCII that stands for itself, eight bytes at a time: the high bit of a byte tells that it is not
 * ASCII, a control, a quote or a backslash (or, harmlessly, that it stands behind such a byte). */
static bool json_is_simple(const char *bytes, size_t len)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t odd = 0;

    for (; len >= 8; bytes += 8, len -= 8) {
        uint64_t word;

        memcpy(&word, bytes, 8);
        odd |= word | (word - ones * 0x20) | ((word ^ ones * '"') - ones) |
               ((word ^ ones * '\\') - ones);
    }
    for (; len; bytes++, len--)
        odd |= json_is_plain((unsigned char)*bytes) ? (uint64_t)(unsigned char)*bytes : tops;
    return !(odd & tops);
}

static void json_quote(struct json_out *out, const char *bytes, size_t len)
{
    json_raw(out, "\"", 1);
    for (;;) {
        size_t plain = json_plain(bytes, len);

        json_raw(out, bytes, plain);
        if (plain == len)
            break;
        json_escape(out, (unsigned char)bytes[plain]);
        bytes += plain + 1;
        len -= plain + 1;
    }
    json_raw(out, "\"", 1);
}

static void json_base64(struct json_out *out, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char quad[4];

    json_raw(out, "\"", 1);
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned value = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);

        quad[0] = digits[value >> 18];
        quad[1] = digits[value >> 12 & 63];
        quad[2] = left > 1 ? digits[value >> 6 & 63] : '=';
        quad[3] = left > 2 ? digits[value & 63] : '=';
        json_raw(out, quad, sizeof(quad));
    }
    json_raw(out, "\"", 1);
}

/* Comma and name, and room for `more` bytes behind; NULL when there is none. */
static char *json_begin(struct json_out *out, const char *key, size_t len, size_t more)
{
    char *to = out->failed ? NULL : buf_reserve(out->buf, len + more + 4);

    out->failed |= !to;
    if (!to)
        return NULL;
    if (out->comma)
        *to++ = ',';
    out->comma = true;
    if (!key)
        return to;
    *to++ = '"';
    memcpy(to, key, len);
    to += len;
    *to++ = '"';
    *to++ = ':';
    return to;
}

/* What was written up to `end` counts. */
static void json_end(struct json_out *out, const char *end)
{
    if (end)
        buf_commit(out->buf, (size_t)(end - (out->buf->bytes + out->buf->tail)));
}

static void json_put_raw(struct json_out *out, const char *key, size_t key_len, const char *text,
                         size_t len)
{
    char *to = json_begin(out, key, key_len, len);

    if (!to)
        return;
    memcpy(to, text, len);
    json_end(out, to + len);
}

static size_t key_length(const char *key)
{
    return key ? strlen(key) : 0;
}

static void json_open(struct json_out *out, const char *key, const char *bracket)
{
    json_put_raw(out, key, key_length(key), bracket, 1);
    out->comma = false;
}

static void json_close(struct json_out *out, const char *bracket)
{
    json_raw(out, bracket, 1);
    out->comma = true;
}

void json_out_init(struct json_out *out, struct buf *buf)
{
    *out = (struct json_out){.buf = buf};
}

bool json_out_ok(const struct json_out *out)
{
    return !out->failed;
}

void json_open_object(struct json_out *out, const char *key)
{
    json_open(out, key, "{");
}

void json_close_object(struct json_out *out)
{
    json_close(out, "}");
}

void json_open_array(struct json_out *out, const char *key)
{
    json_open(out, key, "[");
}

void json_close_array(struct json_out *out)
{
    json_close(out, "]");
}

/* A simple string, quoted. */
static void json_put_simple(struct json_out *out, const char *key, size_t key_len,
                            const char *bytes, size_t len)
{
    char *to = json_begin(out, key, key_len, len + 2);

    if (!to)
        return;
    *to++ = '"';
    if (len)
        memcpy(to, bytes, len);
    to += len;
    *to++ = '"';
    json_end(out, to);
}

/* Bytes that are no text have another name. */
static void json_put_coded(struct json_out *out, const char *key, const char *bytes, size_t len)
{
    char *to = json_begin(out, NULL, 0, 0);

    json_end(out, to);
    json_raw_string(out, key ? "\"" : "{\"base64\":");
    if (key) {
        json_raw_string(out, key);
        json_raw_string(out, "_base64\":");
    }
    json_base64(out, (const unsigned char *)bytes, len);
    if (!key)
        json_raw_string(out, "}");
}

void json_put_key_bytes(struct json_out *out, const char *key, size_t key_len, const char *bytes,
                        size_t len)
{
    if (json_is_simple(bytes, len)) {
        json_put_simple(out, key, key_len, bytes, len);
    } else if (json_is_text(bytes, len)) {
        json_end(out, json_begin(out, key, key_len, 0));
        json_quote(out, bytes, len);
    } else {
        json_put_coded(out, key, bytes, len);
    }
}

void json_put_string(struct json_out *out, const char *key, const char *text)
{
    if (text)
        json_put_bytes(out, key, text, strlen(text));
    else
        json_put_null(out, key);
}

enum { DIGITS = 24 };

/* Ends at digits + DIGITS, `least` digits at least; where it begins. */
static char *json_digits(char digits[DIGITS], uint64_t value, int least)
{
    char *at = digits + DIGITS;

    for (; value || least > 0; value /= 10, least--)
        *--at = (char)('0' + value % 10);
    return at;
}

void json_put_key_int(struct json_out *out, const char *key, size_t key_len, int64_t value)
{
    char digits[DIGITS];
    char *at = json_digits(digits, value < 0 ? -(uint64_t)value : (uint64_t)value, 1);

    if (value < 0)
        *--at = '-';
    json_put_raw(out, key, key_len, at, (size_t)(digits + DIGITS - at));
}

/* value * 10^decimals as an integer, the point put in by hand and trailing zeros cut. */
static void json_fixed(struct json_out *out, const char *key, size_t key_len, int64_t scaled,
                       int decimals)
{
    char digits[DIGITS] = "";
    char *end = digits + DIGITS, *point = end - decimals;
    char *at = json_digits(digits, scaled < 0 ? -(uint64_t)scaled : (uint64_t)scaled, decimals + 1);

    while (end > point && end[-1] == '0')
        end--;
    if (scaled < 0)
        *--at = '-';
    if (end > point) {
        memmove(at - 1, at, (size_t)(point - at));
        at--;
        point[-1] = '.';
    }
    json_put_raw(out, key, key_len, at, (size_t)(end - at));
}

void json_put_key_number(struct json_out *out, const char *key, size_t key_len, double value,
                         int decimals)
{
    static const double scales[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    char text[512];
    double scaled;

    if (!isfinite(value)) {
        json_put_null(out, key);
        return;
    }
    decimals = decimals < 0 ? 0 : decimals > 6 ? 6 : decimals;
    scaled = value * scales[decimals];
    if (fabs(scaled) < 9e18) {
        json_fixed(out, key, key_len, llround(scaled), decimals);
        return;
    }
    snprintf(text, sizeof(text), "%.0f", value);
    json_put_raw(out, key, key_len, text, strlen(text));
}

void json_put_bool(struct json_out *out, const char *key, bool value)
{
    json_put_raw(out, key, key_length(key), value ? "true" : "false", value ? 4 : 5);
}

void json_put_json(struct json_out *out, const char *key, const char *text)
{
    json_put_raw(out, key, key_length(key), text, strlen(text));
}

void json_put_null(struct json_out *out, const char *key)
{
    json_put_raw(out, key, key_length(key), "null", 4);
}

void json_end_line(struct json_out *out)
{
    json_raw(out, "\n", 1);
    out->comma = false;
}
