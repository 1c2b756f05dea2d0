/* SPDX-License-Identifier: MIT */
/*
 * libconfig files to plain specs. Strict: unknown keys, wrong types, numbers out of range and
 * duplicates are errors, all of them are found in one pass, and any error means that nothing may
 * be started. Never blocks on FIFOs or devices, never writes a user's file.
 */
#ifndef LIFEGUARD_CONF_CONF_H
#define LIFEGUARD_CONF_CONF_H

#include <stddef.h>

struct buf;
struct conf_key;
struct spec;

/* Where a key's value came from. */
struct conf_origin {
    const struct conf_key *key;
    int pool;    /* index in spec->pools, -1 = supervisor */
    char *where; /* "demo.cfg:12" */
    char *text;  /* the value as it would be written */
};

/* Zeroed memory is an empty result. */
struct conf_result {
    char **errors; /* "demo.cfg:12: message", in the order found */
    size_t error_count;
    struct conf_origin *origins;
    size_t origin_count;
};

/* Reads `count` files and joins their pools. 0 with *spec filled, or -EINVAL with at least one
 * error and *spec empty. Both are to be released by the caller in any case. */
int conf_load(struct spec *spec, const char *const *paths, size_t count,
              struct conf_result *result);
void conf_result_fini(struct conf_result *result);

/* Every key with its value and where that came from, in the files' own syntax: what is written
 * can be read again and means the same. 0 or -errno. */
int conf_dump(const struct spec *spec, const struct conf_result *result, struct buf *out);
/* The reference: every key of a pool and of the supervisor with its default and its
 * explanation (config/lifeguard.cfg). 0 or -errno. */
int conf_write_reference(struct buf *out);

#endif
