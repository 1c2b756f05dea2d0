# SPDX-License-Identifier: MIT
"""The lints find what they are for: a lint that can't fail is worth nothing."""
import unittest

import exits
import layering
import sizes
import toplevel
import words

LICENCE = "/* SPDX-License-Identifier: MIT */\n"


class Layering(unittest.TestCase):
    TABLE = layering.table("| room | duty | may include |\n|---|---|---|\n"
                           "| `base/` | b | libc |\n| `sys/` | s | base |\n"
                           "| `pool/` | p | base |\n| `supervisor/` | s | all above |\n"
                           "| `cli/` | c | base, pool/spec.h |\n| `main.c` | m | all |\n")

    def findings(self, name, line):
        return len(layering.check_file(name, LICENCE + line, self.TABLE))

    def test_table(self):
        self.assertEqual(self.TABLE["base"], set())
        self.assertEqual(self.TABLE["supervisor"], {"base", "sys", "pool"})

    def test_rooms(self):
        self.assertEqual(self.findings("src/sys/a.c", '#include "base/buf.h"'), 0)
        self.assertEqual(self.findings("src/sys/a.c", '#include "sys/b.h"'), 0)
        self.assertEqual(self.findings("src/base/a.c", '#include "sys/b.h"'), 1)
        self.assertEqual(self.findings("src/pool/a.c", '#include "sys/b.h"'), 1)
        self.assertEqual(self.findings("src/cli/a.c", '#include "pool/spec.h"'), 0)
        self.assertEqual(self.findings("src/cli/a.c", '#include "pool/pool.h"'), 1)
        self.assertEqual(self.findings("src/supervisor/a.c", '#include "cli/cli.h"'), 1)
        self.assertEqual(self.findings("src/main.c", '#include "cli/cli.h"'), 0)
        self.assertEqual(self.findings("src/sys/a.c", '#include "b.h"'), 1)
        self.assertEqual(self.findings("src/new/a.c", ""), 1)

    def test_libraries(self):
        self.assertEqual(self.findings("src/cli/a.c", "#include <curses.h>"), 1)
        self.assertEqual(self.findings("src/pool/a.c", "#include <unistd.h>"), 1)
        self.assertEqual(self.findings("src/pool/a.c", "#include <string.h>"), 0)


class Sizes(unittest.TestCase):
    @staticmethod
    def function(lines):
        return "static int name(int one,\n                int two)\n{\n%s}\n" % ("    x;\n" * lines)

    def test_functions(self):
        text = self.function(3) + "\nstatic const int table[] = {\n    1,\n};\n" + self.function(58)
        self.assertEqual([each[0::2] for each in sizes.functions(text)], [("name", 5), ("name", 60)])
        self.assertEqual(sizes.check_file("a.c", text), [])
        self.assertEqual(len(sizes.check_file("a.c", self.function(59))), 1)

    def test_files(self):
        self.assertEqual(len(sizes.check_file("a.c", "x\n" * 501)), 1)
        self.assertEqual(len(sizes.check_file("a.c", "x" * 101)), 1)

    def test_spread(self):
        self.assertEqual(sizes.check_spread([5] * 100), [])
        self.assertEqual(len(sizes.check_spread([20] * 100)), 1)
        self.assertEqual(len(sizes.check_spread([5] * 85 + [45] * 15)), 1)


class Exits(unittest.TestCase):
    def test_exits(self):
        self.assertEqual(len(exits.check_file("src/tui/a.c", "exit(1);")), 1)
        self.assertEqual(exits.check_file("src/main.c", "exit(1);"), [])
        self.assertEqual(exits.check_file("src/tui/a.c", "/* exit(1) */ \"exit(\"; on_exit_x(1);"), [])
        self.assertEqual(len(exits.check_file("src/tui/a.c", "x();\n\n  _exit(2);")), 1)


class Toplevel(unittest.TestCase):
    def test_toplevel(self):
        self.assertEqual(toplevel.check(["src/a.c", "README.md", ".ci/run", "LICENSE"]), [])
        self.assertEqual(len(toplevel.check(["notes.txt"])), 1)
        self.assertEqual(len(toplevel.check(["src/a.o"])), 1)
        self.assertEqual(len(toplevel.check(["tests/__pycache__/a.py"])), 1)


class Words(unittest.TestCase):
    def test_words(self):
        self.assertEqual(words.check_file("src/a.c", LICENCE + "int x;\n"), [])
        self.assertEqual(len(words.check_file("src/a.c", "int x;\n")), 1)
        self.assertEqual(len(words.check_file("src/a.c", LICENCE + "/* TO" "DO */\n")), 1)
        self.assertEqual(len(words.check_file("src/a.c", LICENCE + "int x; \n")), 1)
        self.assertEqual(len(words.check_file("src/a.c", LICENCE + "\tint x;\n")), 1)
        self.assertEqual(len(words.check_file("README.md", "see /ho" "me/carol/x\n")), 1)
        self.assertEqual(len(words.check_file("a.py", "#!/usr/bin/python3\n# x\n")), 1)
        self.assertEqual(words.check_file("a.c", LICENCE + 'mkdtemp("a-XXXXXX");\n'), [])


if __name__ == "__main__":
    unittest.main()
