/* SPDX-License-Identifier: MIT */
/*
 * Attribution: the sender's PID is a worker, or a process of a worker's session (systemd-notify
 * from a shell reports its own PID). A message whose sender is nobody's is dropped.
 */
#include "supervisor/notify_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "supervisor/life.h"
#include "supervisor/supervisor.h"
#include "sys/file.h"
#include "sys/procfs.h"
#include "wire/notify.h"

static struct life *notify_sender(struct supervisor *sup, pid_t pid)
{
    struct life *life = map_find(&sup->by_pid, (uint64_t)pid);
    struct procfs_stat stat;

    if (life || procfs_read_stat(pid, 0, &stat) < 0)
        return life;
    /* Every worker leads its own session, which its children inherit. */
    life = map_find(&sup->by_pid, (uint64_t)stat.session);
    return life ? life : map_find(&sup->by_pid, (uint64_t)stat.ppid);
}

static void notify_apply(struct life *life, const struct notify_message *message)
{
    struct worker *worker = life->worker;
    int64_t now = life->sup->now;

    if (message->extend)
        worker_on_extend(worker, message->extend, now);
    if (message->watchdog && life->box->spec->hang.heartbeat)
        worker_on_watchdog(worker, message->watchdog, now);
    if (message->ready)
        worker_on_ready(worker, now);
    if (message->heartbeat)
        worker_on_beat(worker, now);
    if (message->trigger)
        worker_on_trigger(worker, now);
    if (message->status)
        snprintf(life->status_text, sizeof(life->status_text), "%.*s", (int)message->status_len,
                 message->status);
    life->sup->changed = true;
}

static void notify_on_readable(void *owner, uint32_t events)
{
    struct supervisor *sup = owner;
    char bytes[4096];

    (void)events;
    for (int i = 0; i < 256; i++) {
        struct notify_message message;
        struct sock_peer sender;
        struct life *life;
        int len = sock_notify_read(sup->notify_fd, bytes, sizeof(bytes), &sender);

        if (len == -EMSGSIZE)
            continue;
        if (len < 0)
            return;
        life = notify_sender(sup, sender.pid);
        if (!life)
            continue;
        notify_decode(bytes, (size_t)len, &message);
        notify_apply(life, &message);
    }
}

int notify_socket_open(struct supervisor *sup, const char *dir, struct err *err)
{
    char path[sizeof(sup->notify_path)];
    int rc, len;

    /* Workers of other users must reach it, so it lives apart from the control socket. */
    len = snprintf(path, sizeof(path), "%s-notify", dir);
    if (len < 0 || (size_t)len + 40 > sizeof(path))
        return err_set(err, ENAMETOOLONG, "socket directory %s: path too long", dir);
    rc = file_make_dirs(path, 0711, err);
    if (rc < 0)
        return rc;
    snprintf(path + len, sizeof(path) - (size_t)len, "/%d", sup->pid);
    sup->notify_fd = sock_notify_open(path, err);
    if (sup->notify_fd < 0)
        return sup->notify_fd;
    snprintf(sup->notify_path, sizeof(sup->notify_path), "%s", path);
    sup->notify_watch.early = true;
    return loop_add(sup->loop, &sup->notify_watch, sup->notify_fd, EPOLLIN, notify_on_readable,
                    sup);
}

void notify_socket_close(struct supervisor *sup)
{
    if (sup->notify_fd < 0)
        return;
    loop_delete(sup->loop, &sup->notify_watch);
    close(sup->notify_fd);
    sup->notify_fd = -1;
    unlink(sup->notify_path);
}
