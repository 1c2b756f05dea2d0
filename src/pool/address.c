/* SPDX-License-Identifier: MIT */
/*
 * Listening addresses from text.
 */
#include "pool/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

/* What struct sockaddr_un has room for. */
enum { PORT_MOST = 65535, PATH_MOST = 107 };

static int refuse(struct err *err)
{
    return err_set(err, EINVAL,
                   "must be \"tcp://:8080\", \"tcp://127.0.0.1:8080\", \"tcp://[::1]:8080\" (a "
                   "numeric address) or \"unix:PATH\"");
}

/* The host before `colon`, "[...]" around one of version 6. */
static int parse_host(const char *from, const char *colon, char host[46], struct err *err)
{
    size_t len = (size_t)(colon - from);
    bool six = *from == '[';
    char binary[16];

    if (six && (len < 2 || from[len - 1] != ']'))
        return refuse(err);
    if (six) {
        from++;
        len -= 2;
    }
    if (len >= 46)
        return refuse(err);
    memcpy(host, from, len);
    host[len] = '\0';
    if (len == 0)
        return six ? refuse(err) : 0;
    return inet_pton(six ? AF_INET6 : AF_INET, host, binary) == 1 ? 0 : refuse(err);
}

int address_parse(const char *text, struct address *address, struct err *err)
{
    const char *host, *colon;
    int64_t port;

    *address = (struct address){0};
    if (str_starts(text, "unix:")) {
        address->path = text + strlen("unix:");
        if (strlen(address->path) > PATH_MOST)
            return err_set(err, EINVAL, "must be shorter: a socket's path has at most %d bytes",
                           PATH_MOST);
        return *address->path ? 0 : refuse(err);
    }
    if (!str_starts(text, "tcp://"))
        return refuse(err);
    host = text + strlen("tcp://");
    colon = strrchr(host, ':');
    if (!colon || colon[1] < '0' || colon[1] > '9' || str_parse_int(colon + 1, &port) < 0 ||
        port > PORT_MOST)
        return refuse(err);
    address->port = (int)port;
    return parse_host(host, colon, address->host, err);
}

int address_check(const char *text, struct err *err)
{
    struct address address;

    return address_parse(text, &address, err);
}
