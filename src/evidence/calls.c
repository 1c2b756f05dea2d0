/* SPDX-License-Identifier: MIT */
/*
 * The tables. The names come from the system's own header (call_names.inc is made from it at
 * configure time); which calls wait, and for what, is said here.
 */
#include "evidence/calls.h"

#include <stdio.h>
#include <sys/syscall.h>

#include "base/mem.h"

static const struct {
    long number;
    const char *name;
} names[] = {
#include <call_names.inc>
};

static const struct call_class classes[] = {
    {SYS_read, CALL_INPUT, 0, LIMIT_NONE, 0},
    {SYS_readv, CALL_INPUT, 0, LIMIT_NONE, 0},
    {SYS_pread64, CALL_INPUT, 0, LIMIT_NONE, 0},
    {SYS_recvfrom, CALL_INPUT, 0, LIMIT_NONE, 0},
    {SYS_recvmsg, CALL_INPUT, 0, LIMIT_NONE, 0},
    {SYS_recvmmsg, CALL_INPUT, 0, LIMIT_TIMESPEC, 4},
    {SYS_accept, CALL_ACCEPT, 0, LIMIT_NONE, 0},
    {SYS_accept4, CALL_ACCEPT, 0, LIMIT_NONE, 0},
    {SYS_write, CALL_OUTPUT, 0, LIMIT_NONE, 0},
    {SYS_writev, CALL_OUTPUT, 0, LIMIT_NONE, 0},
    {SYS_pwrite64, CALL_OUTPUT, 0, LIMIT_NONE, 0},
    {SYS_sendto, CALL_OUTPUT, 0, LIMIT_NONE, 0},
    {SYS_sendmsg, CALL_OUTPUT, 0, LIMIT_NONE, 0},
    {SYS_sendmmsg, CALL_OUTPUT, 0, LIMIT_NONE, 0},
    {SYS_sendfile, CALL_OUTPUT, 0, LIMIT_NONE, 0},
    {SYS_vmsplice, CALL_OUTPUT, 0, LIMIT_NONE, 0},
    {SYS_connect, CALL_CONNECT, 0, LIMIT_NONE, 0},
    {SYS_wait4, CALL_CHILD, -1, LIMIT_NONE, 0},
    {SYS_waitid, CALL_CHILD, -1, LIMIT_NONE, 0},
    {SYS_clone, CALL_CHILD, -1, LIMIT_NONE, 0},
    {SYS_clone3, CALL_CHILD, -1, LIMIT_NONE, 0},
    {SYS_futex, CALL_FUTEX, -1, LIMIT_TIMESPEC, 3},
    {SYS_ppoll, CALL_EVENTS, -1, LIMIT_TIMESPEC, 2},
    {SYS_pselect6, CALL_EVENTS, -1, LIMIT_TIMESPEC, 4},
    {SYS_epoll_pwait, CALL_EVENTS, 0, LIMIT_MS, 3},
    {SYS_nanosleep, CALL_SLEEP, -1, LIMIT_TIMESPEC, 0},
    {SYS_clock_nanosleep, CALL_SLEEP, -1, LIMIT_TIMESPEC, 2},
    {SYS_rt_sigsuspend, CALL_SIGNAL, -1, LIMIT_NONE, 0},
    {SYS_rt_sigtimedwait, CALL_SIGNAL, -1, LIMIT_TIMESPEC, 2},
    {SYS_flock, CALL_FILE_LOCK, 0, LIMIT_NONE, 0},
    {SYS_fcntl, CALL_FILE_LOCK, 0, LIMIT_NONE, 0},
    {SYS_semop, CALL_IPC, -1, LIMIT_NONE, 0},
    {SYS_semtimedop, CALL_IPC, -1, LIMIT_TIMESPEC, 3},
    {SYS_msgrcv, CALL_IPC, -1, LIMIT_NONE, 0},
    {SYS_msgsnd, CALL_IPC, -1, LIMIT_NONE, 0},
    {SYS_restart_syscall, CALL_RESUMED, -1, LIMIT_NONE, 0},
/* The older calls of x86, which later machines never got. */
#ifdef SYS_poll
    {SYS_poll, CALL_EVENTS, -1, LIMIT_MS, 2},
    {SYS_select, CALL_EVENTS, -1, LIMIT_TIMEVAL, 4},
    {SYS_epoll_wait, CALL_EVENTS, 0, LIMIT_MS, 3},
    {SYS_pause, CALL_SIGNAL, -1, LIMIT_NONE, 0},
    {SYS_vfork, CALL_CHILD, -1, LIMIT_NONE, 0},
#endif
};

const struct call_class *call_class_find(long number)
{
    for (size_t i = 0; i < ARRAY_LEN(classes); i++)
        if (classes[i].number == number)
            return &classes[i];
    return NULL;
}

const char *call_name(long number, char *out, size_t size)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].number == number)
            return names[i].name;
    snprintf(out, size, "call %ld", number);
    return out;
}
