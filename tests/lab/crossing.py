"""Two networks, a gateway between them that runs as a user with few rights, and a server that tells each client
whom it sees. For tests of interception: which way connections go, not what is said on them."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from . import audit
from .namespaces import Internet, WIRES, family_of

PATIENCE = 15.0
HELLO = b"USR 1 ann@corp.example 1234.5678\r\n"
NOBODY = "65534"
CLIENT, SERVER = WIRES["a"], WIRES["server"]


def eventually(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError("did not happen: " + what)


def endpoint(address):
    return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"


class Telling:
    """A switchboard of few words: to the first line it says `USR 1 OK ann@corp.example PEER`, PEER being who it sees,
    then every line of `then`. What clients say is kept in `heard`."""

    def __init__(self, place, host, port, then=b""):
        self.sock = place.listener(host, port)
        self.sock.setblocking(True)
        self.then, self.heard, self.links = then, [], []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                link, peer = self.sock.accept()
                self.links.append(link)
                threading.Thread(target=self._serve, args=(link, peer), daemon=True).start()

    def _serve(self, link, peer):
        with contextlib.suppress(OSError), link:
            while data := link.recv(65536):
                self.heard.append(data)
                if data.startswith(b"USR "):
                    link.sendall(f"USR 1 OK ann@corp.example {endpoint(peer)}\r\n".encode() + self.then)

    def close(self):
        # shutdown wakes the thread that accepts; close alone does not
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        for one in (self.sock, *self.links):
            one.close()


class Crossing:
    """`with Crossing(binary) as c:`; everything is gone afterwards."""

    def __init__(self, binary):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="msnpgate-crossing."))
        self.folder.chmod(0o777)
        self.binary = self.folder / "msnpgate"  # where an ordinary user can reach it
        shutil.copy(binary, self.binary)
        self.config, self.audit_path = self.folder / "gateway.toml", self.folder / "audit.jsonl"
        self.log_path = self.folder / "log"
        self.internet = Internet()
        self.gateway, self.client = self.internet.gateway, self.internet.places["a"]
        self.servers, self.process = [], None

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        self.stop()
        faults = [] if failure else audit.log_faults(self.audit_path)
        for server in self.servers:
            server.close()
        self.internet.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not faults, f"records against the schema: {faults[:5]}"

    # --- the gateway

    def configure(self, mode="redirect", bind="[::]:11863", intercept="", more=""):
        self.config.write_text(f'[[listener]]\nbind = "{bind}"\nmode = "{mode}"\n'
                               f'[audit]\npath = "{self.audit_path}"\n'
                               f'[intercept]\ninterfaces = ["{CLIENT.interface}"]\n{intercept}\n{more}\n')

    def rules(self, *words, check=True):
        return self.gateway.run(str(self.binary), "rules", *words, "-c", str(self.config), check=check)

    def start(self, capability=None, wait=True):
        """As nobody, with `capability` (such as "net_admin") and no other."""
        bounding = "-all" + (f",+{capability}" if capability else "")
        rights = [f"--inh-caps={bounding}", f"--ambient-caps={bounding}", f"--bounding-set={bounding}"]
        command = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", *rights,
                   str(self.binary), "run", "-c", str(self.config)]
        with open(self.log_path, "ab") as log:
            self.process = self.gateway.start(*command, stdout=log, stderr=log)
        if wait:
            eventually(lambda: "listening" in self.log() or self.process.poll() is not None, "the start")
            assert self.process.poll() is None, self.log()

    def stop(self, kill=False):
        if self.process is None:
            return None
        self.process.kill() if kill else self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.process = None
        return code

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def audit(self):
        if not self.audit_path.exists():
            return []
        return [json.loads(row) for row in self.audit_path.read_bytes().split(b"\n")[:-1]]

    def capabilities(self):
        """Of every thread: {(permitted, effective)}."""
        sets = set()
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it ended meanwhile
                told = dict(row.split(":\t") for row in (task / "status").read_text().splitlines() if ":\t" in row)
                sets.add((int(told["CapPrm"], 16), int(told["CapEff"], 16)))
        return sets

    # --- who talks

    def serve(self, host, port, then=b""):
        self.servers.append(Telling(self.internet.places["server"], host, port, then))
        return self.servers[-1]

    def connect(self, host, port, source=None, patience=5.0):
        made = self.client.socket(family_of(host))
        made.settimeout(patience)
        if source:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(source)
        try:
            made.connect((host, port))
        except OSError:
            made.close()
            raise
        return made

    def ask(self, host, port, source=None):
        """(whom the server sees, our own address), or the name of what went wrong."""
        try:
            with self.connect(host, port, source) as link:
                link.sendall(HELLO)
                line = read_line(link)
                return line.split(" ")[4], endpoint(link.getsockname())
        except OSError as error:
            return type(error).__name__


def read_line(link):
    """One line, without its end; what follows stays unread."""
    got = b""
    while not got.endswith(b"\r\n"):
        byte = link.recv(1)
        if not byte:
            raise ConnectionResetError("closed within a line: " + repr(got))
        got += byte
    return got[:-2].decode()


def nft(namespace, text):
    """Loads a ruleset of the host's own, given as text."""
    done = subprocess.run(["nsenter", f"--net={namespace.path}", "nft", "-f", "-"], input=text, text=True,
                          capture_output=True, timeout=20)
    if done.returncode:
        raise RuntimeError(done.stderr)
