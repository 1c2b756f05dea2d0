/* SPDX-License-Identifier: MIT */
/*
 * The client's end of the control protocol (wire/control.h).
 */
#include "cli/remote.h"

#include <errno.h>
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
#include "base/str.h"
#include "cli/args.h"
#include "sys/sock.h"
#include "wire/control.h"
#include "wire/json_out.h"

/* A supervisor answers within a quarter of a second; one that is silent for this long is frozen. */
enum { ANSWER_TIMEOUT = 15000 };

static int remote_pick(const char *directory, char *path, size_t size, struct err *err)
{
    char **names = sock_list(directory, err);
    struct buf all = {0};
    size_t count = 0;
    int rc = 0;

    if (!names)
        return -EACCES;
    for (; names[count]; count++)
        buf_printf(&all, "%s%s", count ? ", " : "", names[count]);
    if (count == 0)
        rc = err_set(err, ENOENT, "no supervisor is running");
    else if (count > 1)
        rc = err_set(err, EEXIST, "several supervisors run (%s): choose with -S NAME",
                     buf_string(&all));
    else
        snprintf(path, size, "%s/%s.sock", directory, names[0]);
    buf_fini(&all);
    mem_free_strings(names);
    return rc;
}

int remote_find(const char *wanted, char *path, size_t size, struct err *err)
{
    char directory[108];
    int rc;

    if (!wanted)
        wanted = getenv("LIFEGUARD_NAME");
    if (wanted && !*wanted)
        wanted = NULL;
    if (wanted && !str_is_name(wanted))
        return err_set(err, ENOENT, "\"%s\" is no supervisor's name", wanted);
    rc = sock_directory(directory, sizeof(directory), err);
    if (rc < 0)
        return rc;
    if (!wanted)
        return remote_pick(directory, path, size, err);
    snprintf(path, size, "%s/%s.sock", directory, wanted);
    if (access(path, F_OK) < 0)
        return err_set(err, ENOENT, "no supervisor \"%s\" is running", wanted);
    return 0;
}

static int remote_send(struct remote *remote, struct buf *line, struct err *err)
{
    /* A supervisor that goes now is an error to be told, no signal. */
    while (buf_len(line)) {
        ssize_t sent = send(remote->fd, buf_data(line), buf_len(line), MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            return err_set_errno(err, errno, "the connection to the supervisor broke");
        buf_consume(line, sent > 0 ? (size_t)sent : 0);
    }
    return 0;
}

/* Waits for more bytes. 0 at the end of the connection, 1, or -errno. */
static int remote_fill(struct remote *remote, int64_t deadline)
{
    struct pollfd poll_fd = {remote->fd, POLLIN, 0};
    int64_t left = deadline == CLOCK_NEVER ? -1 : (deadline - clock_now()) / CLOCK_MS;
    char *room;
    ssize_t got;
    int rc;

    if (deadline != CLOCK_NEVER && left < 0)
        left = 0;
    rc = poll(&poll_fd, 1, (int)left);
    if (rc <= 0)
        return rc == 0 ? -ETIMEDOUT : -errno;
    room = buf_reserve(&remote->in, 65536);
    if (!room)
        return -ENOBUFS;
    got = read(remote->fd, room, 65536);
    if (got > 0)
        buf_commit(&remote->in, (size_t)got);
    return got < 0 ? -errno : got > 0;
}

/* A line of `len` bytes as JSON. What a supervisor sends is an object; anything else is a breach.
 */
static json_t *remote_parse(struct remote *remote, size_t len, int *rc)
{
    json_t *message =
        json_loadb(buf_data(&remote->in), len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);

    buf_consume(&remote->in, len + 1);
    if (json_is_object(message))
        return message;
    json_decref(message);
    *rc = -EPROTO;
    return NULL;
}

static json_t *remote_read(struct remote *remote, int timeout, int *rc)
{
    int64_t deadline = timeout < 0 ? CLOCK_NEVER : clock_now() + timeout * CLOCK_MS;
    size_t searched = 0;

    *rc = 0;
    for (;;) {
        size_t len = buf_len(&remote->in);
        const char *end =
            len > searched ? memchr(buf_data(&remote->in) + searched, '\n', len - searched) : NULL;

        if (end)
            return remote_parse(remote, (size_t)(end - buf_data(&remote->in)), rc);
        searched = len;
        *rc = remote_fill(remote, deadline);
        if (*rc == -EINTR)
            continue;
        if (*rc <= 0)
            return NULL;
    }
}

static int remote_explain(int rc, struct err *err)
{
    if (rc == -ETIMEDOUT)
        return err_set(err, ETIMEDOUT, "the supervisor does not answer (is it stopped?)");
    if (rc == 0)
        return err_set(err, ECONNRESET, "the supervisor closed the connection");
    return err_set_errno(err, -rc, "talking to the supervisor");
}

static int remote_say_hello(struct remote *remote, struct err *err)
{
    const struct passwd *user = getpwuid(getuid());
    const char *tty = isatty(STDIN_FILENO) ? ttyname(STDIN_FILENO) : NULL;
    struct buf line = {0};
    struct json_out out;
    int rc;

    json_out_init(&out, &line);
    json_open_object(&out, NULL);
    json_put_string(&out, "hello", "lifeguard");
    json_put_int(&out, "protocol", CONTROL_PROTOCOL);
    json_put_string(&out, "client", "cli");
    json_put_string(&out, "user", user ? user->pw_name : NULL);
    json_put_string(&out, "tty", tty && str_starts(tty, "/dev/") ? tty + 5 : tty);
    json_close_object(&out);
    json_end_line(&out);
    rc = remote_send(remote, &line, err);
    buf_fini(&line);
    return rc;
}

static int remote_hear_hello(struct remote *remote, struct err *err)
{
    int rc;
    json_t *hello = remote_read(remote, ANSWER_TIMEOUT, &rc);
    const char *said = json_string_value(json_object_get(hello, "hello"));
    const char *error = json_string_value(json_object_get(hello, "error"));
    const char *name = json_string_value(json_object_get(hello, "name"));

    if (!hello)
        return remote_explain(rc, err);
    rc = 0;
    if (error)
        rc = err_set(err, EPROTO, "%s", error);
    else if (!said || strcmp(said, "lifeguard") != 0)
        rc = err_set(err, EPROTO, "what answers on the socket is no lifeguard supervisor");
    snprintf(remote->name, sizeof(remote->name), "%s", name ? name : "?");
    json_decref(hello);
    return rc;
}

int remote_connect(struct remote *remote, const char *path, struct err *err)
{
    int rc;

    *remote = (struct remote){.fd = -1};
    buf_init(&remote->in, (size_t)CONTROL_LINE_MAX * 8);
    remote->pending = json_array();
    remote->fd = sock_connect(path, err);
    rc = remote->fd < 0 ? remote->fd : remote_say_hello(remote, err);
    if (rc == 0)
        rc = remote_hear_hello(remote, err);
    if (rc < 0)
        remote_close(remote);
    return rc;
}

int remote_open(struct remote *remote, const char *wanted, struct err *err)
{
    char path[256];
    int rc = remote_find(wanted, path, sizeof(path), err);

    *remote = (struct remote){.fd = -1};
    if (rc < 0)
        return rc;
    rc = remote_connect(remote, path, err);
    /* A socket that nobody listens on is what a killed supervisor leaves behind. */
    return rc == -ECONNREFUSED ? -ENOENT : rc;
}

void remote_close(struct remote *remote)
{
    if (remote->fd >= 0)
        close(remote->fd);
    remote->fd = -1;
    buf_fini(&remote->in);
    json_decref(remote->pending);
    remote->pending = NULL;
}

int64_t remote_next_id(struct remote *remote)
{
    return ++remote->last_id;
}

static json_t *remote_wait(struct remote *remote, struct err *err)
{
    int rc;

    for (;;) {
        json_t *message = remote_read(remote, ANSWER_TIMEOUT, &rc);
        const json_t *id = json_object_get(message, "id");

        if (!message) {
            remote_explain(rc, err);
            return NULL;
        }
        if (json_is_integer(id) && json_integer_value(id) == remote->last_id)
            return message;
        json_array_append_new(remote->pending, message);
    }
}

/* The rows of `more` behind those of `reply`; then "next" is that of `more`. */
static void remote_join(json_t *reply, json_t *more)
{
    const char *key;
    json_t *rows;

    json_object_foreach(more, key, rows)
    {
        json_t *sofar = json_object_get(reply, key);

        if (json_is_array(rows) && json_is_array(sofar))
            json_array_extend(sofar, rows);
    }
    if (json_object_get(more, "next"))
        json_object_set(reply, "next", json_object_get(more, "next"));
    else
        json_object_del(reply, "next");
}

static json_t *remote_ask_once(struct remote *remote, struct buf *line, struct err *err)
{
    if (remote_send(remote, line, err) < 0)
        return NULL;
    return remote_wait(remote, err);
}

/* Long lists come in pages, so that no client costs the supervisor more than a bounded buffer. */
json_t *remote_call_line(struct remote *remote, struct buf *line, struct err *err)
{
    json_t *request = json_loadb(buf_data(line), buf_len(line), 0, NULL);
    json_t *reply = remote_ask_once(remote, line, err);

    while (reply && request && json_object_get(reply, "next")) {
        struct buf page = {0};
        char *text;
        json_t *more;

        json_object_set(request, "offset", json_object_get(reply, "next"));
        json_object_set_new(request, "id", json_integer(remote_next_id(remote)));
        text = json_dumps(request, JSON_COMPACT);
        buf_printf(&page, "%s\n", text);
        free(text);
        more = remote_ask_once(remote, &page, err);
        buf_fini(&page);
        if (!more) {
            json_decref(reply);
            reply = NULL;
            break;
        }
        remote_join(reply, more);
        json_decref(more);
    }
    json_decref(request);
    return reply;
}

json_t *remote_call(struct remote *remote, const struct args *args, struct err *err)
{
    struct buf line = {0};
    struct json_out out;
    json_t *reply;

    json_out_init(&out, &line);
    args_write_request(args, remote_next_id(remote), &out);
    reply = remote_call_line(remote, &line, err);
    buf_fini(&line);
    return reply;
}

int remote_subscribe(struct remote *remote, const char *view, const char *rest, struct err *err)
{
    struct buf line = {0};
    json_t *reply;
    int rc = -EIO;

    buf_printf(&line, "{\"id\":%lld,\"cmd\":\"subscribe\",\"view\":\"%s\"%s}\n",
               (long long)remote_next_id(remote), view, rest);
    reply = remote_call_line(remote, &line, err);
    buf_fini(&line);
    if (json_is_true(json_object_get(reply, "ok")))
        rc = 0;
    else if (reply)
        rc = err_set(err, EINVAL, "%s", json_string_value(json_object_get(reply, "error")));
    json_decref(reply);
    return rc;
}

json_t *remote_next(struct remote *remote, int timeout, int *rc)
{
    json_t *message = json_array_get(remote->pending, 0);

    *rc = 0;
    if (!message)
        return remote_read(remote, timeout, rc);
    json_incref(message);
    json_array_remove(remote->pending, 0);
    return message;
}
