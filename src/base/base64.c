/* SPDX-License-Identifier: MIT */
/*
 * Base64 decoding. Strict: padding must be right and nothing may follow it.
 */
#include "base/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

static int base64_value(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *place = c ? strchr(alphabet, c) : NULL;

    return place ? (int)(place - alphabet) : -1;
}

int base64_decode(struct buf *out, const char *text, size_t len)
{
    size_t padding = 0;

    while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
        padding++;
    if (len % 4)
        return -EINVAL;
    for (size_t i = 0; i < len; i += 4) {
        size_t used = i + 4 == len ? 4 - padding : 4;
        uint32_t bits = 0;
        char bytes[3];
        int rc;

        for (size_t j = 0; j < 4; j++) {
            int value = j < used ? base64_value(text[i + j]) : 0;

            if (value < 0)
                return -EINVAL;
            bits = bits << 6 | (uint32_t)value;
        }
        bytes[0] = (char)(bits >> 16);
        bytes[1] = (char)(bits >> 8);
        bytes[2] = (char)bits;
        rc = buf_append(out, bytes, used - 1);
        if (rc < 0)
            return rc;
    }
    return 0;
}
