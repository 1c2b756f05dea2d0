/* SPDX-License-Identifier: MIT */
/*
 * Files and directories with the checks that a program running as root needs: no symlinks in the
 * last step, owner and mode as asked, whole writes.
 */
#ifndef LIFEGUARD_SYS_FILE_H
#define LIFEGUARD_SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* mkdir -p with `mode` for what is created. */
int file_make_dirs(const char *path, unsigned mode, struct err *err);
/* Absolute form of `path` against `base` ("~/" is the home directory); malloc'ed. */
char *file_absolute(const char *base, const char *path);
/* Directory part; malloc'ed. */
char *file_directory(const char *path);
/* The whole of a small regular file (at most `max` bytes), NUL-terminated, malloc'ed; FIFOs,
 * devices and directories are refused without blocking. */
char *file_read_all(const char *path, size_t max, size_t *len, struct err *err);
/* A file of /proc or /sys, which have no size: NUL-terminated, malloc'ed, NULL when it can't be
 * read; cut at `max` bytes. */
char *file_read_kernel(const char *path, size_t max);
/* Opens for appending, 0640, O_NOFOLLOW | O_CLOEXEC; refuses what is no regular file or has more
 * than one link. fd or -errno. */
int file_open_append(int dir, const char *name, struct err *err);
/* The same for writing anew: what was in it is gone. */
int file_open_anew(const char *path, unsigned mode, struct err *err);
/* All bytes, EINTR and short writes handled; blocking fds only. 0 or -errno. */
int file_write_all(int fd, const void *bytes, size_t len);
/* This process's umask. Not for programs with threads that create files. */
unsigned file_umask(void);
/* One write if the descriptor takes it now, for words that must not block anybody. */
void file_write_if_ready(int fd, const void *bytes, size_t len);
/* A CLOEXEC pipe; `nonblock_read` and `nonblock_write` set O_NONBLOCK on that end only. */
int file_pipe(int ends[2], bool nonblock_read, bool nonblock_write);
/* True when the path's file system may hang (NFS, FUSE, CIFS, ...). */
bool file_may_hang(const char *path);

#endif
