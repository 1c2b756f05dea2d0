/* SPDX-License-Identifier: MIT */
/*
 * A connection to a running supervisor: found by name, greeted, then requests and answers. Views
 * that arrive while an answer is awaited are kept for later. Blocking, one thread.
 */
#ifndef LIFEGUARD_CLI_REMOTE_H
#define LIFEGUARD_CLI_REMOTE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct args;
struct err;

struct remote {
    int fd;
    struct buf in;
    int64_t last_id;
    json_t *pending; /* array: views that came before the answer */
    char name[72];   /* as the supervisor says it */
};

/* The socket of supervisor `wanted` (NULL: $LIFEGUARD_NAME, else the only one running). 0, or
 * -ENOENT: there is none, -EEXIST: several run, or another -errno. */
int remote_find(const char *wanted, char *path, size_t size, struct err *err);
/* Finds, connects, says hello. 0, or as remote_find, -EPROTO, -errno. */
int remote_open(struct remote *remote, const char *wanted, struct err *err);
/* The same with a path. */
int remote_connect(struct remote *remote, const char *path, struct err *err);
void remote_close(struct remote *remote);

/* Sends the verb as a request and waits for its answer. NULL with *err when the connection broke;
 * an answer may still say "ok": false. The caller owns it. */
json_t *remote_call(struct remote *remote, const struct args *args, struct err *err);
/* The same with a finished line that carries the id `remote_next_id` gave. */
json_t *remote_call_line(struct remote *remote, struct buf *line, struct err *err);
int64_t remote_next_id(struct remote *remote);
/* Asks for a view: `rest` is the remaining members as JSON text (",\"tail\":50" or ""). */
int remote_subscribe(struct remote *remote, const char *view, const char *rest, struct err *err);
/* The next view, waiting at most `timeout` ms (-1 = for ever). NULL: *rc is 0 at the end of the
 * connection, -ETIMEDOUT, or -errno. */
json_t *remote_next(struct remote *remote, int timeout, int *rc);

#endif
