"""The server's HTTP gateway, with the habits of Escargot's (framing.md 9), and a small web server beside it."""

import secrets
from urllib.parse import parse_qsl, urlsplit

from . import http_wire, wire
from .link import Tape

PATH = "/gateway/gateway.dll"
PAGE = b"<html>a page of the web</html>\n"


class GatewayLink:
    """The server's end of one session: looks like a `Link`; what is sent waits for the next answer."""

    def __init__(self, local, remote, on_frame, on_end):
        self.tape = Tape(local, remote)
        self.open = True
        self._frames = wire.Reader("client")
        self._on_frame = on_frame
        self._on_end = on_end
        self._waiting = bytearray()

    def send(self, data):
        if self.open:
            self.tape.add("sent", data)
            self._waiting += data

    def close(self):
        self.open = False

    def take(self, body):
        """Reads a body and gives back what waits for the client."""
        self.tape.add("received", body)
        try:
            for frame in self._frames.feed(body):
                self._on_frame(frame)
                if not self.open:
                    break
        except wire.Malformed as error:
            self.close()
            self._on_end(str(error))
        waiting = bytes(self._waiting)
        self._waiting.clear()
        return waiting


class HttpGateway:
    """Serves one listening socket of `server`; `make` makes a connection of a kind with a link."""

    def __init__(self, server, make):
        self.server = server
        self.make = make
        self.sessions = {}             # stable part of the SessionID -> connection
        self.requests = 0

    async def serve(self, reader, writer):
        local, remote = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
        ends = f"{local[0]}:{local[1]}", f"{remote[0]}:{remote[1]}"
        try:
            while (request := await http_wire.read(reader)) is not None:
                self.requests += 1
                writer.write(self._answer(request, ends, local[0]))
                await writer.drain()
        except wire.Malformed as error:
            self.server.faults.append(f"HTTP from {ends[1]}: {error}")
        except ConnectionError:
            pass
        writer.close()

    def _answer(self, request, ends, host):
        method, target, _ = request.first
        parts = urlsplit(target)
        if parts.path != PATH:
            return http_wire.answer("200 OK", PAGE, "Content-Type: text/html")
        query = dict(reversed(parse_qsl(parts.query, keep_blank_values=True)))
        name = query.get("SessionID", "").split(".")[0]
        if method != "POST" or (name and name not in self.sessions):
            return http_wire.answer("400 Bad Request", b"")
        if not name:
            name = str(secrets.randbelow(10**12))
            kind = "notification" if query.get("Server") == "NS" else "switchboard"
            self.sessions[name] = self.make(kind, lambda on_frame, on_end: GatewayLink(*ends, on_frame, on_end))
        session = self.sessions[name]
        # Escargot passes over the body of a poll.
        body = session.link.take(b"" if query.get("Action") == "poll" else request.body)
        told = f"X-MSN-Messenger: SessionID={name}.{secrets.randbelow(10**6)}; GW-IP={host}"
        if not session.link.open:
            del self.sessions[name]
            told += "; Session=close"
        return http_wire.answer("200 OK", body, told, "Content-Type: application/x-msn-messenger")
