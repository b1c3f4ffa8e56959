"""P2P version 1 calls of one conversation: files and display pictures, both sides (transfers.md 6.1, 6.2)."""

import asyncio
import base64
import hashlib
import random
from dataclasses import dataclass, field

from . import mime, p2p, slp
from .wire import Malformed


@dataclass
class P2PCall:
    """One call. `state` ends as "declined", "done" or "closed"."""
    kind: str                  # "file" or "picture"
    outgoing: bool             # we sent the INVITE
    peer: str
    call: str
    branch: str
    session: int
    name: str = ""
    size: int = 0
    data: bytes = field(default=b"", repr=False)
    thing: str = ""            # the object text of a picture
    state: str = "offered"     # offered, accepted, closing, declined, done, closed
    invite: int = 0            # identifier of the INVITE

    @property
    def ended(self):
        return self.state in ("declined", "done", "closed")


@dataclass
class _Sent:
    """A message of ours whose P2P acknowledgement has not come."""
    total: int
    ack_session: int
    label: str
    after: object = None       # called when it comes
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)


class P2PCalls:
    def __init__(self, chat):
        self.chat = chat
        self.client = chat.client
        self.calls = []
        self._identifier = random.randrange(0x1000, 0x3FFFFFFF)
        self._owed = {}                # identifier -> _Sent
        self._assembler = p2p.Assembler()
        self._heard = set()            # identifiers of acknowledgements received

    # What a user does.

    def offer_file(self, name, data):
        call = self._begin("file", name=name, size=len(data), data=data)
        fields = [("EUF-GUID", slp.FILE), ("SessionID", call.session), ("SChannelState", 0),
                  ("Capabilities-Flags", 1), ("AppID", 2), ("Context", slp.file_context(name, len(data)))]
        self._invite(call, fields)
        return call

    def fetch_picture(self, thing):
        call = self._begin("picture", thing=thing, size=int(slp.object_attribute(thing, "Size")))
        fields = [("EUF-GUID", slp.OBJECT), ("SessionID", call.session), ("SChannelState", 0),
                  ("Capabilities-Flags", 1), ("AppID", 1), ("Context", slp.object_context(thing))]
        self._invite(call, fields)
        return call

    def accept(self, call):
        call.state = "accepted"
        self._status(call, "200 OK")

    def decline(self, call):
        call.state = "declined"
        self._status(call, "603 Decline")

    def hanging(self):
        left = [f"P2P message {sent.label} was never acknowledged by the peer" for sent in self._owed.values()]
        left += [f"{call.kind} {call.name!r} is still {call.state}" for call in self.calls if not call.ended]
        if self._assembler.unfinished():
            left.append(f"{self._assembler.unfinished()} P2P messages never became whole")
        return left

    # Sending.

    def _begin(self, kind, **what):
        call = P2PCall(kind, True, self.chat.peer, slp.new_guid(), slp.new_guid(),
                       random.randrange(4, 0x7FFFFFFF), **what)
        self.calls.append(call)
        return call

    def _invite(self, call, fields):
        text = slp.build(f"INVITE MSNMSGR:{call.peer} MSNSLP/1.0", call.peer, self.client.account, call.branch,
                         call.call, 0, slp.SESSION_REQUEST, fields)
        call.invite = self._send(text, "INVITE")

    def _status(self, call, status):
        text = slp.build(f"MSNSLP/1.0 {status}", call.peer, self.client.account, call.branch, call.call, 1,
                         slp.SESSION_REQUEST, [("SessionID", call.session), ("SChannelState", 0)])
        after = (lambda: self._start_data(call)) if status == "200 OK" and call.kind == "picture" else None
        self._send(text, status, after=after)

    def _bye(self, call):
        text = slp.build(f"BYE MSNMSGR:{call.peer} MSNSLP/1.0", call.peer, self.client.account, call.branch,
                         call.call, 0, slp.SESSION_CLOSE, [("SessionID", call.session), ("SChannelState", 0)])
        self._send(text, "BYE")

    def _send(self, data, label, session=0, flags=0, footer=p2p.FOOTER_SLP, after=None):
        """Sends a message in as many packages as needed; gives back its identifier."""
        self._identifier += 1
        identifier = self._identifier
        part = self.client.habits.invite_part if session == 0 else p2p.PART
        packages = []
        ack_session = random.getrandbits(32)
        for offset in range(0, len(data), part):
            if self.client.habits.ack_session_changes:
                ack_session = random.getrandbits(32)
            packages.append(p2p.Package(session, identifier, offset, len(data), flags, ack_session,
                                        data=data[offset:offset + part], footer=footer))
        self._owed[identifier] = _Sent(len(data), ack_session, label, after)
        if len(packages) == 1:
            self._put(packages[0])
        else:
            self.client.spawn(self._send_parts(packages))
        return identifier

    async def _send_parts(self, packages):
        waiting = []
        for package in packages:
            waiting.append(self._put(package))
            if self.client.habits.waits_for_ack or len(waiting) >= 10:
                await waiting.pop(0)

    def _put(self, package):
        headers = {"MIME-Version": "1.0", "Content-Type": mime.P2P, "P2P-Dest": self.chat.peer}
        order = [(name, headers[name]) for name in self.client.habits.header_order]
        return self.chat.send("D", mime.build(order, package.encode()))

    def _acknowledge(self, message):
        last = message.last
        self._identifier += 1
        self._put(p2p.Package(last.session, self._identifier, 0, last.total, p2p.FLAG_ACK, last.identifier,
                              last.ack_session, last.total, footer=last.footer))

    def _start_data(self, call):
        self.client.spawn(self._send_data(call))

    async def _send_data(self, call):
        picture = call.kind == "picture"
        footer = p2p.FOOTER_PICTURE if picture else p2p.FOOTER_FILE
        if picture or self.client.habits.prepares_files:
            preparation = self._send(bytes(4), "data preparation", call.session, 0, footer)
            await self._owed[preparation].acknowledged.wait()
        flags = p2p.FLAG_OBJECT if picture else p2p.FLAG_FILE
        self._send(call.data, f"{call.kind} data", call.session, flags, footer, after=lambda: self._data_sent(call))

    def _data_sent(self, call):
        call.state = "closing"         # the receiver says BYE

    # Receiving.

    def receive(self, sender, headers, body):
        if headers.get("P2P-Dest", "").split(";")[0].lower() != self.client.account:
            raise Malformed(f"P2P for {headers.get('P2P-Dest')}")
        package = p2p.decode(body)
        if package.flags & p2p.FLAG_ACK:
            self._acknowledged(package)
            return
        call = self._by_session(package.session) if package.session else None
        if package.session and (call is None or call.state == "declined"):
            raise Malformed(f"data of session {package.session}, which was never agreed on")
        message = self._assembler.add(package)
        if message is None:
            return
        self._acknowledge(message)
        if package.session == 0:
            if package.flags not in p2p.SLP_FLAGS:
                raise Malformed(f"SLP with flags {package.flags:#x}")
            self._slp(sender, slp.parse(message.data))
        else:
            self._data(call, message)

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
        sent.acknowledged.set()
        if sent.after:
            sent.after()

    def _slp(self, sender, text):
        if text.to != self.client.account or text.sender != sender:
            raise Malformed(f"SLP text from {text.sender} to {text.to}, sent by {sender}")
        call = next((known for known in self.calls if known.call == text.call), None)
        if text.method == "INVITE":
            self._invited(sender, text, call)
        elif call is None:
            raise Malformed(f"SLP {text.method or text.code} for an unknown call {text.call}")
        elif text.method == "BYE":
            self._closed(call)
        elif text.code:
            self._answered(call, text)

    def _invited(self, sender, text, known):
        if known is not None:
            raise Malformed("INVITE of a call we have already")
        session, context = slp.session_of(text), text.fields.get("Context", "")
        if text.fields.get("EUF-GUID") == slp.FILE:
            name, size = slp.read_file_context(context)
            call = P2PCall("file", False, sender, text.call, text.branch, session, name, size)
            self.calls.append(call)
            self.client.event("offer", who=sender, form="p2p", name=name, size=size, call=call)
            if self.client.answers == "accept":
                self.accept(call)
            elif self.client.answers == "decline":
                self.decline(call)
        elif text.fields.get("EUF-GUID") == slp.OBJECT:
            thing = slp.read_object_context(context)
            own = self.client.picture
            call = P2PCall("picture", False, sender, text.call, text.branch, session, thing=thing)
            self.calls.append(call)
            if own and slp.object_attribute(thing, "SHA1D") == slp.object_attribute(own.object, "SHA1D"):
                call.data = own.data
                self.accept(call)
            else:
                self.decline(call)
        else:
            raise Malformed(f"INVITE of unknown application {text.fields.get('EUF-GUID')}")

    def _answered(self, call, text):
        if not call.outgoing or call.state != "offered":
            raise Malformed(f"{text.code} for a call that is {call.state}")
        if call.invite in self._owed:
            raise Malformed(f"{text.code} before the INVITE was acknowledged")
        if (text.branch, slp.session_of(text), text.body_type) != (call.branch, call.session, slp.SESSION_REQUEST):
            raise Malformed(f"{text.code} with other branch, session or body type")
        if text.code == 200:
            call.state = "accepted"
            if call.kind == "file":
                self._start_data(call)
        elif text.code == 603:
            call.state = "declined"
            self.client.event("declined", who=text.sender, form="p2p", name=call.name, kind_of=call.kind)
        else:
            raise Malformed(f"status {text.code}")

    def _data(self, call, message):
        if message.data == bytes(4) and message.last.flags in p2p.SLP_FLAGS:
            return                     # data preparation
        wanted = p2p.OBJECT_FLAGS if call.kind == "picture" else (p2p.FLAG_FILE,)
        if call.outgoing != (call.kind == "picture") or call.state != "accepted":
            raise Malformed(f"data for a {call.kind} that is {call.state}")
        if message.last.flags not in wanted or len(message.data) != call.size:
            raise Malformed(f"{len(message.data)} bytes of {call.size}, flags {message.last.flags:#x}")
        call.data = message.data
        call.state = "done"
        if call.kind == "picture":
            digest = base64.b64encode(hashlib.sha1(message.data).digest()).decode()
            if digest != slp.object_attribute(call.thing, "SHA1D"):
                raise Malformed("the picture is not the one its object names")
            self.client.event("picture", who=call.peer, data=message.data)
        else:
            self.client.event("file", who=call.peer, form="p2p", name=call.name, data=message.data)
        self._bye(call)

    def _closed(self, call):
        finished = call.state == "closing" or (call.kind == "picture" and call.state == "accepted")
        call.state = "done" if finished else "closed"
        if call.kind == "file" and call.outgoing:
            self.client.event("sent" if finished else "cancelled", who=call.peer, name=call.name)

    def _by_session(self, session):
        return next((call for call in reversed(self.calls) if call.session == session), None)
