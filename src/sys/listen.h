/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets that are handed to other programs: blocking, as those expect them, and CLOEXEC
 * here. Anybody may connect whom the address, or the mode of the path, lets in.
 */
#ifndef LIFEGUARD_SYS_LISTEN_H
#define LIFEGUARD_SYS_LISTEN_H

#include <stddef.h>
#include <sys/types.h>

struct err;

enum { LISTEN_BACKLOG = 4096 };

struct listen_socket {
    int fd;         /* -1 = none */
    char path[108]; /* unix */
    dev_t device;   /* of the name that was made */
    ino_t inode;
};

/* `host` is numeric; "" = all addresses, of both versions where the kernel has them. 0, or -errno
 * with the cause alone. */
int listen_tcp(struct listen_socket *listener, const char *host, int port, struct err *err);
/* Replaces a socket's name where nobody listens any more, and nothing else. */
int listen_unix(struct listen_socket *listener, const char *path, unsigned mode, struct err *err);
/* "tcp://0.0.0.0:8080" as it is now, "unix:PATH". */
void listen_describe(const struct listen_socket *listener, char *out, size_t size);
/* Closes it; removes the name if it is still ours. */
void listen_close(struct listen_socket *listener);

#endif
