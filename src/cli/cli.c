/* SPDX-License-Identifier: MIT */
/*
 * From argv to the verb that runs.
 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/help.h"
#include "cli/print.h"
#include "wire/commands.h"

int cli_fail(int status, const char *format, ...)
{
    struct buf text = {0}, clean = {0};
    va_list args;

    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    print_clean(&clean, buf_data(&text), buf_len(&text));
    fprintf(stderr, "lifeguard: %s\n", buf_string(&clean));
    buf_fini(&text);
    buf_fini(&clean);
    return status;
}

static int version_run(const struct args *args)
{
    struct buf out = {0};
    bool written;

    if (args->json)
        buf_append_string(&out, "{\"version\":\"" LIFEGUARD_VERSION "\"}\n");
    else
        buf_append_string(&out, "lifeguard " LIFEGUARD_VERSION "\n");
    written = print_flush(&out);
    buf_fini(&out);
    return written ? CLI_OK : CLI_FAILED;
}

static const struct cli_verb own_verbs[] = {
    {"check", check_run},    {"completions", completions_run},
    {"env", evidence_run},   {"events", events_run},
    {"files", evidence_run}, {"help", help_run},
    {"list", list_run},      {"logs", logs_run},
    {"replay", replay_run},  {"stack", evidence_run},
    {"status", status_run},  {"shutdown", shutdown_run},
    {"submit", submit_run},  {"version", version_run},
    {"wait", wait_run},      {"worker-check", worker_check_run},
};

static const struct cli_verb *cli_find(const struct cli_verb *verbs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    }
    return NULL;
}

static int cli_help_all(int status)
{
    struct buf out = {0};

    help_write_all(&out);
    if (status == CLI_OK)
        print_flush(&out);
    else
        fputs(buf_string(&out), stderr);
    buf_fini(&out);
    return status;
}

static int cli_dispatch(const struct args *args, const struct cli_verb *verbs, size_t count)
{
    const struct cli_verb *verb;

    if (args->version)
        return version_run(args);
    if (!args->command)
        return cli_help_all(args->help ? CLI_OK : CLI_USAGE);
    if (args->help)
        return help_run(args);
    verb = cli_find(verbs, count, args->command->name);
    if (!verb)
        verb = cli_find(own_verbs, ARRAY_LEN(own_verbs), args->command->name);
    if (verb)
        return verb->run(args);
    if (args->command->local)
        return cli_fail(CLI_FAILED, "this program was built without %s", args->command->name);
    return client_run(args);
}

int cli_main(int argc, char **argv, const struct cli_verb *verbs, size_t count)
{
    struct args args;
    struct err err = {0};
    int status;

    if (args_parse(&args, argc, argv, &err) < 0) {
        /* map's small statuses are numbers of failed tasks. */
        bool map = args.command && strcmp(args.command->name, "map") == 0;

        status = cli_fail(map ? CLI_UNABLE : CLI_USAGE, "%s", err.text);
        if (args.command)
            fprintf(stderr, "`lifeguard help %s` explains it.\n", args.command->name);
    } else {
        status = cli_dispatch(&args, verbs, count);
    }
    args_fini(&args);
    return status;
}
