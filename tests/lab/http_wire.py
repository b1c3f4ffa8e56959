"""HTTP messages as the gateway of the service and its clients exchange them, read strictly."""

import re

from .wire import Malformed

HEAD_LIMIT = 16 * 1024
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Message:
    def __init__(self, first, headers, body):
        self.first = first             # words of the first line
        self.headers = headers         # lower-case names
        self.body = body


async def read(reader):
    """The next message, or None when the connection ended before one. Its body has a Content-Length."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except ConnectionError:
        return None
    except EOFError as error:
        if error.partial:
            raise Malformed(f"the connection ended inside a head: {error.partial[:80]!r}") from None
        return None
    if len(head) > HEAD_LIMIT:
        raise Malformed("a head over 16 KiB")
    first, *lines = head[:-4].split(b"\r\n")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        key = name.decode("ascii", "replace").lower()
        if not colon or not _NAME.fullmatch(name) or key in headers or b"\n" in line:
            raise Malformed(f"header line {line!r}")
        headers[key] = value.strip().decode("latin-1")
    length = headers.get("content-length", "0")
    if not re.fullmatch("0|[1-9][0-9]{0,7}", length) or "transfer-encoding" in headers:
        raise Malformed(f"a body of length {length!r}")
    try:
        body = await reader.readexactly(int(length))
    except EOFError as error:
        raise Malformed(f"a body of {len(error.partial)} bytes instead of {length}") from None
    return Message(first.decode("latin-1").split(" "), headers, body)


def request(host, query, body):
    """As libpurple writes it, in absolute form although no proxy is asked."""
    return (f"POST http://{host}/gateway/gateway.dll?{query} HTTP/1.1\r\nAccept: */*\r\nAccept-Language: en-us\r\n"
            f"User-Agent: MSMSGS\r\nHost: {host}\r\nProxy-Connection: Keep-Alive\r\nConnection: Keep-Alive\r\n"
            f"Pragma: no-cache\r\nContent-Type: application/x-msn-messenger\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def answer(status, body, *headers):
    lines = "".join(f"{line}\r\n" for line in headers)
    return (f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(body)}\r\nServer: lab\r\n\r\n").encode() + body
