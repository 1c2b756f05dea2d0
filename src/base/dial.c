/* SPDX-License-Identifier: MIT */
/*
 * Text to numbers. Nothing is looked up.
 */
#include "base/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

static int parse_unix(struct dial *address, const char *path, struct err *err)
{
    if (*path != '/')
        return err_set(err, EINVAL, "unix:%s: the path must begin with /", path);
    if (strlen(path) >= sizeof(address->path))
        return err_set(err, EINVAL, "unix:%.40s...: longer than %zu bytes", path,
                       sizeof(address->path) - 1);
    address->kind = DIAL_UNIX;
    memcpy(address->path, path, strlen(path) + 1);
    return 0;
}

static int parse_host(struct dial *address, const char *host)
{
    address->kind = DIAL_IPV4;
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, address->host) == 1)
        return 0;
    address->kind = DIAL_IPV6;
    return inet_pton(AF_INET6, host, address->host) == 1 ? 0 : -EINVAL;
}

int dial_parse(struct dial *address, const char *text, struct err *err)
{
    const char *rest = str_starts(text, "tcp://") ? text + 6 : text;
    const char *colon = strrchr(rest, ':');
    char host[64] = "";
    size_t len = colon ? (size_t)(colon - rest) : 0;
    int64_t port;

    *address = (struct dial){0};
    if (str_starts(text, "unix:"))
        return parse_unix(address, text + 5, err);
    if (!colon || str_parse_int(colon + 1, &port) < 0 || port < 1 || port > 65535)
        return err_set(err, EINVAL,
                       "`%.60s` is not HOST:PORT with a port of 1 to 65535, nor "
                       "unix:PATH",
                       text);
    if (len >= 2 && rest[0] == '[' && rest[len - 1] == ']') {
        rest++;
        len -= 2;
    }
    address->port = (uint16_t)port;
    if (len < sizeof(host))
        memcpy(host, rest, len);
    if (parse_host(address, host) < 0)
        return err_set(err, EINVAL,
                       "`%.60s`: the host must be a numeric address or localhost (looking a name "
                       "up may take any time)",
                       text);
    return 0;
}
