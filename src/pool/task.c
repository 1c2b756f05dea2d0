/* SPDX-License-Identifier: MIT */
/*
 * Making and freeing tasks. The input lives behind the struct: one allocation a task.
 */
#include "pool/task.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[TASK_STATES] = {
    [TASK_HELD] = "held",       [TASK_DELAYED] = "delayed", [TASK_READY] = "ready",
    [TASK_RUNNING] = "running", [TASK_RETRY] = "retry",     [TASK_DONE] = "done",
    [TASK_FAILED] = "failed",   [TASK_BURIED] = "buried",   [TASK_CANCELLED] = "cancelled",
    [TASK_SKIPPED] = "skipped",
};

/* A task in a worker's hand is asked for its place in the heap too. */
_Static_assert(offsetof(struct heap_node, place) >= sizeof(struct list), "in_hand hides due.place");

struct task *task_new(const char *input, size_t len, unsigned items)
{
    struct task *task =
        len < UINT32_MAX ? mem_try_new(offsetof(struct task, input) + len + 1) : NULL;

    if (!task)
        return NULL;
    task->state = TASK_READY;
    task->priority = TASK_PRIORITY_DEFAULT;
    task->items = items;
    task->len = (uint32_t)len;
    if (len)
        memcpy(task->input, input, len);
    return task;
}

void task_free(struct task *task)
{
    if (!task)
        return;
    free(task->error);
    free(task->by);
    free(task->progress);
    free(task);
}

void task_set_error(struct task *task, const char *format, ...)
{
    char text[TASK_ERROR_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    free(task->error);
    task->error = mem_copy_string(text);
}

const char *task_state_name(enum task_state state)
{
    return state_names[state];
}

enum task_state task_state_parse(const char *name)
{
    for (int i = 0; i < TASK_STATES; i++)
        if (strcmp(name, state_names[i]) == 0)
            return (enum task_state)i;
    return TASK_STATES;
}
