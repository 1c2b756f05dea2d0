/* SPDX-License-Identifier: MIT */
/*
 * What a decoder of one value sees, and the decoders of numbers. Private to value.c and
 * decode_number.c. Every decoder answers 0, or -errno with the reason and the field unchanged.
 */
#ifndef LIFEGUARD_CONF_DECODE_H
#define LIFEGUARD_CONF_DECODE_H

#include <libconfig.h>

struct conf_key;
struct err;

struct conf_value {
    const struct conf_key *key;
    const config_setting_t *setting;
    const char *directory; /* what relative paths are relative to */
    void *base;            /* the struct that holds the field */
    void *at;              /* the field */
    struct err *err;
};

/* "must be WHAT"; -EINVAL. */
int conf_value_refuse(const struct conf_value *v, const char *what);
/* The text of a string setting, NULL for other types. */
const char *conf_value_text(const struct conf_value *v);

int conf_decode_int64(const struct conf_value *v);
int conf_decode_int(const struct conf_value *v);
int conf_decode_number(const struct conf_value *v);
int conf_decode_duration(const struct conf_value *v);
int conf_decode_bytes(const struct conf_value *v);
int conf_decode_limit(const struct conf_value *v);
int conf_decode_mask(const struct conf_value *v);
int conf_decode_pool_size(const struct conf_value *v);
int conf_decode_timeout(const struct conf_value *v);
int conf_decode_statuses(const struct conf_value *v);
int conf_decode_batch(const struct conf_value *v);
int conf_decode_after(const struct conf_value *v);
int conf_decode_shared(const struct conf_value *v);
int conf_decode_rate(const struct conf_value *v);

#endif
