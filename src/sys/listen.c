/* SPDX-License-Identifier: MIT */
/*
 * Opening sockets for others. Addresses are numbers, so nothing here waits.
 */
#include "sys/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"

/* Room for either version. */
union any_address {
    struct sockaddr plain;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static socklen_t fill_address(union any_address *address, int family, const char *host, int port)
{
    memset(address, 0, sizeof(*address));
    if (family == AF_INET6) {
        address->six.sin6_family = AF_INET6;
        address->six.sin6_port = htons((uint16_t)port);
        inet_pton(AF_INET6, *host ? host : "::", &address->six.sin6_addr);
        return sizeof(address->six);
    }
    address->four.sin_family = AF_INET;
    address->four.sin_port = htons((uint16_t)port);
    inet_pton(AF_INET, *host ? host : "0.0.0.0", &address->four.sin_addr);
    return sizeof(address->four);
}

/* The descriptor or -errno. */
static int open_tcp(int family, const char *host, int port)
{
    union any_address address;
    socklen_t len = fill_address(&address, family, host, port);
    int on = 1, only_six = *host != '\0';
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_six, sizeof(only_six));
    if (bind(fd, &address.plain, len) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    error = errno;
    close(fd);
    return -error;
}

int listen_tcp(struct listen_socket *listener, const char *host, int port, struct err *err)
{
    int family = !*host || strchr(host, ':') ? AF_INET6 : AF_INET;
    int fd = open_tcp(family, host, port);

    *listener = (struct listen_socket){.fd = -1};
    /* A machine without version 6. */
    if (!*host && (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL))
        fd = open_tcp(AF_INET, host, port);
    if (fd < 0)
        return err_set(err, -fd, "%s%s", strerror(-fd),
                       fd == -EACCES ? " (ports below 1024 need CAP_NET_BIND_SERVICE)" : "");
    listener->fd = fd;
    return 0;
}

/* 0 when the name is free for us, -EADDRINUSE, -EEXIST or another -errno. */
static int clear_stale(const struct sockaddr_un *address)
{
    struct stat status;
    int fd, error = 0;

    if (lstat(address->sun_path, &status) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(status.st_mode))
        return -EEXIST;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
        error = errno;
    close(fd);
    /* Anything but a plain refusal means that somebody holds the other end. */
    if (error != ECONNREFUSED)
        return -EADDRINUSE;
    return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

/* The name is made with `mode` from the first moment on. */
static int bind_with_mode(int fd, const struct sockaddr_un *address, unsigned mode)
{
    mode_t mask = umask(0);
    int rc = fchmod(fd, (mode_t)mode) < 0 ||
                     bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0
                 ? -errno
                 : 0;

    umask(mask);
    return rc;
}

static int refuse_unix(struct err *err, int rc)
{
    if (rc == -EEXIST)
        return err_set(err, EEXIST, "the path is there already and is no socket");
    return err_set(err, -rc, "%s", strerror(-rc));
}

int listen_unix(struct listen_socket *listener, const char *path, unsigned mode, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;
    int rc = 0;

    *listener = (struct listen_socket){.fd = -1};
    if (strlen(path) >= sizeof(address.sun_path))
        return refuse_unix(err, -ENAMETOOLONG);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    rc = clear_stale(&address);
    if (rc < 0)
        return refuse_unix(err, rc);
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return refuse_unix(err, -errno);
    rc = bind_with_mode(listener->fd, &address, mode);
    if (rc == 0 && listen(listener->fd, LISTEN_BACKLOG) < 0)
        rc = -errno;
    if (rc < 0) {
        listen_close(listener);
        return refuse_unix(err, rc);
    }
    if (lstat(path, &status) == 0) {
        listener->device = status.st_dev;
        listener->inode = status.st_ino;
    }
    snprintf(listener->path, sizeof(listener->path), "%s", path);
    return 0;
}

void listen_describe(const struct listen_socket *listener, char *out, size_t size)
{
    union any_address address = {.six = {0}};
    socklen_t len = sizeof(address);
    char host[INET6_ADDRSTRLEN] = "?";

    out[0] = '\0';
    if (listener->path[0]) {
        snprintf(out, size, "unix:%s", listener->path);
    } else if (listener->fd >= 0 && getsockname(listener->fd, &address.plain, &len) == 0) {
        bool six = address.plain.sa_family == AF_INET6;

        inet_ntop(address.plain.sa_family,
                  six ? (const void *)&address.six.sin6_addr : &address.four.sin_addr, host,
                  sizeof(host));
        snprintf(out, size, six ? "tcp://[%s]:%d" : "tcp://%s:%d", host,
                 ntohs(six ? address.six.sin6_port : address.four.sin_port));
    }
}

void listen_close(struct listen_socket *listener)
{
    struct stat status;

    if (listener->fd >= 0)
        close(listener->fd);
    if (listener->path[0] && lstat(listener->path, &status) == 0 &&
        status.st_dev == listener->device && status.st_ino == listener->inode)
        unlink(listener->path);
    *listener = (struct listen_socket){.fd = -1};
}
