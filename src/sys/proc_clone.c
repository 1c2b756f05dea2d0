/* SPDX-License-Identifier: MIT */
/*
 * The system call that makes the child. Where a cgroup is asked for, the child is born in it
 * (clone3): to move it there afterwards makes the kernel wait for all CPUs, 10 to 30 ms for a
 * restart. Where that can't be had (kernels before 5.7, seccomp filters, other processors) it is
 * made outside and moves by itself, see join_cgroup in proc_child.c.
 */
#include "sys/proc_child.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHILD_CODE __attribute__((noinline, no_sanitize("address", "undefined", "thread")))

enum { CHILD_STACK = 16384 };

/* glibc has no wrapper. The child begins on its own stack, so it can't return from here: it calls
 * the entry at once. PID or -errno. */
CHILD_CODE static long clone3_call(struct clone_args *args, int (*entry)(void *), void *arg)
{
#if defined(__x86_64__)
    register void *function __asm__("rdx") = (void *)entry;
    register void *argument __asm__("r8") = arg;
    long result = SYS_clone3;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %%r8, %%rdi\n\t"
                     "call *%%rdx\n\t"
                     "ud2\n"
                     "1:"
                     : "+a"(result)
                     : "D"(args), "S"(sizeof(*args)), "r"(function), "r"(argument)
                     : "rcx", "r11", "memory", "cc");
    return result;
#elif defined(__aarch64__)
    register long number __asm__("x8") = SYS_clone3;
    register void *result __asm__("x0") = args;
    register size_t size __asm__("x1") = sizeof(*args);
    register void *function __asm__("x10") = (void *)entry;
    register void *argument __asm__("x11") = arg;

    __asm__ volatile("svc #0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x29, #0\n\t"
                     "mov x0, x11\n\t"
                     "blr x10\n\t"
                     "brk #0\n"
                     "1:"
                     : "+r"(result)
                     : "r"(number), "r"(size), "r"(function), "r"(argument)
                     : "memory", "cc");
    return (long)result;
#else
    (void)args;
    (void)entry;
    (void)arg;
    return -ENOSYS;
#endif
}

/* The child in its cgroup, or -errno: then there is none. */
CHILD_CODE static pid_t clone_into_group(struct proc_child *child, int flags, int *pidfd,
                                         char *stack)
{
    struct clone_args args = {
        .flags = (uint64_t)flags | CLONE_PIDFD | CLONE_INTO_CGROUP,
        .pidfd = (uint64_t)(uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
        .stack = (uint64_t)(uintptr_t)stack,
        .stack_size = CHILD_STACK,
        .cgroup = (uint64_t)child->plan->cgroup_dir,
    };
    pid_t pid;

    child->in_group = true;
    pid = (pid_t)clone3_call(&args, proc_child_main, child);
    if (pid < 0)
        child->in_group = false;
    return pid;
}

/* All signals are blocked around clone: a handler must not run in a child that shares our memory.
 * Raw, because glibc keeps two signals of its own out of what sigprocmask can block. */
CHILD_CODE pid_t proc_clone(struct proc_child *child, int flags, int *pidfd)
{
    _Alignas(16) char stack[CHILD_STACK];
    uint64_t all = UINT64_MAX, before = 0;
    pid_t pid = -ENOSYS;

    child->in_group = false;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(all));
    if (child->plan->cgroup_dir >= 0)
        pid = clone_into_group(child, flags, pidfd, stack);
    if (pid < 0) {
        pid = clone(proc_child_main, stack + sizeof(stack), flags | CLONE_PIDFD | SIGCHLD, child,
                    pidfd);
        pid = pid < 0 ? -errno : pid;
    }
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof(before));
    return pid;
}
