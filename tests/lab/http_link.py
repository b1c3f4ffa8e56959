"""The client's road through the HTTP gateway: looks like a `Link`, is a row of requests."""

import asyncio
import contextlib

from . import http_wire, wire
from .link import Tape
from .namespaces import family_of

POLL_SECONDS = 0.1  # libpurple waits two seconds; nobody here has so long


class HttpLink:
    """One session. One request at a time; what is said meanwhile goes with the next. Every answer must hold
    whole frames: libpurple begins anew with each."""

    def __init__(self, reader, writer, host, side, on_frame, on_end):
        self._reader = reader
        self._writer = writer
        self._host = host
        self._query = f"Action=open&Server={side}&IP={host}"
        self._on_frame = on_frame
        self._on_end = on_end
        self._said = bytearray()
        self._news = asyncio.Event()
        name = writer.get_extra_info("sockname")
        peer = writer.get_extra_info("peername")
        self.tape = Tape(f"{name[0]}:{name[1]}", f"{peer[0]}:{peer[1]}")
        self.open = True
        self._task = asyncio.create_task(self._converse())

    def send(self, data):
        if self.open:
            self.tape.add("sent", data)
            self._said += data
            self._news.set()

    async def drain(self):
        """Until all that was said has gone."""
        while self.open and self._said:
            await asyncio.sleep(0.01)

    def close(self):
        if self.open:
            self.open = False
            asyncio.get_running_loop().call_later(0.3, self._writer.close)  # its last words are on their way
            if self._said:
                self._writer.write(http_wire.request(self._host, self._query, bytes(self._said)))
                self._said.clear()

    async def _converse(self):
        wrong = None
        session = ""
        try:
            while self.open:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), POLL_SECONDS)
                self._news.clear()
                if not self.open:
                    break
                if not self._said and not session:
                    continue
                body = bytes(self._said)
                self._said.clear()
                query = self._query if body or not session else f"Action=poll&{self._query}"
                self._writer.write(http_wire.request(self._host, query, body))
                answer = await http_wire.read(self._reader)
                if answer is None:
                    break
                session = self._take(answer, session)
        except wire.Malformed as error:
            wrong = str(error)
        except ConnectionError:
            pass
        if self.open:
            self.open = False
            self._writer.close()
        self._on_end(wrong)

    def _take(self, answer, session):
        if answer.first[1:2] != ["200"]:
            raise wire.Malformed(f"answer {' '.join(answer.first)}")
        told = dict(part.strip().split("=", 1) for part in answer.headers.get("x-msn-messenger", "").split(";") if part)
        if "SessionID" not in told or session not in ("", told["SessionID"].split(".")[0]):
            raise wire.Malformed(f"X-MSN-Messenger {told}")
        self._query = f"SessionID={told['SessionID']}"
        self.tape.add("received", answer.body)
        frames = wire.Reader("server")
        for frame in frames.feed(answer.body):
            self._on_frame(frame)
        if frames.unread():
            raise wire.Malformed(f"an answer that ends inside a frame: {frames.unread()[:60]!r}")
        if told.get("Session") == "close":
            self.open = False
            self._writer.close()
        return told["SessionID"].split(".")[0]


async def connect(namespace, host, side, on_frame, on_end, port=80):
    """A session of `side`, "NS" or "SB", out of `namespace`."""
    made = namespace.socket(family_of(host))
    try:
        await asyncio.get_running_loop().sock_connect(made, (host, port))
        reader, writer = await asyncio.open_connection(sock=made)
    except BaseException:
        made.close()
        raise
    return HttpLink(reader, writer, host, side, on_frame, on_end)
