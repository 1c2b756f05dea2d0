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
static bool match_inet(const char *line, const char *table, uint64_t inode, char *out, size_t size)
{
    char local[64], remote[64], state[8], from[72], to[72];
    uint64_t found = 0;
    unsigned number;
    const char *what;

    if (sscanf(line, " %*d: %63s %63s %7s %*s %*s %*s %*s %*s %" SCNu64, local, remote, state,
               &found) != 4 ||
        found != inode)
        return false;
    number = (unsigned)strtoul(state, NULL, 16);
    what =
        strncmp(table, "tcp", 3) == 0 && number < ARRAY_LEN(tcp_states) ? tcp_states[number] : "";
    format_address(local, from, sizeof(from));
    format_address(remote, to, sizeof(to));
    if (number == 10)
        snprintf(out, size, "%.3s %s listening", table, from);
    else
        snprintf(out, size, "%.3s %s -> %s %s", table, from, to, what);
    return true;
}

/* "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /path". */
static bool match_unix(const char *line, uint64_t inode, char *out, size_t size)
{
    uint64_t found = 0;
    int path = 0;

    if (sscanf(line, "%*x: %*x %*x %*x %*x %*x %" SCNu64 " %n", &found, &path) != 1 ||
        found != inode)
        return false;
    snprintf(out, size, "unix %.*s", path ? (int)strcspn(line + path, "\n") : 0,
             path ? line + path : "");
    return true;
}

static bool search_table(pid_t pid, const char *table, char *text, uint64_t inode, char *out,
                         size_t size)
{
    char name[16];

    snprintf(name, sizeof(name), "net/%s", table);
    if (procfs_read_file(pid, name, text, TABLE_BYTES) <= 0)
        return false;
    for (const char *line = strchr(text, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
        if (strcmp(table, "unix") == 0 ? match_unix(line + 1, inode, out, size)
                                       : match_inet(line + 1, table, inode, out, size))
            return true;
    }
    return false;
}

void procfs_socket_name(pid_t pid, uint64_t inode, char *out, size_t size)
{
    static const char *const tables[] = {"tcp", "unix", "tcp6", "udp", "udp6"};
    char *text = mem_new(TABLE_BYTES);
    bool found = false;

    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(tables) && !found; i++)
        found = search_table(pid, tables[i], text, inode, out, size);
    free(text);
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
