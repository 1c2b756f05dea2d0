/* SPDX-License-Identifier: MIT */
/*
 * The form of a listening address: "tcp://:8080", "tcp://127.0.0.1:8080", "tcp://[::1]:8080",
 * "unix:PATH". Hosts are numbers: to look a name up would mean to wait for a stranger.
 */
#ifndef LIFEGUARD_POOL_ADDRESS_H
#define LIFEGUARD_POOL_ADDRESS_H

struct err;

struct address {
    const char *path; /* unix: within the text; NULL = tcp */
    char host[46];    /* "" = all addresses */
    int port;         /* 0 = any free one */
};

/* 0, or -EINVAL with "must be ...". */
int address_parse(const char *text, struct address *address, struct err *err);
int address_check(const char *text, struct err *err);

#endif
