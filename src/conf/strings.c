/* SPDX-License-Identifier: MIT */
/*
 * Arrays of strings and numbers, and environments.
 */
#include "conf/strings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

/* libconfig's element getter takes no const, but changes nothing. */
static const config_setting_t *strings_element(const config_setting_t *setting, int index)
{
    return config_setting_get_elem((config_setting_t *)(uintptr_t)setting, (unsigned)index);
}

static int strings_count(const config_setting_t *setting)
{
    int type = config_setting_type(setting);

    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
        return -1;
    return config_setting_length(setting);
}

int conf_strings_read(const config_setting_t *setting, char ***strings, struct err *err)
{
    int count = strings_count(setting);

    if (count < 0)
        return err_set(err, EINVAL, "must be an array of strings: [ \"a\", \"b\" ]");
    for (int i = 0; i < count; i++) {
        if (config_setting_type(strings_element(setting, i)) != CONFIG_TYPE_STRING)
            return err_set(err, EINVAL, "element %d must be a string", i + 1);
    }
    *strings = count ? mem_new_array((size_t)count + 1, sizeof(char *)) : NULL;
    for (int i = 0; i < count; i++)
        (*strings)[i] = mem_copy_string(config_setting_get_string(strings_element(setting, i)));
    return 0;
}

static int numbers_check(const config_setting_t *setting, int min, int max, struct err *err)
{
    int number = config_setting_get_int(setting);

    if (config_setting_type(setting) != CONFIG_TYPE_INT)
        return err_set(err, EINVAL, "must be an array of whole numbers: [ 1, 2 ]");
    if (number < min || number > max)
        return err_set(err, ERANGE, "%d is out of range (%d to %d)", number, min, max);
    return 0;
}

int conf_numbers_read(const config_setting_t *setting, int min, int max, int **numbers,
                      size_t *count, struct err *err)
{
    int length = strings_count(setting);
    int total = length < 0 ? 1 : length;

    for (int i = 0; i < total; i++) {
        int rc = numbers_check(length < 0 ? setting : strings_element(setting, i), min, max, err);

        if (rc < 0)
            return rc;
    }
    *count = (size_t)total;
    *numbers = total ? mem_new_array((size_t)total, sizeof(int)) : NULL;
    for (int i = 0; i < total; i++)
        (*numbers)[i] = config_setting_get_int(length < 0 ? setting : strings_element(setting, i));
    return 0;
}

static char *env_format(const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);

    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_STRING:
        return mem_printf("%s=%s", name, config_setting_get_string(setting));
    case CONFIG_TYPE_INT:
        return mem_printf("%s=%d", name, config_setting_get_int(setting));
    case CONFIG_TYPE_INT64:
        return mem_printf("%s=%lld", name, config_setting_get_int64(setting));
    default:
        return NULL;
    }
}

/* Takes `assignment`. */
static void env_put(char ***env, char *assignment)
{
    size_t name = strcspn(assignment, "=") + 1, count = 0;
    void *grown = *env;

    for (; *env && (*env)[count]; count++) {
        if (strncmp((*env)[count], assignment, name) == 0) {
            free((*env)[count]);
            (*env)[count] = assignment;
            return;
        }
    }
    if (mem_try_resize(&grown, count + 2, sizeof(char *)) < 0)
        abort();
    *env = grown;
    (*env)[count] = assignment;
    (*env)[count + 1] = NULL;
}

int conf_env_read(const config_setting_t *setting, char ***env, struct err *err)
{
    int count = config_setting_length(setting);

    if (config_setting_type(setting) != CONFIG_TYPE_GROUP)
        return err_set(err, EINVAL, "must be a group: { NAME = \"value\"; }");
    for (int i = 0; i < count; i++) {
        const config_setting_t *each = strings_element(setting, i);
        char *assignment = env_format(each);

        if (!assignment)
            return err_set(err, EINVAL, "%s must be a string or a whole number",
                           config_setting_name(each));
        free(assignment);
    }
    for (int i = 0; i < count; i++)
        env_put(env, env_format(strings_element(setting, i)));
    return 0;
}
