/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 decoding and cutting. The decoder is the only place that decides what is valid; everything
 * else walks by it and takes an invalid byte as one unit.
 */
#include "base/utf8.h"

#include <string.h>

#include "base/buf.h"

static const char ellipsis[] = "\xe2\x80\xa6";

static bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t utf8_decode(const char *bytes, size_t len, uint32_t *codepoint)
{
    const unsigned char *b = (const unsigned char *)bytes;
    uint32_t c;

    if (!len)
        return 0;
    if (b[0] < 0x80) {
        *codepoint = b[0];
        return 1;
    }
    if (b[0] >= 0xc2 && b[0] < 0xe0 && len >= 2 && is_tail(b[1])) {
        *codepoint = (uint32_t)(b[0] & 0x1f) << 6 | (b[1] & 0x3f);
        return 2;
    }
    if (b[0] >= 0xe0 && b[0] < 0xf0 && len >= 3 && is_tail(b[1]) && is_tail(b[2])) {
        c = (uint32_t)(b[0] & 0x0f) << 12 | (uint32_t)(b[1] & 0x3f) << 6 | (b[2] & 0x3f);
        *codepoint = c;
        return c < 0x800 || (c >= 0xd800 && c < 0xe000) ? 0 : 3;
    }
    if (b[0] >= 0xf0 && b[0] < 0xf5 && len >= 4 && is_tail(b[1]) && is_tail(b[2]) &&
        is_tail(b[3])) {
        c = (uint32_t)(b[0] & 0x07) << 18 | (uint32_t)(b[1] & 0x3f) << 12 |
            (uint32_t)(b[2] & 0x3f) << 6 | (b[3] & 0x3f);
        *codepoint = c;
        return c < 0x10000 || c > 0x10ffff ? 0 : 4;
    }
    return 0;
}

size_t utf8_encode(char out[4], uint32_t codepoint)
{
    if (codepoint > 0x10ffff || (codepoint >= 0xd800 && codepoint < 0xe000))
        codepoint = 0xfffd;
    if (codepoint < 0x80) {
        out[0] = (char)codepoint;
        return 1;
    }
    if (codepoint < 0x800) {
        out[0] = (char)(0xc0 | codepoint >> 6);
        out[1] = (char)(0x80 | (codepoint & 0x3f));
        return 2;
    }
    if (codepoint < 0x10000) {
        out[0] = (char)(0xe0 | codepoint >> 12);
        out[1] = (char)(0x80 | (codepoint >> 6 & 0x3f));
        out[2] = (char)(0x80 | (codepoint & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | codepoint >> 18);
    out[1] = (char)(0x80 | (codepoint >> 12 & 0x3f));
    out[2] = (char)(0x80 | (codepoint >> 6 & 0x3f));
    out[3] = (char)(0x80 | (codepoint & 0x3f));
    return 4;
}

bool utf8_valid(const char *bytes, size_t len)
{
    uint32_t codepoint;

    for (size_t at = 0, step; at < len; at += step) {
        step = 1;
        if ((unsigned char)bytes[at] < 0x80)
            continue;
        step = utf8_decode(bytes + at, len - at, &codepoint);
        if (!step)
            return false;
    }
    return true;
}

/* One unit of a text: bytes taken and cells needed. */
static size_t unit_at(const char *bytes, size_t len, size_t *cells)
{
    uint32_t codepoint;
    size_t step = utf8_decode(bytes, len, &codepoint);
    int width = step ? utf8_width(codepoint) : -1;

    *cells = width < 0 ? 1 : (size_t)width;
    return step ? step : 1;
}

size_t utf8_text_width(const char *bytes, size_t len)
{
    size_t total = 0, cells;

    for (size_t at = 0; at < len;) {
        at += unit_at(bytes + at, len - at, &cells);
        total += cells;
    }
    return total;
}

size_t utf8_fit(const char *bytes, size_t len, size_t cells)
{
    size_t used = 0, need, at = 0;

    while (at < len) {
        size_t step = unit_at(bytes + at, len - at, &need);
        if (used + need > cells)
            break;
        used += need;
        at += step;
    }
    return at;
}

size_t utf8_truncate(char *out, size_t size, const char *bytes, size_t len, size_t cells)
{
    size_t keep = utf8_fit(bytes, len, cells);
    size_t tail = 0;

    if (!size)
        return 0;
    if (keep < len || len >= size) {
        tail = cells && size > sizeof(ellipsis) ? sizeof(ellipsis) - 1 : 0;
        keep = utf8_fit(bytes, len, cells ? cells - 1 : 0);
        while (keep && keep + tail >= size) {
            size_t width = utf8_text_width(bytes, keep);
            keep = width ? utf8_fit(bytes, keep, width - 1) : 0;
        }
    }
    memcpy(out, bytes, keep);
    memcpy(out + keep, ellipsis, tail);
    out[keep + tail] = '\0';
    return utf8_text_width(bytes, keep) + (tail ? 1 : 0);
}

int utf8_append_clean(struct buf *out, const char *bytes, size_t len)
{
    int rc = 0;

    for (size_t at = 0; at < len && rc == 0;) {
        uint32_t codepoint;
        size_t used = utf8_decode(bytes + at, len - at, &codepoint);
        bool good = used && bytes[at] && utf8_valid(bytes + at, used);

        rc = good ? buf_append(out, bytes + at, used) : buf_append_string(out, "\xef\xbf\xbd");
        at += used ? used : 1;
    }
    return rc;
}
