# SPDX-License-Identifier: MIT
"""Starting the same services under ours and under the peers."""
import os

# Restarts at once and for ever: the policies that would slow a benchmark of restarts are off.
RESTLESS = """restart_backoff = { initial = 0; max = 0; };
  crash_loop = { failures = 1000000; window = "1s"; }; ready = { min_uptime = 0; };"""


def ours(bench, count, argv, extra=RESTLESS):
    command = ", ".join(f'"{word}"' for word in argv)
    config, name = bench.config(f'mode = "service"; size = {count}; command = [{command}]; {extra}',
                                "restart_limit = 0;")
    return bench.start([bench.lifeguard, "run", config, "--headless"]), name


def service_dir(bench, path, argv):
    os.makedirs(path)
    bench.write(f"{path}/run", f"#!/bin/sh\nexec {' '.join(argv)}\n", 0o755)
    return path


def supervisord_config(bench, count, argv, extra="stdout_logfile = NONE"):
    path = bench.new_dir()
    return bench.write(f"{path}/supervisord.conf", f"""[unix_http_server]
file = {path}/sock
[supervisord]
nodaemon = true
user = {'root' if os.geteuid() == 0 else ''}
logfile = {path}/log
pidfile = {path}/pid
childlogdir = {path}
minfds = 8192
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://{path}/sock
[program:p]
command = {' '.join(argv)}
process_name = %(process_num)05d
numprocs = {count}
startsecs = 0
autorestart = true
{extra}
""".replace("user = \n", ""))


def supervisord(bench, count, argv):
    return bench.start(["supervisord", "-c", supervisord_config(bench, count, argv)])


def one_service(bench, name, argv):
    if name == "ours":
        return ours(bench, 1, argv)[0]
    if name == "supervisord":
        return supervisord(bench, 1, argv)
    program = {"daemontools": "supervise", "runit": "runsv", "s6": "s6-supervise"}[name]
    return bench.start([program, service_dir(bench, f"{bench.new_dir()}/service", argv)])


def scanner(bench, name, count, argv):
    """A tree of services below runsvdir or s6-svscan."""
    path = bench.new_dir()
    for i in range(count):
        service_dir(bench, f"{path}/{i:05}", argv)
    if name == "runit":
        return bench.start(["runsvdir", "-P", path])
    return bench.start(["s6-svscan", "-c", str(count + 10), path])
