/* SPDX-License-Identifier: MIT */
/*
 * The command line that runs the failures again: map's own options and command as they were given,
 * without the inputs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/args.h"
#include "cli/map.h"
#include "cli/map_text.h"
#include "wire/commands.h"

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

        /* Inputs are new, and files named by -a were used up. */
        if (!args->values[i].given || arg->positional || arg->kind == ARG_STRINGS)
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

void map_options_fini(struct map_options *options)
{
    mem_free_strings(options->rerun);
    *options = (struct map_options){0};
}
