"""How P2P messages travel in one conversation: version 1 (transfers.md 2) and version 2 (3, 6.6).

A bridge takes whole messages from the calls above it (`send`), gives whole ones to them (`deliver`), and
sees to packages, numbers and acknowledgements. What is wrong with a package is raised as Malformed.
"""

import random
import time
from dataclasses import dataclass

from . import mime, p2p, p2p_v2
from .wire import Malformed

SLP, PREPARATION, OBJECT, FILE = "SLP text", "data preparation", "object data", "file data"


@dataclass
class _Sent:
    """A version 1 message of ours whose P2P acknowledgement has not come."""
    total: int
    ack_session: int
    label: str
    session: int
    after: object = None       # called when it comes


class BridgeV1:
    _FLAGS = {SLP: 0, PREPARATION: 0, OBJECT: p2p.FLAG_OBJECT, FILE: p2p.FLAG_FILE}
    _READ = {0x20: OBJECT, 0x01000020: OBJECT, p2p.FLAG_FILE: FILE}

    def __init__(self, chat, calls):
        self.chat = chat
        self.client = chat.client
        self._calls = calls
        self._identifier = random.randrange(0x1000, 0x3FFFFFFF)
        self._owed = {}                # identifier -> _Sent
        self._assembler = p2p.Assembler()
        self._heard = set()            # identifiers of acknowledgements received
        self._ended = set()            # sessions that were closed before all was sent

    def hanging(self):
        left = [f"P2P message {sent.label} was never acknowledged by the peer" for sent in self._owed.values()]
        if self._assembler.unfinished():
            left.append(f"{self._assembler.unfinished()} P2P messages never became whole")
        return left

    def acknowledged(self, message):
        """Whether the message that `send` gave this handle for was received by the peer."""
        return message not in self._owed

    # Sending.

    def send(self, kind, data, label, session=0, footer=p2p.FOOTER_SLP, after=None):
        """Sends a message in as many packages as needed; `after` is called when the peer has it."""
        self._identifier += 1
        identifier = self._identifier
        part = self.client.habits.invite_part if kind == SLP else p2p.PART
        packages = []
        ack_session = random.getrandbits(32)
        for offset in range(0, len(data), part):
            if self.client.habits.ack_session_changes:
                ack_session = random.getrandbits(32)
            packages.append(p2p.Package(session, identifier, offset, len(data), self._FLAGS[kind], ack_session,
                                        data=data[offset:offset + part], footer=footer))
        self._owed[identifier] = _Sent(len(data), ack_session, label, session, after)
        if len(packages) == 1:
            self._put(packages[0])
        else:
            self.client.spawn(self._send_parts(packages))
        return identifier

    async def _send_parts(self, packages):
        waiting = []
        for package in packages:
            if package.session in self._ended:
                return
            waiting.append(self._put(package))
            if self.client.habits.waits_for_ack or len(waiting) >= 10:
                await waiting.pop(0)

    def _put(self, package):
        return _put(self.chat, {"P2P-Dest": self.chat.peer}, package)

    def end(self, session):
        """The call of this session is over: nothing more of it is sent, expected or owed."""
        self._ended.add(session)
        self._assembler.forget(session)
        self._owed = {identifier: sent for identifier, sent in self._owed.items() if sent.session != session}

    # Receiving.

    def receive(self, sender, headers, body):
        if headers.get("P2P-Dest", "").split(";")[0].lower() != self.client.account:
            raise Malformed(f"P2P for {headers.get('P2P-Dest')}")
        package = p2p.decode(body)
        if package.flags & p2p.FLAG_ACK:
            self._acknowledged(package)
            return
        self._calls.admit(package.session)
        message = self._assembler.add(package)
        if message is None:
            return
        self._acknowledge(message.last)
        if package.flags in p2p.SLP_FLAGS:
            kind = SLP if package.session == 0 else PREPARATION
        elif package.session and package.flags in self._READ:
            kind = self._READ[package.flags]
        else:
            raise Malformed(f"P2P with flags {package.flags:#x} in session {package.session}")
        self._calls.deliver(self, sender, kind, package.session, message.data)

    def _acknowledge(self, last):
        self._identifier += 1
        self._put(p2p.Package(last.session, self._identifier, 0, last.total, p2p.FLAG_ACK, last.identifier,
                              last.ack_session, last.total, footer=last.footer))

    def _acknowledged(self, package):
        sent = self._owed.get(package.ack_session)
        if sent is None:
            raise Malformed(f"P2P acknowledgement of {package.ack_session:#x}, which we do not wait for")
        if (package.ack_uid, package.ack_size) != (sent.ack_session, sent.total):
            raise Malformed(f"P2P acknowledgement of {sent.label} with other numbers: uid {package.ack_uid:#x} for "
                            f"{sent.ack_session:#x}, size {package.ack_size} for {sent.total}")
        if package.identifier in self._heard:
            raise Malformed(f"P2P acknowledgement {package.identifier:#x} comes again")
        self._heard.add(package.identifier)
        del self._owed[package.ack_session]
        if sent.after:
            sent.after()


class BridgeV2:
    """Between our endpoint and the peer's. Begins near 2^32, so that every conversation passes it."""

    _FLAGS = {SLP: 0, PREPARATION: 0, OBJECT: p2p_v2.OBJECT_DATA, FILE: p2p_v2.FILE_DATA}
    _READ = {p2p_v2.OBJECT_DATA: OBJECT, p2p_v2.FILE_DATA: FILE}

    def __init__(self, chat, calls):
        self.chat = chat
        self.client = chat.client
        self.met = False               # the peer has answered our SYN, or we have seen its own
        self._calls = calls
        self._spoken = p2p_v2.Spoken(p2p_v2.WRAP - random.randrange(400, 4000))
        self._heard = p2p_v2.Heard(self.client.gapless)
        self._offered = False          # our SYN was sent
        self.sent = []                 # (time, package) of each
        self.received = []

    def hanging(self):
        return ["a P2P v2 message never became whole"] if self._heard.unfinished() else []

    def end(self, session):
        """As for version 1; here everything was sent at once."""

    def unanswered(self):
        """Messages that asked for an acknowledgement and got none."""
        return self._spoken.unanswered()

    def acknowledged(self, message):
        """A 603 may come before the acknowledgement of what it answers: whoever stops an offer may know
        nothing of the peer's numbers yet."""
        return True

    # Sending.

    def send(self, kind, data, label, session=0, footer=p2p.FOOTER_SLP, after=None):
        """As for version 1; nobody waits for the peer before saying more, so `after` is called at once."""
        habits = self.client.habits
        opening = label == "INVITE" and habits.always_offers_syn or not (self.met or self._offered)
        number = random.randrange(1, 4) if habits.numbers_messages else 0
        asks = habits.asks_for_acks(kind, label)
        for at, size, remaining in self._parts(len(data), opening):
            operation = p2p_v2.SYN | p2p_v2.RAK if opening and at == 0 else 0
            if asks and remaining is None:
                operation |= p2p_v2.RAK
            self._put(p2p_v2.Package(self._spoken.next, operation, p2p_v2.PEER_INFO if opening and at == 0 else None,
                                     flags=self._FLAGS[kind] | (p2p_v2.FIRST if at == 0 else 0), number=number,
                                     session=session, remaining=remaining, data=data[at:at + size],
                                     footer=footer), label)
        self._offered |= opening
        if after:
            after()
        return None

    def _parts(self, total, opening):
        """(offset, bytes, bytes left after them) of each package."""
        at, room = 0, self.client.habits.package_room - 8 - (16 if opening else 0)
        while True:
            whole = total - at <= room - 8
            size = total - at if whole else room - 20
            at += size
            yield at - size, size, None if whole else total - at
            if whole:
                return
            room = self.client.habits.package_room - 8

    def _say(self, operation, ack, peer_info=None):
        """A package without data."""
        self._put(p2p_v2.Package(self._spoken.next, operation, peer_info, ack=ack), "SYN reply")

    def _put(self, package, label):
        self._spoken.number(package, label)
        self.sent.append((time.monotonic(), package))
        _put(self.chat, {"P2P-Dest": f"{self.chat.peer};{self.chat.endpoints[self.chat.peer]}",
                         "P2P-Src": self.client.shown}, package)

    # Receiving.

    def receive(self, sender, headers, body):
        source = f"{sender};{self.chat.endpoints[sender]}"
        if (headers.get("P2P-Dest"), headers.get("P2P-Src")) != (self.client.shown, source):
            raise Malformed(f"P2P from {headers.get('P2P-Src')} for {headers.get('P2P-Dest')}")
        package = p2p_v2.decode(body)
        self.received.append((time.monotonic(), package))
        self._judge_numbers(package)
        message = self._heard.add(package)
        self.met |= bool(package.ack is not None and package.operation & p2p_v2.SYN)
        if package.flags is None:
            if package.operation & p2p_v2.RAK:
                self._say(0, package.end)
            return
        if self.client.habits.answers_strangers:
            self._answer(package.operation, package.end, package.peer_info)
        self._calls.admit(package.session)
        if message is not None:
            self._whole(sender, message)

    def _judge_numbers(self, package):
        """Wrong numbers are complained of, and the conversation goes on, as it would with a real client."""
        try:
            self._heard.number(package)
        except Malformed as error:
            self.client.complain(str(error))
        for value in (package.ack, package.nak):
            try:
                if value is not None:
                    self._spoken.acknowledged(value)
            except Malformed as error:
                self.client.complain(str(error))
        if package.nak is not None:
            self.client.complain(f"P2P v2 NAK {package.nak:#x}")

    def _answer(self, operation, end, peer_info):
        if operation & p2p_v2.SYN:
            self.met = True
            self._say(p2p_v2.SYN | p2p_v2.RAK, end, peer_info)
        elif operation & p2p_v2.RAK:
            self._say(0, end)

    def _whole(self, sender, message):
        slp_flags = message.flags & ~p2p_v2.FIRST
        if slp_flags == 0:
            kind = SLP if message.session == 0 else PREPARATION
        elif message.session and slp_flags in self._READ:
            kind = self._READ[slp_flags]
        else:
            raise Malformed(f"P2P v2 message with TF {message.flags} in session {message.session}")
        if not self.client.habits.answers_strangers:
            if kind == SLP and not self._calls.understands(message.data) and not self._calls.any_open(sender):
                self._calls.nothing(sender, message.data)
                return
            self._answer(message.operations, message.end, message.peer_info)
        self._calls.deliver(self, sender, kind, message.session, message.data)


def _put(chat, addresses, package):
    headers = {"MIME-Version": "1.0", "Content-Type": mime.P2P, **addresses}
    order = [(name, headers[name]) for name in chat.client.habits.header_order if name in headers]
    return chat.send("D", mime.build(order, package.encode()))
