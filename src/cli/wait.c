/* SPDX-License-Identifier: MIT */
/*
 * `wait`: until tasks are final, whoever submitted them.
 */
#include "base/mem.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/session.h"
#include "cli/waiting.h"
#include "wire/json_out.h"

static enum wait_until wait_mode(const struct args *args)
{
    if (args_flag(args, "any"))
        return WAIT_ANY;
    return args_flag(args, "first-failure") ? WAIT_FIRST_FAILURE : WAIT_ALL;
}

/* Those that are final already are told at once. */
static void wait_sort(struct waiting *waiting, const json_t *reply)
{
    const json_t *tasks = json_object_get(reply, "tasks");

    for (size_t i = 0; i < json_array_size(tasks); i++)
        if (!json_is_true(json_object_get(json_array_get(tasks, i), "final")))
            waiting_add(waiting, print_word(json_array_get(tasks, i), "id"));
    for (size_t i = 0; i < json_array_size(tasks); i++)
        if (json_is_true(json_object_get(json_array_get(tasks, i), "final")))
            waiting_tell(waiting, json_array_get(tasks, i));
}

int wait_run(const struct args *args)
{
    struct session session;
    struct waiting waiting;
    int status;
    json_t *reply;

    if (args_flag(args, "any") + args_flag(args, "all") + args_flag(args, "first-failure") > 1)
        return cli_fail(CLI_USAGE, "wait: one of --any, --all and --first-failure");
    status = session_open(&session, args);
    if (status)
        return status;
    waiting_init(&waiting, &session);
    reply = session_ask(&session, &status);
    if (reply) {
        wait_sort(&waiting, reply);
        status = waiting_run(&waiting, wait_mode(args));
        json_decref(reply);
    }
    waiting_fini(&waiting);
    session_close(&session);
    return status;
}
