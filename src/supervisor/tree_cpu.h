/* SPDX-License-Identifier: MIT */
/*
 * How much of the CPU a worker's whole tree used, and how much it wanted: a shell that waits for
 * its child works, and one that has to share a busy machine's CPUs spins all the same.
 */
#ifndef LIFEGUARD_SUPERVISOR_TREE_CPU_H
#define LIFEGUARD_SUPERVISOR_TREE_CPU_H

struct life;
struct supervisor;

struct tree_cpu {
    double used;   /* seconds; only differences mean anything */
    double wanted; /* used, and waited for while others had the CPU */
};

/* `leader`: CPU seconds of its first process, which the caller has read just now. */
struct tree_cpu tree_cpu_of(struct life *life, double leader);
void tree_cpu_forget(struct supervisor *sup);

#endif
