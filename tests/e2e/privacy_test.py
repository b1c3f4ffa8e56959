#!/usr/bin/env python3
"""No chat text, ticket, password or nickname ever reaches the log, the audit or what is sent on; with hashed accounts,
nobody's account either. What is private is read from the bytes themselves (private_texts.py), and looked for raw and in
other clothes, in everything that the real binary writes while it carries captured and made-up conversations.

usage: privacy_test.py [MSNPGATE [WORDS...]]
"""
import base64
import contextlib
import itertools
import pathlib
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "soak"))
import private_texts as private  # noqa: E402
from audit_support import command, lines_of  # noqa: E402
from capture import CLIENT, SERVER, conversations  # noqa: E402
from conversation_steps import ANN, BEN, FILE, block, file_context, invitation, message, packages, packages_v2  # noqa: E402
from lab import admin  # noqa: E402
from loopback import BINARY, PATIENCE, ROOT, Gateway, accept, eventually, is_closed, listening, main, receive, rule  # noqa: E402

CAPTURES = sorted((ROOT / "tests/data/captures").glob("*/*.pcap"))
PORTS = frozenset({1863, 1864, 80})
LOUD = '[policy]\ndefault = "block"\n[notice]\ntext = "{file} {kind} {peer} {rule}"\n'  # whatever can be told is told


# ------------------------------------------------------------------------------------------------- what is written


class Ears:
    """Where records are sent on to: a collector and a journal that keep every byte."""

    def __init__(self, home):
        self.heard = bytearray()
        self.collector = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.collector.bind(("127.0.0.1", 0))
        self.journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.journal.bind(str(home / "journal"))
        for one in (self.collector, self.journal):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.files = (home / "shipped.jsonl", home / "ecs.jsonl")
        self.config = (f'[[audit.export]]\nto = "syslog-udp"\naddress = "127.0.0.1:{self.collector.getsockname()[1]}"\n'
                       f'[[audit.export]]\nto = "journald"\npath = "{home}/journal"\n'
                       f'[[audit.export]]\nto = "file"\npath = "{self.files[0]}"\n'
                       f'[[audit.export]]\nto = "file"\npath = "{self.files[1]}"\nformat = "ecs"\n')
        self.ending = False
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def _listen(self):
        while not self.ending:
            for one in select.select([self.collector, self.journal], [], [], 0.05)[0]:
                self.heard += one.recv(1 << 18) + b"\n"

    def written(self):
        return bytes(self.heard) + b"".join(path.read_bytes() for path in self.files if path.exists())

    def has_all(self, count):
        """Each of the four has every record."""
        heard = bytes(self.heard)
        return (heard.count(b" [msnpgate@32473 ") >= count and heard.count(b"MSNPGATE_SEQ=") >= count and
                all(path.exists() and path.read_bytes().count(b"\n") >= count for path in self.files))

    def close(self):
        self.ending = True
        self.thread.join()
        self.collector.close()
        self.journal.close()


@contextlib.contextmanager
def overheard(audit_keys="", policy=LOUD):
    """(gateway, server, what it has written by now); everything that can be switched on is on."""
    with tempfile.TemporaryDirectory(prefix="msnpgate-privacy-") as scratch, listening() as server:
        home = pathlib.Path(scratch)
        ears = Ears(home)
        try:
            keys = f'key = "{home}/audit.key"\naccount_key = "{home}/accounts.key"\n{audit_keys}'
            (home / "keys.toml").write_text(f"[audit]\n{keys}")
            command("audit", "init", "-c", home / "keys.toml")
            with Gateway(server.getsockname()[1], audit_keys=keys, policy=policy + ears.config) as gateway:
                def written():
                    lines = lines_of(gateway.audit_path)
                    eventually(lambda: ears.has_all(len(lines)), "every record is sent on")
                    asked = "".join(admin.ask(gateway.admin_path, "GET", target)[1]
                                    for target in ("/metrics", "/api/v1/status", "/api/v1/grants"))
                    return b"".join(lines), gateway.log_text().encode() + ears.written() + asked.encode()
                yield gateway, server, written
        finally:
            ears.close()


def nothing_of(texts, written, what):
    found = private.found_in(texts, written)
    assert not found, f"{what}: {len(found)} private texts are there: {found[:5]}"


# ------------------------------------------------------------------------------------------ what real clients said


def captured():
    for path in CAPTURES:
        for chunks in conversations(path, PORTS):
            yield path, chunks


def said_in_captures():
    texts = set()
    for _, chunks in captured():
        for speaker in (CLIENT, SERVER):
            texts |= private.of_stream(b"".join(chunk.data for chunk in chunks if chunk.speaker == speaker))
    return private.worth_looking_for(texts)


def play(gateway, server, chunks):
    """A captured conversation. What is withheld does not arrive, so that is not waited for long, and not twice."""
    client = gateway.connect()
    with client, accept(server) as upstream:
        ends = {CLIENT: client, SERVER: upstream}
        arrives = True
        for number, chunk in enumerate(chunks):
            listener = ends[SERVER if chunk.speaker == CLIENT else CLIENT]
            try:
                ends[chunk.speaker].sendall(chunk.data)
                left, patience = len(chunk.data), 0.5 if number < 2 else 0.01 if arrives else 0
                while left > 0 and select.select([listener], [], [], patience)[0]:
                    got = listener.recv(1 << 18)
                    if not got:
                        return
                    left -= len(got)
                arrives = left < len(chunk.data)
            except OSError:
                return  # closed, as it may be


def whole_of(texts, kinds):
    for kind in kinds:
        assert sum(1 for one, _ in texts if one == kind) >= 2, f"no {kind} to look for"
    return {(kind, text) for kind, text in texts if kind in kinds}


@rule
def what_is_looked_for_would_be_found():
    """Of every form, put into the middle of other bytes at any offset."""
    words = "Grüße, geheim 7".encode()
    for text in (words, b"t=" + bytes(range(33, 127)) + b"!tail-of-a-ticket"):
        piece = text if text is words else text[10:10 + 60]
        wide = piece.decode().encode("utf-16-le")
        clothes = [piece, piece.upper() if text is words else piece, piece.hex().encode(), piece[::-1], wide, wide.hex().encode(),
                   *(base64.b64encode(b"x" * before + form + b"behind it") for before in range(5) for form in (piece, wide))]
        if text is not words:  # an excerpt of a long text
            text = piece
        for form in clothes:
            assert private.found_in({("chat text", text)}, b'{"detail":"' + form + b'","hash":"0"}'), form
        assert not private.found_in({("chat text", text)}, b'{"detail":"nothing of the kind"}')
    stream = (b"USR 3 TWN S t=ticket-0123456789\r\n" + message("to server", block(b"text/plain", b"meet me at ten"), 4, "N") +
              b"USR 3 OK ann@corp.example Annie%20O.\r\n")
    assert {text for _, text in private.of_stream(stream)} == {
        b"t=ticket-0123456789", b"ticket-0123456789", b"meet me at ten", b"Annie%20O.", b"Annie O.", b"ann@corp.example"}


@rule
def a_replayed_capture_tells_nothing_private():
    texts = whole_of(said_in_captures(), (private.CHAT, private.SECRET))
    written = b""
    for form in ("json", "text"):
        done = subprocess.run([BINARY, "replay", "--format", form, *CAPTURES], capture_output=True, timeout=120, check=True)
        written += done.stdout + done.stderr
    assert written.count(b'"event":"transfer"') > 20, "nothing was told at all"
    nothing_of(texts, written, "replay")


@rule
def a_carried_conversation_tells_nothing_private():
    texts = whole_of(said_in_captures(), (private.CHAT, private.SECRET))
    with overheard() as (gateway, server, written):
        for _, chunks in captured():
            play(gateway, server, chunks)
        eventually(lambda: gateway.audit()[-1]["event"] == "session", "the last session ends")
        audit, others = written()
        assert audit.count(b'"action":"block"') > 20 and b"alice@test.example" in audit, "nothing was recorded"
        nothing_of(texts, audit, "audit")
        nothing_of(texts, others, "log and exports")


@rule
def with_hashed_accounts_nobody_is_named_either():
    texts = said_in_captures()
    whole_of(texts, (private.CHAT, private.SECRET, private.ACCOUNT))
    watching = LOUD.replace("block", "observe")
    with overheard('accounts = "hashed"\n', watching) as (gateway, server, written):
        granted = command("grant", "alice@test.example", "--peer", "bob@test.example", "--name", "none*", "--for", "10m", "--socket",
                          gateway.admin_path).stdout
        for _, chunks in itertools.islice(captured(), 0, None, 2):
            play(gateway, server, chunks)
        command("revoke", granted.split()[0], "--socket", gateway.admin_path)
        audit, others = written()
        assert audit.count(b'"action":"observe"') > 10 and audit.count(b'"user":"hashed:') > 10, "nothing was recorded"
        nothing_of(texts, audit, "audit")
        # The grants that are open are asked for by name, of the running gateway; they are not written anywhere else.
        nothing_of(texts, others, "log and exports")


# --------------------------------------------------------------------------------------------- what is made for it


WORDS = (f"zq{number}-{name}-7Gx" for number, name in enumerate(itertools.cycle(("chat", "ticket", "nick", "password"))))


def private_word(texts, kind):
    word = next(WORDS).encode()
    texts.add((kind, word))
    return word


def signed_in(gateway, server, texts):
    """A switchboard on which everything private has a text of its own."""
    client = gateway.connect()
    client.settimeout(PATIENCE)
    upstream = accept(server)
    exchange = (
        (client, upstream, b"USR 1 %s %s\r\n" % (ANN.encode(), private_word(texts, private.SECRET))),
        (upstream, client, b"USR 1 OK %s %s\r\n" % (ANN.encode(), private_word(texts, private.NAME))),
        (upstream, client, b"JOI %s %s\r\n" % (BEN.encode(), private_word(texts, private.NAME))),
        (client, upstream, message("to server", block(b"text/plain", private_word(texts, private.CHAT)), 2, "N")))
    for sender, listener, data in exchange:
        sender.sendall(data)
        assert receive(listener, len(data)) == data
    return client, upstream


def thumbnail(texts):
    """The context of a file offer whose preview holds a text."""
    return file_context("plan.doc") + private_word(texts, private.CHAT) * 3


def odd_ends(texts):
    """Bytes that nobody can follow, each with something private where a program might quote it."""
    def new(kind=private.SECRET):
        return private_word(texts, kind)

    chat = block(b"text/plain", new(private.CHAT) + b" " + new(private.CHAT) + b"\r\n")
    yield "a command that nobody knows", b"XYZ 9 %s %s\r\n" % (new(), new())
    yield "a command in small letters", b"usr 9 TWN S t=%s\r\n" % new()
    yield "a ticket on a line of its own", b"t=%s&p=%s\r\n" % (new(), new())
    yield "a length that is no number", b"MSG 9 N %s\r\n" % new()
    yield "a length that nothing has", b"MSG 9 N 99999999 %s\r\n" % new() + chat
    yield "a length too small, so that chat is read as commands", b"MSG 9 N %d\r\n" % (len(chat) - 40) + chat
    yield "a line that never ends", b"USR 9 TWN S t=" + new() * 4000
    yield "a zero byte", b"USR 9 TWN S t=%s\0\r\n" % new()
    yield "a bare line feed", b"USR 9 TWN S t=%s\nUSR 10 TWN S t=%s\r\n" % (new(), new())
    yield "data that nobody announced", message("to server", next(packages(
        7, new(private.CHAT) * 9, session=4711, flags=0x01000030)), 9)
    yield "an offer too large to be put together", message("to server", next(packages(
        8, new(private.CHAT) * 30, most=1200)).replace(struct.pack("<Q", 0), struct.pack("<Q", 1 << 40), 1), 9)
    for cut in (packages, packages_v2):
        parts = cut(5000, invitation(1001, FILE, thumbnail(texts)))
        yield "an offer with a picture of the file", b"".join(
            message("to server", payload, 20 + number) for number, payload in enumerate(parts))
    yield "a classic offer with more in it", message("to server", block(
        b"text/x-msmsgsinvite", b"Application-Name: %s\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\n"
        b"Invitation-Command: INVITE\r\nInvitation-Cookie: 77\r\nApplication-File: plan.doc\r\n"
        b"Application-FileSize: 1000\r\nContext-Data: %s\r\nAuthCookie: %s\r\n\r\n" % (new(), new(), new())), 30)


def strangers(texts):
    """First words of connections that are no switchboard."""
    def new():
        return private_word(texts, private.SECRET)

    basic = base64.b64encode(b"ann:" + new())
    texts.add((private.SECRET, basic))
    head = b"Host: web.example\r\nCookie: session=%s\r\nProxy-Authorization: Basic %s\r\n" % (new(), basic)
    post = b"POST http://gateway.messenger.hotmail.com/gateway/gateway.dll?%s HTTP/1.1\r\n"
    yield b"USER ann\r\nPASS %s\r\n" % new()
    yield b"AUTH PLAIN %s\r\n" % base64.b64encode(b"\0ann\0" + new())
    yield b"GET /login?password=%s HTTP/1.1\r\n%s\r\n" % (new(), head)
    yield post % b"Action=open&Server=NS" + head + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n" + new()
    yield post % (b"SessionID=" + new()) + head + b"Content-Length: 30\r\n\r\nUSR 4 SSO S t=%s\r\n" % new()
    yield post % b"Action=open&Server=NS" + head + b"Transfer-Encoding: %s\r\n\r\n" % new()
    yield b"CONNECT login.example:1863 HTTP/1.1\r\n%s\r\n" % head
    yield b"VER 1 MSNP2 CVR0\r\nUSR 2 MD5 S %s\r\n%s\r\n" % (new(), new())
    yield b"VER MSNFTP\r\nUSR ann@corp.example %s\r\n" % new()
    yield b"\x04\0\0\0foo\0" + new()
    yield b"\x16\x03\x01\0\xf4\x01" + new()


def say_last(client, upstream, data):
    """Returns once both ends have heard the end of the connection."""
    with client, upstream, contextlib.suppress(OSError):
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        is_closed(upstream)
        upstream.close()
        is_closed(client)


@rule
def bytes_that_cannot_be_followed_are_not_quoted():
    texts = set()
    with overheard() as (gateway, server, written):
        for _, last in odd_ends(texts):
            say_last(*signed_in(gateway, server, texts), last)
        for first in strangers(texts):
            client = gateway.connect()
            say_last(client, accept(server), first)
        eventually(lambda: admin.read_json(gateway.admin_path, "/api/v1/status")["sessions"]["open"] == 0,
                   "all sessions end")
        audit, others = written()
        for reason in (b'"parse-error"', b'"not-msnp"', b'"http-ambiguous"', b'"offer"'):
            assert reason in audit, f"{reason.decode()} was never recorded"
        assert len(texts) > 80, len(texts)
        nothing_of(texts, audit, "audit")
        nothing_of(texts, others, "log and exports")


if __name__ == "__main__":
    sys.exit(main())
