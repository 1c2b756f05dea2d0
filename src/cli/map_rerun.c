/* SPDX-License-Identifier: MIT */
/*
 * The command line that runs the failures again: map's own options and command as they were given,
 * and the inputs of what failed. A task of several inputs (-n, several :::) is given as that many
 * inputs and -n; one of several columns as a line that --colsep splits again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/sanitise.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/map.h"
#include "cli/map_inputs.h"
#include "cli/map_text.h"
#include "pool/template.h"
#include "sys/file.h"
#include "wire/commands.h"

enum { RERUN_INPUTS_MOST = 20 };

static void rerun_add(char **words, size_t *count, const char *text)
{
    words[(*count)++] = mem_copy_string(text);
}

char **map_rerun_words(const struct args *args, char *const *command)
{
    size_t count = 0, words = 0;
    char **out;

    while (command[words])
        words++;
    out = mem_new_array(words + args->command->arg_count * 2 + 4, sizeof(char *));
    rerun_add(out, &count, "lifeguard");
    rerun_add(out, &count, "map");
    for (size_t i = 0; i < args->command->arg_count; i++) {
        const struct command_arg *arg = &args->command->args[i];
        char option[48];

        /* Inputs are new, files named by -a were used up, and how many go to a task is said
         * beside them. */
        if (!args->values[i].given || arg->positional || arg->kind == ARG_STRINGS ||
            strcmp(arg->name, "null") == 0 || strcmp(arg->name, "max-args") == 0)
            continue;
        snprintf(option, sizeof(option), "--%s", arg->name);
        rerun_add(out, &count, option);
        if (arg->kind != ARG_FLAG)
            rerun_add(out, &count, args->values[i].text);
    }
    for (size_t i = 0; i < words; i++)
        rerun_add(out, &count, command[i]);
    return out;
}

/* One word that a shell reads back byte for byte; what is no plain text is written as $'...'. */
static void rerun_quote(struct buf *line, const char *text, size_t len)
{
    struct buf shown = {0};

    sanitise_to_terminal(&shown, text, len, false);
    if (!len || (buf_len(&shown) == len && !memchr(text, '\n', len) &&
                 memcmp(buf_data(&shown), text, len) == 0)) {
        template_quote(line, text, len);
    } else {
        buf_append_string(line, "$'");
        for (size_t i = 0; i < len; i++) {
            if (text[i] == '\'' || text[i] == '\\')
                buf_printf(line, "\\%c", text[i]);
            else if (text[i] >= ' ' && text[i] < 0x7f)
                buf_append_char(line, text[i]);
            else
                buf_printf(line, "\\%03o", (unsigned char)text[i]);
        }
        buf_append_char(line, '\'');
    }
    buf_fini(&shown);
}

/* The task's inputs, each with a NUL behind it. How many they are. */
static unsigned rerun_items(const json_t *result, const struct map_options *options,
                            struct buf *items)
{
    size_t separator = options->columns ? strlen(options->columns) : 0;
    struct buf task = {0};
    unsigned count = 1;

    buf_reset(items);
    map_json_bytes(result, "task", &task);
    for (size_t i = 0; i < buf_len(&task); i++) {
        char byte = buf_data(&task)[i];

        if (byte == '\0' && options->columns) {
            buf_append(items, options->columns, separator);
            continue;
        }
        buf_append_char(items, byte);
        count += byte == '\0';
    }
    buf_append_char(items, '\0');
    buf_fini(&task);
    return count;
}

static unsigned rerun_count(const json_t *result, const struct map_options *options)
{
    struct buf items = {0};
    unsigned count = rerun_items(result, options, &items);

    buf_fini(&items);
    return count;
}

static void rerun_write(struct map_summary *summary, const json_t *result,
                        const struct map_options *options)
{
    struct buf items = {0};

    rerun_items(result, options, &items);
    if (summary->inputs_fd >= 0)
        file_write_all(summary->inputs_fd, buf_data(&items), buf_len(&items));
    buf_fini(&items);
}

/* Into the file, but the shortest so far: -n's last group may only be the last. */
static void rerun_spill(struct map_summary *summary, json_t *result,
                        const struct map_options *options)
{
    bool shorter =
        !summary->held || rerun_count(result, options) < rerun_count(summary->held, options);

    if (shorter && summary->held)
        rerun_write(summary, summary->held, options);
    if (!shorter) {
        rerun_write(summary, result, options);
        return;
    }
    json_decref(summary->held);
    summary->held = json_incref(result);
}

static void rerun_open_file(struct map_summary *summary, const struct map_options *options)
{
    const char *dir = getenv("TMPDIR");

    summary->inputs_path = mem_printf("%s/lifeguard-failed-XXXXXX", dir && *dir ? dir : "/tmp");
    summary->inputs_fd = mkostemp(summary->inputs_path, 02000000 /* O_CLOEXEC */);
    for (size_t i = 0; i < json_array_size(summary->failed); i++)
        rerun_spill(summary, json_array_get(summary->failed, i), options);
}

/* An input that map would take for the beginning of a group can't be a word. */
static bool rerun_needs_file(const struct map_summary *summary, const json_t *result,
                             const struct map_options *options)
{
    struct buf items = {0};
    bool found = json_array_size(summary->failed) >= RERUN_INPUTS_MOST;
    const char *at, *end;

    rerun_items(result, options, &items);
    end = buf_data(&items) + buf_len(&items);
    for (at = buf_data(&items); at < end && !found; at += strlen(at) + 1)
        found = map_inputs_begin_at(at);
    buf_fini(&items);
    return found;
}

void map_rerun_add(struct map_summary *summary, json_t *result, const struct map_options *options)
{
    unsigned count = rerun_count(result, options);

    if (count > summary->items)
        summary->items = count;
    if (!summary->inputs_path && rerun_needs_file(summary, result, options))
        rerun_open_file(summary, options);
    if (summary->inputs_path)
        rerun_spill(summary, result, options);
    if (!summary->failed)
        summary->failed = json_array();
    if (json_array_size(summary->failed) < RERUN_INPUTS_MOST)
        json_array_append(summary->failed, result);
}

/* Those with this many inputs, or with fewer. */
static void rerun_list(const struct map_summary *summary, const struct map_options *options,
                       bool whole, struct buf *line)
{
    struct buf items = {0};

    for (size_t i = 0; i < json_array_size(summary->failed); i++) {
        unsigned count = rerun_items(json_array_get(summary->failed, i), options, &items);
        const char *at = buf_data(&items);

        for (unsigned k = 0; k < count && (count == summary->items) == whole; k++) {
            buf_append_char(line, ' ');
            rerun_quote(line, at, strlen(at));
            at += strlen(at) + 1;
        }
    }
    buf_fini(&items);
}

static void rerun_print_file(const struct map_summary *summary, struct buf *line)
{
    buf_append_string(line, "--null --arg-file ");
    rerun_quote(line, summary->inputs_path, strlen(summary->inputs_path));
    buf_append_char(line, ' ');
}

void map_rerun_print(struct map_summary *summary, const struct map_options *options)
{
    struct buf line = {0};

    if (summary->inputs_path && summary->inputs_fd < 0) {
        cli_fail(0, "what failed could not be kept in %s", summary->inputs_path);
        return;
    }
    buf_append_string(&line, "lifeguard: run just those again:\n  ");
    for (size_t i = 0; options->rerun && options->rerun[i]; i++) {
        if (i)
            buf_append_char(&line, ' ');
        /* Behind "lifeguard map", before the command. */
        if (i == 2 && summary->items > 1)
            buf_printf(&line, "--max-args %u ", summary->items);
        if (i == 2 && summary->inputs_path)
            rerun_print_file(summary, &line);
        rerun_quote(&line, options->rerun[i], strlen(options->rerun[i]));
    }
    if (summary->held)
        rerun_write(summary, summary->held, options);
    if (!summary->inputs_path) {
        buf_append_string(&line, " :::");
        rerun_list(summary, options, true, &line);
        rerun_list(summary, options, false, &line);
    }
    buf_append_char(&line, '\n');
    file_write_all(STDERR_FILENO, buf_data(&line), buf_len(&line));
    buf_fini(&line);
}

void map_options_fini(struct map_options *options)
{
    mem_free_strings(options->rerun);
    free(options->columns);
    *options = (struct map_options){0};
}
