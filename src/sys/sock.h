/* SPDX-License-Identifier: MIT */
/*
 * Unix sockets in a directory that nobody else can play tricks in. All descriptors are CLOEXEC and
 * non-blocking unless said so.
 */
#ifndef LIFEGUARD_SYS_SOCK_H
#define LIFEGUARD_SYS_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct dial;
struct err;

struct sock_listener {
    int fd;
    int lock_fd; /* flock on NAME.lock: one supervisor a name */
    int dir_fd;
    char path[108];
};

struct sock_peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

/* Socket directory of this user (config.md, Rules) into `out`. 0 or -errno with the reason. */
int sock_directory(char *out, size_t size, struct err *err);
/* Creates the directory where missing (0700, or 0710 with a group), checks owner and mode (no
 * symlink), locks NAME.lock, removes a stale socket, binds NAME.sock with `mode`. -EBUSY: another
 * supervisor of that name runs (its PID in the text). */
int sock_listen(struct sock_listener *listener, const char *dir, const char *name, unsigned mode,
                const char *group, struct err *err);
/* Closes, unlinks the socket, gives the lock back. */
void sock_unlisten(struct sock_listener *listener);
/* For whoever cleans up after a supervisor that died: takes the lock of the socket's name, so that
 * no other supervisor can start, and removes the socket. The lock's fd, to be held while cleaning
 * up, or -errno (-EBUSY: another supervisor has it already). Allocates nothing. */
int sock_seize(const char *path);
/* A client's fd, or -errno (-EAGAIN none waiting, -EMFILE ...). *peer is filled. */
int sock_accept(int listen_fd, struct sock_peer *peer);
/* A blocking, connected stream socket, or -errno. */
int sock_connect(const char *path, struct err *err);
/* Begins a connection: 0 = it stands, 1 = it is under way (the descriptor gets writable when that
 * is over), both with *fd set; or -errno. Never blocks. */
int sock_dial(const struct dial *address, int *fd);
/* How a connection that was under way ended: 0 or -errno. */
int sock_dial_result(int fd);
/* True when somebody listens there. */
bool sock_answers(const char *path);
/* Names of the sockets that answer in the directory, NULL-terminated, to be freed with
 * mem_free_strings; an empty array when none. NULL when the directory is there and can't be read:
 * -S NAME may still find one. */
char **sock_list(const char *dir, struct err *err);

/* The notify socket: a bound datagram socket with SO_PASSCRED in a directory of its own (0711). */
int sock_notify_open(const char *path, struct err *err);
/* One datagram: bytes (NUL-terminated) into `out`; sender's PID; fds that came with it are closed
 * (that answers BARRIER=1). Length, -EAGAIN when none waits, -EMSGSIZE when it did not fit (it is
 * gone). */
int sock_notify_read(int fd, char *out, size_t size, struct sock_peer *sender);

#endif
