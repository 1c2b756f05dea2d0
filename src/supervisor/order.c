/* SPDX-License-Identifier: MIT */
/*
 * Starts and stops in order. Nothing here waits: each turn looks at what holds now.
 */
#include "supervisor/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool/after.h"
#include "supervisor/events.h"
#include "supervisor/sink.h"
#include "supervisor/supervisor.h"

void order_setup(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++) {
        struct pool_box *box = &sup->boxes[i];

        box->after = mem_new_array(box->spec->after_count + 1, sizeof(*box->after));
        for (size_t n = 0; n < box->spec->after_count; n++)
            box->after[n] = supervisor_find_pool(sup, box->spec->after[n].pool);
    }
}

void order_free(struct pool_box *box)
{
    free(box->after);
    box->after = NULL;
}

/* Done means that its results are where they belong, too. */
static bool condition_holds(const struct pool_box *box, size_t n)
{
    const struct pool_box *other = box->after[n];
    enum after_condition condition = box->spec->after[n].condition;

    return after_holds(other->pool, condition) &&
           (condition != AFTER_DONE || sink_is_empty(other->sink));
}

static bool all_hold(const struct pool_box *box)
{
    for (size_t n = 0; n < box->spec->after_count; n++)
        if (!condition_holds(box, n))
            return false;
    return true;
}

/* Why the other is not even on its way, where that is so. */
static const char *other_is_idle(const struct pool_box *other)
{
    if (other->pool->goal == GOAL_RUN || other->pool->awaiting)
        return "";
    return other->pool->started ? ", stopped" : ", autostart is off";
}

void order_describe(const struct pool_box *box, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t n = 0; box->pool->awaiting && n < box->spec->after_count && used < size; n++) {
        const struct pool_box *other = box->after[n];

        if (condition_holds(box, n))
            continue;
        used += (size_t)snprintf(
            out + used, size - used, "%s%s (%s%s)", used ? ", " : "waits for ", other->spec->name,
            after_condition_name(box->spec->after[n].condition), other_is_idle(other));
    }
}

void order_start(struct supervisor *sup)
{
    char text[240];

    for (size_t i = 0; i < sup->box_count; i++) {
        struct pool_box *box = &sup->boxes[i];

        if (!box->spec->autostart)
            continue;
        if (all_hold(box))
            pool_start(box->pool, sup->now);
        else
            box->pool->awaiting = true;
    }
    /* Told when it is known of all what they do. */
    for (size_t i = 0; i < sup->box_count; i++) {
        order_describe(&sup->boxes[i], text, sizeof(text));
        if (*text)
            event_add(sup, "waiting", LEVEL_NOTE, false, "", sup->boxes[i].pool, NULL, "%s", text);
    }
}

void order_check(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++) {
        struct pool_box *box = &sup->boxes[i];

        if (!box->pool->awaiting || sup->stopping || !all_hold(box))
            continue;
        event_add(sup, "start", LEVEL_NOTE, false, "", box->pool, NULL,
                  "what it waited for has come: starting");
        pool_start(box->pool, sup->now);
        sup->changed = true;
    }
}

/* True while `box` may need `other`: it comes after it and is still up. */
static bool keeps_up(const struct pool_box *box, const struct pool_box *other)
{
    for (size_t n = 0; n < box->spec->after_count; n++)
        if (box->after[n] == other)
            return !pool_is_down(box->pool);
    return false;
}

void order_describe_stop(const struct pool_box *box, char *out, size_t size)
{
    const struct supervisor *sup = box->sup;
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; !box->stop_asked && i < sup->box_count && used < size; i++)
        if (keeps_up(&sup->boxes[i], box))
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
                                     sup->boxes[i].spec->name);
}

static void stop_one(struct pool_box *box)
{
    if (box->stop_asked)
        return;
    box->stop_asked = true;
    pool_stop(box->pool, STOP_SHUTDOWN, box->sup->stop_who, box->sup->now);
}

void order_stop(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++)
        sup->boxes[i].needed = false;
    for (size_t i = 0; i < sup->box_count; i++) {
        const struct pool_box *box = &sup->boxes[i];

        for (size_t n = 0; n < box->spec->after_count && !pool_is_down(box->pool); n++)
            box->after[n]->needed = true;
    }
    for (size_t i = 0; i < sup->box_count; i++)
        if (!sup->boxes[i].needed)
            stop_one(&sup->boxes[i]);
}

void order_stop_all(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++)
        stop_one(&sup->boxes[i]);
}
