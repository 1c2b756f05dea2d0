/* SPDX-License-Identifier: MIT */
/*
 * Clients: bytes in, lines to command.c, bytes out. Nothing here waits for a client: what does not
 * fit into the socket stays in `out`, and who lets it grow over the bound is dropped.
 */
#include "supervisor/client.h"
#include "supervisor/inquiry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "supervisor/command.h"
#include "supervisor/publish.h"
#include "supervisor/sink.h"
#include "supervisor/logview.h"
#include "supervisor/supervisor.h"
#include "wire/control.h"

enum { HELLO_MAX = 4096, READ_STEP = 65536, REQUESTS_A_TURN = 256 };

static void client_drop(struct client *client)
{
    if (client->dead)
        return;
    client->dead = true;
    loop_delete(client->sup->loop, &client->watch);
    client->sup->changed = true;
}

static void client_set_events(struct client *client)
{
    uint32_t events = client->more ? EPOLLOUT : EPOLLIN;

    if (client->dead)
        return;
    if (buf_len(&client->out))
        events |= EPOLLOUT;
    if (events != client->watch.events)
        loop_change(client->sup->loop, &client->watch, events);
}

void client_flush(struct client *client)
{
    while (!client->dead && buf_len(&client->out)) {
        ssize_t sent = send(client->fd, buf_data(&client->out), buf_len(&client->out),
                            MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent > 0) {
            buf_consume(&client->out, (size_t)sent);
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            client_drop(client);
        break;
    }
    if (client->closing && !buf_len(&client->out))
        client_drop(client);
    client_set_events(client);
}

void client_send(struct client *client)
{
    struct buf *message = &client->sup->scratch;

    if (!client->dead && buf_append(&client->out, buf_data(message), buf_len(message)) < 0) {
        diag_write(&client->sup->diag, DIAG_WARN, "client %s is too slow: dropped", client->who);
        client_drop(client);
    }
    buf_reset(message);
}

bool client_has_room(const struct client *client)
{
    return !client->dead && client->greeted && buf_len(&client->out) < CLIENT_VIEW_ROOM;
}

/* Serves what was read, as long as the replies leave: who asks without reading is served no
 * more. */
static void client_read_lines(struct client *client)
{
    int served = 0;

    client->more = false;
    while (!client->dead && !client->closing) {
        char *start = buf_data(&client->in);
        size_t len = buf_len(&client->in);
        char *end = len ? memchr(start, '\n', len) : NULL;

        if (!end) {
            if (len >= (client->greeted ? CONTROL_LINE_MAX : HELLO_MAX)) {
                client_refuse(client, -1, "usage", "the line is too long");
                client->closing = true;
            }
            return;
        }
        if (buf_len(&client->out) > CLIENT_VIEW_ROOM)
            client_flush(client);
        client->more = served++ == REQUESTS_A_TURN || buf_len(&client->out) > CLIENT_VIEW_ROOM;
        if (client->more)
            return;
        command_line(client, start, (size_t)(end - start));
        buf_consume(&client->in, (size_t)(end - start) + 1);
    }
}

static void client_on_ready(void *owner, uint32_t events)
{
    struct client *client = owner;

    if (events & EPOLLOUT) {
        client_flush(client);
        client_pump_results(client);
    }
    if (!client->dead && client->more) {
        client_read_lines(client);
    } else if (!client->dead && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
        char *room = buf_reserve(&client->in, READ_STEP);
        ssize_t got = room ? recv(client->fd, room, READ_STEP, MSG_DONTWAIT) : 0;

        if (got > 0) {
            buf_commit(&client->in, (size_t)got);
            client_read_lines(client);
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            client_drop(client);
        }
    }
    client_flush(client);
}

/* Workers need descriptors too: clients get a quarter at most. */
static size_t clients_most(const struct supervisor *sup)
{
    size_t share = sup->nofile > 0 ? (size_t)sup->nofile / 4 : CLIENTS_MAX;

    return share < CLIENTS_MAX ? share : CLIENTS_MAX;
}

static void turn_away(int fd)
{
    static const char text[] = "{\"id\":null,\"ok\":false,\"code\":\"full\","
                               "\"error\":\"too many clients are connected already\"}\n";

    (void)!send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

struct client *client_new(struct supervisor *sup, int fd, const struct sock_peer *peer)
{
    struct client *client;

    if (sup->client_count >= clients_most(sup)) {
        turn_away(fd);
        return NULL;
    }
    client = mem_new(sizeof(*client));
    client->sup = sup;
    client->fd = fd;
    client->peer = *peer;
    buf_init(&client->in, CONTROL_LINE_MAX + READ_STEP);
    buf_init(&client->out, CLIENT_OUT_MAX);
    snprintf(client->who, sizeof(client->who), "uid %u", (unsigned)peer->uid);
    snprintf(client->by, sizeof(client->by), "%s", client->who);
    list_push_back(&sup->clients, &client->link);
    sup->client_count++;
    if (loop_add(sup->loop, &client->watch, fd, EPOLLIN, client_on_ready, client) < 0)
        client_drop(client);
    return client;
}

void client_keep_spares(struct supervisor *sup)
{
    int fd;

    while (sup->spare_count < CLIENT_SPARES && (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        sup->spares[sup->spare_count++] = fd;
}

void client_drop_spares(struct supervisor *sup)
{
    while (sup->spare_count)
        close(sup->spares[--sup->spare_count]);
}

void client_free(struct client *client)
{
    if (!client)
        return;
    for (int v = 0; v < VIEW_COUNT; v++)
        subscription_end(&client->subs[v]);
    if (client->results)
        sink_set_client(client->results->sink, NULL);
    inquiry_forget_client(client);
    loop_delete(client->sup->loop, &client->watch);
    close(client->fd);
    list_remove(&client->link);
    client->sup->client_count--;
    client_keep_spares(client->sup);
    buf_fini(&client->in);
    buf_fini(&client->out);
    free(client);
}

void client_reap(struct supervisor *sup)
{
    bool gone = false;

    LIST_EACH(node, &sup->clients)
    {
        struct client *client = LIST_ENTRY(node, struct client, link);

        if (!client->dead)
            continue;
        if (client->map)
            supervisor_shutdown(sup, "", true);
        client_free(client);
        gone = true;
    }
    if (gone)
        logview_refresh(sup);
}

/* Out of descriptors: let the listener rest instead of spinning on what can't be accepted. */
static void accept_pause(struct supervisor *sup, int rc)
{
    diag_write(&sup->diag, DIAG_WARN, "can't accept a client: %s; trying again in 1s",
               strerror(-rc));
    sup->accept_paused_until = sup->now + CLOCK_S;
    loop_change(sup->loop, &sup->listen_watch, 0);
}

void client_accept(void *owner, uint32_t events)
{
    struct supervisor *sup = owner;

    (void)events;
    for (int i = 0; i < 64; i++) {
        struct sock_peer peer;
        int fd = sock_accept(sup->listener.fd, &peer);

        if (fd == -EAGAIN)
            return;
        if (fd == -EMFILE && sup->spare_count) {
            close(sup->spares[--sup->spare_count]);
            continue;
        }
        if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || fd == -ENOBUFS) {
            accept_pause(sup, fd);
            return;
        }
        if (fd >= 0 && supervisor_peer_allowed(sup, &peer))
            client_new(sup, fd, &peer);
        else if (fd >= 0)
            close(fd);
    }
}

struct json_out client_begin_reply(struct client *client, int64_t id)
{
    struct json_out out;

    buf_reset(&client->sup->scratch);
    json_out_init(&out, &client->sup->scratch);
    json_open_object(&out, NULL);
    json_put_int(&out, "id", id);
    json_put_bool(&out, "ok", true);
    return out;
}

void client_end_reply(struct client *client, struct json_out *out)
{
    json_close_object(out);
    json_end_line(out);
    client_send(client);
}

void client_refuse(struct client *client, int64_t id, const char *code, const char *format, ...)
{
    struct json_out out;
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_reset(&client->sup->scratch);
    json_out_init(&out, &client->sup->scratch);
    json_open_object(&out, NULL);
    if (id >= 0)
        json_put_int(&out, "id", id);
    else
        json_put_null(&out, "id");
    json_put_bool(&out, "ok", false);
    json_put_string(&out, "code", code);
    json_put_string(&out, "error", text);
    client_end_reply(client, &out);
}
