/* SPDX-License-Identifier: MIT */
/*
 * One value of a config file: from libconfig's setting into the spec's field, and back to text.
 */
#ifndef LIFEGUARD_CONF_VALUE_H
#define LIFEGUARD_CONF_VALUE_H

#include <libconfig.h>
#include <stdbool.h>

struct buf;
struct conf_key;
struct err;

/* Stores the value at the key's place in `base` (a struct pool_spec or supervisor_spec), replacing
 * and freeing what is there. Paths become absolute from `directory`. 0 or -EINVAL; then the field
 * is unchanged and *err says what is allowed. */
int conf_value_store(const struct conf_key *key, const config_setting_t *setting,
                     const char *directory, void *base, struct err *err);
/* The setting as a file would write it. 0 or -errno. */
int conf_value_render(const config_setting_t *setting, struct buf *out);
/* A string with its quotes and escapes. 0 or -errno. */
int conf_value_quote(const char *text, struct buf *out);
/* True when both hold the same value of this key. */
bool conf_value_equal(const struct conf_key *key, const void *base, const void *other);

#endif
