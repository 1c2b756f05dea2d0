/* SPDX-License-Identifier: MIT */
/*
 * The growing side of struct conf_result: errors and origins are only added through here. An error
 * that is there already (a bad default of many pools) is not said twice.
 */
#ifndef LIFEGUARD_CONF_RESULT_H
#define LIFEGUARD_CONF_RESULT_H

#include "conf/conf.h"

enum { CONF_MAX_ERRORS = 200 };

/* Adds "where: message". Beyond CONF_MAX_ERRORS nothing is added. */
void conf_result_error(struct conf_result *result, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Records where a key's value came from; an earlier record of the same key is replaced. */
void conf_result_origin(struct conf_result *result, const struct conf_key *key, int pool,
                        const char *where, const char *text);
/* NULL when the key has its default. */
const struct conf_origin *conf_result_find(const struct conf_result *result,
                                           const struct conf_key *key, int pool);

#endif
