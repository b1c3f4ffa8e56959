"""Network namespaces held by file descriptors only, and the lab's small internet made of them.

They have no names, so two runs cannot collide, and they end with this process, whatever ends it. The
same holds for the file systems mounted here (a mount namespace of our own) and for the programs
started inside (the kernel kills them when we die).
"""

import ctypes
import ipaddress
import os
import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
MS_BIND = 0x1000
MS_REC_PRIVATE = 0x4000 | (1 << 18)

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name, *arguments):
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def own_mounts():
    """From here on mounts are seen by this process and its children only, and end with them."""
    _call("unshare", CLONE_NEWNS)
    _call("mount", b"none", b"/", None, MS_REC_PRIVATE, None)


def replace_file(path, text):
    """From here on `path` has this text, for this process and its children. After own_mounts."""
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(text)
    os.chmod(file.name, 0o644)
    _call("mount", file.name.encode(), os.path.realpath(path).encode(), None, MS_BIND, None)
    os.unlink(file.name)


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class Namespace:
    """A network namespace. `name` is for people only."""

    def __init__(self, name):
        self.name = name
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _call("unshare", CLONE_NEWNET)
            self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
            _call("setns", home, CLONE_NEWNET)
        finally:
            os.close(home)
        self.run("ip", "link", "set", "lo", "up")

    @property
    def path(self):
        """How other programs find it: ip(8), nsenter(1)."""
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    @contextmanager
    def inside(self):
        """Never await in here: the whole thread is in the namespace."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        _call("setns", self.fd, CLONE_NEWNET)
        try:
            yield
        finally:
            _call("setns", home, CLONE_NEWNET)
            os.close(home)

    def socket(self, family):
        with self.inside():
            made = socket.socket(family, socket.SOCK_STREAM)
        made.setblocking(False)
        return made

    def listener(self, address, port, backlog=128):
        family = family_of(address)
        made = self.socket(family)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(backlog)
        return made

    def _enter_child(self):
        _call("setns", self.fd, CLONE_NEWNET)
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def run(self, *command, check=True, timeout=20):
        """Runs a program here and gives back its result, output as text."""
        done = subprocess.run(command, preexec_fn=self._enter_child, capture_output=True, text=True,
                              timeout=timeout, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise RuntimeError(f"in {self.name}: {' '.join(command)}: {done.stderr.strip()}")
        return done

    def start(self, *command, stdout, stderr):
        return subprocess.Popen(command, preexec_fn=self._enter_child, stdin=subprocess.DEVNULL,
                                stdout=stdout, stderr=stderr)

    def write(self, path, text):
        """Writes a file of /proc/sys/net as this namespace sees it."""
        with self.inside(), open(path, "w", encoding="ascii") as file:
            file.write(text)

    def close(self):
        os.close(self.fd)


@dataclass(frozen=True)
class Wire:
    """One cable from the gateway to a network with one machine in it."""
    interface: str        # the gateway's end
    gateway4: str
    machine4: str
    gateway6: str
    machine6: str


WIRES = {
    "server": Wire("server0", "10.77.0.1", "10.77.0.2", "fd77::1", "fd77::2"),
    "a": Wire("office-a", "10.77.1.1", "10.77.1.2", "fd77:0:0:1::1", "fd77:0:0:1::2"),
    "b": Wire("office-b", "10.77.2.1", "10.77.2.2", "fd77:0:0:2::1", "fd77:0:0:2::2"),
}


class Internet:
    """Two client networks and a server network around one gateway that routes between all three."""

    def __init__(self):
        self.ipv6 = os.path.exists("/proc/sys/net/ipv6")
        self.gateway = Namespace("gateway")
        self.places = {name: Namespace(name) for name in WIRES}
        self.gateway.write("/proc/sys/net/ipv4/ip_forward", "1")
        if self.ipv6:
            self.gateway.write("/proc/sys/net/ipv6/conf/all/forwarding", "1")
        for name, wire in WIRES.items():
            self._plug(self.places[name], wire)

    def _plug(self, place, wire):
        self.gateway.run("ip", "link", "add", wire.interface, "type", "veth",
                         "peer", "name", "eth0", "netns", place.path)
        for namespace, device, four, six in ((self.gateway, wire.interface, wire.gateway4, wire.gateway6),
                                             (place, "eth0", wire.machine4, wire.machine6)):
            namespace.run("ip", "address", "add", f"{four}/24", "dev", device)
            if self.ipv6:
                namespace.run("ip", "address", "add", f"{six}/64", "dev", device, "nodad")
            namespace.run("ip", "link", "set", device, "up")
        place.run("ip", "route", "add", "default", "via", wire.gateway4)
        if self.ipv6:
            place.run("ip", "-6", "route", "add", "default", "via", wire.gateway6)

    def silent_address(self):
        """A server address nobody answers at: packets leave the gateway and are lost."""
        address = str(ipaddress.ip_address(WIRES["server"].machine4) + 97)
        self.gateway.run("ip", "neighbor", "replace", address, "lladdr", "02:00:00:00:00:63",
                         "dev", WIRES["server"].interface)
        return address

    def close(self):
        for namespace in (self.gateway, *self.places.values()):
            namespace.close()
