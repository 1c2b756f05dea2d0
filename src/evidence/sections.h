/* SPDX-License-Identifier: MIT */
/*
 * The sections of a report: each function adds one (or one a process) to it. Bytes that processes
 * chose (names, paths, variables) go in as they are; whoever shows a report sanitises it.
 */
#ifndef LIFEGUARD_EVIDENCE_SECTIONS_H
#define LIFEGUARD_EVIDENCE_SECTIONS_H

#include "evidence/facts.h"
#include "evidence/report.h"

/* Of a tree: its first process, the others, or all. */
enum section_of { SECTION_LEADER, SECTION_OTHERS, SECTION_ALL };

/* The processes of the tree with their command lines. */
void section_processes(const struct facts *facts, struct report *report);
/* Threads: state, share of the CPU, system call with its arguments, wait channel, kernel stack. */
void section_threads(const struct facts *facts, enum section_of whose, struct report *report);
/* Open files, pipes and sockets, the latter with their addresses. */
void section_files(struct facts *facts, enum section_of whose, struct report *report);
/* What it uses, and the largest mappings. */
void section_memory(pid_t pid, struct report *report);
void section_limits(pid_t pid, struct report *report);
enum environment_part {
    ENVIRONMENT_NAMES, /* for reports that are kept */
    ENVIRONMENT_SAFE,  /* values too, but for those that look secret */
    ENVIRONMENT_WHOLE
};
/* True when a secret was hidden. */
bool section_environment(pid_t pid, enum environment_part part, struct report *report);

#endif
