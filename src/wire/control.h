/* SPDX-License-Identifier: MIT */
/*
 * The control protocol: JSON lines over the Unix stream socket NAME.sock. This comment is its
 * reference; the supervisor writes it (supervisor/publish.c), the TUI and the CLI read it.
 *
 * Rules. A byte string that is not valid UTF-8 without NUL is sent as KEY_base64 (in arrays: as
 * {"base64":"..."}). Durations are seconds (doubles), sizes bytes, times epoch seconds (doubles).
 * A value that is not known is null. Names stay stable once released. Readers ignore what they do
 * not know.
 *
 * HELLO, first line each way:
 *   client {"hello":"lifeguard","protocol":1,"client":"tui","user":"ana","tty":"pts/3"}
 *   server {"hello":"lifeguard","protocol":1,"version":"0.1.0","name":"demo","pid":4711}
 *   A server that can't speak the client's protocol answers
 *   {"id":null,"ok":false,"code":"protocol","error":"..."} and closes.
 *
 * REQUEST {"id":7,"cmd":"scale","pool":"ocr","size":"8"}; keys are the names in wire/commands.c.
 * REPLY   {"id":7,"ok":true, ...} or
 *         {"id":7,"ok":false,"code":"...","error":"what, where, what to do"}
 *   codes: usage, unknown (no such pool, worker, task), refused, gone ("pid 48213 already exited;
 *   nothing sent"), changed (another operator was faster), full (queue; exit 75), failed.
 *   A reply to a command that can be undone has "undo":SEQ (the event) and "undo_for":8.
 *   Commands that act on one worker accept "start" beside the PID or POOL[SLOT] in "target": the
 *   worker's start time in clock ticks as shown in rows; where it differs the answer is "gone".
 *   scale accepts "expect": the size that the operator saw; where it differs: "changed".
 *
 * SUBSCRIPTION {"id":1,"cmd":"subscribe","view":"workers","offset":0,"count":50, ...}. One a view
 * name and client: subscribing again moves the window and starts with a full message. "unsubscribe"
 * with "view" ends it. Messages, at most 10 a second a view, only when something changed:
 *   {"view":"workers","full":true,"total":39,"offset":0,"count":9,"rows":[[0,{...}],[3,{...}]]}
 *   rows: [place in the window, row] of those that changed (all when full); count: rows in the
 *   window now; total: rows in the whole list after the filter; "all": before the filter.
 *
 * view "summary" (no arguments): {"view":"summary","summary":{...}}, whole each time:
 *   name pid version now uptime config revision guardian("ok"|"degraded") tier("cgroup"|"sweep")
 *   state("running"|"draining"|"stopping"|"done") live want busy hung held failed_pools backoff
 *   cpu(percent of one CPU, all workers) cpus mem(bytes, all workers) mem_total
 *   queue(tasks waiting) queue_history[numbers, 1 a second, newest last, at most 120]
 *   rate in_rate(tasks/s) fail_rate fail_percent eta(seconds|null) eta_pool
 *   eta_why("grows"|"?"|null) oldest(seconds|null) restarts_hour oom(or null)
 *   accepted total(tasks expected|null) done(final states together) finite(bool)
 *   events(last event's seq) alerts(not acknowledged) alert(text of the newest one, or null)
 *   alert_pool stopping[{pool,slot,pid,state,for,kill_in}]: who still holds the exit, at most 20
 *   of stopping_total
 *
 * view "pools": rows {name mode state hung live want configured size_by size_at busy queue running
 *   accepted done failed retried buried cancelled skipped retrying delayed held_tasks
 *   deaths({window count alike cause last_line}|null) forecast({size eta useful}|null: with so many
 *   workers, of which so many are of use)
 *   total(tasks expected|null) rate in_rate fail_percent eta eta_why p95 oldest restarts
 *   restarts_hour cpu rss load[at most 20 of 0..100, newest last, 15 s each] revision paused held
 *   recycling(workers that go when their replacement is up) last_event{at,text}
 *   alert[lines of text]}
 *   state: one word of ok starting hung unhealthy backoff held failed draining paused stopped
 *   done idle
 *
 * view "workers": arguments pool(optional) sort(state pid pool slot for cpu rss done task) desc
 *   filter(regex, optional; "!" first inverts) offset count; rows {pool mode slot pid start
 *   generation age(of the process|null) state flag(null|"suspect"|"unhealthy"|"hung"|"stopped"|
 *   "unkillable") health(null: not checked|"unknown"|"ok"|"failing"|"unhealthy") health_why(null)
 *   recycle(bool) pool_held hang_held(bools: by an operator) since(seconds in this state) cpu rss
 *   heartbeat(seconds since|null) done life_done(tasks of this process, worker mode)
 *   in_flight task{id,text,attempt,since}: the oldest in hand;
 *   progress(0..100|null) progress_done progress_total progress_text eta: of that task;
 *   status cpu_history[at most 12 of 0..100] threads fds last_line restarts
 *   retry_in(seconds|null) held awaits(names, separated by a space) why(text: last end)}
 *   state: down starting idle busy draining stopping backoff held failed (busy = up in a service)
 *
 * view "detail": argument target (PID or POOL[SLOT]); {"view":"detail","worker":{a workers row and:
 *   pgid started(epoch) command[argv] cwd hang_limit heartbeat_limit hung_for hung_why user sys
 *   restart_in nice cgroup log(path) findings[{kind,text}] findings_age
 *   extended(seconds that an operator gave it|null) tail[last lines]
 *   attempts max_attempts cpu_long[at most 160] rss_change rss_span max_memory timeout deadline
 *   lives[{generation,pid,started,ended,lasted,why,exit,signal,log,tasks,user,sys,maxrss}]}}
 *   newest first
 *
 * view "tasks": arguments pool state sort(state id pool priority age attempts worker deadline size)
 *   desc filter(looks at task, id, pool, state and error) offset count; rows {id pool
 *   pool_paused(bool) seq state in_hand(bool: its worker holds older ones) priority age
 *   attempts max_attempts deaths
 *   worker(pid|null) slot start last_worker last_slot progress progress_done progress_total
 *   progress_text eta deadline(epoch|null) size by task error retry_in};
 *   beside rows: "counts":{held,delayed,ready,running,retry,done,failed,buried,cancelled,skipped,
 *   accepted}, "history":[queue depth], "in_rate","rate","eta","eta_pool","oldest"
 *   state: held delayed ready running retry done failed buried cancelled skipped
 *
 * view "events": arguments filter offset count, offset counts back from the newest (row 0);
 *   rows {seq at kind level("info"|"good"|"note"|"bad"|"hung"|"gave-up") who pool slot pid text
 *   detail undo(bool) origin acked alert(bool)}
 *
 * view "log": arguments target (PID, POOL[SLOT], POOL, or "*" for all) tail(lines at the start,
 *   at most 2,000); {"view":"log","full":true,"label":"pool ocr","lines":[[seq,at,pid,slot,pool,
 *   stream("o"|"e"|"s"),text],...],"skipped":N,"path":"..."}; later messages carry new lines only;
 *   pid is 0 in old lines of a log that several processes wrote one after another; skipped: lines
 *   left out before these because they came faster than they are shown. Stream "s" is the
 *   supervisor's own word on that worker (starts, exits, hangs).
 */
#ifndef LIFEGUARD_WIRE_CONTROL_H
#define LIFEGUARD_WIRE_CONTROL_H

#define CONTROL_PROTOCOL 1
/* Longest line either side accepts: a submitted task of 1 MiB in base64, and its frame. */
#define CONTROL_LINE_MAX (2 * 1024 * 1024 + 4096)

#endif
