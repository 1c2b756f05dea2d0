/* SPDX-License-Identifier: MIT */
/*
 * Connecting without waiting: the connection is begun here, and whoever watches the descriptor asks
 * how it ended.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/dial.h"
#include "sys/sock.h"

union name {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_un local;
};

static socklen_t name_fill(union name *name, const struct dial *address)
{
    memset(name, 0, sizeof(*name));
    if (address->kind == DIAL_UNIX) {
        name->local.sun_family = AF_UNIX;
        memcpy(name->local.sun_path, address->path, sizeof(name->local.sun_path));
        return sizeof(name->local);
    }
    if (address->kind == DIAL_IPV6) {
        name->six.sin6_family = AF_INET6;
        name->six.sin6_port = htons(address->port);
        memcpy(&name->six.sin6_addr, address->host, sizeof(name->six.sin6_addr));
        return sizeof(name->six);
    }
    name->four.sin_family = AF_INET;
    name->four.sin_port = htons(address->port);
    memcpy(&name->four.sin_addr, address->host, sizeof(name->four.sin_addr));
    return sizeof(name->four);
}

int sock_dial(const struct dial *address, int *fd)
{
    union name name;
    socklen_t len = name_fill(&name, address);
    int error;

    *fd = socket(name.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return -errno;
    if (connect(*fd, &name.any, len) == 0)
        return 0;
    if (errno == EINPROGRESS || errno == EINTR)
        return 1;
    /* Here, and for Unix sockets alone, a full backlog is meant, and no shortage of ours. */
    error = errno == EAGAIN ? ETIMEDOUT : errno;
    close(*fd);
    *fd = -1;
    return -error;
}

int sock_dial_result(int fd)
{
    socklen_t len = sizeof(int);
    int error = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        return -errno;
    return -error;
}
