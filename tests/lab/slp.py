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

_REQUEST = re.compile(r"(INVITE|BYE|ACK) MSNMSGR:(\S+) MSNSLP/1\.0")
_STATUS = re.compile(r"MSNSLP/1\.0 (\d{3}) (.+)")
_PARTY = re.compile(r"<msnmsgr:([^>;]+)(;\{[^}]+\})?>")


def new_guid():
    return "{" + str(uuid.uuid4()).upper() + "}"


@dataclass(frozen=True)
class Text:
    """A parsed request (method set) or status (code set)."""
    method: str
    code: int
    to: str
    sender: str
    branch: str
    call: str
    body_type: str
    fields: dict


def build(start, to, sender, branch, call, cseq, body_type, fields):
    body = "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n\0"
    return (f"{start}\r\nTo: <msnmsgr:{to}>\r\nFrom: <msnmsgr:{sender}>\r\n"
            f"Via: MSNSLP/1.0/TLP ;branch={branch}\r\nCSeq: {cseq} \r\nCall-ID: {call}\r\nMax-Forwards: 0\r\n"
            f"Content-Type: {body_type}\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def parse(data):
    try:
        start, _, rest = data.decode("utf-8").partition("\r\n")
    except UnicodeDecodeError as error:
        raise Malformed("SLP text is not UTF-8") from error
    head, separator, body = rest.partition("\r\n\r\n")
    request, status = _REQUEST.fullmatch(start), _STATUS.fullmatch(start)
    if not separator or not (request or status):
        raise Malformed(f"no SLP text: {data[:60]!r}")
    headers = parse_fields(head)
    missing = {"To", "From", "Via", "CSeq", "Call-ID", "Max-Forwards", "Content-Type",
               "Content-Length"} - headers.keys()
    if missing:
        raise Malformed(f"SLP text without {sorted(missing)}")
    if headers["Content-Length"] != str(len(body.encode())):
        raise Malformed(f"SLP body of {len(body)} bytes says {headers['Content-Length']}")
    if not body.endswith("\r\n\0") or "\0" in body[:-1]:
        raise Malformed("SLP body does not end in an empty line and one NUL")
    to, sender = _PARTY.fullmatch(headers["To"]), _PARTY.fullmatch(headers["From"])
    branch = re.fullmatch(r"MSNSLP/1\.0/TLP ;branch=(\{[^}]+\})", headers["Via"])
    if not to or not sender or not branch:
        raise Malformed(f"SLP text with odd To, From or Via: {headers}")
    if status and status[2] not in ("OK", "Decline", "Not Found", "Internal Error"):
        raise Malformed(f"SLP status {start!r}")
    return Text(request[1] if request else "", int(status[1]) if status else 0, to[1].lower(),
                sender[1].lower(), branch[1], headers["Call-ID"], headers["Content-Type"],
                parse_fields(body[:-1]))


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
