"""What the tests of the real binary on loopback share: a running gateway, sockets before and behind it,
words of valid MSNP, and rules with a name.

A test of this kind is called with the program's path (default: build/release/msnpgate) and, if only some
of its rules are wanted, words that their names hold.
"""
import contextlib
import ctypes
import hashlib
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lab import admin, audit  # noqa: E402
from lab.managed import free_port  # noqa: E402
from lab.play import play, rule  # noqa: E402, F401 (rule: for the tests)

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/msnpgate").resolve()
PR_SET_PDEATHSIG = 1
PATIENCE = 20.0  # seconds after which something that should have happened has not

NS_HELLO = b"VER 1 MSNP12 CVR0\r\n"
NS_REPLY = b"VER 1 MSNP12\r\n"
SB_HELLO = b"USR 1 ann@corp.example 1234.5678\r\n"
SB_REPLY = b"USR 1 OK ann@corp.example Ann\r\n"
CHAT = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n"


OFFER = (b"MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite; charset=UTF-8\r\n\r\n"
         b"Application-Name: File Transfer\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\n"
         b"Invitation-Command: INVITE\r\nInvitation-Cookie: %d\r\nApplication-File: a.exe\r\n"
         b"Application-FileSize: 1000\r\n\r\n")


def message_from_client(number, size=1500):
    text = CHAT + (b"%08d " % number * 200)[:size - len(CHAT)]
    return b"MSG %d N %d\r\n" % (number, len(text)) + text


def message_from_server(number, size=1500):
    text = CHAT + (b"%08d " % number * 200)[:size - len(CHAT)]
    return b"MSG ben@agency.example Ben %d\r\n" % len(text) + text


def offer(number):
    text = OFFER % (1000 + number)
    return b"MSG %d A %d\r\n" % (number, len(text)) + text


def messages(make, count):
    """About 1500 bytes each, the sizes uneven so that frames fall on every boundary of reads."""
    return b"".join(make(number, 200 + number * 37 % 1400) for number in range(2, count + 2))


def eventually(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("did not happen: " + what)


def dies_with_us(before=None):
    """For preexec_fn: a test that is killed leaves no program behind."""
    def prepare():
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if before:
            before()
    return prepare


class Gateway:
    """A running msnpgate. `limits` are lines of [limits], `admin_keys` of [admin], `audit_keys` of [audit],
    `policy` whole sections.

    When it is left while it runs, its metrics must account for every offer and every byte."""

    def __init__(self, upstream, limits="", threads=1, mode="fixed", bind="127.0.0.1",
                 upstream_address="127.0.0.1", preexec=None, policy="", admin_keys="", audit_keys="",
                 environment=None):
        self.directory = tempfile.TemporaryDirectory(prefix="msnpgate-e2e-")
        folder = pathlib.Path(self.directory.name)
        self.port = free_port()
        self.audit_path = folder / "audit.jsonl"
        self.admin_path = folder / "admin.sock"
        fixed = f'upstream = "{upstream_address}:{upstream or self.port}"\n' if mode == "fixed" else ""
        (folder / "gateway.toml").write_text(
            f'threads = {threads}\n[[listener]]\nbind = "{bind}:{self.port}"\nmode = "{mode}"\n{fixed}'
            f'[limits]\n{limits}\n[audit]\npath = "{self.audit_path}"\n{audit_keys}\n'
            f'[admin]\nsocket = "admin.sock"\n{admin_keys}\n{policy}')
        self.log = open(folder / "log", "w+b")
        self.preexec, self.environment = preexec, environment or {}
        self.process = None
        self.start()

    def start(self):
        """Returns once it is ready; again after it has ended, too."""
        folder = pathlib.Path(self.directory.name)
        (folder / "notify").unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(folder / "notify"))
            notify.settimeout(0.2)
            self.process = subprocess.Popen([BINARY, "run", "-c", folder / "gateway.toml"], stderr=self.log,
                                            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify"),
                                                 **self.environment},
                                            preexec_fn=dies_with_us(self.preexec))
            while self.process.poll() is None:
                with contextlib.suppress(TimeoutError):
                    if b"READY=1" in notify.recv(1000):
                        return
        raise AssertionError("msnpgate did not start: " + self.log_text())

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        broken = []
        if self.process.poll() is None:
            # Where memory is made to run out, what was being counted just then is not.
            if failure is None and not self.environment:
                broken = admin.lasting_faults(self.admin_path)
            self.process.kill()
            self.process.wait()
        self.log.close()
        faults = [] if failure else audit.log_faults(self.audit_path)
        self.directory.cleanup()
        assert not broken, broken
        assert not faults, f"records against the schema: {faults[:5]}"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def log_text(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def connect(self, source="127.0.0.1"):
        client = socket.create_connection(("127.0.0.1", self.port), PATIENCE, (source, 0))
        return client

    def audit(self):
        if not self.audit_path.exists():
            return []
        lines = self.audit_path.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]

    def endings(self):
        return [record["reason"] for record in self.audit() if record["event"] == "session"]

    def policies(self):
        return [record for record in self.audit() if record["event"] == "policy"]

    def status(self, key):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise KeyError(key)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def writes(self):
        """Of files; a socket's bytes are sent."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/io").read_text().splitlines():
            if line.startswith("syscw:"):
                return int(line.split()[1])
        raise KeyError("syscw")

    def wake_ups(self):
        total = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            for line in (task / "status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    total += int(line.split()[1])
        return total


@contextlib.contextmanager
def listening(backlog=512):
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as server:
        server.settimeout(PATIENCE)
        yield server


def accept(server):
    connection, _ = server.accept()
    connection.settimeout(PATIENCE)
    return connection


def receive(connection, size):
    got = b""
    while len(got) < size:
        more = connection.recv(min(1 << 20, size - len(got)))
        if not more:
            break
        got += more
    return got


def receive_all(connection):
    """Until the end of the stream: its length and SHA-256."""
    digest, length = hashlib.sha256(), 0
    while more := connection.recv(1 << 18):
        digest.update(more)
        length += len(more)
    return length, digest.hexdigest()


def sum_of(*parts):
    return sum(map(len, parts)), hashlib.sha256(b"".join(parts)).hexdigest()


def was_reset(connection):
    connection.settimeout(PATIENCE)
    try:
        while connection.recv(1 << 16):
            pass
        return False
    except ConnectionResetError:
        return True


def refuses(gateway, source="127.0.0.1"):
    """Accepted by the kernel, reset by the gateway: perhaps before connect has returned."""
    try:
        return was_reset(gateway.connect(source))
    except ConnectionResetError:
        return True


def is_closed(connection):
    try:
        while connection.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    return True


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def pair(gateway, server, source="127.0.0.1", hello=SB_HELLO, reply=SB_REPLY):
    """A connection through the gateway on which both ends have said hello."""
    client = gateway.connect(source)
    upstream = accept(server)
    client.sendall(hello)
    assert receive(upstream, len(hello)) == hello
    upstream.sendall(reply)
    assert receive(client, len(reply)) == reply
    return client, upstream


class Beside:
    """Work that runs beside the test; called, waits for its end and gives its value or its error."""

    def __init__(self, work, arguments, patience):
        self.work, self.arguments, self.patience = work, arguments, patience
        self.value = self.error = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            self.value = self.work(*self.arguments)
        except Exception as error:  # handed to whoever calls
            self.error = error

    def alive(self):
        return self.thread.is_alive()

    def __call__(self):
        self.thread.join(self.patience)
        assert not self.alive(), "still busy"
        if self.error:
            raise self.error
        return self.value


def in_thread(work, *arguments, patience=PATIENCE * 3):
    return Beside(work, arguments, patience)


def suppressed(work):
    try:
        return work()
    except (TimeoutError, OSError):
        return None


def ping(gateway, server):
    client = gateway.connect()
    client.settimeout(1)
    client.sendall(NS_HELLO)
    server.settimeout(1)
    for _ in range(60):
        upstream = accept(server)
        upstream.settimeout(0.3)
        if suppressed(lambda: receive(upstream, len(NS_HELLO))) == NS_HELLO:
            return True
    return False


def main():
    return play(BINARY)
