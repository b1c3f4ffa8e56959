"""MSNSLP texts, file contexts and picture objects (transfers.md 5, 9)."""

import base64
import binascii
import hashlib
import re
import struct
import uuid
from dataclasses import dataclass

from .mime import parse_fields
from .wire import Malformed

FILE = "{5D3E02AB-6190-11D3-BBBB-00C04F795683}"
OBJECT = "{A4268EEC-FEC5-49E5-95C3-F126696BDBF6}"
SESSION_REQUEST = "application/x-msnmsgr-sessionreqbody"
SESSION_CLOSE = "application/x-msnmsgr-sessionclosebody"
TRANSPORT_REQUEST = "application/x-msnmsgr-transreqbody"
TRANSPORT_RESPONSE = "application/x-msnmsgr-transrespbody"
NO_NONCE = "{00000000-0000-0000-0000-000000000000}"
ORDINARY, SORTED = "ordinary", "sorted"   # how a client family writes its texts

_REQUEST = re.compile(r"(INVITE|BYE|ACK) MSNMSGR:(\S+) MSNSLP/1\.0")
_STATUS = re.compile(r"MSNSLP/1\.0 (\d{3}) (.+)")
_PARTY = re.compile(r"<msnmsgr:([^>;]+)((?:;\{[^}]+\})?)>")
_NOTHING = re.compile(r"NONE MSNMSGR:\S+ MSNSLP/1\.0")


def new_guid():
    return "{" + str(uuid.uuid4()).upper() + "}"


@dataclass(frozen=True)
class Text:
    """A parsed request (method set) or status (code set)."""
    method: str
    code: int
    to: str                    # account, with ";{endpoint}" if that was written
    sender: str
    branch: str
    call: str
    body_type: str
    fields: dict


def build(start, to, sender, branch, call, cseq, body_type, fields, style=ORDINARY):
    if style == SORTED:
        fields = sorted(fields, key=lambda field: field[0].lower())
    body = "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n\0"
    blank = "" if style == SORTED else " "
    headers = [("To", f"<msnmsgr:{to}>"), ("From", f"<msnmsgr:{sender}>"),
               ("Via", f"MSNSLP/1.0/TLP{blank};branch={branch}"), ("CSeq", f"{cseq}{blank}"), ("Call-ID", call),
               ("Max-Forwards", 0), ("Content-Type", body_type), ("Content-Length", len(body))]
    if style == SORTED:
        headers.sort(key=lambda header: header[0].lower())
    return (f"{start}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + f"\r\n{body}").encode()


def _split(data):
    """(start line, headers, body)."""
    try:
        start, _, rest = data.decode("utf-8").partition("\r\n")
    except UnicodeDecodeError as error:
        raise Malformed("SLP text is not UTF-8") from error
    head, separator, body = rest.partition("\r\n\r\n")
    return start, parse_fields(head) if separator else None, body


def _parties(headers):
    to, sender = _PARTY.fullmatch(headers["To"]), _PARTY.fullmatch(headers["From"])
    branch = re.fullmatch(r"MSNSLP/1\.0/TLP ?;branch=(\{[^}]+\})", headers["Via"])
    if not to or not sender or not branch:
        raise Malformed(f"SLP text with odd To, From or Via: {headers}")
    return (*(party[1].lower() + party[2] for party in (to, sender)), branch[1])


def _complete(headers):
    missing = {"To", "From", "Via", "CSeq", "Call-ID", "Max-Forwards", "Content-Type",
               "Content-Length"} - headers.keys()
    if missing:
        raise Malformed(f"SLP text without {sorted(missing)}")


def is_nothing(data):
    """Whether this is what a gateway may put in the place of an offer: a text that asks for nothing and
    ends in NULs, or NULs alone (transfers.md 7.3)."""
    if not data.strip(b"\0"):
        return True
    if not data.startswith(b"NONE "):
        return False
    start, headers, body = _split(data)
    if headers is None or not _NOTHING.fullmatch(start) or body.strip("\0"):
        raise Malformed(f"a text that asks for nothing, badly made: {data[:400]!r}")
    _complete(headers)
    _parties(headers)
    if (headers["Content-Length"], headers["Content-Type"]) != ("0", "null"):
        raise Malformed(f"a text that asks for nothing has a body: {headers}")
    return True


def parse(data):
    start, headers, body = _split(data)
    request, status = _REQUEST.fullmatch(start), _STATUS.fullmatch(start)
    if headers is None or not (request or status):
        raise Malformed(f"no SLP text: {data[:60]!r}")
    _complete(headers)
    if headers["Content-Length"] != str(len(body.encode())):
        raise Malformed(f"SLP body of {len(body)} bytes says {headers['Content-Length']}")
    if not body.endswith("\r\n\0") or "\0" in body[:-1]:
        raise Malformed("SLP body does not end in an empty line and one NUL")
    to, sender, branch = _parties(headers)
    if status and status[2] not in ("OK", "Decline", "Not Found", "Internal Error"):
        raise Malformed(f"SLP status {start!r}")
    return Text(request[1] if request else "", int(status[1]) if status else 0, to, sender, branch,
                headers["Call-ID"], headers["Content-Type"], parse_fields(body[:-1]))


def transport_fields(session):
    """What msnp-sharp asks before it sends a file: may we talk directly?"""
    return [("Bridges", "TCPv1 SBBridge"), ("Conn-Type", "Direct-Connect"), ("Hashed-Nonce", new_guid()),
            ("ICF", "false"), ("NetID", 0), ("SessionID", session), ("SChannelState", 0),
            ("Capabilities-Flags", 1), ("TCP-Conn-Type", "Direct-Connect"), ("UPnPNat", "false")]


def session_of(text):
    value = text.fields.get("SessionID", "")
    if not re.fullmatch(r"[1-9][0-9]{0,9}", value):
        raise Malformed(f"SLP text with SessionID {value!r}")
    return int(value)


def file_context(name, size):
    """574 bytes, version 2, no preview: what libpurple and aMSN write."""
    wide = name.encode("utf-16-le")[:518]
    binary = struct.pack("<IIQI", 574, 2, size, 1) + wide.ljust(520, b"\0") + bytes(30) + b"\xff\xff\xff\xff"
    return base64.b64encode(binary).decode()


def read_file_context(context):
    """(name, size)."""
    try:
        binary = base64.b64decode(context, validate=True)
    except binascii.Error as error:
        raise Malformed("file context is not base64") from error
    if len(binary) < 574:
        raise Malformed(f"file context of {len(binary)} bytes")
    size = struct.unpack_from("<Q", binary, 8)[0]
    return binary[20:540].decode("utf-16-le").partition("\0")[0], size


@dataclass(frozen=True)
class Picture:
    """A display picture and the object that announces it."""
    owner: str
    data: bytes

    @property
    def object(self):
        digest = base64.b64encode(hashlib.sha1(self.data).digest()).decode()
        parts = {"Creator": self.owner, "Size": len(self.data), "Type": 3, "Location": "TFR1.tmp",
                 "Friendly": "AAA=", "SHA1D": digest}
        check = "".join(f"{name}{value}" for name, value in parts.items())
        whole = base64.b64encode(hashlib.sha1(check.encode()).digest()).decode()
        inner = " ".join(f'{name}="{value}"' for name, value in parts.items())
        return f'<msnobj {inner} SHA1C="{whole}"/>'


def object_context(text):
    return base64.b64encode(text.encode() + b"\0").decode()


def read_object_context(context):
    return base64.b64decode(context, validate=True).rstrip(b"\0").decode()


def object_attribute(text, name):
    match = re.search(rf'\b{name}="([^"]*)"', text)
    if not match:
        raise Malformed(f"object without {name}")
    return match[1]
