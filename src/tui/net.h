/* SPDX-License-Identifier: MIT */
/*
 * The connection to the supervisor: hello, requests with their replies, messages, and connecting
 * again after a loss. Nothing here blocks. Messages are lent to the callbacks.
 */
#ifndef LIFEGUARD_TUI_NET_H
#define LIFEGUARD_TUI_NET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* `reply` is NULL when the connection was lost before an answer came. */
typedef void (*net_reply)(void *owner, const json_t *reply, void *context);

struct net_request {
    struct net_request *next;
    int id;
    net_reply on_reply; /* NULL = nobody waits */
    void *context;      /* freed with free() after the reply */
};

struct net {
    char *path; /* NULL: a descriptor was given, a loss is final */
    int fd;     /* -1 = not connected */
    bool greeted;
    char *fatal; /* the server refuses us: no use in trying again */
    char *why;   /* the last failure in words */
    struct buf in, out;
    struct net_request *requests;
    int next_id;
    int64_t heard;    /* when something came last (monotonic ns) */
    int64_t probed;   /* when an answer was last asked for */
    int64_t next_try; /* while not connected */
    int64_t delay;
    void *owner;
    void (*on_message)(void *owner, json_t *message);
    void (*on_up)(void *owner); /* greeted: subscribe now */
};

/* `fd` connected or -1; `path` may be NULL when fd is given. The caller sets the callbacks. */
void net_init(struct net *net, int fd, const char *path, int64_t now);
void net_fini(struct net *net);
/* Takes over `object`; adds "id". The context is freed whatever happens. */
void net_request(struct net *net, json_t *object, net_reply on_reply, void *context);
/* poll events wanted, and what to do when they came or time passed. */
short net_events(const struct net *net);
void net_serve(struct net *net, short events, int64_t now);
/* Connects when it is time; asks for a sign of life when nothing came for long. */
void net_tick(struct net *net, int64_t now);
/* When net_tick wants to be called next. */
int64_t net_deadline(const struct net *net);
/* Seconds without an answer; 0 while all is well. */
double net_stale(const struct net *net, int64_t now);

#endif
