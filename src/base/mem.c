/* SPDX-License-Identifier: MIT */
/*
 * Memory for small fixed objects: running out of it is a state that this program can't work in,
 * so these abort. Called from every room; owns nothing.
 */
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *mem_check(void *ptr)
{
    if (!ptr)
        abort();
    return ptr;
}

void *mem_new(size_t size)
{
    return mem_check(calloc(1, size ? size : 1));
}

void *mem_new_array(size_t count, size_t size)
{
    return mem_check(calloc(count ? count : 1, size));
}

char *mem_copy_string(const char *text)
{
    return text ? mem_check(strdup(text)) : NULL;
}

char *mem_copy_bytes(const void *bytes, size_t len)
{
    char *copy = mem_new(len + 1);

    if (len)
        memcpy(copy, bytes, len);
    return copy;
}

void *mem_try_new(size_t size)
{
    return calloc(1, size ? size : 1);
}

int mem_try_resize(void **ptr, size_t count, size_t size)
{
    size_t bytes;
    void *grown;

    if (__builtin_mul_overflow(count, size, &bytes))
        return -ENOMEM;
    grown = realloc(*ptr, bytes ? bytes : 1);
    if (!grown)
        return -ENOMEM;
    *ptr = grown;
    return 0;
}

char *mem_printf(const char *format, ...)
{
    va_list args;
    char *text = NULL;
    int len;

    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        abort();
    return text;
}

void mem_free_strings(char **strings)
{
    if (!strings)
        return;
    for (size_t i = 0; strings[i]; i++)
        free(strings[i]);
    free(strings);
}
