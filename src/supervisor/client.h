/* SPDX-License-Identifier: MIT */
/*
 * Connections to the control socket: hello, requests in, replies and views out. A client can cost
 * 256 KiB and no more: views skip ahead while it is slow, and it is dropped when replies pile up.
 */
#ifndef LIFEGUARD_SUPERVISOR_CLIENT_H
#define LIFEGUARD_SUPERVISOR_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "pool/worker.h"
#include "supervisor/view_filter.h"
#include "sys/loop.h"
#include "sys/sock.h"
#include "wire/json_out.h"

struct pool_box;
struct result;
struct supervisor;

enum {
    CLIENT_OUT_MAX = 256 << 10,
    CLIENT_VIEW_ROOM = 64 << 10,
    CLIENTS_MAX = 256,
    CLIENT_SPARES = 8
};

enum view {
    VIEW_SUMMARY,
    VIEW_POOLS,
    VIEW_WORKERS,
    VIEW_DETAIL,
    VIEW_TASKS,
    VIEW_EVENTS,
    VIEW_LOG,
    VIEW_COUNT
};

/* What a client sees of one view: the window it asked for and hashes of the rows it was sent. */
struct subscription {
    bool active, full;
    char pool[65];
    char target[96];
    char sort[16];
    char state[16];
    bool desc;
    struct view_filter filter;
    size_t offset, count;
    uint64_t *sent; /* hash of each row of the window as sent */
    size_t sent_count;
    uint64_t sent_rest; /* hash of what is not rows */
    int64_t next_at;    /* not before this time */
    /* The log view. */
    int log_slot; /* 0 = all of the pool */
    bool log_all;
    size_t tail;
    struct buf lines; /* that wait, see logview.c */
    size_t line_count;
    size_t old_count, old_bytes; /* the begin of `lines` that gives way to newer ones */
    uint64_t skipped, line_seq;
};

struct client {
    struct list link;
    struct supervisor *sup;
    int fd;
    struct loop_watch watch;
    struct sock_peer peer;
    struct buf in, out;
    bool greeted;
    bool more;    /* lines in `in` wait for their turn: nothing is read meanwhile */
    bool map;     /* gets every result; its end is the run's end */
    bool waits;   /* `submit --wait`: wants to hear of waited tasks */
    bool closing; /* close when `out` is sent */
    bool dead;    /* freed at the end of the turn */
    char who[48];
    char by[WORKER_WHO_MAX]; /* who, and at which terminal: for causes of death */
    char origin[64];
    struct subscription subs[VIEW_COUNT];
    struct pool_box *results; /* map: the pool whose results it takes */
    int64_t pump_at;          /* results are sent then, or when many wait */
    uint64_t result_offset;   /* of the result being sent: bytes of it that went out */
    bool result_err;          /* its stderr part is being sent */
};

/* Adopts a connected socket. NULL when the limit is reached (the fd is closed). */
struct client *client_new(struct supervisor *sup, int fd, const struct sock_peer *peer);
void client_free(struct client *client);
/* Descriptors held for clients, so that `status` is answered when workers have all others. Filled
 * up again whenever a client leaves. */
void client_keep_spares(struct supervisor *sup);
void client_drop_spares(struct supervisor *sup);
/* The listener is readable: takes what waits. */
void client_accept(void *owner, uint32_t events);
/* Frees what died in this turn. */
void client_reap(struct supervisor *sup);
/* Sends what is in sup->scratch and empties it. Drops the client when it is too slow. */
void client_send(struct client *client);
void client_flush(struct client *client);
/* Room for another view message? */
bool client_has_room(const struct client *client);
/* Results for a map client, as many as fit. */
void client_pump_results(struct client *client);
/* A task for which some client waits is final. */
void client_tell_result(struct supervisor *sup, struct pool_box *box, const struct result *result);

/* Begins a reply in sup->scratch: {"id":..,"ok":true ; the caller adds fields, client_end_reply. */
struct json_out client_begin_reply(struct client *client, int64_t id);
void client_end_reply(struct client *client, struct json_out *out);
void client_refuse(struct client *client, int64_t id, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
