/* SPDX-License-Identifier: MIT */
/*
 * Who holds what a thread waits for in futex(2): the C library keeps the owner's thread id beside
 * the lock word, so its memory tells.
 */
#ifndef LIFEGUARD_EVIDENCE_FUTEX_H
#define LIFEGUARD_EVIDENCE_FUTEX_H

#include "evidence/wait.h"

/* The thread is in a futex call: fills kind, words and, where there is one, the owner. */
void futex_find(struct facts *facts, const struct process *process, const struct thread *thread,
                struct wait *wait);

#endif
