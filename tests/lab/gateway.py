"""The program under test: msnpgate in the gateway's namespace."""

import asyncio
import signal
import time
from pathlib import Path

LISTEN_PORT = 11863


class Gateway:
    def __init__(self, namespace, binary, directory):
        self.namespace = namespace
        self.binary = str(binary)
        self.directory = Path(directory)
        self.config = self.directory / "lab.toml"
        self.audit_path = self.directory / "audit.jsonl"
        self.admin_socket = self.directory / "admin.sock"
        self.log_path = self.directory / "msnpgate.log"
        self.process = None
        # A sanitizer keeps what was freed for a while and makes every step slower.
        self.sanitized = b"__asan_init" in Path(binary).read_bytes()
        self.slowness = 3 if self.sanitized else 1

    def configure(self, text):
        self.config.write_text(text, encoding="utf-8")

    def command(self, *words):
        return self.namespace.run(self.binary, *words, check=False)

    def rules(self, verb):
        return self.command("rules", verb, "-c", str(self.config))

    def ruleset(self):
        """What nftables holds in the gateway, as text."""
        return self.namespace.run("nft", "list", "ruleset").stdout.strip()

    async def start(self, timeout=15.0):
        """True once it listens."""
        with open(self.log_path, "ab") as log:
            self.process = self.namespace.start(self.binary, "run", "-c", str(self.config), stdout=log, stderr=log)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._listens():
                return True
            await asyncio.sleep(0.02)
        return False

    def _listens(self):
        for table in ("tcp", "tcp6"):
            path = Path(f"/proc/{self.process.pid}/net/{table}")
            if not path.exists():
                continue
            for row in path.read_text(encoding="ascii").splitlines()[1:]:
                words = row.split()
                if words[1].endswith(f":{LISTEN_PORT:04X}") and words[3] == "0A":
                    return True
        return False

    def running(self):
        return self.process is not None and self.process.poll() is None

    def resident(self):
        """Bytes of memory it has written to: neither code nor what the kernel only estimates (VmRSS)."""
        for row in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if row.startswith("Anonymous:"):
                return int(row.split()[1]) * 1024
        return 0

    def sockets(self):
        """Its TCP connections that are not listeners."""
        return [row for row in self.namespace.run("ss", "-Htanp").stdout.splitlines()
                if f"pid={self.process.pid}," in row and not row.startswith("LISTEN")]

    async def stop(self, timeout=15.0):
        """Its exit code; None when it had to be killed."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        code = self.process.poll()
        if code is None:
            self.process.kill()
            self.process.wait()
        self.process = None
        return code

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""
