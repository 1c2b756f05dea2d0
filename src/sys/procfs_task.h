/* SPDX-License-Identifier: MIT */
/*
 * The parts of /proc/PID that tell what a process waits for: its threads with their system calls
 * and kernel stacks, its descriptors, its memory. Some of these files may block while the process
 * is in trouble, so only programs that may be killed read them, never the supervisor. Every reader
 * answers -ESRCH when the thing is gone and -EACCES or -EPERM where not permitted.
 */
#ifndef LIFEGUARD_SYS_PROCFS_TASK_H
#define LIFEGUARD_SYS_PROCFS_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct procfs_thread {
    pid_t tid;
    char comm[32];
    char state;                     /* R S D T t Z X I */
    uint64_t user_ticks, sys_ticks; /* used so far */
    /* CPU time used so far, with what it waited for a CPU to be free: all that it wanted; -1 where
     * schedstat is missing. */
    int64_t wanted_ns;
    char wchan[64]; /* "" = runs, or not permitted */
};

/* The system call that a thread is in. */
struct procfs_call {
    bool running;     /* it runs: in no call that waits */
    long number;      /* -1 = in the kernel for another reason (a page fault) */
    uint64_t args[6]; /* as given; pointers are the process's own */
};

struct procfs_fd {
    int fd;
    int flags;        /* as open(2); -1 = not known */
    char target[256]; /* what the link says: a path, "pipe:[123]", "socket:[123]" */
    uint64_t inode;   /* of a pipe or socket, else 0 */
    char polled[256]; /* epoll: the descriptors in it, "5 7" */
};

/* One process of the machine, as far as kinship goes. */
struct procfs_kin {
    pid_t pid, ppid, session;
    uint64_t ticks; /* CPU time used so far */
};

/* Every process that there is; *all is to be freed. */
size_t procfs_list_kin(struct procfs_kin **all);
/* At most `max` of its threads or descriptors; the count, or -errno. */
int procfs_list_threads(pid_t pid, pid_t *tids, int max);
int procfs_list_fds(pid_t pid, int *fds, int max);
int procfs_read_thread(pid_t pid, pid_t tid, struct procfs_thread *thread);
int procfs_read_call(pid_t pid, pid_t tid, struct procfs_call *call);
int procfs_read_fd(pid_t pid, int fd, struct procfs_fd *out);
/* A whole file of /proc/PID ("task/12/stack", "limits") as far as it fits, NUL-terminated. Length
 * or -errno. */
ssize_t procfs_read_file(pid_t pid, const char *name, char *out, size_t size);
/* The number behind KEY (`Threads:`) in a text of lines, or -1. */
int64_t procfs_find_number(const char *text, const char *key);
/* Memory of the process. 0, or -errno when not all of it could be read. */
int procfs_peek(pid_t pid, uint64_t address, void *out, size_t size);
/* The sockets of a process's network namespace by name: "tcp 127.0.0.1:80 -> 127.0.0.1:5000
 * established", "unix /run/x". */
struct procfs_socket {
    uint64_t inode;
    char name[160];
};

struct procfs_sockets {
    struct procfs_socket *all; /* by inode */
    size_t count;
};

void procfs_sockets_read(pid_t pid, struct procfs_sockets *sockets);
/* "" when it is not among them. */
const char *procfs_sockets_find(const struct procfs_sockets *sockets, uint64_t inode);
void procfs_sockets_free(struct procfs_sockets *sockets);
/* Who holds the file lock that this process waits for; 0 = it waits for none. */
pid_t procfs_lock_holder(pid_t pid);

#endif
