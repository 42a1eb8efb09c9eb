"""Our 82599 driver in the daemon, on virtual cards wired to the lab by jerboa-vnic.

  left ---- eth0 ==== v-left [card 0] ---- dut ---- [card 1] v-right ==== eth0 ---- right
"""

import lab as lab_module
import pytest

if not (lab_module.BUILD / "apps/jerboa-vnic").exists():
    pytest.skip("jerboa-vnic is not built", allow_module_level=True)

NETS = {"left": ["10.0.1.254/24", "fd00:1::fe/64"], "right": ["10.0.2.254/24", "fd00:2::fe/64"]}


@pytest.fixture(name="lab")
def _lab(new_lab, monkeypatch):
    monkeypatch.setattr(lab_module, "NIC", "82599")
    new_lab.router(NETS)
    return new_lab


def ask(lab, *words):
    """A command to the process with the cards."""
    return lab_module.base.run(lab_module.BUILD / "apps/jerboa-vnic", "--ask",
                               lab.dir / "dut-vnic.sock", *words).stdout


def port(lab, name):
    return next(row for row in lab.dut.ctl("show", "ports") if row["name"] == name)


def reachable(lab):
    return lab.left.ping("10.0.2.1").received == 1


def test_packets_cross_between_two_cards(lab):
    assert lab.left.ping("10.0.2.1").ttl == 63
    assert lab.left.ping("fd00:2::1").ttl == 63
    assert lab.left.ping("10.0.2.1", ttl=1).error_from == "10.0.1.254"
    for name in ("left0", "right0"):
        row = port(lab, name)
        assert row["driver"] == "nic82599" and row["mbit_s"] == 10000
        assert row["rx_packets"] > 0 and row["rx_missed"] == 0 and row["rx_errors"] == 0


def test_the_link_follows_the_cable(lab):
    assert reachable(lab)
    ask(lab, "nic1", "link", "down")
    lab_module.wait_for(lambda: not port(lab, "right0")["link"], 5, "the link is down")
    assert not reachable(lab)
    ask(lab, "nic1", "link", "up")
    lab_module.wait_for(lambda: port(lab, "right0")["link"], 5, "the link is up")
    lab_module.wait_for(lambda: reachable(lab), 10, "packets cross again")


def test_a_card_that_hangs_is_started_again(lab):
    assert reachable(lab)
    ask(lab, "nic1", "hang", "on")
    lab_module.wait_for(lambda: reachable(lab), 20, "packets cross again")
    assert "transmission hangs" in lab.dut.log()


def test_cards_that_went_and_came_back_are_used_again(lab):
    """The server is killed in the midst of traffic, and another one takes its place."""
    assert reachable(lab)
    lab.dut.space.vnic.kill()
    lab.dut.space.vnic.wait()
    lab_module.wait_for(lambda: not port(lab, "left0")["link"], 5, "the link is down")
    assert not reachable(lab)
    assert lab.dut.running()
    for path in lab.dir.glob("dut-?.sock"):
        path.unlink()
    lab.cards(lab.dut.space, ["v-left", "v-right"])
    lab_module.wait_for(lambda: reachable(lab), 20, "packets cross again")


def test_what_is_no_card_is_refused_with_a_reason(new_lab, monkeypatch):
    monkeypatch.setattr(lab_module, "NIC", "82599")
    router = new_lab.router(NETS, start=False)
    router.config["ports"][0]["device"] = "/nonexistent/card.sock"
    with pytest.raises(lab_module.LabError, match="does jerboa-vnic"):
        router.start()
