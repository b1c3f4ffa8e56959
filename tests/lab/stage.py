"""Everything a story needs, set up and always taken down: networks, server, gateway, people."""

import asyncio
import contextlib
import random
import shutil
import tempfile
from pathlib import Path

from .client import LIBPURPLE, Client
from .gateway import Gateway
from .namespaces import WIRES, Internet
from .server import Server
from .slp import Picture

NOTIFICATION, SWITCHBOARD, MUTE = 1863, 1864, 1865

CONFIG = """\
threads = 1

[[listener]]
bind = "[::]:11863"
mode = "redirect"

[limits]
connect_timeout = "1s"
first_command_timeout = "2s"

[audit]
path = "{audit}"
fsync = "never"

[intercept]
ports = [1863, 1864, 1865]
interfaces = ["office-a"]

[policy]
default = "block"

[groups]
design = ["dora@lab.example", "erin@lab.example"]

[[rule]]
name = "design may swap files with bob"
action = "allow"
users = ["group:design"]
peers = ["bob@lab.example"]
kinds = ["file-transfer"]
"""


class Stage:
    """A is the office behind the gateway's filter, B a network whose traffic it only routes."""

    def __init__(self, binary, report):
        self.report = report
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

    async def gateway_up(self, config=None):
        """The gateway with its rules; False when it does not come up."""
        if config:
            self.gateway.configure(config)
        loaded = self.gateway.rules("load")
        return self.report.check("the gateway stands", loaded.returncode == 0 and await self.gateway.start(),
                                 loaded.stderr + self.gateway.log())

    async def gateway_down(self):
        code = await self.gateway.stop()
        self.report.check("msnpgate stopped when told to, exit code 0", code == 0,
                          f"{code}\n{self.gateway.log()[-1500:]}")
        self.gateway.rules("unload")

    async def person(self, name, place, dialect, habits=LIBPURPLE, answers="accept", ipv6=False):
        """Somebody at a machine of network `place`, signed in and online, with a picture of their own."""
        account = f"{name}@lab.example"
        picture = Picture(account, self.random.randbytes(self.random.randrange(8_000, 28_000)))
        client = Client(self.internet.places[place], account, dialect, habits, picture, answers)
        self.people.append(client)
        await client.sign_in(WIRES["server"].machine6 if ipv6 else WIRES["server"].machine4)
        await client.go_online()
        return client

    async def conversation(self, caller, called):
        """Both sides' chats."""
        before = called.mark()
        chat = await caller.call(called.account)
        answered = await called.wait_for("called", before)
        await self.quiet(caller, called, silence=0.03)
        return chat, answered.chat

    async def quiet(self, *clients, silence=0.1, timeout=2.0):
        """Returns once nothing is open and nobody has heard anything for a while: what still comes after
        that, nobody waited for."""
        loop = asyncio.get_running_loop()
        deadline, since, before = loop.time() + timeout, loop.time(), None
        while loop.time() < deadline:
            now = [sum(len(chat.link.tape.entries) for chat in client.chats) for client in clients]
            if now != before or any(client.hanging() for client in clients):
                before, since = now, loop.time()
            elif loop.time() - since >= silence:
                return
            await asyncio.sleep(0.01)

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
        if self.server:
            await self.server.close()
        if self.internet:
            self.internet.close()
        shutil.rmtree(self.directory, ignore_errors=True)
