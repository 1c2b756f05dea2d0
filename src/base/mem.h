/* SPDX-License-Identifier: MIT */
/*
 * Memory for small fixed objects, and the few helpers that every file needs.
 *
 * mem_new aborts when memory is out: use it only for objects whose size no outsider chooses.
 * Anything sized by input is checked against a configured limit first and uses mem_try_*.
 */
#ifndef LIFEGUARD_BASE_MEM_H
#define LIFEGUARD_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Zeroed memory; never NULL. Free with free(). */
void *mem_new(size_t size);
/* `count` zeroed objects; aborts on overflow or when memory is out. */
void *mem_new_array(size_t count, size_t size);
/* A copy of `text`; NULL gives NULL. Aborts when memory is out. */
char *mem_copy_string(const char *text);
/* A copy of `len` bytes with a NUL behind them. Aborts when memory is out. */
char *mem_copy_bytes(const void *bytes, size_t len);

/* Zeroed memory or NULL. */
void *mem_try_new(size_t size);
/* realloc that answers -ENOMEM and leaves *ptr alone on failure. */
int mem_try_resize(void **ptr, size_t count, size_t size);
/* printf into fresh memory; aborts when memory is out. */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Frees a NULL-terminated array of strings and the strings. */
void mem_free_strings(char **strings);

#endif
