/* SPDX-License-Identifier: MIT */
/*
 * The error struct of the whole program. The first cause wins; outer callers only add where.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
    va_list args;

    if (!err || err->code)
        return -code;
    err->code = code;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return -code;
}

int err_set_errno(struct err *err, int code, const char *format, ...)
{
    va_list args;
    size_t len;

    if (!err || err->code)
        return -code;
    err->code = code;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    len = strlen(err->text);
    snprintf(err->text + len, sizeof(err->text) - len, ": %s", strerror(code));
    return -code;
}

void err_prefix(struct err *err, const char *format, ...)
{
    char before[256];
    char whole[sizeof(err->text)];
    va_list args;

    if (!err || !err->code)
        return;
    va_start(args, format);
    vsnprintf(before, sizeof(before), format, args);
    va_end(args);
    snprintf(whole, sizeof(whole), "%s: %.*s", before, (int)(sizeof(whole) - sizeof(before) - 2),
             err->text);
    memcpy(err->text, whole, sizeof(whole));
}

void err_clear(struct err *err)
{
    if (err)
        *err = (struct err){0};
}
