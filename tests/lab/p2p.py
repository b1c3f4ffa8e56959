"""P2P version 1 packages (transfers.md 2.1) and their assembly, as strict as the strictest client.

    0 session u32 | 4 identifier u32 | 8 offset u64 | 16 total u64 | 24 length u32 | 28 flags u32
    32 ack session u32 | 36 ack uid u32 | 40 ack size u64 | 48 data | footer u32, big-endian
"""

import struct
from dataclasses import dataclass

from .wire import Malformed

HEADER = struct.Struct("<IIQQIIIIQ")
FOOTER = struct.Struct(">I")
PART = 1202                   # most data bytes of one package on a switchboard

FLAG_ACK = 0x02
FLAG_OBJECT = 0x20
FLAG_FILE = 0x01000030
SLP_FLAGS = (0, 0x01000000)
OBJECT_FLAGS = (FLAG_OBJECT, 0x01000020)

FOOTER_SLP, FOOTER_FILE, FOOTER_PICTURE = 0, 2, 12


@dataclass(frozen=True)
class Package:
    session: int
    identifier: int
    offset: int
    total: int
    flags: int
    ack_session: int
    ack_uid: int = 0
    ack_size: int = 0
    data: bytes = b""
    footer: int = 0

    def encode(self):
        return HEADER.pack(self.session, self.identifier, self.offset, self.total, len(self.data), self.flags,
                           self.ack_session, self.ack_uid, self.ack_size) + self.data + FOOTER.pack(self.footer)


def decode(body):
    if len(body) < HEADER.size + FOOTER.size:
        raise Malformed(f"P2P package of {len(body)} bytes")
    session, identifier, offset, total, length, flags, ack_session, ack_uid, ack_size = HEADER.unpack_from(body)
    data = body[HEADER.size:-FOOTER.size]
    if length != len(data):
        raise Malformed(f"P2P package says {length} bytes and holds {len(data)}")
    if not flags & FLAG_ACK and (offset + length > total or length == 0):
        raise Malformed(f"P2P package {offset}+{length} of {total}")
    if identifier == 0:
        raise Malformed("P2P package without identifier")
    return Package(session, identifier, offset, total, flags, ack_session, ack_uid, ack_size, data,
                   FOOTER.unpack_from(body, len(body) - FOOTER.size)[0])


@dataclass(frozen=True)
class Message:
    """A complete message: its last package (whose ack session is to be acknowledged) and all its data."""
    last: Package
    data: bytes


class Assembler:
    """Takes packages in order, as libpurple does; a gap, an overlap or a changed total is an error."""

    def __init__(self):
        self._open = {}       # (session, identifier) -> (first package, data so far)
        self._complete = set()

    def add(self, package):
        """The whole message once it is complete, else None."""
        key = (package.session, package.identifier)
        if key in self._complete:
            raise Malformed(f"P2P message {package.identifier:#x} comes again")
        first, data = self._open.setdefault(key, (package, bytearray()))
        if package.offset != len(data):
            raise Malformed(f"P2P package at {package.offset}, expected at {len(data)}")
        if (package.total, package.flags) != (first.total, first.flags):
            raise Malformed("P2P package with another total or other flags than the first of its message")
        data += package.data
        if len(data) < package.total:
            return None
        del self._open[key]
        self._complete.add(key)
        return Message(package, bytes(data))

    def forget(self, session):
        self._open = {key: kept for key, kept in self._open.items() if key[0] != session}

    def unfinished(self):
        return len(self._open)
