# SPDX-License-Identifier: MIT
"""A room includes only what the table in src/README.md allows it to."""
import re

import tree

# Libraries and system interfaces that belong to some rooms only.
SYSTEM = {
    r"curses\.h|ncurses\.h|panel\.h": {"tui"},
    r"libconfig\.h": {"conf"},
    r"jansson\.h": {"wire", "supervisor", "tui", "cli"},
    r"sys/un\.h": {"sys"},
    r"sys/timerfd\.h": {"sys"},
}
# The domain is pure: no system call can be made without one of these. (Of sys/wait.h it wants the
# macros that take a status apart.)
IMPURE = r"unistd\.h|fcntl\.h|poll\.h|time\.h|sys/(?!types|wait)\w+\.h"


def table(text):
    """{room: set of what it may include: rooms, or single headers}"""
    rooms = {}
    for row in re.findall(r"^\| `([^`]+)` \|.*\| ([^|]+) \|$", text, re.M):
        rooms[row[0].rstrip("/")] = row[1]
    allowed = {}
    above = []
    for room, words in rooms.items():
        if words == "all above":
            allowed[room] = set(above)
        elif words == "all":
            allowed[room] = set(rooms)
        else:
            allowed[room] = {word.strip() for word in words.split(",")} - {"libc"}
        above.append(room)
    return allowed


def check_file(name, text, allowed):
    room = name.split("/")[1]
    findings = []
    if room not in allowed:
        return ["%s: room %s is not in the table of src/README.md" % (name, room)]
    for number, line in enumerate(text.splitlines(), 1):
        where = "%s:%d" % (name, number)
        own = re.match(r'\s*#\s*include "([^"]+)"', line)
        system = re.match(r"\s*#\s*include <([^>]+)>", line)
        if own:
            target = own.group(1)
            other = target.split("/")[0]
            if "/" not in target or (other != room and other not in allowed[room] and
                                     target not in allowed[room]):
                findings.append('%s: %s may not include "%s"' % (where, room, target))
        if system:
            for pattern, rooms in SYSTEM.items():
                if re.fullmatch(pattern, system.group(1)) and room not in rooms:
                    findings.append("%s: %s may not include <%s>" % (where, room, system.group(1)))
            if room == "pool" and re.fullmatch(IMPURE, system.group(1)):
                findings.append("%s: the domain is pure: no <%s>" % (where, system.group(1)))
    return findings


if __name__ == "__main__":
    TABLE = table(tree.read("src/README.md"))
    tree.finish([finding for name in tree.tracked(".c", ".h", under="src")
                 for finding in check_file(name, tree.read(name), TABLE)])
