/* SPDX-License-Identifier: MIT */
/*
 * Sockets and file locks by name: the tables of /proc/PID/net, as its network namespace shows them,
 * and /proc/locks.
 */
#include "sys/procfs_task.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A table that is longer is not read to its end: a machine of a hundred thousand connections must
 * not make an answer late. */
enum { TABLE_BYTES = 1 << 20 };

static const char *const tcp_states[] = {"?",          "established", "connecting", "handshake",
                                         "fin-wait-1", "fin-wait-2",  "time-wait",  "closed",
                                         "close-wait", "last-ack",    "listening",  "closing"};

/* "0100007F:1F90", or the same with 32 digits, as an address. The words are in host order. */
static void format_address(const char *text, char *out, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "?";
    uint32_t words[4];
    size_t digits = strcspn(text, ":");
    unsigned port = digits && text[digits] ? (unsigned)strtoul(text + digits + 1, NULL, 16) : 0;

    for (size_t i = 0; i < digits / 8 && i < 4; i++) {
        char word[9] = "";

        memcpy(word, text + 8 * i, 8);
        words[i] = (uint32_t)strtoul(word, NULL, 16);
    }
    if (digits == 8)
        inet_ntop(AF_INET, words, host, sizeof(host));
    else if (digits == 32)
        inet_ntop(AF_INET6, words, host, sizeof(host));
    snprintf(out, size, digits == 32 ? "[%s]:%u" : "%s:%u", host, port);
}

/* A line of tcp, tcp6, udp or udp6: number, local, remote, state, ... inode is the tenth. */
static uint64_t parse_inet(const char *line, const char *table, char *out, size_t size)
{
    char local[64], remote[64], state[8], from[72], to[72];
    uint64_t inode = 0;
    unsigned number;
    const char *what;

    if (sscanf(line, " %*d: %63s %63s %7s %*s %*s %*s %*s %*s %" SCNu64, local, remote, state,
               &inode) != 4)
        return 0;
    number = (unsigned)strtoul(state, NULL, 16);
    what =
        strncmp(table, "tcp", 3) == 0 && number < ARRAY_LEN(tcp_states) ? tcp_states[number] : "";
    format_address(local, from, sizeof(from));
    format_address(remote, to, sizeof(to));
    if (number == 10)
        snprintf(out, size, "%.3s %s listening", table, from);
    else
        snprintf(out, size, "%.3s %s -> %s %s", table, from, to, what);
    return inode;
}

/* "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /path". */
static uint64_t parse_unix(const char *line, char *out, size_t size)
{
    uint64_t inode = 0;
    int path = 0;

    if (sscanf(line, "%*x: %*x %*x %*x %*x %*x %" SCNu64 "%n", &inode, &path) != 1)
        return 0;
    path += line[path] == ' ';
    snprintf(out, size, "unix %.*s", (int)strcspn(line + path, "\n"), line + path);
    return inode;
}

static void read_table(pid_t pid, const char *table, char *text, struct procfs_sockets *sockets)
{
    char name[16];

    snprintf(name, sizeof(name), "net/%s", table);
    if (procfs_read_file(pid, name, text, TABLE_BYTES) <= 0)
        return;
    for (const char *line = strchr(text, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
        struct procfs_socket socket = {0};

        socket.inode = strcmp(table, "unix") == 0
                           ? parse_unix(line + 1, socket.name, sizeof(socket.name))
                           : parse_inet(line + 1, table, socket.name, sizeof(socket.name));
        if (!socket.inode)
            continue;
        if (mem_try_resize((void **)&sockets->all, sockets->count + 1, sizeof(*sockets->all)) < 0)
            return;
        sockets->all[sockets->count++] = socket;
    }
}

static int by_inode(const void *a, const void *b)
{
    const struct procfs_socket *x = a, *y = b;

    return x->inode < y->inode ? -1 : x->inode > y->inode;
}

void procfs_sockets_read(pid_t pid, struct procfs_sockets *sockets)
{
    static const char *const tables[] = {"tcp", "unix", "tcp6", "udp", "udp6"};
    char *text = mem_new(TABLE_BYTES);

    *sockets = (struct procfs_sockets){0};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        read_table(pid, tables[i], text, sockets);
    if (sockets->count)
        qsort(sockets->all, sockets->count, sizeof(*sockets->all), by_inode);
    free(text);
}

const char *procfs_sockets_find(const struct procfs_sockets *sockets, uint64_t inode)
{
    const struct procfs_socket wanted = {.inode = inode};
    const struct procfs_socket *found =
        sockets->count ? bsearch(&wanted, sockets->all, sockets->count, sizeof(wanted), by_inode)
                       : NULL;

    return found ? found->name : "";
}

void procfs_sockets_free(struct procfs_sockets *sockets)
{
    free(sockets->all);
    *sockets = (struct procfs_sockets){0};
}

/* "2: -> POSIX  ADVISORY  WRITE 412 08:01:99 0 EOF": the number, whether it waits, and whose. */
static bool parse_lock(const char *line, long *number, bool *waits, pid_t *pid)
{
    char *at;

    *number = strtol(line, &at, 10);
    if (at == line || *at != ':')
        return false;
    at += 1 + strspn(at + 1, " ");
    *waits = strncmp(at, "->", 2) == 0;
    if (*waits)
        at += 2 + strspn(at + 2, " ");
    for (int word = 0; word < 3; word++) {
        at += strcspn(at, " \n");
        at += strspn(at, " ");
    }
    *pid = (pid_t)strtol(at, NULL, 10);
    return true;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end && end[1] ? end + 1 : NULL;
}

pid_t procfs_lock_holder(pid_t pid)
{
    char *text = mem_new(TABLE_BYTES);
    pid_t holder = 0, last_holder = 0, who;
    long number;
    bool waits;
    const char *line = text;
    FILE *file = fopen("/proc/locks", "re");

    if (file) {
        text[fread(text, 1, TABLE_BYTES - 1, file)] = '\0';
        fclose(file);
    }
    /* Those who wait stand below the lock that they wait for. */
    for (; line && *line && !holder; line = next_line(line)) {
        if (!parse_lock(line, &number, &waits, &who))
            continue;
        if (!waits)
            last_holder = who;
        else if (who == pid)
            holder = last_holder;
    }
    free(text);
    return holder;
}
