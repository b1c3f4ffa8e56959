"""Everything a story needs, set up and always taken down: networks, server, gateway, people."""

import asyncio
import contextlib
import random
import shutil
import tempfile
import time
from pathlib import Path

from . import admin, audit
from .client import LIBPURPLE, Client
from .gateway import Gateway
from .namespaces import WIRES, Internet
from .server import Server
from .slp import Picture

NOTIFICATION, SWITCHBOARD, MUTE, WEB = 1863, 1864, 1865, 80

CONFIG = """\
threads = 1

[[listener]]
bind = "[::]:11863"
mode = "redirect"

[limits]
connect_timeout = "1s"
first_command_timeout = "2s"

[admin]
socket = "admin.sock"

[audit]
path = "{audit}"
fsync = "never"

[intercept]
ports = [1863, 1864, 1865]
interfaces = ["office-a"]

[policy]
default = "block"
notice = false                      # these stories count every byte

[groups]
design = ["dora@lab.example", "erin@lab.example"]

[[rule]]
name = "design may swap files with bob"
action = "allow"
users = ["group:design"]
peers = ["bob@lab.example"]
kinds = ["file-transfer"]

[[rule]]
name = "everybody may swap time tables"
action = "allow"
kinds = ["file-transfer"]
names = ["timetable-*"]
"""


class Stage:
    """A is the office behind the gateway's filter, B a network whose traffic it only routes."""

    def __init__(self, binary, report):
        self.report = report
        self.withholding = False       # whether the gateway withholds P2P v2 offers instead of replacing them
        self.directory = Path(tempfile.mkdtemp(prefix="msnpgate-lab."))
        self.people = []
        self.random = random.Random(2026)
        self.internet = self.server = self.gateway = None
        try:
            self.internet = Internet()
            self.server = Server(self.directory / "server.log", WIRES["server"].machine4, WIRES["server"].machine6)
            self.gateway = Gateway(self.internet.gateway, binary, self.directory)
            self.gateway.configure(CONFIG.format(audit=self.gateway.audit_path))
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise

    async def open_server(self):
        wire, place = WIRES["server"], self.internet.places["server"]
        for host in (wire.machine4, *([wire.machine6] if self.internet.ipv6 else [])):
            await self.server.listen(place.listener(host, NOTIFICATION), "notification")
            await self.server.listen(place.listener(host, SWITCHBOARD), "switchboard")
        await self.server.listen(place.listener(wire.machine4, MUTE), "mute")
        await self.server.listen(place.listener(wire.machine4, WEB), "http")

    async def gateway_up(self, config=None):
        """The gateway with its rules; False when it does not come up."""
        if config:
            self.gateway.configure(config)
        loaded = self.gateway.rules("load")
        return self.report.check("the gateway stands", loaded.returncode == 0 and await self.gateway.start(),
                                 loaded.stderr + self.gateway.log())

    def counters_agree(self):
        """Every offer has ended, every byte is accounted for, now that nothing is on the way."""
        faults = admin.lasting_faults(self.gateway.admin_socket, 3.0 * self.gateway.slowness)
        self.report.check("every offer and every byte is accounted for in the metrics", not faults, "\n".join(faults))

    async def gateway_down(self):
        self.counters_agree()
        code = await self.gateway.stop()
        self.report.check("msnpgate stopped when told to, exit code 0", code == 0,
                          f"{code}\n{self.gateway.log()[-1500:]}")
        self.gateway.rules("unload")

    async def person(self, name, place, dialect, habits=LIBPURPLE, answers="accept", ipv6=False, over_http=False):
        """Somebody at a machine of network `place`, signed in and online, with a picture of their own."""
        account = f"{name}@lab.example"
        picture = Picture(account, self.random.randbytes(self.random.randrange(8_000, 28_000)))
        client = Client(self.internet.places[place], account, dialect, habits, picture, answers)
        client.gapless = not self.withholding
        client.over_http = over_http
        self.people.append(client)
        await client.sign_in(WIRES["server"].machine6 if ipv6 else WIRES["server"].machine4)
        await client.go_online()
        return client

    async def conversation(self, caller, called):
        """Both sides' chats."""
        before = called.mark()
        chat = await caller.call(called.account)
        answered = await called.wait_for("called", before)
        await self.settle(chat, answered.chat)
        return chat, answered.chat

    async def settle(self, chat, other, timeout=3.0):
        """Returns once everything on the way between the two has arrived and is answered.

        Nothing overtakes anything on a switchboard: when a message sent last has come, all before it have.
        Twice, because what came may have been answered by something that wants no acknowledgement."""
        deadline, calm = time.monotonic() + timeout * self.gateway.slowness, 0
        while calm < 2 and time.monotonic() < deadline:
            before = chat.heard + other.heard
            if not await self._fences(chat, other, deadline):
                return
            still = chat.heard + other.heard == before and not chat.hanging() and not other.hanging()
            calm = calm + 1 if still else 0
            if not still:
                await asyncio.sleep(0.005)

    async def _fences(self, chat, other, deadline):
        marks = [(side.client, side.client.mark()) for side in (chat, other)]
        try:
            words = [chat.fence(), other.fence()]
        except ConnectionError:
            return False
        for (client, mark), word in zip(marks, reversed(words)):
            if await client.wait_for("fence", mark, max(0.0, deadline - time.monotonic()), word=word) is None:
                return False
        return True

    def complaints(self):
        return [f"{client.nick}: {what}" for client in self.people for what in client.complaints]

    def hanging(self):
        return [f"{client.nick}: {what}" for client in self.people for what in client.hanging()]

    async def leave(self, *clients):
        for client in clients:
            await client.sign_out()
        await asyncio.sleep(0.1)

    async def close(self):
        """Takes everything down; safe at any moment, twice too."""
        with contextlib.suppress(Exception):
            await self.leave(*self.people)
        if self.gateway:
            await self.gateway.stop()
            faults = audit.log_faults(self.gateway.audit_path)
            self.report.check("every audit record keeps to the published schema", not faults, "\n".join(faults[:5]))
        if self.server:
            await self.server.close()
        if self.internet:
            self.internet.close()
        shutil.rmtree(self.directory, ignore_errors=True)
