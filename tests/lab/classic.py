"""Classic file invitations of one conversation and their data socket (transfers.md 1, 6.8)."""

import asyncio
import random
import re
from dataclasses import dataclass, field

from . import mime
from .namespaces import family_of
from .wire import Malformed

GUID = "{5D3E02AB-6190-11d3-BBBB-00C04F795683}"
PORTS = range(6891, 6901)
BLOCK = 2045
BYE_RECEIVED = 16777989


@dataclass
class Offer:
    """One classic offer. `state` ends as "declined", "done" or "closed"."""
    cookie: str
    outgoing: bool
    peer: str
    name: str
    size: int
    data: bytes = field(default=b"", repr=False)
    state: str = "offered"

    @property
    def ended(self):
        return self.state in ("declined", "done", "closed")


class ClassicTransfers:
    def __init__(self, chat):
        self.chat = chat
        self.client = chat.client
        self.offers = {}

    # What a user does.

    def offer_file(self, name, data):
        offer = Offer(self._fresh_cookie(), True, self.chat.peer, name, len(data), data)
        self.offers[offer.cookie] = offer
        self._send([("Application-Name", "File Transfer"), ("Application-GUID", GUID),
                    ("Invitation-Command", "INVITE"), ("Invitation-Cookie", offer.cookie),
                    ("Application-File", name), ("Application-FileSize", len(data))])
        return offer

    def accept(self, offer):
        offer.state = "accepted"
        self._send([("Invitation-Command", "ACCEPT"), ("Invitation-Cookie", offer.cookie),
                    ("Launch-Application", "FALSE"), ("Request-Data", "IP-Address:")])

    def decline(self, offer):
        offer.state = "declined"
        self._cancel(offer, "REJECT")

    def hanging(self):
        return [f"classic file {offer.name!r} is still {offer.state}" for offer in self.offers.values()
                if not offer.ended]

    def _fresh_cookie(self):
        """Never one that is in use: of 10,000 random cookies two are equal in one run of forty."""
        while (cookie := str(random.randrange(1, 1 << 31))) in self.offers:
            pass
        return cookie

    def _cancel(self, offer, code):
        self._send([("Invitation-Command", "CANCEL"), ("Invitation-Cookie", offer.cookie), ("Cancel-Code", code)])

    def _send(self, fields):
        body = "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
        headers = [("MIME-Version", "1.0"), ("Content-Type", f"{mime.INVITE}; charset=UTF-8")]
        self.chat.send(self.client.habits.classic_letter, mime.build(headers, body.encode()))

    # Receiving.

    def receive(self, sender, fields):
        command, cookie = fields.get("Invitation-Command"), fields.get("Invitation-Cookie", "")
        offer = self.offers.get(cookie)
        if command == "INVITE":
            self._invited(sender, fields, offer)
        elif offer is None:
            raise Malformed(f"classic {command} for an unknown cookie {cookie!r}")
        elif command == "CANCEL":
            self._cancelled(offer, sender, fields.get("Cancel-Code", ""))
        elif command == "ACCEPT":
            self._accepted(offer, fields)
        else:
            raise Malformed(f"classic command {command}")

    def _invited(self, sender, fields, known):
        if known is not None or fields.get("Application-GUID") != GUID:
            raise Malformed("classic invitation of a known cookie or unknown application")
        offer = Offer(fields["Invitation-Cookie"], False, sender, fields["Application-File"],
                      int(fields["Application-FileSize"]))
        self.offers[offer.cookie] = offer
        self.client.event("offer", who=sender, form="classic", name=offer.name, size=offer.size, call=offer)
        if self.client.answers == "accept":
            self.accept(offer)
        elif self.client.answers == "decline":
            self.decline(offer)

    def _cancelled(self, offer, sender, code):
        if offer.ended:
            raise Malformed(f"CANCEL {code} of an offer that is {offer.state}")
        if offer.outgoing and offer.state == "offered" and code == "REJECT":
            offer.state = "declined"
            self.client.event("declined", who=sender, form="classic", name=offer.name, kind_of="file")
            return
        offer.state = "closed"
        self.client.event("cancelled", who=sender, name=offer.name)

    def _accepted(self, offer, fields):
        if offer.state not in ("offered", "accepted"):
            raise Malformed(f"ACCEPT of an offer that is {offer.state}")
        if offer.outgoing:
            offer.state = "accepted"
            self.client.spawn(self._serve(offer))
            return
        if not re.fullmatch(r"[0-9]+", fields.get("Port", "")) or not fields.get("AuthCookie"):
            raise Malformed("ACCEPT without port or AuthCookie")
        self.client.spawn(self._fetch(offer, fields["IP-Address"], int(fields["Port"]), fields["AuthCookie"]))

    # The data socket: the receiver of the file connects.

    async def _serve(self, offer):
        done = asyncio.Event()
        password = str(random.randrange(1, 1 << 31))

        async def served(reader, writer):
            try:
                await self._serve_data(offer, password, reader, writer)
            except (Malformed, asyncio.IncompleteReadError, ConnectionError) as error:
                self.client.complain(f"data socket: {error}")
            finally:
                writer.close()
                done.set()

        sock, port = self._data_listener()
        address = self.chat.link.tape.local.rpartition(":")[0].strip("[]")
        server = await asyncio.start_server(served, sock=sock)
        self._send([("Invitation-Command", "ACCEPT"), ("Invitation-Cookie", offer.cookie),
                    ("IP-Address", address), ("Port", port), ("AuthCookie", password),
                    ("Launch-Application", "FALSE"), ("Request-Data", "IP-Address:")])
        await done.wait()
        server.close()

    def _data_listener(self):
        host = self.chat.link.tape.local.rpartition(":")[0].strip("[]")
        for port in PORTS:
            try:
                return self.client.namespace.listener(host, port), port
            except OSError:
                continue
        raise ConnectionError("no port left for the data socket")

    async def _serve_data(self, offer, password, reader, writer):
        await _expect(reader, "VER MSNFTP")
        writer.write(b"VER MSNFTP\r\n")
        await _expect(reader, f"USR {offer.peer} {password}")
        writer.write(f"FIL {offer.size}\r\n".encode())
        await _expect(reader, "TFR")
        for start in range(0, offer.size, BLOCK):
            block = offer.data[start:start + BLOCK]
            writer.write(b"\0" + len(block).to_bytes(2, "little") + block)
            await writer.drain()
        writer.write(b"\x01\0\0")
        await _expect(reader, f"BYE {BYE_RECEIVED}")
        offer.state = "done"
        self.client.event("sent", who=offer.peer, name=offer.name)

    async def _fetch(self, offer, host, port, password):
        sock = self.client.namespace.socket(family_of(host))
        await asyncio.get_running_loop().sock_connect(sock, (host, port))
        reader, writer = await asyncio.open_connection(sock=sock)
        writer.write(b"VER MSNFTP\r\n")
        await _expect(reader, "VER MSNFTP")
        writer.write(f"USR {self.client.account} {password}\r\n".encode())
        await _expect(reader, f"FIL {offer.size}")
        writer.write(b"TFR\r\n")
        data = bytearray()
        while (head := await reader.readexactly(3))[0] == 0:
            data += await reader.readexactly(int.from_bytes(head[1:], "little"))
        if head != b"\x01\0\0" or len(data) != offer.size:
            raise Malformed(f"data socket ended with {head!r} after {len(data)} of {offer.size} bytes")
        writer.write(f"BYE {BYE_RECEIVED}\r\n".encode())
        await writer.drain()
        writer.close()
        offer.data, offer.state = bytes(data), "done"
        self.client.event("file", who=offer.peer, form="classic", name=offer.name, data=bytes(data))


async def _expect(reader, wanted):
    got = await reader.readline()
    if got != wanted.encode() + b"\r\n":
        raise Malformed(f"{got!r} where {wanted!r} belongs")
