/* SPDX-License-Identifier: MIT */
/*
 * getopt_long twice: first what stands before the verb, then the verb's own options. Words are
 * taken one at a time (getopt's own permutation would move them across "--", and would read the -1
 * of `scale POOL -1` as an option), then dealt out to the positional arguments.
 */
#include "cli/args.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/commands.h"
#include "wire/json_out.h"

enum { OPTION_BASE = 256, MOST_OPTIONS = 64 };

/* One pass of getopt: its tables, and the words that it met. */
struct pass {
    struct args *args;
    int argc;
    char **argv;
    struct option options[MOST_OPTIONS];
    const struct command_arg *meaning[MOST_OPTIONS]; /* beside `options` */
    int count;
    char letters[2 * MOST_OPTIONS + 3];
    const char **words;
    size_t word_count;
    struct err *err;
};

static void pass_add(struct pass *pass, const struct command_arg *arg)
{
    size_t len = strlen(pass->letters);
    bool value = arg->kind != ARG_FLAG;

    assert(pass->count + 1 < MOST_OPTIONS);
    pass->meaning[pass->count] = arg;
    pass->options[pass->count] = (struct option){arg->name, value ? required_argument : no_argument,
                                                 NULL, OPTION_BASE + pass->count};
    pass->count++;
    if (!arg->letter)
        return;
    pass->letters[len] = arg->letter;
    pass->letters[len + 1] = value ? ':' : 0;
    pass->letters[len + 2] = 0;
}

static const struct command_arg *pass_find(const struct pass *pass, int code)
{
    if (code >= OPTION_BASE)
        return pass->meaning[code - OPTION_BASE];
    for (int i = 0; i < pass->count; i++) {
        if (pass->meaning[i]->letter == code)
            return pass->meaning[i];
    }
    return NULL;
}

static bool arg_is_global(const struct command_arg *arg)
{
    return arg >= command_globals && arg < command_globals + command_global_count;
}

static void args_set_global(struct args *args, const struct command_arg *arg, const char *text)
{
    switch (arg->letter) {
    case 'S':
        args->supervisor = text;
        break;
    case 'h':
        args->help = true;
        break;
    case 'V':
        args->version = true;
        break;
    default:
        args->json = true;
    }
}

static void arg_append(struct arg_value *value, const char *text)
{
    const char **list = mem_new_array(value->count + 2, sizeof(*list));

    if (value->count)
        memcpy(list, value->list, value->count * sizeof(*list));
    free(value->list);
    value->list = list;
    list[value->count++] = text;
}

static int arg_set(const struct command_arg *arg, struct arg_value *value, const char *text,
                   struct err *err)
{
    const char *dashes = arg->positional ? "" : "--";
    int64_t ns;

    if (arg->later)
        return err_set(err, EINVAL, "%s%s is not built yet", dashes, arg->name);
    value->given = true;
    value->text = text;
    switch (arg->kind) {
    case ARG_INT:
        if (str_parse_int(text, &value->number) < 0)
            return err_set(err, EINVAL, "%s%s: \"%s\" is no whole number", dashes, arg->name, text);
        return 0;
    case ARG_SECONDS:
        if (str_parse_duration(text, &ns) < 0)
            return err_set(err, EINVAL, "%s%s: \"%s\" is no duration (\"1.5s\", \"5m\", \"2h\")",
                           dashes, arg->name, text);
        value->seconds = (double)ns / 1e9;
        return 0;
    case ARG_STRINGS:
    case ARG_REST:
        arg_append(value, text);
        return 0;
    case ARG_FLAG:
    case ARG_STRING:
        break;
    }
    return 0;
}

static int pass_option(struct pass *pass, int code)
{
    const struct command_arg *arg = pass_find(pass, code);
    struct args *args = pass->args;

    if (!arg_is_global(arg))
        return arg_set(arg, &args->values[arg - args->command->args], optarg, pass->err);
    args_set_global(args, arg, optarg);
    return 0;
}

/* `word` is what getopt could not take. */
static int pass_refuse(struct pass *pass, int code, const char *word)
{
    const char *names[MOST_OPTIONS + 1];
    const char *near;
    int i;

    if (code == ':')
        return err_set(pass->err, EINVAL, "%s needs a value", word);
    for (i = 0; i < pass->count; i++)
        names[i] = pass->options[i].name;
    names[i] = NULL;
    near = str_starts(word, "--") ? str_nearest(word + 2, names) : NULL;
    if (near)
        return err_set(pass->err, EINVAL, "unknown option %s; did you mean --%s?", word, near);
    return err_set(pass->err, EINVAL, "unknown option %s", word);
}

static bool word_is_number(const struct pass *pass, const char *word)
{
    if (word[0] != '-' || !isdigit((unsigned char)word[1]))
        return false;
    for (int i = 0; i < pass->count; i++) {
        if (isdigit((unsigned char)pass->meaning[i]->letter))
            return false;
    }
    return true;
}

static void pass_take_rest(struct pass *pass)
{
    while (optind < pass->argc)
        pass->words[pass->word_count++] = pass->argv[optind++];
}

/* One option or one word. */
static int pass_step(struct pass *pass, bool stop_at_word)
{
    int before = optind;
    const char *word = pass->argv[before];
    int code;

    if (word_is_number(pass, word)) {
        pass->words[pass->word_count++] = word;
        optind++;
        return 0;
    }
    code = getopt_long(pass->argc, pass->argv, pass->letters, pass->options, NULL);
    if (code == '?' || code == ':')
        return pass_refuse(pass, code, word);
    if (code != -1)
        return pass_option(pass, code);
    if (optind > before) { /* "--" */
        pass->args->words_before_dashes = (int)pass->word_count;
        pass_take_rest(pass);
    } else if (stop_at_word) {
        pass_take_rest(pass);
    } else {
        pass->words[pass->word_count++] = word;
        optind++;
    }
    return 0;
}

/* pass->argv[0] is passed over, as getopt does. */
static int pass_run(struct pass *pass, bool stop_at_word)
{
    char *nothing[] = {pass->argv[0], NULL};
    int rc = 0;

    /* glibc begins anew when it is called with optind 0; only then is it safe to move optind. */
    opterr = 0;
    optind = 0;
    getopt_long(1, nothing, pass->letters, pass->options, NULL);
    optind = 1;
    while (rc == 0 && optind < pass->argc)
        rc = pass_step(pass, stop_at_word);
    return rc;
}

static void pass_init(struct pass *pass, struct args *args, int argc, char **argv, struct err *err)
{
    *pass = (struct pass){.args = args, .argc = argc, .argv = argv, .err = err};
    pass->words = mem_new_array((size_t)argc + 1, sizeof(char *));
    strcpy(pass->letters, "+:");
    for (size_t i = 0; i < command_global_count; i++)
        pass_add(pass, &command_globals[i]);
}

/* Words to the positional arguments, in their order. */
static int args_deal(struct args *args, const char *const *words, size_t count, struct err *err)
{
    const struct command *command = args->command;
    size_t next = 0;
    int rc = 0;

    if (command->named && count && !args->supervisor)
        args->supervisor = words[next++];
    for (size_t i = 0; i < command->arg_count && rc == 0; i++) {
        const struct command_arg *arg = &command->args[i];

        if (arg->positional && next < count)
            rc = arg_set(arg, &args->values[i], words[next++], err);
        while (arg->kind == ARG_REST && next < count && rc == 0)
            rc = arg_set(arg, &args->values[i], words[next++], err);
        if (rc == 0 && arg->required && !args->values[i].given && !args->help)
            return err_set(err, EINVAL, "%s needs %s%s", command->name, arg->positional ? "" : "--",
                           arg->positional ? arg->meta : arg->name);
    }
    if (rc == 0 && next < count)
        return err_set(err, EINVAL, "%s: \"%s\" is one word too many", command->name, words[next]);
    return rc;
}

static int args_find_verb(struct args *args, const char *verb, struct err *err)
{
    const char *near;

    args->command = command_find(verb);
    if (args->command) {
        args->values = mem_new_array(args->command->arg_count + 1, sizeof(*args->values));
        return 0;
    }
    near = command_nearest(verb);
    if (near)
        return err_set(err, EINVAL, "unknown verb \"%s\"; did you mean %s?", verb, near);
    return err_set(err, EINVAL, "unknown verb \"%s\"", verb);
}

static int args_parse_verb(struct args *args, int argc, char **argv, struct err *err)
{
    struct pass pass;
    int rc = args_find_verb(args, argv[0], err);

    if (rc < 0)
        return rc;
    pass_init(&pass, args, argc, argv, err);
    for (size_t i = 0; i < args->command->arg_count; i++) {
        if (!args->command->args[i].positional)
            pass_add(&pass, &args->command->args[i]);
    }
    rc = pass_run(&pass, args->command->greedy);
    if (rc == 0 && args->command->later && !args->help)
        rc = err_set(err, EINVAL, "%s is not built yet (%s)", args->command->name,
                     args->command->later);
    if (rc == 0)
        rc = args_deal(args, pass.words, pass.word_count, err);
    free(pass.words);
    return rc;
}

int args_parse(struct args *args, int argc, char **argv, struct err *err)
{
    struct pass pass;
    size_t words;
    int rc;

    *args = (struct args){.words_before_dashes = -1};
    pass_init(&pass, args, argc, argv, err);
    rc = pass_run(&pass, true);
    words = pass.word_count;
    free(pass.words);
    args->words_before_dashes = -1;
    if (rc < 0 || words == 0)
        return rc;
    return args_parse_verb(args, (int)words, argv + argc - words, err);
}

void args_fini(struct args *args)
{
    for (size_t i = 0; args->values && i < args->command->arg_count; i++)
        free(args->values[i].list);
    free(args->values);
    *args = (struct args){0};
}

const struct arg_value *args_value(const struct args *args, const char *name)
{
    for (size_t i = 0; i < args->command->arg_count; i++) {
        if (strcmp(args->command->args[i].name, name) == 0)
            return &args->values[i];
    }
    assert(!"an argument that the verb does not have");
    return NULL;
}

bool args_flag(const struct args *args, const char *name)
{
    return args_value(args, name)->given;
}

const char *args_text(const struct args *args, const char *name)
{
    return args_value(args, name)->text;
}

int64_t args_number(const struct args *args, const char *name, int64_t fallback)
{
    const struct arg_value *value = args_value(args, name);

    return value->given ? value->number : fallback;
}

static void args_write_value(const struct command_arg *arg, const struct arg_value *value,
                             struct json_out *out)
{
    char key[64];

    snprintf(key, sizeof(key), "%s", arg->name);
    for (char *c = key; *c; c++)
        *c = *c == '-' ? '_' : *c;
    switch (arg->kind) {
    case ARG_FLAG:
        json_put_bool(out, key, true);
        break;
    case ARG_INT:
        json_put_int(out, key, value->number);
        break;
    case ARG_SECONDS:
        json_put_number(out, key, value->seconds, 6);
        break;
    case ARG_STRING:
        json_put_string(out, key, value->text);
        break;
    case ARG_STRINGS:
    case ARG_REST:
        json_open_array(out, key);
        for (size_t i = 0; i < value->count; i++)
            json_put_string(out, NULL, value->list[i]);
        json_close_array(out);
        break;
    }
}

void args_write_request(const struct args *args, int64_t id, struct json_out *out)
{
    json_open_object(out, NULL);
    json_put_int(out, "id", id);
    json_put_string(out, "cmd", args->command->name);
    for (size_t i = 0; i < args->command->arg_count; i++) {
        if (args->values[i].given)
            args_write_value(&args->command->args[i], &args->values[i], out);
    }
    json_close_object(out);
    json_end_line(out);
}
