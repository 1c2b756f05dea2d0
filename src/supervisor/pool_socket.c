/* SPDX-License-Identifier: MIT */
/*
 * From the `socket` key to a descriptor, and from there into each copy.
 */
#include "supervisor/pool_socket.h"

#include <errno.h>

#include "base/err.h"
#include "pool/address.h"
#include "supervisor/events.h"
#include "supervisor/supervisor.h"
#include "sys/proc.h"

/* As SD_LISTEN_FDS_START. */
enum { FIRST_PASSED = 3, ADDRESS_TEXT = 128 };

int pool_socket_open(struct pool_box *box, struct err *err)
{
    const char *text = box->spec->socket;
    char where[ADDRESS_TEXT];
    struct address address;
    int rc;

    box->socket.fd = -1;
    /* Of a pool that can't start nobody would ever answer. */
    if (!*text || *box->identity_error)
        return 0;
    rc = address_parse(text, &address, err);
    if (rc == 0 && address.path)
        rc = listen_unix(&box->socket, address.path, 0777 & ~box->spec->umask, err);
    else if (rc == 0)
        rc = listen_tcp(&box->socket, address.host, address.port, err);
    if (rc < 0) {
        err_prefix(err, "socket = \"%s\"", text);
        return rc;
    }
    pool_socket_describe(box, where, sizeof(where));
    event_add(box->sup, "socket", LEVEL_INFO, false, "", box->pool, NULL,
              "listens on %s for its copies", where);
    return 0;
}

void pool_socket_close(struct pool_box *box)
{
    listen_close(&box->socket);
}

void pool_socket_fill_plan(const struct pool_box *box, char *pid_text, struct proc_plan *plan)
{
    if (box->socket.fd < 0)
        return;
    plan->fds[FIRST_PASSED] = box->socket.fd;
    plan->fd_count = FIRST_PASSED + 1;
    plan->pid_text = pid_text;
}

void pool_socket_describe(const struct pool_box *box, char *out, size_t size)
{
    listen_describe(&box->socket, out, size);
}
