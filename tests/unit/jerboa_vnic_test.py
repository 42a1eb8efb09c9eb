#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The program jerboa-vnic, from outside: jerboa_vnic_test.py PROGRAM

A client of 20 lines of Python speaks vfio-user to it, well and badly.
"""

import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PROGRAM = sys.argv.pop(1)
VERSION, REGION_READ = 1, 9
CONFIG = 7


def run(*args):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=20,
                          check=False)


class Client:
    """One connection to a card."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(path))

    def call(self, command, body=b""):
        self.sock.sendall(struct.pack("<HHIII", 7, command, 16 + len(body), 0, 0) + body)
        header = self.sock.recv(16, socket.MSG_WAITALL)
        ident, _, size, flags, error = struct.unpack("<HHIII", header)
        assert (ident, flags & 1) == (7, 1)
        return error, self.sock.recv(size - 16, socket.MSG_WAITALL) if size > 16 else b""

    def hello(self):
        return self.call(VERSION, b"\0\0\0\0{}\0" + b"\0" * 100)

    def read(self, region, offset, count):
        return self.call(REGION_READ, struct.pack("<QII", offset, region, count))[1][16:]


class TestProgram(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp())
        self.process = subprocess.Popen(
            [PROGRAM, "--control", self.dir / "ctl", f"{self.dir}/a.sock,name=a,wire=cable:x",
             f"{self.dir}/b.sock,name=b,doorbells=trap,module=da,wire=cable:x"],
            stderr=subprocess.DEVNULL)
        self.wait(lambda: (self.dir / "ctl").exists())

    def tearDown(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.dir)

    def wait(self, condition):
        end = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), end, "it takes too long")
            time.sleep(0.01)

    def client(self, name):
        got = Client(self.dir / f"{name}.sock")
        self.addCleanup(got.sock.close)
        return got

    def ask(self, *words):
        done = run("--ask", self.dir / "ctl", *words)
        return done.returncode, done.stdout + done.stderr

    def test_a_client_reads_the_device(self):
        for name in "ab":
            client = self.client(name)
            self.assertEqual(client.hello()[0], 0)
            self.assertEqual(client.read(CONFIG, 0, 4), b"\x86\x80\xfb\x10")
            self.assertEqual(len(client.read(CONFIG, 0, 4096)), 4096)

    def test_a_client_may_come_again(self):
        for _ in range(3):
            client = self.client("a")
            self.assertEqual(client.hello()[0], 0)
            client.sock.close()

    def test_garbage_ends_a_connection_and_nothing_else(self):
        rand = random.Random(1)
        good = self.client("b")
        good.hello()
        for _ in range(100):  # faster than they are heard: each waits for a place
            time.sleep(0.002)
            bad = self.client("a")
            try:
                bad.sock.sendall(rand.randbytes(rand.randrange(1, 300)))
            except OSError:
                pass
            bad.sock.close()
        self.assertEqual(good.read(CONFIG, 0, 2), b"\x86\x80")
        again = self.client("a")
        self.assertEqual(again.hello()[0], 0)

    def test_faults_are_asked_for_by_name(self):
        self.assertEqual(self.ask("a", "link", "down"), (0, ""))
        code, text = self.ask("show")
        self.assertEqual(code, 0)
        self.assertRegex(text, r"card a\nclient no\nlink down\n(.*\n)*card b\nclient no\nlink down")
        code, text = self.ask("a", "explode")
        self.assertEqual(code, 1)
        self.assertIn('found "explode', text)
        self.assertIn("stuck-dd", text)
        self.assertEqual(self.ask("c", "show")[0], 1)

    def test_removal_ends_the_client_until_the_card_is_back(self):
        client = self.client("a")
        client.hello()
        self.assertEqual(self.ask("a", "remove")[0], 0)
        self.assertEqual(client.sock.recv(1), b"")
        self.assertFalse((self.dir / "a.sock").exists())
        self.assertEqual(self.ask("a", "insert")[0], 0)
        self.assertEqual(self.client("a").hello()[0], 0)

    def test_it_ends_cleanly(self):
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(10), 0)
        self.assertEqual(os.listdir(self.dir), [])

    def test_idle_it_sleeps(self):
        client = self.client("b")  # nothing to poll: its writes are messages
        client.hello()
        time.sleep(0.1)
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().split()
        before = int(fields[13]) + int(fields[14])
        time.sleep(0.5)
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().split()
        self.assertLessEqual(int(fields[13]) + int(fields[14]) - before, 5)


class TestWords(unittest.TestCase):
    def test_help_names_everything(self):
        text = run("--help").stdout
        for word in ("--control", "doorbells=", "tap:IFNAME", "stuck-dd", "vfio-user-pci"):
            self.assertIn(word, text)

    def test_bad_words_name_what_is_allowed(self):
        for args, word in (((), "no card"), (("/tmp/x,mac=1",), "unicast MAC"),
                           (("/tmp/x,wire=string",), "reflect"), (("/tmp/x,colour=red",), "name=NAME"),
                           (("/nonexistent/x",), "No such file"), (("--colour",), "--help"),
                           (("/tmp/" + "x" * 200,), "107 characters")):
            done = run(*args)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
