/* SPDX-License-Identifier: MIT */
/*
 * The connection. States: not connected (next_try says when to try) → connected, hello sent →
 * greeted. A loss answers every open request with NULL and starts again; the views subscribe anew
 * in on_up, so that nothing of an old connection survives.
 */
#include "tui/net.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "sys/sock.h"
#include "tui/field.h"
#include "wire/control.h"

#define SILENCE (3 * CLOCK_S)  /* after this a sign of life is asked for */
#define PATIENCE (2 * CLOCK_S) /* for the answer to that */
#define DELAY_FIRST (1 * CLOCK_S)
#define DELAY_MAX (5 * CLOCK_S)

enum { OUT_MAX = 1024 * 1024, READ_CHUNK = 65536 };

static void send_object(struct net *net, const json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);

    if (!text)
        return;
    if (buf_append_string(&net->out, text) == 0)
        buf_append_char(&net->out, '\n');
    free(text);
}

static void send_hello(struct net *net)
{
    const struct passwd *user = getpwuid(getuid());
    const char *tty = ttyname(STDIN_FILENO);
    json_t *hello =
        json_pack("{s:s,s:i,s:s,s:s,s:s}", "hello", "lifeguard", "protocol", CONTROL_PROTOCOL,
                  "client", "tui", "user", user ? user->pw_name : "", "tty", tty ? tty : "");

    if (!hello)
        hello = json_pack("{s:s,s:i,s:s}", "hello", "lifeguard", "protocol", CONTROL_PROTOCOL,
                          "client", "tui");
    send_object(net, hello);
    json_decref(hello);
}

static void connected(struct net *net, int fd, int64_t now)
{
    int flags = fcntl(fd, F_GETFL);

    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    net->fd = fd;
    net->greeted = false;
    net->heard = net->probed = now;
    buf_reset(&net->in);
    buf_reset(&net->out);
    send_hello(net);
}

void net_init(struct net *net, int fd, const char *path, int64_t now)
{
    *net =
        (struct net){.fd = -1, .next_id = 1, .heard = now, .next_try = now, .delay = DELAY_FIRST};
    net->path = mem_copy_string(path);
    buf_init(&net->in, CONTROL_LINE_MAX + READ_CHUNK);
    buf_init(&net->out, OUT_MAX);
    if (fd >= 0)
        connected(net, fd, now);
}

static void answer(struct net *net, struct net_request *request, const json_t *reply)
{
    if (request->on_reply)
        request->on_reply(net->owner, reply, request->context);
    free(request->context);
    free(request);
}

/* The list is taken first: an answer may make new requests. */
static void answer_all(struct net *net)
{
    struct net_request *request = net->requests;

    net->requests = NULL;
    while (request) {
        struct net_request *next = request->next;
        answer(net, request, NULL);
        request = next;
    }
}

static void lost(struct net *net, const char *why, int64_t now)
{
    if (net->fd >= 0)
        close(net->fd);
    net->fd = -1;
    net->greeted = false;
    free(net->why);
    net->why = mem_copy_string(why);
    net->next_try = clock_add(now, net->delay);
    net->delay = net->delay * 2 > DELAY_MAX ? DELAY_MAX : net->delay * 2;
    answer_all(net);
}

void net_fini(struct net *net)
{
    struct net_request *request = net->requests;

    while (request) {
        struct net_request *next = request->next;
        free(request->context);
        free(request);
        request = next;
    }
    if (net->fd >= 0)
        close(net->fd);
    buf_fini(&net->in);
    buf_fini(&net->out);
    free(net->path);
    free(net->why);
    free(net->fatal);
    *net = (struct net){.fd = -1};
}

void net_request(struct net *net, json_t *object, net_reply on_reply, void *context)
{
    struct net_request *request = mem_new(sizeof(*request));
    struct net_request **end = &net->requests;

    *request = (struct net_request){.id = net->next_id++, .on_reply = on_reply, .context = context};
    if (net->fd < 0 || !object) {
        json_decref(object);
        answer(net, request, NULL);
        return;
    }
    json_object_set_new(object, "id", json_integer(request->id));
    send_object(net, object);
    json_decref(object);
    while (*end)
        end = &(*end)->next;
    *end = request;
}

static void take_reply(struct net *net, const json_t *message, int id)
{
    for (struct net_request **at = &net->requests; *at; at = &(*at)->next) {
        if ((*at)->id == id) {
            struct net_request *request = *at;
            *at = request->next;
            answer(net, request, message);
            return;
        }
    }
}

static void take_message(struct net *net, json_t *message)
{
    const json_t *id = json_object_get(message, "id");

    field_decode_base64(message);
    if (json_object_get(message, "hello")) {
        net->greeted = true;
        net->delay = DELAY_FIRST;
        net->on_up(net->owner);
    } else if (json_is_integer(id)) {
        take_reply(net, message, (int)json_integer_value(id));
    } else if (json_is_null(id) && json_is_false(json_object_get(message, "ok"))) {
        free(net->fatal);
        net->fatal = mem_copy_string(field_text(message, "error"));
    } else if (json_object_get(message, "view")) {
        net->on_message(net->owner, message);
    }
}

static void take_lines(struct net *net)
{
    char *newline;

    while (net->fd >= 0 && buf_len(&net->in) &&
           (newline = memchr(buf_data(&net->in), '\n', buf_len(&net->in)))) {
        size_t len = (size_t)(newline - buf_data(&net->in));
        json_t *message = json_loadb(buf_data(&net->in), len, JSON_ALLOW_NUL, NULL);
        buf_consume(&net->in, len + 1);
        if (json_is_object(message))
            take_message(net, message);
        json_decref(message);
    }
}

static void read_some(struct net *net, int64_t now)
{
    for (int turn = 0; turn < 16 && net->fd >= 0; turn++) {
        char *room = buf_reserve(&net->in, READ_CHUNK);
        ssize_t n = room ? read(net->fd, room, READ_CHUNK) : -1;
        if (!room) {
            lost(net, "the supervisor sent a line without end", now);
            return;
        }
        if (n > 0) {
            buf_commit(&net->in, (size_t)n);
            net->heard = now;
            take_lines(net);
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        lost(net, n == 0 ? "supervisor gone" : strerror(errno), now);
    }
}

static void write_some(struct net *net, int64_t now)
{
    while (net->fd >= 0 && buf_len(&net->out)) {
        ssize_t n = send(net->fd, buf_data(&net->out), buf_len(&net->out), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            lost(net, "supervisor gone", now);
        else
            buf_consume(&net->out, (size_t)n);
    }
}

short net_events(const struct net *net)
{
    return (short)(POLLIN | (buf_len(&net->out) ? POLLOUT : 0));
}

void net_serve(struct net *net, short events, int64_t now)
{
    if (net->fd >= 0 && (events & (POLLIN | POLLHUP | POLLERR)))
        read_some(net, now);
    write_some(net, now);
}

static void try_connect(struct net *net, int64_t now)
{
    struct err err = {0};
    int fd = sock_connect(net->path, &err);

    if (fd < 0)
        lost(net, err.code == ENOENT || err.code == ECONNREFUSED ? "supervisor gone" : err.text,
             now);
    else
        connected(net, fd, now);
}

void net_tick(struct net *net, int64_t now)
{
    if (net->fd < 0) {
        if (net->path && !net->fatal && now >= net->next_try)
            try_connect(net, now);
    } else if (net->greeted && now - net->heard >= SILENCE && now - net->probed >= SILENCE) {
        net->probed = now;
        net_request(net, json_pack("{s:s,s:s}", "cmd", "subscribe", "view", "summary"), NULL, NULL);
    }
    write_some(net, now);
}

int64_t net_deadline(const struct net *net)
{
    int64_t last;

    if (net->fd < 0)
        return net->path && !net->fatal ? net->next_try : CLOCK_NEVER;
    last = net->heard > net->probed ? net->heard : net->probed;
    return clock_add(last, SILENCE);
}

double net_stale(const struct net *net, int64_t now)
{
    int64_t silent = now - net->heard;

    if (net->fd >= 0 && silent < SILENCE + PATIENCE)
        return 0;
    return (double)silent / (double)CLOCK_S;
}
