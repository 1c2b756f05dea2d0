/* SPDX-License-Identifier: MIT */
/*
 * Reading one config file with the checks that a program running as root needs: a regular file,
 * not too large, that nobody else can write.
 */
#ifndef LIFEGUARD_CONF_FILE_H
#define LIFEGUARD_CONF_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct err;

struct conf_file {
    char *bytes; /* NUL-terminated, malloc'ed, no NUL inside */
    size_t len;
    dev_t device; /* identity, for include cycles */
    ino_t inode;
};

/* 0 or -errno. Never blocks. */
int conf_file_read(struct conf_file *file, const char *path, size_t max, struct err *err);

#endif
