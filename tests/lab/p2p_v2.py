"""P2P version 2 packages and the numbers of a bridge (transfers.md 3), as strict as the strictest client.

    HL u8 | OP u8 | ML u16 | BaseID u32 | transport TLVs | DHL u8 | TF u8 | PackageNumber u16 | SessionID u32
    | data TLVs | data | footer u32, all big-endian; the data header and the data are there only if ML > 0

Strict means: every number of the other side continues where the last one ended, from its first package on,
and every acknowledgement names the end of something that was really sent. Real clients forgive both; a
gateway that changes numbers on the way must not need to be forgiven.
"""

import struct
from dataclasses import dataclass

from .wire import Malformed

SYN, RAK = 1, 2
FIRST = 1                               # bit of TF: the first package of its message
OBJECT_DATA, FILE_DATA = 4, 6           # TF of session data without FIRST
PEER_INFO = bytes.fromhex("0200 0000 0e00 0000 0000 010f")
WRAP = 1 << 32

_TRANSPORT = struct.Struct(">BBHI")
_DATA = struct.Struct(">BBHI")
_PEER_INFO, _ACK, _NAK = 1, 2, 3        # transport TLVs
_REMAINING = 1                          # data TLV


def distance(first, last):
    """How far `last` is after `first`, around 2^32."""
    return (last - first) % WRAP


@dataclass(frozen=True)
class Package:
    base: int
    operation: int = 0
    peer_info: bytes = None
    ack: int = None
    nak: int = None
    flags: int = None                   # TF; None: header only
    number: int = 0
    session: int = 0
    remaining: int = None               # bytes of the message after this package; None: nothing follows
    data: bytes = b""
    footer: int = 0

    @property
    def length(self):
        """ML: by how much this package moves the counter on."""
        return 0 if self.flags is None else (8 if self.remaining is None else 20) + len(self.data)

    @property
    def end(self):
        return (self.base + self.length) % WRAP

    def encode(self):
        values = [(_PEER_INFO, self.peer_info),
                  (_ACK, None if self.ack is None else self.ack.to_bytes(4, "big")),
                  (_NAK, None if self.nak is None else self.nak.to_bytes(4, "big"))]
        fields = _padded(values)
        body = b""
        if self.flags is not None:
            more = b"" if self.remaining is None else _padded([(_REMAINING, self.remaining.to_bytes(8, "big"))])
            body = _DATA.pack(8 + len(more), self.flags, self.number, self.session) + more + self.data
        return (_TRANSPORT.pack(8 + len(fields), self.operation, len(body), self.base) + fields + body +
                self.footer.to_bytes(4, "big"))


def _padded(values):
    """TLVs, filled up with zeros to a multiple of four."""
    fields = b"".join(bytes([kind, len(value)]) + value for kind, value in values if value is not None)
    return fields + bytes(-len(fields) % 4)


def _fields(data, sizes):
    """TLVs as {type: value}; `sizes` says which types there may be, and how long each is."""
    found, at = {}, 0
    if len(data) % 4:
        raise Malformed(f"P2P v2 TLVs of {len(data)} bytes")
    while at < len(data) and data[at]:
        kind, value = data[at], data[at + 2:at + 2 + data[at + 1]] if at + 1 < len(data) else b""
        if sizes.get(kind) != len(value) or len(value) != data[at + 1] or kind in found:
            raise Malformed(f"P2P v2 TLV {data[at:].hex()}")
        found[kind] = value
        at += 2 + len(value)
    if any(data[at:]) or len(data) - at > 3:
        raise Malformed(f"P2P v2 TLVs end in {data[at:].hex()}")
    return found


def decode(body):
    if len(body) < 12:
        raise Malformed(f"P2P v2 package of {len(body)} bytes")
    header, operation, length, base = _TRANSPORT.unpack_from(body)
    if header < 8 or header + length + 4 != len(body) or operation & ~(SYN | RAK):
        raise Malformed(f"P2P v2 package of {len(body)} bytes begins {body[:12].hex()}")
    fields = _fields(body[8:header], {_PEER_INFO: 12, _ACK: 4, _NAK: 4})
    if bool(operation & SYN) != (_PEER_INFO in fields):
        raise Malformed("P2P v2 SYN and peer info do not go together")
    values = [None if kind not in fields else int.from_bytes(fields[kind], "big") for kind in (_ACK, _NAK)]
    footer = int.from_bytes(body[-4:], "big")
    if length == 0:
        return Package(base, operation, fields.get(_PEER_INFO), *values, footer=footer)
    inner = body[header:-4]
    if len(inner) < 8 or inner[0] not in (8, 20) or len(inner) <= inner[0]:
        raise Malformed(f"P2P v2 data header {inner[:20].hex()}")
    size, flags, number, session = _DATA.unpack_from(inner)
    more = _fields(inner[8:size], {_REMAINING: 8})
    remaining = int.from_bytes(more[_REMAINING], "big") if more else None
    if remaining == 0:
        raise Malformed("P2P v2 package announces that nothing follows")
    return Package(base, operation, fields.get(_PEER_INFO), *values, flags=flags, number=number,
                   session=session, remaining=remaining, data=inner[size:], footer=footer)


@dataclass(frozen=True)
class Message:
    """A complete message; `operations` is what its packages asked for together."""
    session: int
    flags: int
    data: bytes
    operations: int
    peer_info: bytes
    end: int


class Spoken:
    """What we sent on a bridge: hands out the numbers and judges the acknowledgements that come back."""

    def __init__(self, start):
        self._start = self.next = start
        self._ends = {start}
        self._heard = start            # the highest acknowledgement so far
        self._owed = {}                # end -> what waits for an acknowledgement

    def number(self, package, label):
        """Counts `package`, made with BaseID `next`."""
        self.next = package.end
        self._ends.add(self.next)
        if package.operation & RAK:
            self._owed[self.next] = label

    def acknowledged(self, value):
        said = distance(self._start, value)
        if said > distance(self._start, self.next):
            raise Malformed(f"P2P v2 acknowledgement of {value:#x}, {distance(self.next, value)} beyond what was sent")
        if value not in self._ends:
            raise Malformed(f"P2P v2 acknowledgement of {value:#x}, within a package")
        if said < distance(self._start, self._heard):
            raise Malformed(f"P2P v2 acknowledgement of {value:#x} after one of {self._heard:#x}")
        self._heard = value
        self._owed = {end: label for end, label in self._owed.items() if distance(self._start, end) > said}

    def unanswered(self):
        return list(self._owed.values())


class Heard:
    """What the other side sent: its numbers without gap or overlap, its messages put together."""

    def __init__(self, gapless=True):
        """`gapless` false: numbers must continue within a message only (block-proof.md 4.4, row 1)."""
        self._gapless = gapless
        self._expected = None
        self._open = []                # packages of the message that is not whole yet

    def number(self, package):
        """Judges the BaseID of `package`, which is the next one that came."""
        expected, self._expected = self._expected, package.end
        if expected is None or package.base == expected or not (self._gapless or self._open):
            return
        ahead = distance(expected, package.base)
        what = f"{ahead} bytes are missing" if ahead < WRAP // 2 else f"{WRAP - ahead} bytes come again"
        raise Malformed(f"P2P v2 package {package.base:#x} where {expected:#x} belongs: {what}")

    def add(self, package):
        """The whole message once it is complete, else None."""
        return None if package.flags is None else self._assemble(package)

    def unfinished(self):
        return bool(self._open)

    def _assemble(self, package):
        if not self._open:
            if not package.flags & FIRST:
                raise Malformed("P2P v2 message without a first package")
        else:
            first, last = self._open[0], self._open[-1]
            if (package.number, package.session) != (first.number, first.session):
                raise Malformed("P2P v2 package of another message within a message")
            if package.flags != first.flags & ~FIRST:
                raise Malformed(f"P2P v2 package with TF {package.flags} in a message of TF {first.flags}")
            if last.remaining != len(package.data) + (package.remaining or 0):
                raise Malformed(f"P2P v2: {last.remaining} bytes were to follow, then came {len(package.data)} and "
                                f"{package.remaining or 0} are to follow")
        self._open.append(package)
        if package.remaining is not None:
            return None
        whole, self._open = self._open, []
        operations, info = 0, None
        for part in whole:
            operations |= part.operation
            info = part.peer_info or info
        return Message(package.session, whole[0].flags, b"".join(part.data for part in whole), operations, info,
                       package.end)
