"""One TCP connection: frames in, bytes out, and a tape of every byte."""

import asyncio
import contextlib
import socket
import time

from . import wire
from .namespaces import family_of


class Tape:
    """Every byte a connection carried, as (seconds, "received" | "sent", bytes), seen from its owner."""

    def __init__(self, local, remote):
        self.local = local
        self.remote = remote
        self.entries = []

    def add(self, way, data):
        self.entries.append((time.monotonic(), way, bytes(data)))

    def bytes(self, way, since=0.0):
        return b"".join(data for at, which, data in self.entries if which == way and at >= since)


def _endpoint(address):
    return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"


class Link:
    """`speaker` says who is at the other end. `on_frame` is called for every frame, `on_end` once, with
    what was wrong or None for an ordinary close."""

    def __init__(self, reader, writer, speaker, on_frame, on_end):
        self._reader = reader
        self._writer = writer
        self._frames = wire.Reader(speaker)
        self._on_frame = on_frame
        self._on_end = on_end
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tape = Tape(_endpoint(writer.get_extra_info("sockname")),
                         _endpoint(writer.get_extra_info("peername")))
        self.open = True
        self._task = asyncio.create_task(self._read())

    def send(self, data):
        if self.open:
            self.tape.add("sent", data)
            self._writer.write(data)

    async def drain(self):
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    def close(self):
        if self.open:
            self.open = False
            self._writer.close()

    async def _read(self):
        wrong = None
        try:
            while data := await self._reader.read(65536):
                self.tape.add("received", data)
                for frame in self._frames.feed(data):
                    self._on_frame(frame)
                    if not self.open:
                        break
            if self._frames.unread() and self.open:
                wrong = f"the connection ended inside a frame: {self._frames.unread()[:60]!r}"
        except wire.Malformed as error:
            wrong = str(error)
        except ConnectionError:
            pass
        self.close()
        self._on_end(wrong)


async def connect(namespace, host, port, speaker, on_frame, on_end):
    """A connection out of `namespace` to a numeric address."""
    made = namespace.socket(family_of(host))
    try:
        await asyncio.get_running_loop().sock_connect(made, (host, port))
        reader, writer = await asyncio.open_connection(sock=made)
    except BaseException:
        made.close()
        raise
    return Link(reader, writer, speaker, on_frame, on_end)


def split_host(text):
    """Host and port of an XFR or RNG line; an IPv6 address stands in brackets."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
