"""A real network card: two of its ports, joined by a cable.

  JERBOA_CARD="0000:03:00.0 0000:03:00.1" scripts/test --only net -k card

Both are bound to vfio-pci beforehand. Skipped where no card is named: nothing
here can stand in for one (docs/PROVEN.md).
"""

import os

import pytest
from lab import Router, wait_for

CARDS = os.environ.get("JERBOA_CARD", "").split()
pytestmark = pytest.mark.skipif(len(CARDS) != 2, reason="no card: JERBOA_CARD names no two ports")


@pytest.fixture(scope="module")
def card(module_lab):
    space = module_lab.host("dut")
    config = {"version": 1, "log": {"level": "debug"},
              "ports": [{"name": f"c{i}", "device": name} for i, name in enumerate(CARDS)],
              "ifaces": [{"name": f"c{i}", "port": f"c{i}", "table": i, "host": i == 0,
                          "addresses": [f"10.0.9.{i + 1}/24", f"2001:db8:9::{i + 1}/64"]}
                         for i in range(2)]}
    router = Router(space, config)
    module_lab.routers.append(router)
    return router.start(settled=False)


def test_card_links_come_up(card):
    wait_for(lambda: all(port["link"] for port in card.ctl("show", "ports")), 10, "both links are up")


@pytest.mark.parametrize("dst", ["10.0.9.2", "2001:db8:9::2"])
def test_card_neighbours_find_each_other_over_the_cable(card, dst):
    wait_for(lambda: card.space.ping(dst).received, 10, "an answer by the cable")


def test_card_counters_agree_with_the_ifaces(card):
    ports = {port["name"]: port for port in card.ctl("show", "ports")}
    assert all(port["rx_packets"] > 0 and port["rx_errors"] == 0 for port in ports.values())
