"""msnpgate as a service manager runs it: it may inherit sockets, says what it does, and is watched."""

import contextlib
import fcntl
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time

from . import audit

PATIENCE = 20.0   # seconds after which something that should have happened has not
HELLO = b"USR 1 ann@corp.example 1234.5678\r\n"
REPLY = b"USR 1 OK ann@corp.example Ann\r\n"
# {port} and {upstream} are filled in.
LISTENER = '[[listener]]\nbind = "127.0.0.1:{port}"\nmode = "fixed"\nupstream = "127.0.0.1:{upstream}"\n'
CONFIG = 'threads = 2\n' + LISTENER + '[audit]\npath = "audit.jsonl"\n'


def eventually(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError("did not happen: " + what)


def free_port():
    """Free on every address, and outside the range from which outgoing connections take theirs."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            probe.bind(("::", port))
            return port


class Upstream:
    """A server that answers every first line with a greeting, and then says everything back."""

    def __init__(self):
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    @staticmethod
    def _serve(connection):
        with contextlib.suppress(OSError), connection:
            connection.recv(65536)
            connection.sendall(REPLY)
            while data := connection.recv(65536):
                connection.sendall(data)

    def close(self):
        self._listening.close()


class Managed:
    """`sockets` are inherited; `extra` is more configuration."""

    def __init__(self, binary, folder, config, sockets=(), watchdog=None):
        self.binary, self.folder = str(binary), pathlib.Path(folder)
        self.config = self.folder / "gateway.toml"
        self.audit_path = self.folder / "audit.jsonl"
        if config is not None:
            self.config.write_text(config)
        self.said = []            # what it told the service manager, with the time
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = tempfile.mktemp(prefix="notify-", dir=self.folder)
        self._notify.bind(name)
        threading.Thread(target=self._hear, daemon=True).start()
        environment = {**os.environ, "NOTIFY_SOCKET": name}
        if watchdog:
            environment["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        for variable in ("LISTEN_FDS", "LISTEN_PID", "WATCHDOG_PID"):
            environment.pop(variable, None)
        command = [self.binary, "run", "-c", str(self.config)]
        # Out of the way of the numbers they get, which start at 3.
        passed = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 100) for one in sockets]
        if passed:
            # The shell knows its own process id, which stays with exec.
            moves = " ".join(f"{3 + place}<&{fd} {fd}<&-" for place, fd in enumerate(passed))
            command = ["bash", "-c", f'LISTEN_PID=$$ LISTEN_FDS={len(passed)} exec "$@" {moves}', "-", *command]
        self.log_path = self.folder / "log"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stderr=log, env=environment, pass_fds=passed)
        for fd in passed:
            os.close(fd)

    def _hear(self):
        with contextlib.suppress(OSError):
            while True:
                self.said.append((time.monotonic(), self._notify.recv(4096).decode()))

    def ready(self):
        """Waits for it; gives itself back."""
        def said_or_gone():
            return self.has_said("READY=1") or self.process.poll() is not None
        eventually(said_or_gone, "msnpgate is ready")
        assert self.process.poll() is None, "it ended: " + self.log()
        return self

    def has_said(self, word, since=0):
        return any(word in text.split("\n") for _, text in self.said[since:])

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self, config=None):
        """By SIGHUP; returns once it is through."""
        if config is not None:
            self.config.write_text(config)
        since = len(self.said)
        self.signal(signal.SIGHUP)
        eventually(lambda: self.has_said("READY=1", since), "it is through with reloading")

    def wait(self):
        return self.process.wait(PATIENCE)

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.wait()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def audit(self, event=None):
        if not self.audit_path.exists():
            return []
        records = [json.loads(line) for line in self.audit_path.read_bytes().split(b"\n")[:-1]]
        return [record for record in records if event in (None, record["event"])]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._notify.close()


@contextlib.contextmanager
def running(binary, config, **options):
    """`config` may name {port} of the listener, {upstream} and {folder}."""
    with tempfile.TemporaryDirectory(prefix="msnpgate-managed-") as folder:
        upstream, port = Upstream(), free_port()
        text = config.replace("{port}", str(port)).replace("{upstream}", str(upstream.port)).replace("{folder}", folder)
        gateway = None
        try:
            gateway = Managed(binary, folder, text, **options)
            gateway.port, gateway.text, gateway.upstream = port, text, upstream
            yield gateway.ready()
            gateway.close()
            faults = audit.log_faults(gateway.audit_path)
            assert not faults, f"records against the schema: {faults[:5]}"
        finally:
            if gateway is not None:
                gateway.close()
            upstream.close()


def converse(port, host="127.0.0.1", source="127.0.0.1"):
    """A connection on which both ends have said hello."""
    client = socket.create_connection((host, port), PATIENCE, (source, 0))
    client.sendall(HELLO)
    got = b""
    while len(got) < len(REPLY):
        more = client.recv(4096)
        if not more:
            raise ConnectionError("closed before the greeting")
        got += more
    assert got == REPLY, got
    return client


def still_talks(client, line=b"PNG\r\n"):
    client.sendall(line)
    got = b""
    while len(got) < len(line):
        more = client.recv(4096)
        if not more:
            return False
        got += more
    return got == line


def is_closed(client):
    client.settimeout(PATIENCE)
    try:
        while client.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return True


def refused(port, host="127.0.0.1"):
    """Nobody listens. Whoever met a listener that was just closing was reset, which is not the same."""
    try:
        socket.create_connection((host, port), PATIENCE).close()
        return False
    except ConnectionResetError:
        return False
    except ConnectionRefusedError:
        return True
