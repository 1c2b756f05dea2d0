/* SPDX-License-Identifier: MIT */
/*
 * Asked again and again until nobody is left, so a stray's own children, which come to us when it
 * is gone, are found in the next round.
 */
#include "supervisor/strays.h"

#include <stdio.h>
#include <unistd.h>

#include "supervisor/life.h"
#include "supervisor/supervisor.h"
#include "sys/proc.h"

static void strays_tag(const struct life *life, char *out, size_t size)
{
    snprintf(out, size, "%s:%s:%d", life->sup->run_tag, life->box->spec->name, life->worker->slot);
}

bool strays_alive(struct life *life)
{
    struct supervisor *sup = life->sup;
    char tag[200];

    if (!sup->children_fd)
        sup->children_fd = proc_open_children();
    if (sup->children_fd < 0)
        return false;
    strays_tag(life, tag, sizeof(tag));
    return proc_has_tagged_child(sup->children_fd, tag, supervisor_owns_pid, sup);
}

void strays_signal(struct life *life, int signal)
{
    char tag[200];

    strays_tag(life, tag, sizeof(tag));
    proc_sweep_tag(tag, signal);
}

void strays_close(struct supervisor *sup)
{
    if (sup->children_fd > 0)
        close(sup->children_fd);
    sup->children_fd = 0;
}
