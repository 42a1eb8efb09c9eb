#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""bench/plot.py draws what route_bench prints, whole or in part."""

import json
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom
from pathlib import Path

PLOT = Path(__file__).resolve().parent.parent.parent / "bench/plot.py"
SETUP = {"bench": "route/setup", "ip4_routes": 900000, "ip6_routes": 160000, "nexthops": 64,
         "peer_pages": "huge"}


def lookup(engine, ns, **more):
    return {"bench": "route/ip4-inside", "engine": engine, "ns": ns, "p10": ns * 0.9,
            "p90": ns * 1.2, "wrong": 0, **more}


def draw(*rows):
    """The texts of the drawing, or None when there is nothing to draw."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as out:
        out.write("".join(json.dumps(row) + "\n" for row in rows))
        out.flush()
        done = subprocess.run([sys.executable, PLOT, out.name], capture_output=True, text=True,
                              check=False)
    if done.returncode:
        return None
    drawing = xml.dom.minidom.parseString(done.stdout)
    return [text.firstChild.data for text in drawing.getElementsByTagName("text")]


class Plot(unittest.TestCase):
    def test_peers_have_their_ratio_and_the_head_the_noise(self):
        texts = draw(SETUP, lookup("jerboa", 2.0), lookup("rte_fib-avx512", 3.0))
        self.assertIn("2.00 ns", texts)
        self.assertIn("3.00 ns, 1.50x", texts)
        self.assertTrue(any("900,000 IPv4 and 160,000 IPv6" in text for text in texts))
        self.assertTrue(any("p90/p10 of slices is 1.33" in text for text in texts))

    def test_wrong_answers_are_told(self):
        self.assertIn("3.00 ns, 1.50x, 7 wrong",
                      draw(lookup("jerboa", 2.0), lookup("rte_lpm", 3.0, wrong=7)))

    def test_ratios_and_the_reference_are_no_bars(self):
        texts = draw(lookup("jerboa", 2.0), lookup("reference", 300.0),
                     {"bench": "route/ip4-inside", "peer": "rte_fib", "ratio": 2.0})
        self.assertNotIn("reference", texts)
        self.assertNotIn("rte_fib", texts)

    def test_nothing_to_draw_is_an_error(self):
        self.assertIsNone(draw({"bench": "forward/ip4-16", "engine": "jerboa", "cycles": 30}))


if __name__ == "__main__":
    unittest.main()
