"""Bad input on the connection itself: hostile lines, clients that hardly speak, servers that never answer."""

import asyncio
import time

from . import audit
from .namespaces import WIRES
from .refusal import chat_works
from .stage import MUTE, NOTIFICATION, SWITCHBOARD

OPENING = {NOTIFICATION: b"VER 1 MSNP12 CVR0\r\n", SWITCHBOARD: b"USR 1 mallory@lab.example 0123456789\r\n"}
# What Escargot or some client would read otherwise than the rest (framing.md 1.3), and the way into it.
HOSTILE_LINES = (
    ("a command in lower case", SWITCHBOARD, b"msg 2 A 3\r\nabc"),
    ("a blank before the command", SWITCHBOARD, b" MSG 2 A 3\r\nabc"),
    ("a length with a sign", SWITCHBOARD, b"MSG 2 A +3\r\nabc"),
    ("a negative length", SWITCHBOARD, b"MSG 2 A -12\r\n"),
    ("a length with leading zeros", SWITCHBOARD, b"MSG 2 A 003\r\nabc"),
    ("a length of 2^63", SWITCHBOARD, b"MSG 2 D 9223372036854775808\r\nabc"),
    ("two lengths", SWITCHBOARD, b"MSG 2 A 9 3\r\nabc"),
    ("vertical tabs between words", SWITCHBOARD, b"MSG\x0b2\x0bA\x0b3\r\nabc"),
    ("a bare CR within a line", SWITCHBOARD, b"CAL 2 bob@lab.example\rMSG 3 A 3\r\n"),
    ("a message on the notification server", NOTIFICATION, b"MSG 2 A 3\r\nabc"),
    ("a line of 20 KiB", NOTIFICATION, b"CVR 2 " + b"x" * 20_480 + b"\r\n"),
)


class Raw:
    """A connection of network A that says what it likes."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        host, port = writer.get_extra_info("sockname")[:2]
        self.local = f"{host}:{port}"

    @classmethod
    async def open(cls, stage, port, host=WIRES["server"].machine4):
        sock = stage.internet.places["a"].socket(2)
        await asyncio.get_running_loop().sock_connect(sock, (host, port))
        return cls(*await asyncio.open_connection(sock=sock))

    def send(self, data):
        self._writer.write(data)

    async def line(self):
        return await asyncio.wait_for(self._reader.readline(), 10)

    async def closed_after(self, timeout):
        """Seconds until the other side closed; None when it did not."""
        began = time.monotonic()
        try:
            while await asyncio.wait_for(self._reader.read(4096), max(0.01, began + timeout - time.monotonic())):
                pass
        except TimeoutError:
            return None
        except ConnectionError:
            pass
        return time.monotonic() - began

    def close(self):
        self._writer.close()


def recorded(stage, endpoint):
    """The failures and session ends the audit holds for a client's endpoint."""
    records, _ = audit.read(stage.gateway.audit_path)
    return [record for record in records if record.get("client") == endpoint and
            record.get("event") in ("failure", "session")]


async def hostile_lines(stage):
    stage.report.chapter("Bad input: hostile client lines")
    if not await stage.gateway_up():
        return
    check = stage.report.check
    for what, port, hostile in HOSTILE_LINES:
        kind = "switchboard" if port == SWITCHBOARD else "notification"
        raw = await Raw.open(stage, port)
        raw.send(OPENING[port])
        welcome = await raw.line()
        before = len(stage.server.connections)
        raw.send(hostile)
        took = await raw.closed_after(10)
        check(f"{what}: the connection is closed", welcome and took is not None, (welcome, took))
        taken = stage.server.connections[before - 1].tape.bytes("received")
        check(f"{what}: not a byte of it came to the {kind} server", taken == OPENING[port], taken[:200])
        failures = [record for record in recorded(stage, raw.local) if record.get("event") == "failure"]
        check(f"{what}: audited as parse-error with the client's address",
              len(failures) == 1 and failures[0].get("reason") == "parse-error", recorded(stage, raw.local))
        raw.close()
    check("the server noticed nothing", not stage.server.faults, stage.server.faults)
    await slow_clients(stage)
    await stage.gateway_down()


async def slow_clients(stage):
    check = stage.report.check
    stage.report.chapter("Bad input: clients that hardly speak, and what is no MSNP at all")
    one = await Raw.open(stage, NOTIFICATION)
    one.send(b"V")
    dripping = await Raw.open(stage, NOTIFICATION)

    async def drip():
        for byte in b"VER 1 MSNP12 " + b"MSNP11 " * 20:
            dripping.send(bytes([byte]))
            await asyncio.sleep(0.3)

    dropping = asyncio.create_task(drip())
    took = await one.closed_after(20)
    check("one byte and then nothing: closed when the first command is overdue (2 s)",
          took and took < 4.5 * stage.gateway.slowness, took)
    check("one byte and then nothing: on record", recorded(stage, one.local), stage.gateway.log()[-600:])
    took = await dripping.closed_after(20)
    check("a byte now and then: closed too, bytes do not buy time", took is not None, took)
    dropping.cancel()
    for what, first in (("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n"),
                        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60)),
                        ("the data socket of a classic transfer", b"VER MSNFTP\r\n"),
                        ("a direct P2P socket", b"\x04\0\0\0foo\0")):
        raw = await Raw.open(stage, NOTIFICATION)
        raw.send(first)
        took = await raw.closed_after(10)
        check(f"{what} on an intercepted port: closed and on record",
              took is not None and recorded(stage, raw.local), recorded(stage, raw.local))
        raw.close()


async def silent_servers(stage):
    stage.report.chapter("Bad input: servers that never answer")
    if not await stage.gateway_up():
        return
    check = stage.report.check
    gone = await Raw.open(stage, NOTIFICATION, stage.internet.silent_address())
    gone.send(OPENING[NOTIFICATION])
    took = await gone.closed_after(20)
    check("a server that cannot be reached: the client is let go after connect_timeout (1 s)",
          took is not None and took < 3.5 * stage.gateway.slowness, took)
    check("a server that cannot be reached: on record", recorded(stage, gone.local), stage.gateway.log()[-600:])
    mute = [await Raw.open(stage, MUTE) for _ in range(20)]
    for raw in mute:
        raw.send(OPENING[NOTIFICATION])
    check("20 clients of a server that says nothing wait, as they would without a gateway",
          all([await raw.closed_after(0.1) is None for raw in mute]))
    alice, bob = await stage.person("alice", "a", 18), await stage.person("bob", "b", 12)
    await chat_works(stage, *await stage.conversation(alice, bob), "meanwhile")
    await stage.leave(alice, bob)
    for raw in mute:
        raw.close()
    deadline = time.monotonic() + 5
    while (left := [row for row in stage.gateway.sockets() if f":{MUTE} " in row]) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    check("when the clients go, the gateway lets go of that server too", not left, "\n".join(left))
    await stage.gateway_down()
