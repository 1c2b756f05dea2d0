/* SPDX-License-Identifier: MIT */
/*
 * From words to a request.
 */
#include "tui/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/commands.h"

void words_split(const char *line, struct words *words)
{
    char *text = mem_new(strlen(line) + 1);

    words->count = 0;
    while (*line && words->count < WORDS_MAX) {
        size_t len = 0;
        char quote = 0;
        while (*line == ' ')
            line++;
        if (!*line)
            break;
        for (; *line && (quote || *line != ' '); line++) {
            if (quote ? *line == quote : *line == '"' || *line == '\'')
                quote = quote ? 0 : *line;
            else
                text[len++] = *line;
        }
        words->word[words->count++] = mem_copy_bytes(text, len);
    }
    free(text);
}

void words_free(struct words *words)
{
    for (int i = 0; i < words->count; i++)
        free(words->word[i]);
}

/* The JSON key of an argument: its name with '_' for '-'. */
static void json_key(const char *name, char *out, size_t size)
{
    size_t i;

    for (i = 0; name[i] && i + 1 < size; i++)
        out[i] = name[i] == '-' ? '_' : name[i];
    out[i] = '\0';
}

static json_t *value_of(const struct command_arg *arg, const char *text)
{
    int64_t number;

    switch (arg->kind) {
    case ARG_INT:
        return str_parse_int(text, &number) == 0 ? json_integer(number) : NULL;
    case ARG_SECONDS:
        return str_parse_duration(text, &number) == 0 ? json_real((double)number / 1e9) : NULL;
    case ARG_STRINGS:
        return json_pack("[s]", text);
    case ARG_FLAG:
    case ARG_STRING:
    case ARG_REST:
    default:
        return json_string(text);
    }
}

static const struct command_arg *find_option(const struct command *command, const char *word)
{
    for (size_t i = 0; i < command->arg_count; i++) {
        const struct command_arg *arg = &command->args[i];
        if (!arg->positional && word[1] == '-' && strcmp(word + 2, arg->name) == 0)
            return arg;
        if (!arg->positional && arg->letter && word[1] == arg->letter && !word[2])
            return arg;
    }
    return NULL;
}

static const struct command_arg *find_positional(const struct command *command,
                                                 const json_t *request)
{
    char key[64];

    for (size_t i = 0; i < command->arg_count; i++) {
        const struct command_arg *arg = &command->args[i];
        json_key(arg->name, key, sizeof(key));
        if (arg->positional && (arg->kind == ARG_REST || !json_object_get(request, key)))
            return arg;
    }
    return NULL;
}

static int set_value(json_t *request, const struct command_arg *arg, const char *text,
                     struct err *err)
{
    char key[64];
    json_t *value = value_of(arg, text);

    json_key(arg->name, key, sizeof(key));
    if (!value)
        return err_set(err, EINVAL, "%s: \"%s\" is no %s", arg->name, text,
                       arg->meta ? arg->meta : "value");
    if (arg->kind != ARG_REST) {
        json_object_set_new(request, key, value);
        return 0;
    }
    if (!json_object_get(request, key))
        json_object_set_new(request, key, json_array());
    json_array_append_new(json_object_get(request, key), value);
    return 0;
}

int words_request(const struct command *command, const struct words *words, json_t *request,
                  struct err *err)
{
    for (int i = 1; i < words->count; i++) {
        const char *word = words->word[i];
        bool option = word[0] == '-' && isalpha((unsigned char)word[word[1] == '-' ? 2 : 1]);
        const struct command_arg *arg =
            option ? find_option(command, word) : find_positional(command, request);
        if (!arg)
            return err_set(err, EINVAL, "%s: \"%s\" is not understood", command->name, word);
        if (arg->kind == ARG_FLAG) {
            char key[64];
            json_key(arg->name, key, sizeof(key));
            json_object_set_new(request, key, json_true());
            continue;
        }
        if (option && ++i == words->count)
            return err_set(err, EINVAL, "%s: %s needs a value", command->name, word);
        if (set_value(request, arg, words->word[i], err) < 0)
            return -EINVAL;
    }
    for (size_t i = 0; i < command->arg_count; i++) {
        char key[64];
        json_key(command->args[i].name, key, sizeof(key));
        if (command->args[i].required && !json_object_get(request, key))
            return err_set(err, EINVAL, "%s needs %s: %s", command->name, command->args[i].meta,
                           command->args[i].help);
    }
    return 0;
}
