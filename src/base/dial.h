/* SPDX-License-Identifier: MIT */
/*
 * Addresses to connect to, as users write them: "HOST:PORT", "[HOST]:PORT", either with "tcp://"
 * before it, and "unix:PATH". Hosts are numeric or "localhost": names would have to be looked up,
 * which may take any time.
 */
#ifndef LIFEGUARD_BASE_DIAL_H
#define LIFEGUARD_BASE_DIAL_H

#include <stdint.h>

struct err;

enum dial_kind { DIAL_IPV4, DIAL_IPV6, DIAL_UNIX };

struct dial {
    enum dial_kind kind;
    unsigned char host[16]; /* as inet_pton gives it */
    uint16_t port;
    char path[108]; /* DIAL_UNIX */
};

/* 0, or -EINVAL with the reason. */
int dial_parse(struct dial *address, const char *text, struct err *err);

#endif
