# SPDX-License-Identifier: MIT
"""What is installed, and liblifeguard as it is then: a program finds it by pkg-config, shared and
static; it needs the C library alone and shows only its own names."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import PROGRAM, SANITIZED

BUILD = os.path.dirname(PROGRAM)
EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../config/examples/worker.c")
TASKS = b"TASK\t1\t1\t-\t12\nTASK\t2\t1\t-\tx\nPING\nQUIET\n"


@unittest.skipIf(SANITIZED, "a library with sanitizers is not for installing")
@unittest.skipUnless(shutil.which("cc") and shutil.which("pkg-config"), "no compiler")
class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.root)
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.root],
                       check=True, stdout=subprocess.DEVNULL)
        for directory, _, files in os.walk(cls.root):
            if "lifeguard.pc" in files:
                cls.packages = directory
            if "liblifeguard.a" in files:
                cls.libraries = directory

    def test_all_that_is_promised(self):
        share = os.path.join(self.root, "share")
        with open(os.path.join(share, "bash-completion/completions/lifeguard"),
                  encoding="utf-8") as script:
            self.assertIn("-F _lifeguard lifeguard", script.read())
        self.assertTrue(os.access(os.path.join(self.root, "bin/lifeguard"), os.X_OK))
        if shutil.which("scdoc"):
            self.assertIn("lifeguard.1", os.listdir(os.path.join(share, "man/man1")))

    def flags(self, *options):
        output = subprocess.check_output(
            ["pkg-config", f"--define-variable=prefix={self.root}", *options, "lifeguard"],
            env={**os.environ, "PKG_CONFIG_PATH": self.packages}, text=True)
        return output.split()

    def build(self, name, *flags):
        program = os.path.join(self.root, name)
        subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", EXAMPLE, "-o", program,
                        *self.flags("--cflags", "--libs"), *flags], check=True)
        return program

    def check_works(self, program):
        """The example on a pipe, its descriptor 3 read as standard output."""
        done = subprocess.run(["sh", "-c", '"$0" 3>&1', program], input=TASKS, check=True,
                              stdout=subprocess.PIPE, timeout=20,
                              env={**os.environ, "LD_LIBRARY_PATH": self.libraries})
        self.assertEqual(done.stdout, b"READY\nOK\t1\t144\nBURY\t2\tnot an integer\nBEAT\n")

    def test_shared(self):
        program = self.build("shared")
        self.assertIn("liblifeguard.so.0", subprocess.check_output(
            ["readelf", "-d", program], text=True))
        self.check_works(program)

    def test_static(self):
        program = self.build("static", "-static", *self.flags("--libs", "--static"))
        self.check_works(program)

    @unittest.skipUnless(shutil.which("c++"), "no C++ compiler")
    def test_header_is_cplusplus_too(self):
        subprocess.run(["c++", "-Wall", "-Werror", "-fsyntax-only", "-x", "c++", "-",
                        *self.flags("--cflags")], check=True,
                       input=b"#include <lifeguard/worker.h>\n")

    def test_depends_on_the_c_library(self):
        output = subprocess.check_output(
            ["readelf", "-d", os.path.join(self.libraries, "liblifeguard.so")], text=True)
        self.assertEqual(re.findall(r"NEEDED.*\[(.*)\]", output), ["libc.so.6"])

    def test_shows_its_own_names_only(self):
        for options in (["-D", "liblifeguard.so"], ["-g", "liblifeguard.a"]):
            output = subprocess.check_output(
                ["nm", "--defined-only", options[0], os.path.join(self.libraries, options[1])],
                text=True)
            names = re.findall(r"^[0-9a-f]+ [A-Z] (\w+)$", output, re.M)
            self.assertIn("lg_worker_open", names)
            self.assertEqual([name for name in names if not name.startswith("lg_")], [])

    def test_every_function_is_there(self):
        with open(os.path.join(self.root, "include/lifeguard/worker.h"), encoding="utf-8") as file:
            declared = set(re.findall(r"LG_API [^;(]*?\b(lg_\w+)\(", file.read()))
        output = subprocess.check_output(
            ["nm", "-D", "--defined-only", os.path.join(self.libraries, "liblifeguard.so")],
            text=True)
        exported = set(re.findall(r" T (lg_\w+)$", output, re.M))
        self.assertEqual(declared, exported)


if __name__ == "__main__":
    unittest.main(verbosity=2)
