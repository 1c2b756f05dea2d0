/* SPDX-License-Identifier: MIT */
/*
 * One line a task that became final: "1f done: RESULT", "1g failed: REASON".
 */
#include "cli/waiting.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/session.h"

void waiting_init(struct waiting *waiting, struct session *session)
{
    *waiting = (struct waiting){.session = session, .open = json_object()};
}

void waiting_fini(struct waiting *waiting)
{
    json_decref(waiting->open);
}

void waiting_add(struct waiting *waiting, const char *id)
{
    json_object_set_new(waiting->open, id, json_true());
}

static void waiting_print(struct waiting *waiting, const json_t *task)
{
    struct buf *out = &waiting->session->out;
    struct buf text = {0};

    print_clean(out, print_word(task, "id"), strlen(print_word(task, "id")));
    buf_append_char(out, ' ');
    print_clean(out, print_word(task, "state"), strlen(print_word(task, "state")));
    if ((print_field(task, "error", &text) || print_field(task, "result", &text)) &&
        buf_len(&text)) {
        buf_append_string(out, ": ");
        print_clean(out, buf_data(&text), buf_len(&text));
    }
    buf_append_char(out, '\n');
    buf_fini(&text);
}

void waiting_tell(struct waiting *waiting, const json_t *task)
{
    json_object_del(waiting->open, print_word(task, "id"));
    waiting->ended++;
    waiting->failed |= strcmp(print_word(task, "state"), "done") != 0;
    if (waiting->session->args->json)
        session_json(waiting->session, task);
    else
        waiting_print(waiting, task);
    print_flush(&waiting->session->out);
}

static bool waiting_is_over(const struct waiting *waiting, enum wait_until until)
{
    return !json_object_size(waiting->open) || (until == WAIT_ANY && waiting->ended) ||
           (until == WAIT_FIRST_FAILURE && waiting->failed);
}

int waiting_run(struct waiting *waiting, enum wait_until until)
{
    int rc;

    while (!waiting_is_over(waiting, until)) {
        json_t *message = remote_next(&waiting->session->remote, -1, &rc);

        if (!message && rc == -EINTR)
            continue;
        if (!message)
            return cli_fail(CLI_FAILED, "the supervisor is gone; %zu tasks were not done yet",
                            json_object_size(waiting->open));
        if (strcmp(print_word(message, "view"), "waited") == 0 &&
            json_object_get(waiting->open, print_word(message, "id")))
            waiting_tell(waiting, message);
        json_decref(message);
    }
    return waiting->failed ? CLI_FAILED : CLI_OK;
}
