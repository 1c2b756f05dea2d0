/* SPDX-License-Identifier: MIT */
/*
 * `lifeguard run`: configs or one command become a spec.
 */
#include "cli/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "conf/conf.h"
#include "pool/spec.h"

enum { RUN_UNABLE = 255, COPIES_MAX = 100000 };

/* A name out of the command's: letters and digits of its last component, and our PID. */
static char *run_name_from(const char *command)
{
    const char *slash = strrchr(command, '/');
    char word[32];
    size_t len = 0;

    for (const char *c = slash ? slash + 1 : command; *c && len + 1 < sizeof(word); c++)
        if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (len && *c >= '0' && *c <= '9'))
            word[len++] = *c;
    word[len] = '\0';
    return mem_printf("%s-%d", len ? word : "run", (int)getpid());
}

static char **copy_words(const char *const *words, size_t count)
{
    char **copy = mem_new_array(count + 1, sizeof(char *));

    for (size_t i = 0; i < count; i++)
        copy[i] = mem_copy_string(words[i]);
    return copy;
}

static int run_command(const struct args *args, const struct arg_value *words, struct spec *spec)
{
    int64_t copies = args_number(args, "workers", 1);
    char *name, cwd[4096];

    if (copies < 1 || copies > COPIES_MAX)
        return cli_fail(CLI_USAGE, "run: -n %lld: give a number from 1 to %d", (long long)copies,
                        COPIES_MAX);
    name = run_name_from(words->list[0]);
    supervisor_spec_init(&spec->supervisor, name);
    free(name);
    mem_free_strings(spec->supervisor.env_inherit);
    spec->supervisor.env_inherit = copy_words((const char *const[]){"*"}, 1);
    spec->pools = mem_new_array(1, sizeof(*spec->pools));
    spec->pool_count = 1;
    name = run_name_from(words->list[0]);
    *strrchr(name, '-') = '\0';
    pool_spec_init(&spec->pools[0], name, POOL_SERVICE);
    free(name);
    spec->pools[0].size.count = (int)copies;
    spec->pools[0].command = copy_words(words->list, words->count);
    free(spec->pools[0].cwd);
    spec->pools[0].cwd = mem_copy_string(getcwd(cwd, sizeof(cwd)) ? cwd : "/");
    spec->source = mem_copy_string("(command line)");
    return 0;
}

/* --pool NAME: the others do not start by themselves. */
static int run_select(const struct arg_value *names, struct spec *spec)
{
    for (size_t i = 0; names->given && i < spec->pool_count; i++)
        spec->pools[i].autostart = false;
    for (size_t n = 0; n < names->count; n++) {
        bool found = false;

        for (size_t i = 0; i < spec->pool_count; i++) {
            if (strcmp(spec->pools[i].name, names->list[n]) != 0)
                continue;
            spec->pools[i].autostart = true;
            found = true;
        }
        if (!found)
            return cli_fail(CLI_USAGE, "run: --pool %s: the config has no such pool",
                            names->list[n]);
    }
    return 0;
}

/* -S NAME goes before the name in the config, or the one made of the command. */
static int run_rename(const struct args *args, struct spec *spec)
{
    if (!args->supervisor)
        return 0;
    if (!str_is_name(args->supervisor))
        return cli_fail(CLI_USAGE,
                        "-S %s: a name is letters, digits, _ . - and begins with a "
                        "letter",
                        args->supervisor);
    free(spec->supervisor.name);
    spec->supervisor.name = mem_copy_string(args->supervisor);
    return 0;
}

static int run_configs(const struct args *args, const struct arg_value *words, struct spec *spec)
{
    struct conf_result result = {0};
    int status = 0;

    if (conf_load(spec, words->list, words->count, &result) < 0) {
        for (size_t i = 0; i < result.error_count; i++)
            fprintf(stderr, "%s\n", result.errors[i]);
        status = cli_fail(RUN_UNABLE, "nothing was started");
    }
    conf_result_fini(&result);
    return status ? status : run_select(args_value(args, "pool"), spec);
}

int run_prepare(const struct args *args, struct spec *spec)
{
    const struct arg_value *words = args_value(args, "config");
    int status;

    if (!words->count)
        return cli_fail(CLI_USAGE, "run needs a config, or a command: lifeguard run CONFIG..., "
                                   "lifeguard run -n 4 -- COMMAND [ARG]...");
    if (args->words_before_dashes == 0 || args_value(args, "workers")->given)
        status = run_command(args, words, spec);
    else
        status = run_configs(args, words, spec);
    return status ? status : run_rename(args, spec);
}
