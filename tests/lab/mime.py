"""The header block of a MSG: `Name: value` CRLF lines, an empty line, the body."""

import re

from .wire import Malformed

P2P = "application/x-msnmsgrp2p"
INVITE = "text/x-msmsgsinvite"
TEXT = "text/plain"
CONTROL = "text/x-msmsgscontrol"
DATACAST = "text/x-msnmsgr-datacast"
CAPS = "text/x-clientcaps"
FENCE = "text/x-lab-fence"

_HEADER = re.compile(r"([A-Za-z0-9-]+): (.*)")


def build(headers, body):
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return head.encode() + b"\r\n" + body


def parse_fields(text):
    """`Name: value` lines up to an empty line or the end."""
    fields = {}
    for text_line in text.split("\r\n"):
        if not text_line:
            break
        match = _HEADER.fullmatch(text_line)
        if not match:
            raise Malformed(f"no header line: {text_line[:60]!r}")
        if match[1] in fields:
            raise Malformed(f"header twice: {match[1]}")
        fields[match[1]] = match[2]
    return fields


def parse(payload):
    """(headers, body)."""
    head, separator, body = payload.partition(b"\r\n\r\n")
    if not separator:
        raise Malformed(f"message without end of headers: {payload[:60]!r}")
    try:
        headers = parse_fields(head.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Malformed("headers are not UTF-8") from error
    if "MIME-Version" not in headers or "Content-Type" not in headers:
        raise Malformed(f"message without MIME-Version or Content-Type: {sorted(headers)}")
    return headers, body


def content_type(headers):
    return headers["Content-Type"].split(";")[0].strip()
