/* SPDX-License-Identifier: MIT */
/*
 * The actions. Requests are built when the key is pressed; a dialog only decides whether they are
 * sent.
 */
#include "tui/act.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tui/dialog.h"
#include "tui/field.h"
#include "tui/view.h"

enum { SIZED_SECONDS = 2 };

struct sent {
    char what[192];
    json_t *again; /* the request without "expect", to be offered when another was faster */
};

static void answered(void *owner, const json_t *reply, void *context)
{
    struct tui *tui = owner;
    struct sent *sent = context;

    if (!reply) {
        notice_say(tui, ROLE_BAD, "no answer: %s", sent->what);
    } else if (field_bool(reply, "ok")) {
        const char *said = field_text(reply, "message");
        bool undo = field_int(reply, "undo", 0) > 0;
        notice_say(tui, ROLE_GOOD, "%s%s", *said ? said : sent->what, undo ? "   u undo (8s)" : "");
    } else if (strcmp(field_text(reply, "code"), "changed") == 0 && sent->again) {
        struct dialog *dialog;
        tui->sized_until = 0;
        dialog = act_ask(tui, "Changed meanwhile", "Apply", NULL, json_pack("[o]", sent->again),
                         sent->what);
        sent->again = NULL;
        dialog_line(dialog, "%s", field_text(reply, "error"));
        dialog_line(dialog, "Apply all the same: %s?", sent->what);
    } else {
        notice_say(tui, ROLE_BAD, "%s", field_text(reply, "error"));
        tui->sized_until = 0;
    }
    json_decref(sent->again);
}

static bool is_connected(struct tui *tui)
{
    if (tui->net.greeted && net_stale(&tui->net, tui->now) <= 0)
        return true;
    notice_say(tui, ROLE_BAD, "The supervisor does not answer; nothing sent");
    return false;
}

static bool send_with(struct tui *tui, json_t *request, const char *what, json_t *again)
{
    struct sent *sent;

    if (!is_connected(tui)) {
        json_decref(request);
        json_decref(again);
        return false;
    }
    sent = mem_new(sizeof(*sent));
    snprintf(sent->what, sizeof(sent->what), "%s", what);
    sent->again = again;
    net_request(&tui->net, request, answered, sent);
    return true;
}

bool act_send(struct tui *tui, json_t *request, const char *what)
{
    return send_with(tui, request, what, NULL);
}

void act_target(json_t *request, const struct pin *pin)
{
    char target[128];

    if (pin->pid > 0)
        snprintf(target, sizeof(target), "%lld", (long long)pin->pid);
    else if (pin->slot > 0)
        snprintf(target, sizeof(target), "%s[%lld]", pin->pool, (long long)pin->slot);
    else
        snprintf(target, sizeof(target), "%s", pin->pool);
    json_object_set_new(request, "target", json_string(target));
    if (pin->pid > 0 && pin->start > 0)
        json_object_set_new(request, "start", json_integer(pin->start));
}

struct asked {
    json_t *requests;
    char what[192];
};

static void send_asked(struct tui *tui, struct dialog *dialog, int value)
{
    struct asked *asked = dialog->data;
    json_t *request;
    size_t i;

    (void)value;
    json_array_foreach(asked->requests, i, request)
    {
        bool shutdown = strcmp(field_text(request, "cmd"), "shutdown") == 0;
        if (!act_send(tui, json_incref(request), asked->what))
            break;
        tui->stopping |= shutdown;
    }
    view_clear_tags(tui);
}

void act_open_dialog(struct tui *tui, struct dialog *dialog)
{
    dialog_free(tui->dialog);
    tui->dialog = dialog;
    tui->input.len = 0; /* what was typed ahead was not meant for it */
    tui->flush_keys = true;
    tui->dirty = true;
}

static void free_asked(void *data)
{
    struct asked *asked = data;
    json_decref(asked->requests);
}

struct dialog *act_ask(struct tui *tui, const char *title, const char *verb, const char *expected,
                       json_t *requests, const char *what)
{
    struct dialog *dialog = dialog_new(expected ? DIALOG_TYPE : DIALOG_ASK, title);
    struct asked *asked = mem_new(sizeof(*asked));

    asked->requests = requests;
    snprintf(asked->what, sizeof(asked->what), "%s", what);
    dialog->data = asked;
    dialog->free_data = free_asked;
    dialog->on_yes = send_asked;
    snprintf(dialog->verb, sizeof(dialog->verb), "%s", verb);
    if (expected)
        snprintf(dialog->expected, sizeof(dialog->expected), "%s", expected);
    act_open_dialog(tui, dialog);
    return dialog;
}

size_t act_collect(struct tui *tui, struct pin **pins)
{
    struct pin one;

    if (tui->view == VIEW_WORKERS && tui->tag_count) {
        *pins = mem_new_array((size_t)tui->tag_count, sizeof(**pins));
        for (int i = 0; i < tui->tag_count; i++)
            (*pins)[i] = tui->tags[i].pin;
        return (size_t)tui->tag_count;
    }
    *pins = NULL;
    view_subject(tui, &one);
    if (!one.pool[0] && one.pid <= 0)
        return 0;
    *pins = mem_new(sizeof(one));
    **pins = one;
    return 1;
}

void act_scale(struct tui *tui, const char *pool, int64_t size, int64_t expect)
{
    char number[24], what[192];
    json_t *request, *again;

    if (size < 0)
        return;
    snprintf(number, sizeof(number), "%lld", (long long)size);
    snprintf(what, sizeof(what), "%.80s: size %lld", pool, (long long)size);
    request = json_pack("{s:s,s:s,s:s}", "cmd", "scale", "pool", pool, "size", number);
    again = json_deep_copy(request);
    if (expect >= 0)
        json_object_set_new(request, "expect", json_integer(expect));
    if (!send_with(tui, request, what, again))
        return;
    /* The next key counts from here until the supervisor has said what is. */
    snprintf(tui->sized.pool, sizeof(tui->sized.pool), "%s", pool);
    tui->sized.slot = size;
    tui->sized_until = clock_add(tui->now, SIZED_SECONDS * CLOCK_S);
}

static void resize_blindly(struct tui *tui, const char *pool, int by)
{
    const char *step = by > 0 ? "+1" : "-1";
    char what[192];

    if (!*pool)
        return;
    snprintf(what, sizeof(what), "%.80s: size %s", pool, step);
    act_send(tui, json_pack("{s:s,s:s,s:s}", "cmd", "scale", "pool", pool, "size", step), what);
}

static void resize(struct tui *tui, int by)
{
    struct pin pin;
    const json_t *pool;
    int64_t size;

    view_subject(tui, &pin);
    if (tui->view != VIEW_POOLS) { /* the size is not on the screen: it can't be expected */
        resize_blindly(tui, pin.pool, by);
        return;
    }
    pool = view_find_pool(tui, pin.pool);
    size = field_int(pool, "size", -1); /* "want" is 0 once it is done */
    if (tui->sized_until > tui->now && strcmp(tui->sized.pool, pin.pool) == 0)
        size = tui->sized.slot;
    if (!pin.pool[0] || size < 0)
        notice_say(tui, ROLE_NORMAL, "Choose a pool in the Pools view first");
    else
        act_scale(tui, pin.pool, size + by, size);
}

/* Pause and hold of a pool, and their ends: no harm, so at once. */
static void toggle(struct tui *tui, const char *verb, const char *flag)
{
    const json_t *row = tui->view == VIEW_DETAIL ? model_worker(&tui->model) : view_selected(tui);
    bool ends = row && field_bool(row, flag);
    struct pin pin;
    char what[192];

    view_subject(tui, &pin);
    if (!pin.pool[0])
        return;
    snprintf(what, sizeof(what), "%.80s: %s", pin.pool,
             ends                         ? "resumed"
             : strcmp(verb, "pause") == 0 ? "paused, P resumes"
                                          : "automatic restarts held, H resumes");
    act_send(tui, json_pack("{s:s,s:s}", "cmd", ends ? "resume" : verb, "target", pin.pool), what);
}

/* A hang is shown, but does not end this worker. One without a process: its pool is held. */
static void hold_worker(struct tui *tui)
{
    const json_t *row = tui->view == VIEW_DETAIL ? model_worker(&tui->model) : view_selected(tui);
    bool held = row && field_bool(row, "hang_held");
    struct pin pin;
    char what[192], target[32];

    view_subject(tui, &pin);
    if (pin.pid <= 0 || (row && field_bool(row, "pool_held"))) {
        toggle(tui, "hold", "pool_held");
        return;
    }
    snprintf(target, sizeof(target), "%lld", (long long)pin.pid);
    snprintf(what, sizeof(what),
             held ? "%.80s[%lld]: no longer held"
                  : "%.80s[%lld]: a hang does not restart it, H lets go",
             pin.pool, (long long)pin.slot);
    act_send(tui,
             json_pack("{s:s,s:s,s:I}", "cmd", held ? "resume" : "hold", "target", target, "start",
                       (json_int_t)pin.start),
             what);
}

static void on_task(struct tui *tui, const char *verb, const char *done)
{
    const json_t *row = view_selected(tui);
    char what[192];

    if (!row)
        return;
    snprintf(what, sizeof(what), "task %.24s: %s", field_text(row, "id"), done);
    act_send(tui, json_pack("{s:s,s:[s]}", "cmd", verb, "tasks", field_text(row, "id")), what);
}

/* A running one has a say in it; what waits can be brought back. */
static void cancel_task(struct tui *tui)
{
    bool running = strcmp(field_text(view_selected(tui), "state"), "running") == 0;

    on_task(tui, "cancel", running ? "told to stop" : "cancelled   u undo (8s)");
}

static void prioritise(struct tui *tui, int change)
{
    const json_t *row = view_selected(tui);
    char what[192];

    if (!row)
        return;
    snprintf(what, sizeof(what), "task %.24s: priority %s", field_text(row, "id"),
             change > 0 ? "raised" : "lowered");
    act_send(tui,
             json_pack("{s:s,s:[s],s:i}", "cmd", "prioritise", "tasks", field_text(row, "id"),
                       "change", change),
             what);
}

static void acknowledge(struct tui *tui, bool all)
{
    const json_t *row = tui->view == VIEW_EVENTS ? view_selected(tui) : NULL;

    if ((all || !row) && field_int(model_summary(&tui->model), "alerts", 0) == 0)
        notice_say(tui, ROLE_NORMAL, "No alert waits for an acknowledgement");
    else if (all || !row)
        act_send(tui, json_pack("{s:s,s:b}", "cmd", "ack", "all", 1), "all alerts acknowledged");
    else if (!field_bool(row, "alert") || field_bool(row, "acked"))
        notice_say(tui, ROLE_NORMAL,
                   field_bool(row, "alert") ? "It was acknowledged before"
                                            : "It is no alert: nothing to acknowledge");
    else
        act_send(
            tui,
            json_pack("{s:s,s:I}", "cmd", "ack", "event", (json_int_t)field_int(row, "seq", 0)),
            "acknowledged");
}

bool act_do(struct tui *tui, enum action action)
{
    if (action == ACTION_GROW || action == ACTION_SHRINK)
        resize(tui, action == ACTION_GROW ? 1 : -1);
    else if (action == ACTION_PAUSE)
        toggle(tui, "pause", tui->view == VIEW_POOLS ? "paused" : "pool_paused");
    else if (action == ACTION_HOLD && tui->view == VIEW_POOLS)
        toggle(tui, "hold", "held");
    else if (action == ACTION_HOLD)
        hold_worker(tui);
    else if (action == ACTION_RESTART)
        act_change(tui, "restart", "Restart");
    else if (action == ACTION_STOP)
        act_change(tui, "stop", "Stop");
    else if (action == ACTION_KILL)
        act_signal(tui, "KILL");
    else if (action == ACTION_SIGNAL)
        act_signal_menu(tui);
    else if (action == ACTION_RETRY)
        on_task(tui, "retry", "runs again");
    else if (action == ACTION_CANCEL)
        cancel_task(tui);
    else if (action == ACTION_BURY)
        on_task(tui, "bury", "buried");
    else if (action == ACTION_RAISE || action == ACTION_LOWER)
        prioritise(tui, action == ACTION_RAISE ? 1 : -1);
    else if (action == ACTION_ACK || action == ACTION_ACK_ALL)
        acknowledge(tui, action == ACTION_ACK_ALL);
    else if (action == ACTION_UNDO)
        act_send(tui, json_pack("{s:s}", "cmd", "undo"), "undone");
    else if (action == ACTION_QUIT)
        act_quit(tui);
    else
        return false;
    return true;
}
