/* SPDX-License-Identifier: MIT */
/*
 * Private to sys/: a directory for sockets and binding in it, shared by the control socket and the
 * notify socket.
 */
#ifndef LIFEGUARD_SYS_SOCK_DIR_H
#define LIFEGUARD_SYS_SOCK_DIR_H

struct err;

/* Creates where missing, refuses symlinks, other owners and what others can write to, sets the
 * mode. fd or -errno. */
int sock_dir_open(const char *path, unsigned mode, struct err *err);
/* Removes a stale socket of ours; -EEXIST for anything else of that name. The caller holds what
 * says that the socket is stale. */
int sock_dir_clear(int dir, const char *name, struct err *err);
/* Binds `fd` to the name in the directory, mode 0600 (less the umask) from the first moment. */
int sock_dir_bind(int fd, int dir, const char *name, struct err *err);

#endif
