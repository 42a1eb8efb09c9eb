#!/usr/bin/python3
"""Does the virtual 82599 satisfy drivers that others wrote? Prints a table of cases.

    tests/vm/run.py [--vm DIR] [--build DIR] [--accel kvm|tcg] [-k WORD] [--keep]

Two cards of jerboa-vnic in a guest, one with doorbells mapped (a), one with every write
trapped (b). Under Linux's own ixgbe each has a TAP behind it, in a network namespace of
ours; under DPDK's net_ixgbe each has a generator that is a sink, too.

    guest ixgbe    a ── TAP jva 10.99.1.1/24     b ── TAP jvb 10.99.2.1/24
    guest testpmd  generator ── a ── testpmd ── b ── generator
    guest jerboa   TAP jva ── a ── jerboa, our own driver on the kernel's VFIO ── b ── TAP jvb

The chroot with QEMU, kernel and tools is made by scripts/setup --vm. Exit code 77: skipped.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from guest import Guest, GuestError, find_vm  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
NETNS = f"jvm-{os.getpid()}"
DPDK_FRAMES = 40000
CARDS = {"a": ("jva", "10.99.1"), "b": ("jvb", "10.99.2")}


class Failed(Exception):
    """A case that came out wrong, with the reason."""


def need(condition, text):
    if not condition:
        raise Failed(text)


def wait_for(what, limit, ask):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        got = ask()
        if got:
            return got
        time.sleep(0.2)
    raise Failed(f"no {what} after {limit} s")


class Lab:
    """The cards, the namespace, and the guest."""

    def __init__(self, args, vm):
        self.args, self.vm = args, vm
        self.run = f"/tmp/jerboa-vm-{os.getpid()}"
        self.host_run = vm / self.run.lstrip("/")
        self.host_run.mkdir(parents=True)
        self.vnic = self.guest = None
        self.log = open(args.log, "w", encoding="utf8")
        self.kept, self.trash, self.ctl = [], [], None

    def cards(self, wires):
        """jerboa-vnic with one card a wire, in the namespace."""
        argv = ["ip", "netns", "exec", NETNS, self.args.build / "apps/jerboa-vnic",
                "--control", self.host_run / "control"]
        for name, wire in wires.items():
            doorbells = "mmap" if name == "a" else "trap"
            argv.append(f"{self.host_run}/{name}.sock,name={name},doorbells={doorbells},wire={wire}")
        self.vnic = subprocess.Popen(argv, stderr=self.log)
        wait_for("control socket", 10, (self.host_run / "control").exists)

    def ask(self, *words):
        got = subprocess.run([self.args.build / "apps/jerboa-vnic", "--ask",
                              self.host_run / "control", *words],
                             capture_output=True, text=True, timeout=10, check=False)
        need(got.returncode == 0, f"{' '.join(words)}: {got.stderr}")
        return got.stdout

    def shown(self, card):
        """What the model counted."""
        pairs = (line.split() for line in self.ask(card, "show").splitlines())
        return {p[0]: int(p[1]) for p in pairs if len(p) == 2 and p[1].isdigit()}

    def ns(self, *argv, limit=60, check=True):
        return subprocess.run(["ip", "netns", "exec", NETNS, *argv], capture_output=True,
                              text=True, timeout=limit, check=check).stdout

    def boot(self, **options):
        self.guest = Guest(self.vm, self.run, accel=self.args.accel, log=self.log,
                           cpus=options.pop("cpus", 4), memory=options.pop("memory", "1G"))
        self.guest.start([f"{self.run}/{name}.sock" for name in CARDS], **options)

    def stop(self):
        if self.guest:
            self.guest.stop()
        if self.vnic:
            self.vnic.terminate()
            try:
                self.vnic.wait(5)
            except subprocess.TimeoutExpired:
                self.vnic.kill()
        self.guest = self.vnic = None

    def close(self):
        self.stop()
        for folder in [self.host_run, *self.trash]:
            shutil.rmtree(folder, ignore_errors=True)


# ---- Linux's ixgbe

def linux_start(lab):
    """Cards on TAPs, guest up with addresses."""
    lab.cards({name: f"tap:{tap}" for name, (tap, _) in CARDS.items()})
    for tap, net in CARDS.values():
        lab.ns("ip", "addr", "add", f"{net}.1/24", "dev", tap)
        lab.ns("ip", "link", "set", tap, "mtu", "9000", "up")
    lab.ns("ip", "link", "set", "lo", "up")
    lab.kept.append(subprocess.Popen(["ip", "netns", "exec", NETNS, "iperf3", "-s"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    lab.boot()


def interface(lab, card):
    """The guest's name of a card: by its MAC."""
    mac = "02:82:59:9e:00:0" + ("1" if card == "a" else "2")
    names = lab.guest.sh(f"grep -l {mac} /sys/class/net/*/address").split()
    need(names, "ixgbe made no interface")
    return names[0].split("/")[4]


def linux_probe(lab):
    lab.guest.sh("modprobe ixgbe", limit=120)
    log = lab.guest.sh("dmesg | grep -i ixgbe || true")
    need("Intel(R) 10 Gigabit" in log, f"dmesg: {log}")
    need("error" not in log.lower() and "fail" not in log.lower(), f"dmesg: {log}")


def linux_link(lab, card):
    dev = interface(lab, card)
    lab.guest.sh(f"ip addr add {CARDS[card][1]}.2/24 dev {dev}; ip link set {dev} up")
    wait_for("carrier", 30, lambda: lab.guest.sh(f"cat /sys/class/net/{dev}/carrier").strip() == "1")
    text = lab.guest.sh(f"ethtool {dev}")
    need("Speed: 10000Mb/s" in text and "Link detected: yes" in text, text)


def ping(lab, card, options="", count=10):
    net = CARDS[card][1]
    text = lab.guest.sh(f"ping -c {count} -i 0.05 -W 5 {options} {net}.1", check=False)
    need(f"{count} received" in text, text)
    return re.search(r"rtt .*", text).group(0)


def iperf(lab, card, options="", seconds=3):
    net = CARDS[card][1]
    text = lab.guest.sh(f"iperf3 -c {net}.1 -t {seconds} -J {options}", limit=seconds + 60)
    result = json.loads(text[text.index("{"):])
    need("error" not in result, text)
    return f"{result['end']['sum_received']['bits_per_second'] / 1e6:.0f} Mbit/s"


def statistics(lab, dev):
    return {k: int(v) for k, v in
            re.findall(r"(\S+): (\d+)", lab.guest.sh(f"ethtool -S {dev}"))}


def linux_counters(lab, card):
    """Frames counted by driver and model, over the same pings."""
    dev = interface(lab, card)
    before, was = statistics(lab, dev), lab.shown(card)
    ping(lab, card, count=50)
    time.sleep(3)  # the driver reads its registers every two seconds
    after, now = statistics(lab, dev), lab.shown(card)
    got = after["rx_pkts_nic"] - before["rx_pkts_nic"]
    model = now["rx-packets"] - was["rx-packets"]
    need(got >= 50 and abs(got - model) <= 4, f"driver {got}, model {model}")
    for name in ("rx_crc_errors", "rx_csum_offload_errors", "rx_missed_errors", "tx_timeout_count"):
        need(after.get(name, 0) == 0, f"{name} {after.get(name)}")
    return f"{got} = {model}"


def linux_module(lab, card):
    text = lab.guest.sh(f"ethtool -m {interface(lab, card)}")
    need("jerboa" in text and "10GBASE-SR" in text.replace("10G Ethernet: 10G Base-SR", "10GBASE-SR")
         .replace("10G Base-SR", "10GBASE-SR"), text)
    need("35.00 degrees C" in text, text)


def linux_registers(lab, card):
    text = lab.guest.sh(f"ethtool -d {interface(lab, card)}")
    need("0x042A4" in text or "LINKS" in text, text[:500])


def linux_queues(lab, card):
    dev = interface(lab, card)
    lab.guest.sh(f"ethtool -L {dev} combined 4")
    linux_link(lab, card) if lab.guest.sh(f"cat /sys/class/net/{dev}/carrier").strip() != "1" else 0
    before = statistics(lab, dev)
    rate = iperf(lab, card, "-P 16 -R")
    after = statistics(lab, dev)
    counts = [after[f"rx_queue_{q}_packets"] - before[f"rx_queue_{q}_packets"] for q in range(4)]
    need(all(n > 20 for n in counts), f"queues {counts}")
    return f"{rate} over {counts}"


def linux_jumbo(lab, card):
    dev = interface(lab, card)
    lab.guest.sh(f"ip link set {dev} mtu 9000")
    wait_for("carrier", 30, lambda: lab.guest.sh(f"cat /sys/class/net/{dev}/carrier").strip() == "1")
    rtt = ping(lab, card, "-M do -s 8972")
    lab.guest.sh(f"ip link set {dev} mtu 1500")
    wait_for("carrier", 30, lambda: lab.guest.sh(f"cat /sys/class/net/{dev}/carrier").strip() == "1")
    return rtt


def linux_vlan(lab, card):
    dev, third = interface(lab, card), "3" if card == "a" else "4"
    echo = subprocess.Popen(["ip", "netns", "exec", NETNS, sys.executable,
                             Path(__file__).parent / "vlan_echo.py", CARDS[card][0], "100",
                             f"10.99.{third}.1"])
    try:
        lab.guest.sh("modprobe 8021q")
        lab.guest.sh(f"ip link add link {dev} name {dev}.100 type vlan id 100")
        lab.guest.sh(f"ip addr add 10.99.{third}.2/24 dev {dev}.100; ip link set {dev}.100 up")
        text = lab.guest.sh(f"ping -c 10 -i 0.05 -W 5 10.99.{third}.1", check=False)
        need("10 received" in text, text)
        lab.guest.sh(f"ip link del {dev}.100")
    finally:
        echo.kill()
        echo.wait()


def linux_flap(lab, card):
    dev = interface(lab, card)
    for word, wanted in (("down", "0"), ("up", "1")):
        lab.ask(card, "link", word)
        wait_for(f"carrier {wanted}", 30, lambda w=wanted: lab.guest.sh(
            f"cat /sys/class/net/{dev}/carrier").strip() == w)
    return ping(lab, card)


def linux_reload(lab, card):
    lab.guest.sh("rmmod ixgbe && modprobe ixgbe", limit=120)
    linux_link(lab, card)
    return ping(lab, card)


def linux_hang(lab, card):
    """A card that stops is found by the driver's watchdog and reset."""
    dev = interface(lab, card)
    lab.ask(card, "hang", "on")
    lab.guest.sh(f"ping -c 30 -i 0.2 -W 1 {CARDS[card][1]}.1", check=False)
    wait_for("recovery", 60, lambda: "1 received" in lab.guest.sh(
        f"ping -c 1 -W 1 {CARDS[card][1]}.1", check=False))
    return f"tx_timeout_count {statistics(lab, dev).get('tx_timeout_count')}"


# ---- DPDK's net_ixgbe

def dpdk_start(lab, driver):
    lab.cards({name: f"gen:rate=2000,flows=512,count={DPDK_FRAMES}" for name in CARDS})
    lab.boot(cpus=3, memory="2G", iommu=driver == "vfio-pci")
    hugepages(lab, 512)
    bind(lab, driver)


def port_stats(text, port):
    """What testpmd says of a port: rx, missed, tx, dropped before the port took it."""
    part = text.rsplit(f"Forward statistics for port {port}", 1)[-1]
    number = re.search(r"RX-packets: (\d+)\s+RX-dropped: (\d+).*?"
                       r"TX-packets: (\d+)\s+TX-dropped: (\d+)", part, re.S)
    need(number, f"no statistics in:\n{text[-3000:]}")
    return [int(n) for n in number.groups()]


def dpdk_forward(lab):
    """What the wires send crosses testpmd and comes back; driver and model count the same.

    Frames that testpmd forwards are those it received: its own count starts late, and the
    driver takes it from QPRC, which a card with mapped doorbells has not (the page is the
    client's).
    """
    text = lab.guest.sh(
        "(sleep 60; echo stop; sleep 2; echo quit) | dpdk-testpmd -l 0-1 -n 1 --in-memory -- -i "
        "--forward-mode=io --no-flush-rx --rxd=1024 --txd=1024 --auto-start 2>&1 || true",
        limit=200)
    driver = [port_stats(text, port) for port in (0, 1)]
    model = [lab.shown(card) for card in CARDS]
    said = f"driver [rx, missed, tx, dropped] {driver}, model [rx, tx, back] " + str(
        [[m["rx-packets"], m["tx-packets"], m["gen-back"]] for m in model])
    for port in (0, 1):
        missed = driver[port][1]
        _, _, tx, dropped = driver[1 - port]
        need(model[port]["rx-packets"] == DPDK_FRAMES, said)
        need(tx + dropped + missed == DPDK_FRAMES, said)
        need(tx == model[1 - port]["tx-packets"] == model[1 - port]["gen-back"], said)
    return said


# ---- our own driver, through the guest kernel's VFIO

RIGHT = f"{NETNS}-r"  # behind jerboa; NETNS is before it
OF_THE_GUEST = re.compile(r"/(ld-linux|libc|libm|libdl|librt|libpthread|libresolv)[-.]")
JERBOA_YAML = """version: 1
control: {socket: /run/jerboa.sock}
host: {enable: false}
ports:
  - {name: pa, driver: nic82599, device: "%s"}
  - {name: pb, driver: nic82599, device: "%s"}
ifaces:
  - {name: left, port: pa, addresses: [10.99.1.254/24]}
  - {name: right, port: pb, addresses: [10.99.2.254/24]}
"""


def bundle(lab):
    """jerboa and the libraries of its build, where the guest sees them."""
    folder = lab.vm / "srv" / lab.host_run.name
    (folder / "lib").mkdir(parents=True)
    lab.trash.append(folder)
    pmds = sorted(Path("/usr/lib").glob("*/dpdk/pmds-*"))
    need(pmds, "no DPDK plugins on this host")
    plugins = [path for path in pmds[-1].iterdir() if "mempool_ring" in path.name]
    programs = [lab.args.build / "apps" / name for name in ("jerboa", "jerboactl")]
    for program in programs:
        need(program.exists(), f"{program} is not built")
        shutil.copy(program, folder)
    listing = subprocess.run(["ldd", *programs, *plugins], capture_output=True, text=True,
                             check=True).stdout
    for path in set(re.findall(r"=> (/\S+)", listing)):
        if not OF_THE_GUEST.search(path):
            shutil.copy(path, folder / "lib")
    (folder / "pmds").mkdir()
    for path in plugins:
        shutil.copy(path, folder / "pmds")
    return f"/srv/{folder.name}", pmds[-1]


def bind(lab, driver):
    """Both cards to a driver of the guest; their PCI addresses, a's first."""
    lab.guest.sh(f"modprobe {driver}", limit=60)
    lab.guest.sh("for d in /sys/bus/pci/devices/*; do [ $(cat $d/device) = 0x10fb ] || continue; "
                 f"echo {driver} > $d/driver_override; "
                 "echo ${d##*/} > /sys/bus/pci/drivers_probe; done")
    bound = sorted(lab.guest.sh(f"ls /sys/bus/pci/drivers/{driver} | grep : || true").split())
    need(len(bound) == 2, f"{bound} bound to {driver}")
    return bound


def hugepages(lab, count):
    lab.guest.sh(f"echo {count} > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")
    lab.guest.sh("mkdir -p /dev/hugepages; mount -t hugetlbfs none /dev/hugepages")


def jerboa_start(lab):
    subprocess.run(["ip", "netns", "add", RIGHT], check=True)
    lab.cards({name: f"tap:{tap}" for name, (tap, _) in CARDS.items()})
    lab.ns("ip", "link", "set", "jvb", "netns", RIGHT)
    for space, tap, own, other in ((NETNS, "jva", 1, 2), (RIGHT, "jvb", 2, 1)):
        for words in (f"addr add 10.99.{own}.1/24 dev {tap}", f"link set {tap} up",
                      f"route add 10.99.{other}.0/24 via 10.99.{own}.254"):
            subprocess.run(["ip", "-n", space, *words.split()], check=True)
    lab.kept.append(subprocess.Popen(["ip", "netns", "exec", RIGHT, "iperf3", "-s"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    folder, pmds = bundle(lab)
    lab.boot(cpus=3, memory="2G", iommu=True)
    hugepages(lab, 256)
    devices = bind(lab, "vfio-pci")
    lab.guest.sh(f"mkdir -p {pmds.parent} && mount -t tmpfs -o mode=755 none {pmds.parent} && "
                 f"cp -r {folder}/pmds {pmds}")
    lab.guest.sh("ip link set lo up; cat > /tmp/jerboa.yaml <<'EOF'\n"
                 f"{JERBOA_YAML % tuple(devices)}EOF")
    lab.guest.sh(f"export LD_LIBRARY_PATH={folder}/lib; "
                 f"{folder}/jerboa -c /tmp/jerboa.yaml > /tmp/jerboa.log 2>&1 & sleep 1")
    lab.ctl = f"LD_LIBRARY_PATH={folder}/lib {folder}/jerboactl -s /run/jerboa.sock"

    def ready():
        text = lab.guest.sh(f"{lab.ctl} -j show ports; true")
        return text.count("nic82599") == 2 and '"link":false' not in text.replace(" ", "")
    try:
        wait_for("two ports with a link", 60, ready)
    except Failed as error:
        raise Failed(f"{error}\n{lab.guest.sh('cat /tmp/jerboa.log; dmesg | tail -5')}") from None


def jerboa_ping(lab):
    text = lab.ns("ping", "-c", "30", "-i", "0.05", "-W", "5", "10.99.2.1", check=False)
    need("30 received" in text and "ttl=63" in text, text)
    return re.search(r"rtt .*", text).group(0)


def jerboa_iperf(lab):
    text = lab.ns("iperf3", "-c", "10.99.2.1", "-t", "3", "-J", limit=60)
    return f"{json.loads(text)['end']['sum_received']['bits_per_second'] / 1e6:.0f} Mbit/s"


def jerboa_counters(lab):
    """Ports of jerboa and cards of the model count the same once all is quiet; what found
    no room is a good frame to the card and a missed one to jerboa."""
    def same():
        text = lab.guest.sh(f"{lab.ctl} -j show ports")
        ports = [json.loads(line) for line in re.findall(r"\{[^{}]*nic82599[^{}]*\}", text)]
        driver = {p["name"]: (p["rx_packets"] + p["rx_missed"], p["tx_packets"]) for p in ports}
        shown = {f"p{c}": lab.shown(c) for c in CARDS}
        model = {n: (m["rx-packets"], m["tx-packets"]) for n, m in shown.items()}
        lab.log.write(f"driver {driver}, model {model}\n")
        return driver == model and f"[rx, tx] {driver}"
    return wait_for("agreement", 20, same)


def cases():
    """(group, name, function)."""
    yield "linux", "boot", linux_start
    yield "linux", "ixgbe probes", linux_probe
    for card in CARDS:
        for name, run in (("link up at 10G", linux_link), ("ping", ping),
                          ("iperf3 out", iperf),
                          ("iperf3 in", lambda lab, c: iperf(lab, c, "-R")),
                          ("counters of driver and model", linux_counters),
                          ("ethtool -m", linux_module), ("ethtool -d", linux_registers),
                          ("4 queues, RSS", linux_queues), ("MTU 9000", linux_jumbo),
                          ("VLAN", linux_vlan), ("link flap", linux_flap),
                          ("hang and reset", linux_hang)):
            yield "linux", f"{card}: {name}", lambda lab, r=run, c=card: r(lab, c)
    for card in CARDS:
        yield "linux", f"{card}: rmmod, modprobe", lambda lab, c=card: linux_reload(lab, c)
    for driver in ("uio_pci_generic", "vfio-pci"):
        yield driver, "boot", lambda lab, d=driver: dpdk_start(lab, d)
        yield driver, "testpmd io, both ways", dpdk_forward
    yield "jerboa", "boot", jerboa_start
    yield "jerboa", "ping through jerboa", jerboa_ping
    yield "jerboa", "iperf3 through jerboa", jerboa_iperf
    yield "jerboa", "counters of driver and model", jerboa_counters


def run_all(lab, rows):
    group, is_broken = None, False
    for which, name, run in cases():
        if lab.args.k and lab.args.k not in f"{which} {name}" and name not in (
                "boot", "ixgbe probes") and "link up" not in name:
            continue
        if lab.args.group and which not in lab.args.group:
            continue
        if which != group:
            lab.stop()
            group, is_broken = which, False
        start = time.monotonic()
        try:
            if is_broken:
                raise Failed("not run: the machine is not there")
            word, result = run(lab) or "", "passed"
        except (Failed, GuestError, subprocess.SubprocessError, KeyError, ValueError) as error:
            word, result = str(error), "failed"
            is_broken = is_broken or name == "boot" or "QEMU ended" in word
        rows.append((which, name, result, time.monotonic() - start, word))
        print(f"{which:16} {name:34} {result:7} {rows[-1][3]:6.1f} s  {word}", flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vm", default=os.environ.get("JERBOA_VM", "/var/lib/jerboa-vm"))
    parser.add_argument("--build", type=Path,
                        default=Path(os.environ.get("JERBOA_BUILD", ROOT / "build")))
    parser.add_argument("--accel", choices=["kvm", "tcg"], default="tcg")
    parser.add_argument("--group", nargs="*", help="linux, uio_pci_generic, vfio-pci, jerboa")
    parser.add_argument("-k", help="only cases whose name has this in it")
    parser.add_argument("--log", default="/tmp/jerboa-vm.log", help="what guest and cards said")
    args = parser.parse_args()
    args.build = args.build.resolve()
    return args


def main():
    args = parse()
    vm, why = find_vm(args.vm)
    if not vm:
        print(f"skipped: {why}")
        return 77
    if args.accel == "kvm" and not (vm / "dev/kvm").exists():
        subprocess.run(["mknod", vm / "dev/kvm", "c", "10", "232"], check=True)
    subprocess.run(["ip", "netns", "add", NETNS], check=True)
    lab = Lab(args, vm)
    rows = []
    try:
        run_all(lab, rows)
    finally:
        lab.close()
        for process in lab.kept:
            process.terminate()
            process.wait(5)
        for space in (NETNS, RIGHT):
            subprocess.run(["ip", "netns", "del", space], check=False, stderr=subprocess.DEVNULL)
    results = [row[2] for row in rows]
    print(f"{results.count('passed')} passed, {results.count('failed')} failed ({args.accel})")
    return 1 if "failed" in results else 0


if __name__ == "__main__":
    sys.exit(main())
