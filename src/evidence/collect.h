/* SPDX-License-Identifier: MIT */
/*
 * The collector: a process of its own that looks at a worker's processes and prints what it found
 * as one JSON object, {"findings":[...],"sections":[...]}. The supervisor runs it with a time
 * limit, because parts of /proc may block.
 */
#ifndef LIFEGUARD_EVIDENCE_COLLECT_H
#define LIFEGUARD_EVIDENCE_COLLECT_H

/* The word behind the program's name that makes it a collector: `lifeguard --collect PID START
 * QUIET`, start in clock ticks since boot, quiet in seconds. */
#define COLLECT_WORD "--collect"

enum { COLLECT_GONE = 3 };

/* argv[0] is COLLECT_WORD. Prints two lines, findings first, each a JSON object. The exit status:
 * 0, COLLECT_GONE when the process is not there, 2 for a wrong call. */
int collect_main(int argc, char **argv);

#endif
