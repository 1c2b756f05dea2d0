/* SPDX-License-Identifier: MIT */
/* Signals to workers: the menu, and the question before one that ends a process. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/act.h"
#include "tui/dialog.h"
#include "tui/field.h"
#include "tui/view.h"

/* The row that a pin was taken from, if it is still the selected one. */
static const json_t *row_of(struct tui *tui, const struct pin *pin)
{
    const json_t *row = tui->view == VIEW_DETAIL ? model_worker(&tui->model) : view_selected(tui);

    return row && field_int(row, "pid", 0) == pin->pid ? row : NULL;
}

static void explain_one(struct tui *tui, struct dialog *dialog, const struct pin *pin,
                        const char *signal)
{
    const json_t *row = row_of(tui, pin), *worker = model_worker(&tui->model);
    const json_t *task = json_object_get(row, "task"), *pool = view_find_pool(tui, pin->pool);
    double started = field_number(worker, "started");
    long long more = (long long)field_int(row, "in_flight", 1) - 1;
    char up[16] = "", age[40] = "", of[24] = "";

    if (field_int(worker, "pid", 0) == pin->pid && !isnan(started)) {
        field_format_age(up, field_number(model_summary(&tui->model), "now") - started);
        snprintf(age, sizeof(age), ", up %s", up);
    }
    dialog_line(dialog, "SIG%s to %s[%lld] pid %lld%s", signal, pin->pool, (long long)pin->slot,
                (long long)pin->pid, age);
    if (json_is_object(task) && strcmp(field_text(pool, "mode"), "command") == 0)
        dialog_line(dialog, "Task %.24s ends with it: its failure counts.", field_text(task, "id"));
    else if (json_is_object(task)) {
        if (field_int(worker, "pid", 0) == pin->pid && field_int(worker, "max_attempts", 0) > 0)
            snprintf(of, sizeof(of), "/%lld", (long long)field_int(worker, "max_attempts", 0));
        if (more > 0)
            dialog_line(dialog, "Task %.24s and %lld more go back to the queue.",
                        field_text(task, "id"), more);
        else
            dialog_line(dialog, "Task %.24s goes back to the queue (try %lld%s).",
                        field_text(task, "id"), (long long)field_int(task, "attempt", 1) + 1, of);
    }
    /* A size that is not on the screen may be out of date. */
    if (pool && tui->view == VIEW_POOLS)
        dialog_line(dialog, "The pool stays at %lld: a new worker starts.",
                    (long long)field_int(pool, "want", 0));
    else
        dialog_line(dialog, "The pool keeps its size: a new worker starts.");
}

static bool ends_process(const char *signal)
{
    static const char *const harmless[] = {"HUP", "USR1", "USR2", "CONT", "WINCH"};

    for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
        if (strcmp(harmless[i], signal) == 0)
            return false;
    return true;
}

static json_t *signal_requests(const struct pin *pins, size_t count, const char *signal)
{
    json_t *requests = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *request = json_pack("{s:s,s:s}", "cmd", "kill", "signal", signal);
        act_target(request, &pins[i]);
        if (pins[i].pid > 0)
            json_array_append_new(requests, request);
        else
            json_decref(request);
    }
    return requests;
}

static void ask_many(struct tui *tui, json_t *requests, const char *signal, const char *what)
{
    bool kill = strcmp(signal, "KILL") == 0;
    char title[64], count[24];
    struct dialog *dialog;

    snprintf(count, sizeof(count), "%zu", json_array_size(requests));
    snprintf(title, sizeof(title), "%s %s workers", kill ? "Kill" : "Signal", count);
    dialog = act_ask(tui, title, kill ? "Kill" : "Send", kill ? count : NULL, requests, what);
    dialog_line(dialog, "SIG%s to %s tagged workers.", signal, count);
    if (kill)
        dialog_line(dialog, "Type %s to do it:", count);
}

static void send_pins(struct tui *tui, const struct pin *pins, size_t count, const char *signal)
{
    bool kill = strcmp(signal, "KILL") == 0;
    json_t *requests = signal_requests(pins, count, signal);
    struct dialog *dialog;
    char what[192];

    snprintf(what, sizeof(what), "SIG%s sent", signal);
    if (!json_array_size(requests)) {
        notice_say(tui, ROLE_NORMAL, "No process there to signal");
        json_decref(requests);
    } else if (json_array_size(requests) > 1) {
        ask_many(tui, requests, signal, what);
    } else {
        snprintf(what, sizeof(what), "SIG%s sent to %.80s[%lld] pid %lld", signal, pins->pool,
                 (long long)pins->slot, (long long)pins->pid);
        if (!ends_process(signal)) {
            act_send(tui, json_incref(json_array_get(requests, 0)), what);
            json_decref(requests);
            return;
        }
        dialog = act_ask(tui, kill ? "Kill 1 worker" : "Signal 1 worker", kill ? "Kill" : "Send",
                         NULL, requests, what);
        explain_one(tui, dialog, pins, signal);
    }
}

/* In the Pools view the worst worker of the pool is meant, if there is something wrong with it. */
static size_t collect(struct tui *tui, struct pin **pins)
{
    const struct window *window = &tui->model.windows[WINDOW_WORKERS];
    const json_t *row = window->count ? window->rows[0] : NULL;
    const json_t *pool = view_selected(tui);

    if (tui->view != VIEW_POOLS)
        return act_collect(tui, pins);
    *pins = NULL;
    if (!row || !pool || strcmp(field_text(row, "pool"), field_text(pool, "name")) != 0 ||
        !*field_text(row, "flag"))
        return 0;
    *pins = mem_new(sizeof(**pins));
    snprintf((*pins)->pool, sizeof((*pins)->pool), "%s", field_text(row, "pool"));
    (*pins)->slot = field_int(row, "slot", 0);
    (*pins)->pid = field_int(row, "pid", 0);
    (*pins)->start = field_int(row, "start", 0);
    return 1;
}

void act_signal(struct tui *tui, const char *signal)
{
    struct pin *pins;
    size_t count = collect(tui, &pins);

    if (count)
        send_pins(tui, pins, count, signal);
    free(pins);
}

struct pinned {
    size_t count;
    struct pin pins[];
};

static void on_signal(struct tui *tui, struct dialog *dialog, int value)
{
    struct pinned *pinned = dialog->data;

    send_pins(tui, pinned->pins, pinned->count, str_signal_name(value));
}

void act_signal_menu(struct tui *tui)
{
    static const struct {
        int number;
        const char *text;
    } signals[] = {{15, "TERM  end, politely"},
                   {9, "KILL  end at once"},
                   {1, "HUP   reload, for many programs"},
                   {2, "INT   as ^C"},
                   {3, "QUIT  end with a core dump"},
                   {6, "ABRT  end with a core dump"},
                   {10, "USR1"},
                   {12, "USR2"},
                   {19, "STOP  freeze"},
                   {18, "CONT  go on"}};
    struct dialog *dialog;
    struct pinned *pinned;
    struct pin *pins;
    size_t count = collect(tui, &pins);

    if (!count) {
        notice_say(tui, ROLE_NORMAL,
                   tui->view == VIEW_POOLS ? "Nothing is wrong here: Enter shows the pool's workers"
                                           : "No worker here to signal");
        return;
    }
    pinned = mem_new(sizeof(*pinned) + count * sizeof(*pins));
    pinned->count = count;
    memcpy(pinned->pins, pins, count * sizeof(*pins));
    free(pins);
    dialog = dialog_new(DIALOG_MENU, "Send signal");
    if (count > 1)
        dialog_line(dialog, "To %zu tagged workers:", count);
    else
        dialog_line(dialog, "To %s[%lld] pid %lld:", pinned->pins->pool,
                    (long long)pinned->pins->slot, (long long)pinned->pins->pid);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        dialog_item(dialog, 0, signals[i].number, "%2d %s", signals[i].number, signals[i].text);
    dialog->data = pinned;
    dialog->on_yes = on_signal;
    act_open_dialog(tui, dialog);
}
