/* SPDX-License-Identifier: MIT */
/*
 * The JSON emitter: writes straight into a struct buf and keeps no tree. The only state is whether
 * a comma is due, because opening a level clears it and closing one sets it. Numbers are written
 * without printf's decimal point, so that a locale can't change the protocol.
 */
#include "wire/json_out.h"

#include <inttypes.h>
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

static void json_quote(struct json_out *out, const char *bytes, size_t len)
{
    size_t from = 0;

    json_raw(out, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        json_raw(out, bytes + from, i - from);
        json_escape(out, c);
        from = i + 1;
    }
    json_raw(out, bytes + from, len - from);
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

static void json_begin(struct json_out *out, const char *key, const char *suffix)
{
    if (out->comma)
        json_raw(out, ",", 1);
    out->comma = true;
    if (!key)
        return;
    json_raw(out, "\"", 1);
    json_raw_string(out, key);
    json_raw_string(out, suffix);
    json_raw(out, "\":", 2);
}

static void json_open(struct json_out *out, const char *key, const char *bracket)
{
    json_begin(out, key, "");
    json_raw(out, bracket, 1);
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

void json_put_bytes(struct json_out *out, const char *key, const char *bytes, size_t len)
{
    if (json_is_text(bytes, len)) {
        json_begin(out, key, "");
        json_quote(out, bytes, len);
        return;
    }
    json_begin(out, key, "_base64");
    if (!key)
        json_raw_string(out, "{\"base64\":");
    json_base64(out, (const unsigned char *)bytes, len);
    if (!key)
        json_raw_string(out, "}");
}

void json_put_string(struct json_out *out, const char *key, const char *text)
{
    if (text)
        json_put_bytes(out, key, text, strlen(text));
    else
        json_put_null(out, key);
}

void json_put_int(struct json_out *out, const char *key, int64_t value)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%" PRId64, value);

    json_begin(out, key, "");
    json_raw(out, text, (size_t)len);
}

/* value * 10^decimals as an integer, the point put in by hand and trailing zeros cut. */
static void json_fixed(struct json_out *out, int64_t scaled, int decimals)
{
    char digits[24], text[32];
    uint64_t size = scaled < 0 ? -(uint64_t)scaled : (uint64_t)scaled;
    int len = snprintf(digits, sizeof(digits), "%0*" PRIu64, decimals + 1, size);
    int whole = len - decimals;

    while (len > whole && digits[len - 1] == '0')
        len--;
    snprintf(text, sizeof(text), "%s%.*s%s%.*s", scaled < 0 ? "-" : "", whole, digits,
             len > whole ? "." : "", len - whole, digits + whole);
    json_raw_string(out, text);
}

void json_put_number(struct json_out *out, const char *key, double value, int decimals)
{
    static const double scales[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    char text[512];
    double scaled;

    if (!isfinite(value)) {
        json_put_null(out, key);
        return;
    }
    json_begin(out, key, "");
    decimals = decimals < 0 ? 0 : decimals > 6 ? 6 : decimals;
    scaled = value * scales[decimals];
    if (fabs(scaled) < 9e18) {
        json_fixed(out, llround(scaled), decimals);
        return;
    }
    snprintf(text, sizeof(text), "%.0f", value);
    json_raw_string(out, text);
}

void json_put_bool(struct json_out *out, const char *key, bool value)
{
    json_begin(out, key, "");
    json_raw_string(out, value ? "true" : "false");
}

void json_put_null(struct json_out *out, const char *key)
{
    json_begin(out, key, "");
    json_raw_string(out, "null");
}

void json_end_line(struct json_out *out)
{
    json_raw(out, "\n", 1);
    out->comma = false;
}
