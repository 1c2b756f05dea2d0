/* SPDX-License-Identifier: MIT */
/*
 * Findings: what is wrong with a worker's processes, in words, the most telling first. Kinds:
 * stopped, disk, deadlock, dead-holder, spin, full-pipe, zombie-leader, zombies, lock, child,
 * sleep, wait.
 */
#ifndef LIFEGUARD_EVIDENCE_FINDINGS_H
#define LIFEGUARD_EVIDENCE_FINDINGS_H

#include "evidence/facts.h"
#include "evidence/report.h"

/* `quiet`: seconds without a sign of life, 0 = not known. */
void findings_make(struct facts *facts, double quiet, struct report *report);

#endif
