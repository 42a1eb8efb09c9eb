#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Draws what route_bench found, as an SVG: bench/plot.py route.json > route.svg

Bars are medians, whiskers the tenth and ninetieth percentile of slices of 65,536
lookups: the noise of the machine while it ran. Nothing but Python is needed.
"""

import json
import sys
from xml.sax.saxutils import escape

WIDTH, LABEL, BAR, GAP, HEAD = 860, 170, 16, 26, 74
OURS, PEER, INK, FAINT = "#2f6f4f", "#b9b2a3", "#222222", "#dddddd"
SHOWN = {
    "ip4-uniform": "IPv4, uniform over all addresses",
    "ip4-inside": "IPv4, inside announced prefixes",
    "ip4-zipf": "IPv4, Zipf over a million destinations",
    "ip6-inside": "IPv6, inside announced prefixes",
    "ip6-zipf": "IPv6, Zipf over a million destinations",
    "ip4-update": "IPv4, withdraw and announce, one by one",
    "ip4-update-burst": "IPv4, withdraw and announce, bursts of 1,000",
    "ip6-update": "IPv6, withdraw and announce, one by one",
    "ip6-update-burst": "IPv6, withdraw and announce, bursts of 1,000",
}
HIDDEN = {"reference"}  # a hundred times slower: it would flatten the rest


def read(path):
    """Rows by bench in the order of SHOWN, and the line that tells the setup."""
    rows, setup = {name: [] for name in SHOWN}, {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            name = row["bench"].removeprefix("route/")
            if name == "setup":
                setup = row
            elif name in rows and "ns" in row and row.get("engine") not in HIDDEN:
                rows[name].append(row)
    return {name: found for name, found in rows.items() if found}, setup


def text(x, y, words, size=12, anchor="start", fill=INK, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{fill}" font-weight="{weight}">{escape(words)}</text>')


def bar(y, row, scale, ours):
    """One engine: its bar, its whisker, its figures."""
    is_ours = row["engine"].startswith("jerboa")
    end = LABEL + row["ns"] * scale
    out = [text(LABEL - 8, y + 12, row["engine"], anchor="end"),
           f'<rect x="{LABEL}" y="{y}" width="{row["ns"] * scale:.1f}" height="{BAR}" '
           f'fill="{OURS if is_ours else PEER}"/>']
    low, high = row.get("p10"), row.get("p90", row.get("p99"))
    if low and high:
        middle = y + BAR / 2
        out.append(f'<path d="M{LABEL + low * scale:.1f} {middle}H{LABEL + high * scale:.1f}" '
                   f'stroke="{INK}" stroke-width="1.5"/>')
        end = max(end, LABEL + high * scale)
    words = f'{row["ns"]:.2f} ns' if row["ns"] < 100 else f'{row["ns"]:.0f} ns'
    if "p99" in row:
        words += f', p99 {row["p99"]:.0f}'
    if not is_ours:
        words += f', {row["ns"] / ours:.2f}x'
    if row.get("wrong"):
        words += f', {row["wrong"]} wrong'
    return out + [text(end + 8, y + 12, words)]


def panel(y, title, rows):
    top = max(max(row["ns"], row.get("p90", 0)) for row in rows)
    scale = (WIDTH - LABEL - 190) / top
    ours = next((row["ns"] for row in rows if row["engine"] == "jerboa"), rows[0]["ns"])
    out = [text(16, y + 14, title, 13, weight="bold"),
           f'<path d="M{LABEL} {y + 22}V{y + 24 + len(rows) * (BAR + 4)}" stroke="{FAINT}"/>']
    y += 24
    for row in rows:
        out += bar(y, row, scale, ours)
        y += BAR + 4
    return out, y + GAP


def noise(rows):
    """How far slices of one engine lie apart: the median of p90/p10."""
    spread = sorted(row["p90"] / row["p10"] for found in rows.values() for row in found
                    if row.get("p10"))
    return spread[len(spread) // 2] if spread else None


def draw(rows, setup):
    body, y = [], HEAD
    for name, found in rows.items():
        more, y = panel(y, SHOWN[name], found)
        body += more
    words = (f'{setup.get("ip4_routes", "?"):,} IPv4 and {setup.get("ip6_routes", "?"):,} IPv6 routes, '
             f'{setup.get("nexthops", "?")} random next hops; peers on '
             f'{setup.get("peer_pages", "?")} pages') if setup else ""
    spread = noise(rows)
    apart = f"; p90/p10 of slices is {spread:.2f} at the median" if spread else ""
    head = [text(16, 26, "Nanoseconds a lookup (bulk of 64) or a pair of changes, one core: less is better", 16,
                 weight="bold"),
            *([text(16, 46, words)] if words else []),
            text(16, 62, f"Bars: medians; lines: p10 to p90; x: cost over jerboa's{apart}",
                 fill="#666666")]
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" '
                      f'viewBox="0 0 {WIDTH} {y}" font-family="DejaVu Sans, Helvetica, sans-serif">',
                      f'<rect width="{WIDTH}" height="{y}" fill="white"/>', *head, *body, "</svg>"])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    rows, setup = read(sys.argv[1])
    if not rows:
        sys.exit(f"{sys.argv[1]}: no lines of route_bench")
    print(draw(rows, setup))


if __name__ == "__main__":
    main()
