/* SPDX-License-Identifier: MIT */
/*
 * Who has the other end of a pipe.
 */
#ifndef LIFEGUARD_EVIDENCE_PIPE_END_H
#define LIFEGUARD_EVIDENCE_PIPE_END_H

#include "evidence/facts.h"

/* The process that could end this one's wait: who reads a pipe that it writes into (`output`), or
 * writes into one that it reads. Of several one that is not itself, the worker's own first. 0 =
 * nobody has it; -1 = not known. */
pid_t pipe_other_end(struct facts *facts, const struct process *process, const struct procfs_fd *fd,
                     bool output);

#endif
