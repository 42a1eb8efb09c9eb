"""A machine in QEMU with virtual 82599s: Debian's kernel, Debian's tools, no disk.

Everything the guest runs comes from the chroot that scripts/setup --vm makes: it is the
guest's root over 9p, read-only under an overlay. A shell on the serial line is all we use.
"""

import os
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

PROMPT = "__end__"
ROOT_MODULES = ["9p", "9pnet_virtio", "overlay"]
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /ro /rw /root
/bin/busybox mount -t devtmpfs dev /dev
for m in %s; do /bin/busybox insmod /$m; done
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 root /ro
/bin/busybox mount -t tmpfs tmpfs /rw
/bin/busybox mkdir /rw/up /rw/work
/bin/busybox mount -t overlay -o lowerdir=/ro,upperdir=/rw/up,workdir=/rw/work over /root
for d in proc sys dev; do /bin/busybox mkdir -p /root/$d; done
/bin/busybox mount -t proc proc /root/proc
/bin/busybox mount -t sysfs sys /root/sys
/bin/busybox mount -t devtmpfs dev /root/dev
/bin/busybox mount -t tmpfs tmpfs /root/run
/bin/busybox mount -t tmpfs tmpfs /root/tmp
exec /bin/busybox switch_root /root /bin/sh -c \
  'stty -echo </dev/ttyS0; export PS1= PS2= PATH=/usr/sbin:/usr/bin:/sbin:/bin; echo %s up; exec sh'
"""


class GuestError(Exception):
    """The guest did not do as told; the text says what it said."""


def find_vm(folder):
    """The chroot, or the sentence why there is none."""
    folder = Path(folder)
    if not (folder / "usr/bin/qemu-system-x86_64").exists():
        return None, f"no QEMU in {folder}: scripts/setup --vm makes it"
    if os.geteuid() != 0:
        return None, "needs root (chroot, network namespaces)"
    if not list(folder.glob("boot/vmlinuz-*")):
        return None, f"no kernel in {folder}/boot: scripts/setup --vm makes it"
    devices = subprocess.run(["chroot", folder, "qemu-system-x86_64", "-device", "help"],
                             capture_output=True, text=True, timeout=60, check=False).stdout
    if '"vfio-user-pci"' not in devices:
        return None, "this QEMU has no vfio-user-pci: 10.1 or newer is needed"
    return folder, None


class Guest:
    """One QEMU. Paths of sockets and files are inside the chroot."""

    def __init__(self, vm, run, accel="tcg", cpus=2, memory="1G", log=None):
        self.vm, self.run, self.accel = vm, run, accel
        self.cpus, self.memory, self.log = cpus, memory, log
        self.kernel = sorted(vm.glob("boot/vmlinuz-*"))[-1]
        self.release = self.kernel.name.removeprefix("vmlinuz-")
        self.process, self.text = None, ""

    def _modules(self, names):
        listing = subprocess.run(
            ["chroot", self.vm, "modprobe", "-a", "-S", self.release, "--show-depends", *names],
            capture_output=True, text=True, check=True).stdout
        return list(dict.fromkeys(re.findall(r"insmod (\S+)", listing)))

    def _initrd(self):
        tree = self.vm / self.run.lstrip("/") / "initrd"
        (tree / "bin").mkdir(parents=True, exist_ok=True)
        shutil.copy(self.vm / "usr/bin/busybox", tree / "bin/busybox")
        names = []
        for module in self._modules(ROOT_MODULES):
            name = Path(module).name.removesuffix(".xz")
            with open(tree / name, "wb") as out:
                subprocess.run(["xz", "-dc", self.vm / module.lstrip("/")], stdout=out, check=True)
            names.append(name)
        (tree / "init").write_text(INIT % (" ".join(names), PROMPT))
        (tree / "init").chmod(0o755)
        subprocess.run(["chroot", self.vm, "sh", "-c",
                        f"cd {self.run}/initrd && find . | cpio -o -H newc --quiet > ../initrd.cpio"],
                       check=True)
        return f"{self.run}/initrd.cpio"

    def start(self, sockets, iommu=False, limit=120):
        machine = "q35,memory-backend=m" + (",kernel-irqchip=split" if iommu else "")
        argv = ["chroot", self.vm, "qemu-system-x86_64", "-nodefaults", "-no-user-config",
                "-display", "none", "-no-reboot", "-machine", machine,
                "-accel", self.accel, "-cpu", "max" if self.accel == "tcg" else "host",
                "-smp", str(self.cpus), "-m", self.memory,
                "-object", f"memory-backend-memfd,id=m,size={self.memory},share=on",
                "-kernel", f"/boot/{self.kernel.name}", "-initrd", self._initrd(),
                "-append", "console=ttyS0 quiet panic=-1 random.trust_cpu=on"
                + (" intel_iommu=on iommu=pt" if iommu else ""),
                "-virtfs", "local,path=/,mount_tag=root,security_model=none,readonly=on",
                "-chardev", "stdio,id=c,signal=off", "-serial", "chardev:c"]
        if iommu:
            argv += ["-device", "intel-iommu,intremap=on,caching-mode=on,aw-bits=48"]
        for i, path in enumerate(sockets):
            argv += ["-device", f"pcie-root-port,id=rp{i},chassis={i + 1},slot={i + 1}", "-device",
                     '{"driver":"vfio-user-pci","bus":"rp%d","socket":{"type":"unix","path":"%s"}}'
                     % (i, path)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, bufsize=0)
        self._until(f"{PROMPT} up", limit)

    def _until(self, mark, limit):
        """Output up to mark; raises when it does not come."""
        end = time.monotonic() + limit
        while mark not in self.text:
            left = end - time.monotonic()
            if left <= 0:
                raise GuestError(f"nothing after {limit} s; last words:\n{self.text[-2000:]}")
            if not select.select([self.process.stdout], [], [], left)[0]:
                continue
            data = os.read(self.process.stdout.fileno(), 65536).decode(errors="replace")
            if not data:
                raise GuestError(f"QEMU ended; last words:\n{self.text[-2000:]}")
            self.text += data
            if self.log:
                self.log.write(data)
                self.log.flush()
        text, self.text = self.text.split(mark, 1)
        return text

    def sh(self, command, limit=60, check=True):
        """Runs a command in the guest; what it printed."""
        # The mark is put together by the shell: an echo of the line does not hold it.
        line = f"{{ {command}\n}} 2>&1; echo __en\"\"d__ $?\n"
        self.process.stdin.write(line.encode())
        text = self._until(f"{PROMPT} ", limit)
        code = self._until("\n", 10).strip()
        text = text.replace("\r", "")
        if check and code != "0":
            raise GuestError(f"$ {command}\n{text}exit code {code}")
        return text

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait(10)
            self.process.stdout.close()
            self.process.stdin.close()
