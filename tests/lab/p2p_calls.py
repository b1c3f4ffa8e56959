"""P2P calls of one conversation: files and display pictures, both sides (transfers.md 6.1, 6.2, 6.6)."""

import base64
import hashlib
import random
from dataclasses import dataclass, field

from . import p2p, slp
from .p2p_bridge import FILE, OBJECT, PREPARATION, SLP, BridgeV1, BridgeV2
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
    invite: object = None      # what the bridge calls our INVITE
    bridge: object = field(default=None, repr=False)
    said_bye: bool = False
    offer: bytes = field(default=b"", repr=False)   # our INVITE

    @property
    def ended(self):
        return self.state in ("declined", "done", "closed")


class P2PCalls:
    def __init__(self, chat):
        self.chat = chat
        self.client = chat.client
        self.calls = []
        self.v1 = BridgeV1(chat, self)
        self.v2 = BridgeV2(chat, self)

    # What a user does.

    def offer_file(self, name, data):
        call = self._begin("file", name=name, size=len(data), data=data)
        self._invite(call, [("EUF-GUID", slp.FILE), ("SessionID", call.session), ("SChannelState", 0),
                            ("Capabilities-Flags", 1), ("AppID", 2),
                            ("Context", slp.file_context(name, len(data)))])
        return call

    def fetch_picture(self, thing):
        call = self._begin("picture", thing=thing, size=int(slp.object_attribute(thing, "Size")))
        self._invite(call, [("EUF-GUID", slp.OBJECT), ("SessionID", call.session), ("SChannelState", 0),
                            ("Capabilities-Flags", 1), ("AppID", 1 if call.bridge is self.v1 else 12),
                            ("Context", slp.object_context(thing))])
        return call

    def accept(self, call):
        call.state = "accepted"
        after = (lambda: self._start_data(call)) if call.kind == "picture" else None
        self._status(call, "200 OK", after=after)

    def decline(self, call):
        call.state = "declined"
        self._status(call, "603 Decline")
        if self.client.habits.bye_after_decline:
            self._bye(call)

    def hanging(self):
        left = [f"{call.kind} {call.name!r} is still {call.state}" for call in self.calls if not call.ended]
        return left + self.v1.hanging() + self.v2.hanging()

    # Sending.

    def _bridge(self):
        return self.v2 if self.client.speaks_v2 and self.chat.peer in self.chat.endpoints else self.v1

    def _party(self, bridge, account):
        """How an SLP text names somebody."""
        if bridge is self.v1:
            return account
        return self.client.shown if account == self.client.account else f"{account};{self.chat.endpoints[account]}"

    def _begin(self, kind, **what):
        call = P2PCall(kind, True, self.chat.peer, slp.new_guid(), slp.new_guid(),
                       random.randrange(4, 0x7FFFFFFF), bridge=self._bridge(), **what)
        self.calls.append(call)
        return call

    def _text(self, call, start, cseq, body_type, fields):
        to = self._party(call.bridge, call.peer)
        return slp.build(start.format(to=to), to, self._party(call.bridge, self.client.account), call.branch,
                         call.call, cseq, body_type, fields, self.client.habits.slp_style)

    def _invite(self, call, fields):
        call.offer = self._text(call, "INVITE MSNMSGR:{to} MSNSLP/1.0", 0, slp.SESSION_REQUEST, fields)
        call.invite = call.bridge.send(SLP, call.offer, "INVITE")

    def _status(self, call, status, body_type=slp.SESSION_REQUEST, fields=None, after=None):
        fields = fields or [("SessionID", call.session), ("SChannelState", 0)]
        call.bridge.send(SLP, self._text(call, f"MSNSLP/1.0 {status}", 1, body_type, fields), status, after=after)

    def _bye(self, call):
        call.said_bye = True
        call.bridge.send(SLP, self._text(call, "BYE MSNMSGR:{to} MSNSLP/1.0", 0, slp.SESSION_CLOSE,
                                         [("SessionID", call.session), ("SChannelState", 0)]), "BYE")

    def _start_data(self, call):
        picture = call.kind == "picture"
        footer = p2p.FOOTER_PICTURE if picture else p2p.FOOTER_FILE

        def data():
            call.bridge.send(OBJECT if picture else FILE, call.data, f"{call.kind} data", call.session, footer,
                             after=lambda: self._data_sent(call))

        if picture or self.client.habits.prepares_files:
            call.bridge.send(PREPARATION, bytes(4), "data preparation", call.session, footer, after=data)
        else:
            data()

    def _data_sent(self, call):
        call.state = "closing"         # the receiver says BYE

    # Receiving.

    def receive(self, sender, headers, body):
        """One package. Who shows an endpoint to somebody who reads version 2 speaks version 2."""
        v2 = self.client.speaks_v2 and sender in self.chat.endpoints
        (self.v2 if v2 else self.v1).receive(sender, headers, body)

    def admit(self, session):
        """A package of `session` came: it must be one that was agreed on."""
        call = self._by_session(session)
        if session and (call is None or call.state == "declined"):
            raise Malformed(f"data of session {session}, which was never agreed on")

    def deliver(self, bridge, sender, kind, session, data):
        if kind == SLP and bridge is self.v2 and slp.is_nothing(data):
            self.nothing(sender, data)
        elif kind == SLP:
            self._slp(bridge, sender, slp.parse(data))
        else:
            self._data(self._by_session(session), kind, data)

    def understands(self, data):
        """Whether a message means anything: a new call, or word of one that is known."""
        if slp.is_nothing(data):
            return False
        text = slp.parse(data)
        return text.method == "INVITE" or any(call.call == text.call for call in self.calls)

    def any_open(self, peer):
        return any(call.peer == peer and not call.ended for call in self.calls)

    def nothing(self, sender, data):
        """A message that says nothing to anybody: real clients pass over it."""
        if not slp.is_nothing(data):
            raise Malformed(f"P2P v2 message that nobody understands: {data[:200]!r}")
        self.client.event("nothing", who=sender, data=data)

    def _slp(self, bridge, sender, text):
        parties = (self._party(bridge, self.client.account), self._party(bridge, sender))
        if (text.to, text.sender) != parties:
            raise Malformed(f"SLP text from {text.sender} to {text.to}, sent by {sender}")
        call = next((known for known in self.calls if known.call == text.call), None)
        if text.method == "INVITE" and call is not None and text.body_type == slp.TRANSPORT_REQUEST:
            self._status(call, "200 OK", slp.TRANSPORT_RESPONSE,
                         [("Bridge", "TCPv1"), ("Listening", "false"), ("Nonce", slp.NO_NONCE)])
        elif text.method == "INVITE":
            self._invited(bridge, sender, text, call)
        elif call is None:
            raise Malformed(f"SLP {text.method or text.code} for an unknown call {text.call}")
        elif text.method == "BYE":
            self._closed(call)
        elif text.code and text.body_type == slp.TRANSPORT_RESPONSE:
            self._start_data(call)
        elif text.code:
            self._answered(call, sender, text)

    def _invited(self, bridge, sender, text, known):
        if known is not None:
            raise Malformed("INVITE of a call we have already")
        session, context = slp.session_of(text), text.fields.get("Context", "")
        if text.fields.get("EUF-GUID") == slp.FILE:
            name, size = slp.read_file_context(context)
            call = P2PCall("file", False, sender, text.call, text.branch, session, name, size, bridge=bridge)
            self.calls.append(call)
            self.client.event("offer", who=sender, form="p2p", name=name, size=size, call=call)
            if self.client.answers == "accept":
                self.accept(call)
            elif self.client.answers == "decline":
                self.decline(call)
        elif text.fields.get("EUF-GUID") == slp.OBJECT:
            thing = slp.read_object_context(context)
            own = self.client.picture
            call = P2PCall("picture", False, sender, text.call, text.branch, session, thing=thing, bridge=bridge)
            self.calls.append(call)
            if own and slp.object_attribute(thing, "SHA1D") == slp.object_attribute(own.object, "SHA1D"):
                call.data = own.data
                self.accept(call)
            else:
                self.decline(call)
        else:
            raise Malformed(f"INVITE of unknown application {text.fields.get('EUF-GUID')}")

    def _answered(self, call, sender, text):
        if not call.outgoing or call.state != "offered":
            raise Malformed(f"{text.code} for a call that is {call.state}")
        if not call.bridge.acknowledged(call.invite):
            raise Malformed(f"{text.code} before the INVITE was acknowledged")
        if (text.branch, slp.session_of(text), text.body_type) != (call.branch, call.session, slp.SESSION_REQUEST):
            raise Malformed(f"{text.code} with other branch, session or body type")
        if text.code == 200:
            call.state = "accepted"
            if call.kind == "file" and self.client.habits.asks_for_transport:
                call.bridge.send(SLP, self._text(call, "INVITE MSNMSGR:{to} MSNSLP/1.0", 0, slp.TRANSPORT_REQUEST,
                                                 slp.transport_fields(call.session)), "transport request")
            elif call.kind == "file":
                self._start_data(call)
        elif text.code == 603:
            call.state = "declined"
            self.client.event("declined", who=sender, form="p2p", name=call.name, kind_of=call.kind)
        else:
            raise Malformed(f"status {text.code}")

    def _data(self, call, kind, data):
        if kind == PREPARATION:
            if data != bytes(4):
                raise Malformed(f"data preparation {data[:20].hex()}")
            return
        if call.outgoing != (call.kind == "picture") or call.state != "accepted":
            raise Malformed(f"data for a {call.kind} that is {call.state}")
        if kind != (OBJECT if call.kind == "picture" else FILE) or len(data) != call.size:
            raise Malformed(f"{len(data)} bytes of {call.size}, {kind} for a {call.kind}")
        call.data = data
        call.state = "done"
        if call.kind == "picture":
            digest = base64.b64encode(hashlib.sha1(data).digest()).decode()
            if digest != slp.object_attribute(call.thing, "SHA1D"):
                raise Malformed("the picture is not the one its object names")
            self.client.event("picture", who=call.peer, data=data)
        else:
            self.client.event("file", who=call.peer, form="p2p", name=call.name, data=data)
        self._bye(call)

    def _closed(self, call):
        if call.bridge is self.v2 and self.client.habits.answers_bye and not call.said_bye and not call.ended:
            self._bye(call)
        if call.ended:
            return
        finished = call.state == "closing" or (call.kind == "picture" and call.state == "accepted")
        call.state = "done" if finished else "closed"
        if not finished:
            call.bridge.end(call.session)
        if call.kind == "file" and call.outgoing:
            self.client.event("sent" if finished else "cancelled", who=call.peer, name=call.name)

    def _by_session(self, session):
        return next((call for call in reversed(self.calls) if call.session == session), None)
