/* SPDX-License-Identifier: MIT */
/* Restarting and stopping: of a pool, of a worker, of all that are tagged; and leaving. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/act.h"
#include "tui/dialog.h"
#include "tui/field.h"
#include "tui/view.h"

static bool is_down(const char *state)
{
    static const char *const states[] = {"stopped", "held", "failed", "down", "backoff", "done"};

    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (strcmp(states[i], state) == 0)
            return true;
    return false;
}

static json_t *requests_for(const char *verb, const struct pin *pins, size_t count)
{
    json_t *requests = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *request = json_pack("{s:s}", "cmd", verb);
        act_target(request, &pins[i]);
        json_array_append_new(requests, request);
    }
    return requests;
}

static void say_who(const struct pin *pins, size_t count, char *out, size_t size)
{
    if (count > 1)
        snprintf(out, size, "%zu workers", count);
    else if (pins->slot > 0 && pins->pid > 0)
        snprintf(out, size, "%s[%lld] pid %lld", pins->pool, (long long)pins->slot,
                 (long long)pins->pid);
    else if (pins->slot > 0)
        snprintf(out, size, "%s[%lld]", pins->pool, (long long)pins->slot);
    else
        snprintf(out, size, "%s", pins->pool);
}

/* Restart or stop of a pool or of workers; what is down already is started without a question. */
void act_change(struct tui *tui, const char *verb, const char *Verb)
{
    const json_t *row = tui->view == VIEW_DETAIL ? model_worker(&tui->model) : view_selected(tui);
    bool restart = strcmp(verb, "restart") == 0, pool = tui->view == VIEW_POOLS;
    struct pin *pins;
    size_t count = act_collect(tui, &pins);
    char who[128], title[160], what[192];
    struct dialog *dialog;

    if (!count)
        return;
    /* All of it stops already: what is left to ask for is KILL. */
    if (pool && !restart && view_rollcall_kill(tui)) {
        free(pins);
        return;
    }
    say_who(pins, count, who, sizeof(who));
    if (restart && count == 1 && is_down(field_text(row, "state"))) {
        json_t *request = json_pack("{s:s}", "cmd", "start");
        pins->pid = 0;
        act_target(request, pins);
        snprintf(what, sizeof(what), "%s: starting", who);
        act_send(tui, request, what);
        free(pins);
        return;
    }
    snprintf(title, sizeof(title), "%s %s", Verb,
             pool        ? "pool"
             : count > 1 ? "workers"
                         : "1 worker");
    snprintf(what, sizeof(what), "%s: %s asked for", who, verb);
    dialog = act_ask(tui, title, Verb, pool && !restart ? pins->pool : NULL,
                     requests_for(verb, pins, count), what);
    if (pool && restart)
        dialog_line(dialog, "%s: its workers, one at a time.", who);
    else if (pool)
        dialog_line(dialog, "%s and its %lld workers; type the pool's name:", who,
                    (long long)field_int(row, "live", 0));
    else
        dialog_line(dialog, "%s %s.", Verb, who);
    if (!pool && restart)
        dialog_line(dialog, "What it has in hand goes back to the queue.");
    else if (!pool)
        dialog_line(dialog, "What it has in hand goes back; it stays down until r.");
    free(pins);
}

static void stop_all(struct tui *tui)
{
    const json_t *summary = model_summary(&tui->model);
    const char *name = field_text(summary, "name");
    struct dialog *dialog =
        act_ask(tui, "Stop all", "Stop", name, json_pack("[{s:s}]", "cmd", "shutdown"),
                "stopping all pools (q leaves, the stop goes on)");

    dialog_line(dialog, "All pools stop, %lld workers end.",
                (long long)field_int(summary, "live", 0));
    dialog_line(dialog, "Type %s to do it:", name);
}

static void on_quit(struct tui *tui, struct dialog *dialog, int value)
{
    (void)dialog;
    if (value == 1)
        stop_all(tui);
    else if (value == 0)
        tui->quit = true;
}

void act_quit(struct tui *tui)
{
    const json_t *summary = model_summary(&tui->model);
    struct dialog *dialog;

    if (!tui->net.greeted || !summary || tui->stopping ||
        strcmp(field_text(summary, "state"), "done") == 0) {
        tui->quit = true;
        return;
    }
    dialog = dialog_new(DIALOG_MENU, "Quit");
    dialog_item(dialog, 'd', 0, "Detach: %lld workers keep running",
                (long long)field_int(summary, "live", 0));
    dialog_item(dialog, 's', 1, "Stop all pools and end the supervisor");
    dialog_item(dialog, 'c', 2, "Cancel");
    dialog->on_yes = on_quit;
    act_open_dialog(tui, dialog);
}
