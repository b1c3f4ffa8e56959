"""Command lines and payloads, read strictly: what a careful client or server would choke on is an error.

    frame = 3 letters (or 3 digits) *( SP token ) CRLF [ exactly N bytes ]
"""

import re
from dataclasses import dataclass

LINE_LIMIT = 16 * 1024
PAYLOAD_LIMIT = 1024 * 1024


class Malformed(Exception):
    """The bytes are not what the protocol allows."""


@dataclass(frozen=True)
class Frame:
    words: tuple
    payload: bytes = b""

    @property
    def command(self):
        return self.words[0]

    def __str__(self):
        return " ".join(self.words)


# Command: allowed numbers of words, the last of which is the payload's length (framing.md 2.1).
FROM_CLIENT = {"MSG": {4}, "QRY": {4}, "UUX": {3}, "ADL": {3}, "RML": {3}, "FQY": {3}, "UUM": {6},
               "UUN": {5}, "PUT": {3}, "DEL": {3}, "SDG": {3}, "SDC": {10}, "PGD": {5}, "PAG": {4}}
FROM_SERVER = {"MSG": {4}, "UUX": {3}, "UBX": {3, 4}, "ADL": {3}, "RML": {3}, "FQY": {3}, "UBM": {7},
               "UBN": {4}, "NOT": {2}, "IPG": {2}, "GCF": {3, 4}, "PUT": {4}, "NFY": {3}, "SDG": {3}}
# Success replies that have no payload although the command may carry one.
WITHOUT = {("ADL", "OK"), ("RML", "OK"), ("UUN", "OK"), ("SDC", "OK")}

_NUMBER = re.compile(r"0|[1-9][0-9]{0,6}")
_CLIENT_LINE = re.compile(rb"[A-Z]{3}( [\x21-\x7e\x80-\xff]*)*")
_SERVER_LINE = re.compile(rb"([A-Z]{3}|[0-9]{3})( [^\x00-\x20\x7f]*)*")


class Reader:
    """Bytes in, whole frames out."""

    def __init__(self, side):
        """`side` is who speaks: "client" or "server"."""
        self._line = _CLIENT_LINE if side == "client" else _SERVER_LINE
        self._table = FROM_CLIENT if side == "client" else FROM_SERVER
        self._held = bytearray()

    def feed(self, data):
        self._held += data
        while (frame := self._take()) is not None:
            yield frame

    def unread(self):
        """Bytes of a frame that never became whole."""
        return bytes(self._held)

    def _take(self):
        end = self._held.find(b"\n")
        if end < 0:
            if len(self._held) > LINE_LIMIT:
                raise Malformed("a line without end")
            return None
        line = bytes(self._held[:end + 1])
        if not line.endswith(b"\r\n"):
            raise Malformed(f"line not ended by CRLF: {line[:60]!r}")
        if not self._line.fullmatch(line[:-2]):
            raise Malformed(f"not a command line: {line[:60]!r}")
        try:
            words = tuple(line[:-2].rstrip(b" ").decode("utf-8").split(" "))
        except UnicodeDecodeError as error:
            raise Malformed(f"not UTF-8: {line[:60]!r}") from error
        size = self._payload_size(words)
        if len(self._held) < len(line) + size:
            return None
        payload = bytes(self._held[len(line):len(line) + size])
        del self._held[:len(line) + size]
        return Frame(words, payload)

    def _payload_size(self, words):
        arity = self._table.get(words[0])
        if arity is None or (words[0], words[-1]) in WITHOUT:
            return 0
        if len(words) not in arity:
            raise Malformed(f"{len(words)} words: {' '.join(words)[:60]!r}")
        if not _NUMBER.fullmatch(words[-1]) or int(words[-1]) > PAYLOAD_LIMIT:
            raise Malformed(f"no payload length: {' '.join(words)[:60]!r}")
        return int(words[-1])


def line(*words):
    return " ".join(str(word) for word in words).encode() + b"\r\n"


def with_payload(*words, payload):
    return line(*words, len(payload)) + payload
