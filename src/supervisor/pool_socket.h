/* SPDX-License-Identifier: MIT */
/*
 * The listening socket that the copies of a service share. It is opened once, before the first
 * copy, and lives as long as the supervisor: while copies die and are replaced, connections wait in
 * its queue and none is refused. Copies get it as sd_listen_fds(3) says: descriptor 3, LISTEN_FDS,
 * LISTEN_PID, LISTEN_FDNAMES.
 */
#ifndef LIFEGUARD_SUPERVISOR_POOL_SOCKET_H
#define LIFEGUARD_SUPERVISOR_POOL_SOCKET_H

#include <stddef.h>

struct err;
struct pool_box;
struct proc_plan;

/* Opens what the pool's `socket` asks for, if anything. 0, or -errno with key, address and cause;
 * the pool is named by the caller. Needs box->pool, for the event. */
int pool_socket_open(struct pool_box *box, struct err *err);
void pool_socket_close(struct pool_box *box);
/* Hands it to a process to be started; `pid_text` is the value of LISTEN_PID in its environment. */
void pool_socket_fill_plan(const struct pool_box *box, char *pid_text, struct proc_plan *plan);
/* Where it listens, "" = it has none. */
void pool_socket_describe(const struct pool_box *box, char *out, size_t size);

#endif
