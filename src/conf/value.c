/* SPDX-License-Identifier: MIT */
/*
 * A decoder a type. Each one checks everything before it touches the field, so that a bad value
 * leaves the default.
 */
#include "conf/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/decode.h"
#include "conf/paths.h"
#include "conf/schema.h"
#include "conf/strings.h"
#include "pool/address.h"

static int decode_bool(const struct conf_value *v)
{
    if (config_setting_type(v->setting) != CONFIG_TYPE_BOOL)
        return conf_value_refuse(v, "true or false");
    *(bool *)v->at = config_setting_get_bool(v->setting);
    return 0;
}

static int value_set_string(const struct conf_value *v, char *text)
{
    free(*(char **)v->at);
    *(char **)v->at = text;
    return 0;
}

static int decode_string(const struct conf_value *v)
{
    const char *text = conf_value_text(v);

    if (!text)
        return conf_value_refuse(v, "a string");
    if (*text && v->key->form && v->key->form(text, v->err) < 0)
        return -EINVAL;
    return value_set_string(v, mem_copy_string(text));
}

static int decode_name(const struct conf_value *v)
{
    const char *text = conf_value_text(v);

    if (text && !*text && v->key->computed)
        return 0;
    if (!text || !str_is_name(text))
        return conf_value_refuse(v, "a name: a letter, then letters, digits, _ . - (at most 64)");
    return value_set_string(v, mem_copy_string(text));
}

static int decode_path(const struct conf_value *v)
{
    const char *text = conf_value_text(v);

    if (!text)
        return conf_value_refuse(v, "a path in quotes");
    if (!*text || (v->key->type == CONF_OUTPUT && strcmp(text, "-") == 0))
        return value_set_string(v, mem_copy_string(text));
    return value_set_string(v, conf_path_absolute(v->directory, text));
}

static int decode_socket(const struct conf_value *v)
{
    static const char scheme[] = "unix:";
    const char *text = conf_value_text(v);
    char *path, *whole;

    if (!text)
        return conf_value_refuse(v, "a string");
    if (*text && address_check(text, v->err) < 0)
        return -EINVAL;
    if (!str_starts(text, scheme))
        return value_set_string(v, mem_copy_string(text));
    path = conf_path_absolute(v->directory, text + strlen(scheme));
    whole = mem_printf("%s%s", scheme, path);
    free(path);
    if (address_check(whole, v->err) == 0)
        return value_set_string(v, whole);
    free(whole);
    return -EINVAL;
}

static int value_set_strings(const struct conf_value *v, char **strings)
{
    mem_free_strings(*(char ***)v->at);
    *(char ***)v->at = strings;
    return 0;
}

static int decode_strings(const struct conf_value *v)
{
    char **strings;
    int rc = conf_strings_read(v->setting, &strings, v->err);

    return rc < 0 ? rc : value_set_strings(v, strings);
}

static int decode_paths(const struct conf_value *v)
{
    char **strings;
    int rc = conf_strings_read(v->setting, &strings, v->err);

    if (rc < 0)
        return rc;
    for (char **each = strings; each && *each; each++) {
        char *path = conf_path_absolute(v->directory, *each);

        free(*each);
        *each = path;
    }
    return value_set_strings(v, strings);
}

static int decode_command(const struct conf_value *v)
{
    const char *text = conf_value_text(v);
    char **strings;

    if (!text)
        return decode_strings(v);
    strings = mem_new_array(2, sizeof(char *));
    strings[0] = mem_copy_string(text);
    return value_set_strings(v, strings);
}

/* Index in the key's words, or -EINVAL with the reason. */
static int value_word(const struct conf_value *v)
{
    const char *text = conf_value_text(v);
    const char *near = text ? str_nearest(text, v->key->words) : NULL;
    char all[256] = "";

    for (int i = 0; v->key->words[i]; i++) {
        if (text && strcmp(text, v->key->words[i]) == 0)
            return i;
        if (i)
            strncat(all, v->key->words[i + 1] ? ", " : " or ", sizeof(all) - strlen(all) - 1);
        strncat(all, v->key->words[i], sizeof(all) - strlen(all) - 1);
    }
    if (!text)
        return err_set(v->err, EINVAL, "must be a string: %s", all);
    return err_set(v->err, EINVAL, "\"%s\" is not %s%s%s%s", text, all,
                   near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static int decode_word(const struct conf_value *v)
{
    int word = value_word(v);

    if (word >= 0)
        *(int *)v->at = word;
    return word < 0 ? word : 0;
}

static int decode_switch(const struct conf_value *v)
{
    int word = value_word(v);

    if (word >= 0)
        *(bool *)v->at = word == 1;
    return word < 0 ? word : 0;
}

static int decode_halt(const struct conf_value *v)
{
    const char *text = conf_value_text(v);
    struct halt_spec halt;

    if (!text || halt_spec_parse(&halt, text) < 0)
        return conf_value_refuse(v,
                                 "\"never\", or now or soon, a comma, and fail, success or done = "
                                 "N or N%: \"now,fail=1\", \"soon,fail=10%\"");
    *(struct halt_spec *)v->at = halt;
    return 0;
}

static int decode_signal(const struct conf_value *v)
{
    const char *text = conf_value_text(v);
    int signal = text ? str_parse_signal(text) : 0;

    if (!signal)
        return conf_value_refuse(v, "a signal's name: \"TERM\", \"INT\", \"USR1\" ...");
    *(int *)v->at = signal;
    return 0;
}

static int decode_env(const struct conf_value *v)
{
    return conf_env_read(v->setting, v->at, v->err);
}

static int decode_stdin(const struct conf_value *v)
{
    bool on = false;
    struct conf_value flag = *v;
    int rc;

    flag.at = &on;
    rc = decode_bool(&flag);
    if (rc == 0)
        *(int *)v->at = on ? 0 : -1;
    return rc;
}

static int (*const decoders[])(const struct conf_value *) = {
    [CONF_BOOL] = decode_bool,
    [CONF_INT] = conf_decode_int,
    [CONF_INT64] = conf_decode_int64,
    [CONF_NUMBER] = conf_decode_number,
    [CONF_DURATION] = conf_decode_duration,
    [CONF_BYTES] = conf_decode_bytes,
    [CONF_LIMIT] = conf_decode_limit,
    [CONF_MASK] = conf_decode_mask,
    [CONF_STRING] = decode_string,
    [CONF_NAME] = decode_name,
    [CONF_PATH] = decode_path,
    [CONF_OUTPUT] = decode_path,
    [CONF_SOCKET] = decode_socket,
    [CONF_STRINGS] = decode_strings,
    [CONF_PATHS] = decode_paths,
    [CONF_COMMAND] = decode_command,
    [CONF_WORD] = decode_word,
    [CONF_SWITCH] = decode_switch,
    [CONF_POOL_SIZE] = conf_decode_pool_size,
    [CONF_TIMEOUT] = conf_decode_timeout,
    [CONF_HALT] = decode_halt,
    [CONF_SIGNAL] = decode_signal,
    [CONF_STATUSES] = conf_decode_statuses,
    [CONF_ENV] = decode_env,
    [CONF_RATE] = conf_decode_rate,
    [CONF_BATCH] = conf_decode_batch,
    [CONF_SHARED] = conf_decode_shared,
    [CONF_STDIN] = decode_stdin,
    [CONF_AFTER] = conf_decode_after,
};

int conf_value_store(const struct conf_key *key, const config_setting_t *setting,
                     const char *directory, void *base, struct err *err)
{
    struct conf_value v = {key, setting, directory, base, (char *)base + key->offset, err};

    return decoders[key->type](&v);
}
