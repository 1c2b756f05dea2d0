/* SPDX-License-Identifier: MIT */
/*
 * Arrays and groups of a config file as argv-like arrays.
 */
#ifndef LIFEGUARD_CONF_STRINGS_H
#define LIFEGUARD_CONF_STRINGS_H

#include <libconfig.h>

struct err;

/* An array or list of strings, NULL-terminated; NULL when empty. 0 or -EINVAL. */
int conf_strings_read(const config_setting_t *setting, char ***strings, struct err *err);
/* A number, or an array or list of numbers, each min..max. *numbers is NULL when empty. */
int conf_numbers_read(const config_setting_t *setting, int min, int max, int **numbers,
                      size_t *count, struct err *err);
/* A group of strings and numbers as "KEY=VALUE", merged into *env (same keys replaced). */
int conf_env_read(const config_setting_t *setting, char ***env, struct err *err);

#endif
