/* SPDX-License-Identifier: MIT */
/*
 * sd_notify: one datagram socket for all workers, its sender told by the kernel. Drained first on
 * every turn, because its queue is short.
 */
#ifndef LIFEGUARD_SUPERVISOR_NOTIFY_SOCKET_H
#define LIFEGUARD_SUPERVISOR_NOTIFY_SOCKET_H

struct err;
struct supervisor;

/* Creates the socket in a directory of its own. 0 or -errno with the reason. */
int notify_socket_open(struct supervisor *sup, const char *dir, struct err *err);
void notify_socket_close(struct supervisor *sup);

#endif
