/* SPDX-License-Identifier: MIT */
/*
 * fake_supervisor SCENARIO SOCKET [--animate]: serves the scenario until its standard input ends.
 *
 * Beside the real verbs a test may send: {"cmd":"_set","key":K,"value":V} (replaces a part of the
 * scenario and publishes it), {"cmd":"_log","lines":[...],"skipped":N} (new log lines),
 * {"cmd":"_silence"} (answers nothing any more), {"cmd":"_requests"} (all requests so far),
 * {"cmd":"_raw","bytes":B} (sends B as it is to every subscriber).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "harness/fake.h"

static void send_object(struct fake_client *client, const json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);

    if (text && buf_append_string(&client->out, text) == 0)
        buf_append_char(&client->out, '\n');
    free(text);
}

static void publish(struct fake *fake, const char *only)
{
    for (size_t i = 0; i < ARRAY_LEN(fake->clients) && !fake->silent; i++) {
        struct fake_client *client = &fake->clients[i];
        const char *view;
        json_t *arguments;
        if (client->fd < 0)
            continue;
        json_object_foreach(client->subscriptions, view, arguments)
        {
            if (only ? strcmp(only, view) == 0 : strcmp(view, "log") != 0) {
                json_t *message = fake_view(fake, view, arguments);
                send_object(client, message);
                json_decref(message);
            }
        }
    }
}

static void publish_log(struct fake *fake, const json_t *request)
{
    json_t *message =
        json_pack("{s:s,s:O}", "view", "log", "lines", json_object_get(request, "lines"));

    if (json_object_get(request, "skipped"))
        json_object_set(message, "skipped", json_object_get(request, "skipped"));
    for (size_t i = 0; i < ARRAY_LEN(fake->clients); i++)
        if (fake->clients[i].fd >= 0 && json_object_get(fake->clients[i].subscriptions, "log"))
            send_object(&fake->clients[i], message);
    json_decref(message);
}

static void set_part(struct fake *fake, const json_t *request)
{
    json_object_set(fake->scenario, json_string_value(json_object_get(request, "key")),
                    json_object_get(request, "value"));
    publish(fake, NULL);
}

static void send_raw(struct fake *fake, const json_t *request)
{
    const json_t *bytes = json_object_get(request, "bytes");

    for (size_t i = 0; i < ARRAY_LEN(fake->clients); i++)
        if (fake->clients[i].fd >= 0 && json_object_size(fake->clients[i].subscriptions))
            buf_append(&fake->clients[i].out, json_string_value(bytes), json_string_length(bytes));
}

/* True when it was one of the test's own verbs. */
static bool serve_test(struct fake *fake, const json_t *request, const char *cmd)
{
    if (strcmp(cmd, "_set") == 0)
        set_part(fake, request);
    else if (strcmp(cmd, "_log") == 0)
        publish_log(fake, request);
    else if (strcmp(cmd, "_raw") == 0)
        send_raw(fake, request);
    else if (strcmp(cmd, "_silence") == 0)
        fake->silent = true;
    else
        return strcmp(cmd, "_requests") == 0;
    return true;
}

static json_t *reply_to(struct fake *fake, struct fake_client *client, const json_t *request,
                        const char *cmd)
{
    json_t *prepared = json_object_get(json_object_get(fake->scenario, "replies"), cmd);

    if (strcmp(cmd, "unsubscribe") == 0)
        json_object_del(client->subscriptions, json_string_value(json_object_get(request, "view")));
    if (strcmp(cmd, "_requests") == 0)
        return json_pack("{s:b,s:O}", "ok", 1, "requests", fake->requests);
    return prepared ? json_deep_copy(prepared) : json_pack("{s:b}", "ok", 1);
}

static void subscribe(struct fake *fake, struct fake_client *client, json_t *request)
{
    const char *view = json_string_value(json_object_get(request, "view"));
    json_t *message;

    json_object_set(client->subscriptions, view, request);
    message = fake_view(fake, view, request);
    send_object(client, message);
    json_decref(message);
}

static void take_line(struct fake *fake, struct fake_client *client, json_t *request)
{
    const char *cmd = json_string_value(json_object_get(request, "cmd"));
    json_t *reply;

    if (json_object_get(request, "hello")) {
        json_t *hello = json_pack("{s:s,s:i,s:s,s:s,s:i}", "hello", "lifeguard", "protocol", 1,
                                  "version", "test", "name", "prod-7", "pid", (int)getpid());
        if (!fake->silent)
            send_object(client, hello);
        json_decref(hello);
        return;
    }
    if (!cmd || (fake->silent && cmd[0] != '_'))
        return;
    if (cmd[0] != '_' && strcmp(cmd, "subscribe") != 0 && strcmp(cmd, "unsubscribe") != 0)
        json_array_append(fake->requests, request);
    serve_test(fake, request, cmd);
    reply = reply_to(fake, client, request, cmd);
    json_object_set(reply, "id", json_object_get(request, "id"));
    send_object(client, reply);
    json_decref(reply);
    if (strcmp(cmd, "subscribe") == 0)
        subscribe(fake, client, request);
}

static void close_client(struct fake_client *client)
{
    close(client->fd);
    client->fd = -1;
    buf_fini(&client->in);
    buf_fini(&client->out);
    json_decref(client->subscriptions);
    client->subscriptions = NULL;
}

static void read_client(struct fake *fake, struct fake_client *client)
{
    char *room = buf_reserve(&client->in, 65536), *newline;
    ssize_t n = read(client->fd, room, 65536);

    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            close_client(client);
        return;
    }
    buf_commit(&client->in, (size_t)n);
    while (client->fd >= 0 && buf_len(&client->in) &&
           (newline = memchr(buf_data(&client->in), '\n', buf_len(&client->in)))) {
        size_t len = (size_t)(newline - buf_data(&client->in));
        json_t *request = json_loadb(buf_data(&client->in), len, JSON_ALLOW_NUL, NULL);
        buf_consume(&client->in, len + 1);
        if (request)
            take_line(fake, client, request);
        json_decref(request);
    }
}

static void write_client(struct fake_client *client)
{
    ssize_t n = send(client->fd, buf_data(&client->out), buf_len(&client->out), MSG_NOSIGNAL);

    if (n > 0)
        buf_consume(&client->out, (size_t)n);
    else if (n < 0 && errno != EAGAIN)
        close_client(client);
}

static void accept_client(struct fake *fake, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    for (size_t i = 0; fd >= 0 && i < ARRAY_LEN(fake->clients); i++) {
        if (fake->clients[i].fd < 0) {
            fake->clients[i] = (struct fake_client){.fd = fd, .subscriptions = json_object()};
            return;
        }
    }
    if (fd >= 0)
        close(fd);
}

static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, 16) < 0) {
        perror(path);
        exit(1);
    }
    return fd;
}

static long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One wait; false when standard input ended. */
static bool turn(struct fake *fake, int listener, long deadline)
{
    struct pollfd fds[2 + ARRAY_LEN(fake->clients)] = {{.fd = 0, .events = POLLIN},
                                                       {.fd = listener, .events = POLLIN}};
    long left = deadline < 0 ? -1 : deadline - now_ms();
    char byte;

    for (size_t i = 0; i < ARRAY_LEN(fake->clients); i++) {
        fds[2 + i].fd = fake->clients[i].fd;
        fds[2 + i].events = (short)(POLLIN | (buf_len(&fake->clients[i].out) ? POLLOUT : 0));
    }
    if (poll(fds, ARRAY_LEN(fds), deadline < 0 ? -1 : left > 0 ? (int)left : 0) < 0)
        return errno == EINTR;
    if (fds[0].revents && read(0, &byte, 1) <= 0)
        return false;
    if (fds[1].revents)
        accept_client(fake, listener);
    for (size_t i = 0; i < ARRAY_LEN(fake->clients); i++) {
        if (fake->clients[i].fd == fds[2 + i].fd && (fds[2 + i].revents & (POLLIN | POLLHUP)))
            read_client(fake, &fake->clients[i]);
        if (fake->clients[i].fd >= 0 && buf_len(&fake->clients[i].out))
            write_client(&fake->clients[i]);
    }
    return true;
}

static void free_fake(struct fake *fake)
{
    for (size_t i = 0; i < ARRAY_LEN(fake->clients); i++)
        if (fake->clients[i].fd >= 0)
            close_client(&fake->clients[i]);
    json_decref(fake->scenario);
    json_decref(fake->requests);
}

int main(int argc, char **argv)
{
    struct fake fake = {.requests = json_array()};
    bool animate = argc > 3 && strcmp(argv[3], "--animate") == 0;
    json_error_t error;
    long next = now_ms() + 1000;
    int listener, turns = 0;

    if (argc < 3) {
        fprintf(stderr, "usage: fake_supervisor SCENARIO SOCKET [--animate]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    fake.scenario = json_load_file(argv[1], JSON_ALLOW_NUL, &error);
    if (!fake.scenario) {
        fprintf(stderr, "%s:%d: %s\n", argv[1], error.line, error.text);
        return 1;
    }
    fake_generate(&fake, (int)json_integer_value(json_object_get(fake.scenario, "generate")));
    for (size_t i = 0; i < ARRAY_LEN(fake.clients); i++)
        fake.clients[i].fd = -1;
    listener = listen_on(argv[2]);
    while (turn(&fake, listener, animate ? next : -1)) {
        if (!animate || now_ms() < next)
            continue;
        fake_animate(&fake, ++turns);
        publish(&fake, NULL);
        next += 1000;
    }
    unlink(argv[2]);
    close(listener);
    free_fake(&fake);
    return 0;
}
