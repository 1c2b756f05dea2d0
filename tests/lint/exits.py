# SPDX-License-Identifier: MIT
"""exit() only in main.c and start-up; _exit() only in processes that are not the supervisor."""
import re

import tree

ALLOWED = {
    "exit": {"src/main.c", "src/supervisor/start.c"},
    "_exit": {"src/main.c",
              "src/supervisor/start.c",
              "src/supervisor/guardian.c",        # the tiny parent
              "src/supervisor/guardian_watch.c",  # its stand-in
              "src/sys/proc_child.c",             # between clone and exec
              "src/sys/proc_spawn.c"},
    "_Exit": set(),
    "quick_exit": set(),
}


def without_comments(text):
    """The text with comments and strings blanked, lines kept."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match.group()), text, flags=re.S)


def check_file(name, text):
    return ["%s:%d: %s()" % (name, number, call)
            for number, line in enumerate(without_comments(text).splitlines(), 1)
            for call in re.findall(r"(?<![\w.>])(_?exit|_Exit|quick_exit)\s*\(", line)
            if name not in ALLOWED[call]]


if __name__ == "__main__":
    tree.finish([finding for name in tree.tracked(".c", ".h", under="src")
                 for finding in check_file(name, tree.read(name))])
