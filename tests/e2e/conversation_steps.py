"""A session on a switchboard step by step, with everything a gateway has to deal with: what each step sends,
and what of it must, may or must never come to the other end. Built for faults: a session may break off after
any step, and in the middle of any.

ann, behind the gateway, talks with ben; files are blocked but for *.txt, pictures pass.
"""
import base64
import hashlib
import re
import select
import socket
import struct
import time
from dataclasses import dataclass

ANN, BEN = "ann@corp.example", "ben@agency.example"
TO_SERVER, TO_CLIENT = "to server", "to client"
FILE, OBJECT = "{5D3E02AB-6190-11D3-BBBB-00C04F795683}", "{A4268EEC-FEC5-49E5-95C3-F126696BDBF6}"
TELLING = (b"5D3E02AB", b"plan.doc", "plan.doc".encode("utf-16-le"), b"SECRET BYTES")  # of blocked files only

RULES = ('[policy]\ndefault = "block"\n[[rule]]\nname = "texts"\naction = "allow"\nkinds = ["file-transfer"]\n'
         'names = ["*.txt"]\n')


@dataclass(frozen=True)
class Step:
    name: str
    way: str
    data: bytes
    passes: bytes       # what of it comes to the other end
    answers: int = 0    # messages the sender gets for it from the gateway
    blocks: bool = False  # a blocked offer is complete with this step


def message(way, payload, transaction=0, letter="D"):
    if way == TO_SERVER:
        return b"MSG %d %s %d\r\n" % (transaction, letter.encode(), len(payload)) + payload
    return b"MSG %s Ben %d\r\n" % (BEN.encode(), len(payload)) + payload


def block(kind, body):
    return b"MIME-Version: 1.0\r\nContent-Type: " + kind + b"\r\n\r\n" + body


def text(words):
    return block(b"text/plain; charset=UTF-8", words)


def classic(name, cookie):
    return block(b"text/x-msmsgsinvite; charset=UTF-8",
                 b"Application-Name: File Transfer\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\n"
                 b"Invitation-Command: INVITE\r\nInvitation-Cookie: %d\r\nApplication-File: %s\r\n"
                 b"Application-FileSize: 1000\r\n\r\n" % (cookie, name))


def invitation(number, guid, context, sender=ANN, receiver=BEN):
    body = (f"EUF-GUID: {guid}\r\nSessionID: {number}\r\nAppID: 2\r\n"
            f"Context: {base64.b64encode(context).decode()}\r\n\r\n\0").encode()
    return (f"INVITE MSNMSGR:{receiver} MSNSLP/1.0\r\nTo: <msnmsgr:{receiver}>\r\nFrom: <msnmsgr:{sender}>\r\n"
            f"Via: MSNSLP/1.0/TLP ;branch={{20000000-0000-4000-8000-000000000001}}\r\nCSeq: 0 \r\n"
            f"Call-ID: {{10000000-0000-4000-8000-{number:012d}}}\r\nMax-Forwards: 0\r\n"
            f"Content-Type: application/x-msnmsgr-sessionreqbody\r\nContent-Length: {len(body)}\r\n\r\n"
            ).encode() + body


def file_context(name, size=1000):
    head = struct.pack("<IIQI", 574, 2, size, 1) + name.encode("utf-16-le")
    return head.ljust(570, b"\0") + b"\xff\xff\xff\xff"


def accepted(number):
    body = f"SessionID: {number}\r\n\r\n\0".encode()
    return (f"MSNSLP/1.0 200 OK\r\nTo: <msnmsgr:{ANN}>\r\nFrom: <msnmsgr:{BEN}>\r\n"
            f"Via: MSNSLP/1.0/TLP ;branch={{20000000-0000-4000-8000-000000000001}}\r\nCSeq: 1 \r\n"
            f"Call-ID: {{10000000-0000-4000-8000-{number:012d}}}\r\nMax-Forwards: 0\r\n"
            f"Content-Type: application/x-msnmsgr-sessionreqbody\r\nContent-Length: {len(body)}\r\n\r\n"
            ).encode() + body


def packages(identifier, data, session=0, flags=0, most=1202):
    """Payloads of MSG, P2P version 1."""
    for offset in range(0, len(data), most):
        part = data[offset:offset + most]
        header = struct.pack("<IIQQIIIIQ", session, identifier, offset, len(data), len(part), flags, 7, 0, 0)
        yield block(b"application/x-msnmsgrp2p\r\nP2P-Dest: " + BEN.encode(), header + part + bytes(4))


def packages_v2(base_id, data, most=1202):
    """The same in version 2: the first message of a bridge, session 0."""
    for offset in range(0, len(data), most):
        part, left = data[offset:offset + most], max(0, len(data) - offset - most)
        head = struct.pack(">BBHI", 20 if left else 8, 0 if offset else 1, 1, 0)
        head += (b"\1\x08" + struct.pack(">Q", left) + bytes(2)) if left else b""
        tlvs = b"" if offset else b"\x01\x0c\x00\x02\x00\x00\x00\x0e\x00\x00\x0f\x01\x00\x00\x00\x00"
        transport = struct.pack(">BBHI", 8 + len(tlvs), 0 if offset else 3, len(head) + len(part), base_id) + tlvs
        base_id += len(head) + len(part)
        kind = (f"application/x-msnmsgrp2p\r\nP2P-Dest: {BEN};{{b2b2b2b2-0002-4002-8002-ba9876543210}}\r\n"
                f"P2P-Src: {ANN};{{a1a1a1a1-0001-4001-8001-0123456789ab}}").encode()
        yield block(kind, transport + head + part + bytes(4))


def steps(unique=1):
    """The whole session. `unique` tells the calls of one run from those of another."""
    made, transaction = [], iter(range(10, 1000))

    def passing(name, way, data):
        made.append(Step(name, way, data, data))

    def up(payload, letter="D"):
        return message(TO_SERVER, payload, next(transaction), letter)

    hello = b"USR 1 %s 1234.5678\r\n" % ANN.encode()
    made.append(Step("half a login", TO_SERVER, hello[:9], b""))
    made.append(Step("the rest of the login", TO_SERVER, hello[9:], hello))
    passing("login accepted", TO_CLIENT, b"USR 1 OK %s Ann\r\n" % ANN.encode())
    passing("a peer joins", TO_CLIENT, b"JOI %s Ben\r\n" % BEN.encode())
    chat = up(text(b"hello " * 50), "N")
    made.append(Step("half a message", TO_SERVER, chat[:100], b""))
    made.append(Step("the rest of the message", TO_SERVER, chat[100:], chat))
    passing("an answer", TO_CLIENT, message(TO_CLIENT, text(b"hi")))
    made.append(Step("a classic offer", TO_SERVER, up(classic(b"plan.doc", unique), "U"), b"", 1, True))
    made.append(Step("a classic offer from outside", TO_CLIENT, message(TO_CLIENT, classic(b"plan.doc", unique + 500_000)),
                     b"", 1, True))
    one, two = (up(payload) for payload in packages(100, invitation(1000 + unique, FILE, file_context("plan.doc")),
                                                    most=900))
    made.append(Step("the first part of an offer", TO_SERVER, one, b"", 1))
    made.append(Step("the last part of an offer", TO_SERVER, two, b"", 3, True))
    data = b"".join(up(payload) for payload in packages(101, b"SECRET BYTES" * 90, 1000 + unique, 0x01000030))
    made.append(Step("data of the refused offer", TO_SERVER, data, b"", 1))
    picture = base64.b64encode(hashlib.sha1(b"p" * 3000).digest())
    request = up(next(packages(102, invitation(2000 + unique, OBJECT, b'<msnobj Creator="%s" Size="3000" Type="3" '
                               b'Location="a" Friendly="AAA=" SHA1D="%s"/>' % (BEN.encode(), picture)))))
    passing("a picture is asked for", TO_SERVER, request)
    passing("and granted", TO_CLIENT, message(TO_CLIENT, next(packages(103, accepted(2000 + unique)))))
    parts = [message(TO_CLIENT, payload) for payload in packages(104, b"p" * 3000, 2000 + unique, 0x20)]
    made.append(Step("half a picture", TO_CLIENT, parts[0] + parts[1][:500], parts[0]))
    made.append(Step("the rest of the picture", TO_CLIENT, parts[1][500:] + parts[2], parts[1] + parts[2]))
    passing("an allowed file is offered", TO_SERVER,
            up(next(packages(105, invitation(3000 + unique, FILE, file_context("plan.txt")), most=1300))))
    passing("and accepted", TO_CLIENT, message(TO_CLIENT, next(packages(106, accepted(3000 + unique)))))
    passing("its data", TO_SERVER, b"".join(up(payload) for payload in packages(107, b"f" * 1000, 3000 + unique, 0x01000030)))
    offer = [up(payload) for payload in packages_v2(5000, invitation(4000 + unique, FILE, file_context("plan.doc")))]
    made.append(Step("an offer over version 2", TO_SERVER, b"".join(offer), b"", 1, True))
    passing("the last words", TO_SERVER, up(text(b"bye"), "N"))
    return made


_LINE = re.compile(rb"([A-Z]{3})[^\r]*?(?: ([0-9]+))?\r\n")


def frames(data):
    """Whole frames, then what is left of one, perhaps nothing."""
    while data:
        line = _LINE.match(data)
        size = line.end() + (int(line[2] or 0) if line and line[1] == b"MSG" else 0) if line else len(data)
        yield data[:size]
        data = data[size:]


def is_notice(frame):
    """What the gateway tells its own user in the chat window; that names the file."""
    return b"\r\nP4-Context: " in frame and b"was stopped by the rules" in frame


def said_by_gateway(frame):
    """A refusal, an acknowledgement, a notice, or what stands where an offer over version 2 stood."""
    if frame.startswith(b"ACK ") or is_notice(frame):
        return True
    body = frame.partition(b"\r\n\r\n")[2]
    acknowledgement = b"x-msnmsgrp2p" in frame and len(body) == 52 and body[28] == 2
    return (b"Cancel-Code: REJECT" in frame or b"603 Decline" in frame or acknowledgement or
            b";{b2b2b2b2" in frame.partition(b"P2P-Dest: ")[2][:60])


class End:
    """One end of a session, and every byte that came to it."""

    def __init__(self, connection):
        self.socket = connection
        self.tape = b""
        self.over = None   # "closed", "reset"
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self):
        try:
            while data := self.socket.recv(1 << 18):
                self.tape += data
            self.over = self.over or "closed"
        except BlockingIOError:
            pass
        except OSError:
            self.over = "reset"

    def heard(self):
        """Without what the gateway itself said."""
        return b"".join(frame for frame in frames(self.tape) if not said_by_gateway(frame))

    def answers(self):
        return sum(1 for frame in frames(self.tape) if said_by_gateway(frame))


class Session:
    """A session through a gateway, played step by step; `unique` as for `steps`."""

    def __init__(self, client, server, unique, patience):
        self.ends = {TO_CLIENT: End(client), TO_SERVER: End(server)}   # by what comes to it
        self.expected = {TO_CLIENT: b"", TO_SERVER: b""}
        self.steps = steps(unique)
        self.patience = patience
        self.blocked = 0

    def sender(self, step):
        return self.ends[TO_CLIENT if step.way == TO_SERVER else TO_SERVER]

    def say(self, step):
        """Sends it; what it does at the other end is waited for by `arrives`."""
        self.expected[step.way] += step.passes
        self.blocked += step.blocks
        return _send(self.sender(step).socket, step.data, self.patience)

    def wait(self, condition):
        deadline = time.monotonic() + self.patience
        while True:
            for end in self.ends.values():
                if not end.over:
                    end.read()
            if condition():
                return True
            if time.monotonic() > deadline:
                return False
            select.select([end.socket for end in self.ends.values() if not end.over], [], [], 0.02)

    def arrived(self):
        return all(self.ends[way].heard() == self.expected[way] for way in self.ends)

    def arrives(self):
        return self.wait(self.arrived)

    def play(self, step):
        """Said, arrived and answered."""
        before = self.sender(step).answers()
        self.say(step)
        assert self.arrives(), f"{step.name}: {self.difference()}"
        assert self.wait(lambda: self.sender(step).answers() >= before + step.answers), f"{step.name}: no answer"

    def difference(self):
        found = []
        for way, end in self.ends.items():
            heard, expected = end.heard(), self.expected[way]
            if heard != expected:
                same = next((i for i, (a, b) in enumerate(zip(heard, expected)) if a != b), min(len(heard), len(expected)))
                found.append(f"{way}: {len(heard)} bytes, not {len(expected)}; at {same} {heard[same:same + 60]!r}, "
                             f"not {expected[same:same + 60]!r}; {end.over}")
        return "; ".join(found)

    def faults(self):
        """Bytes of blocked files that came through, and allowed bytes that are not those that were sent."""
        found = []
        for way, end in self.ends.items():
            tape = b"".join(frame for frame in frames(end.tape) if way == TO_SERVER or not is_notice(frame))
            told = [mark for mark in TELLING if mark in tape and mark not in self.expected[way]]
            if told:
                found.append(f"{way}: bytes of a blocked file: {told}")
            if not self.expected[way].startswith(end.heard()):
                found.append(self.difference())
        return found

    def close(self):
        for end in self.ends.values():
            end.socket.close()


def _send(connection, data, patience):
    deadline = time.monotonic() + patience
    while data:
        try:
            data = data[connection.send(data):]
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            select.select([], [connection], [], 0.1)
        except OSError:
            return False
    return True
