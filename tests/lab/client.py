"""A scripted client: login in any dialect, presence, calls; everything it notices becomes an event.

It is stricter than real clients: whatever one of them would choke on is a complaint. A run is clean
when `complaints` is empty and `hanging()` finds nothing left open.
"""

import asyncio
import hashlib
import time
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from . import http_link, link, p2p_bridge, slp
from .chat import Chat
from .rules import PASSWORD, endpoint_of, ticket_of
from .wire import line, with_payload


P2P_V2 = 0x30                        # extended capabilities of a client that speaks P2P version 2


@dataclass(frozen=True)
class Event:
    at: float
    kind: str
    detail: dict

    def __getattr__(self, name):
        try:
            return self.detail[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class Habits:
    """How client families differ on the wire."""
    invite_part: int = 1202          # most data bytes in a package of an invitation
    waits_for_ack: bool = True       # sends package n+1 only after the server's ACK of n
    ack_session_changes: bool = False  # another ack session in every package of a message
    prepares_files: bool = False     # four bytes of data preparation before a file
    classic_letter: str = "U"
    header_order: tuple = ("MIME-Version", "Content-Type", "P2P-Dest")
    p2p: int = 1                     # the version it speaks with those who speak it too
    package_room: int = 1270         # version 2: most bytes of a package, without its footer
    always_offers_syn: bool = False  # offers SYN with every INVITE, not only with its first message
    answers_strangers: bool = True   # acknowledges what it does not understand and has no call for
    numbers_messages: bool = False   # writes package numbers
    asks_for_transport: bool = False  # asks for a direct connection before a file
    bye_after_decline: bool = False
    answers_bye: bool = False
    slp_style: str = slp.ORDINARY

    def asks_for_acks(self, kind, label):
        """Whether the last package of a version 2 message asks for an acknowledgement."""
        if self.numbers_messages:
            return kind == p2p_bridge.FILE or label == "transport request"
        return kind != p2p_bridge.PREPARATION


LIBPURPLE = Habits()
AMSN = Habits(invite_part=1152, waits_for_ack=False, ack_session_changes=True)
PAPYON = Habits(invite_part=1198, waits_for_ack=False, prepares_files=True, classic_letter="N",
                header_order=("P2P-Src", "P2P-Dest", "Content-Type", "MIME-Version"))
PAPYON_V2 = replace(PAPYON, p2p=2)
MSNP_SHARP = Habits(waits_for_ack=False, header_order=("MIME-Version", "P2P-Dest", "P2P-Src", "Content-Type"), p2p=2,
                    package_room=1222, always_offers_syn=True, answers_strangers=False, numbers_messages=True,
                    asks_for_transport=True, bye_after_decline=True, answers_bye=True, slp_style=slp.SORTED)


class Refused(Exception):
    """A numeric reply of the server."""


class Client:
    def __init__(self, namespace, account, dialect, habits=LIBPURPLE, picture=None, answers="accept"):
        """`answers`: what the user does when a file is offered: "accept", "decline" or "nothing"."""
        self.namespace = namespace
        self.account = account
        self.nick = account.split("@")[0].capitalize()
        self.dialect = dialect
        self.habits = habits
        self.picture = picture
        self.answers = answers
        self.over_http = False         # through the HTTP gateway on port 80, as where port 1863 is closed
        self.gapless = True            # whether P2P v2 numbers must continue from message to message
        self.server_host = ""
        self.events = []
        self.complaints = []
        self.chats = []
        self.contacts = {}             # account -> object text, of those online
        self.link = None
        self._transaction = 0
        self._replies = {}             # transaction -> future
        self._news = asyncio.Event()
        self._tasks = set()

    # What the script sees.

    def event(self, kind, **detail):
        self.events.append(Event(time.monotonic(), kind, detail))
        self._news.set()

    def complain(self, what):
        self.complaints.append(what)
        self.event("complaint", what=what)

    def mark(self):
        """A place in the events: give it to `wait_for` as `after`."""
        return len(self.events)

    def seen(self, kind, after=0, **detail):
        return [event for event in self.events[after:] if event.kind == kind and
                all(event.detail.get(name) == value for name, value in detail.items())]

    async def wait_for(self, kind, after=0, timeout=10.0, **detail):
        """The first such event, or None when it does not come in time."""
        deadline = time.monotonic() + timeout
        while not (found := self.seen(kind, after, **detail)):
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                return None
        return found[0]

    def hanging(self):
        """Everything begun and not ended, in words."""
        left = [f"no reply to {transaction}" for transaction, reply in self._replies.items() if not reply.done()]
        for chat in self.chats:
            left += chat.hanging()
        return left

    def spawn(self, coroutine):
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task):
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.complain(f"{type(task.exception()).__name__}: {task.exception()}")

    # Login and presence.

    async def sign_in(self, host, port=1863):
        self.server_host = host
        self.link = await self.connect("NS", host, port, self._frame, self._ended)
        chosen = await self._ask("VER", f"MSNP{self.dialect}", "CVR0")
        if chosen.words[2:] != (f"MSNP{self.dialect}",):
            raise Refused(str(chosen))
        if self.dialect <= 7:
            await self._ask("INF")
        await self._ask("CVR", "0x0409", "winnt", "5.1", "i386", "MSNMSGR", "7.5.0324", "msmsgs", self.account)
        method = "MD5" if self.dialect <= 7 else "TWN" if self.dialect <= 14 else "SSO"
        challenge = (await self._ask("USR", method, "I", self.account)).words[-1]
        if method == "MD5":
            proof = [hashlib.md5((challenge + PASSWORD).encode()).hexdigest()]
        elif method == "TWN":
            proof = [ticket_of(self.account)]
        else:
            proof = [ticket_of(self.account), "HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAA" + "A" * 18]
            if self.dialect >= 16:
                proof.append(endpoint_of(self.account))
        welcome = await self._ask("USR", method, "S", *proof)
        if welcome.words[2] != "OK" or welcome.words[3] != self.account:
            raise Refused(str(welcome))
        if self.dialect >= 13:
            await self._ask("BLP", "AL")
            buddies = b'<ml l="1"><d n="lab.example"><c n="bob" l="3" t="1"/></d></ml>'
            await self._ask("ADL", payload=buddies)
        else:
            await self._ask("SYN", *(["0", "0"] if self.dialect >= 10 else ["0"]))
        if self.dialect >= 11:
            await self._ask("UUX", payload=b"<Data><PSM>in the lab</PSM><CurrentMedia></CurrentMedia></Data>")
        self.event("signed-in", dialect=self.dialect)

    async def connect(self, side, host, port, on_frame, on_end):
        """`side` is "NS" or "SB"."""
        if self.over_http:
            return await http_link.connect(self.namespace, host, side, on_frame, on_end)
        return await link.connect(self.namespace, host, port, "server", on_frame, on_end)

    async def go_online(self):
        what = ["NLN"]
        if self.dialect >= 8:
            extended = P2P_V2 if self.habits.p2p == 2 else 0
            what.append(f"2789003324:{extended}" if self.dialect >= 16 else "1342472228")
        if self.dialect >= 9 and self.picture:
            what.append(quote(self.picture.object, safe=""))
        await self._ask("CHG", *what)

    async def ping(self):
        before = self.mark()
        self.link.send(line("PNG"))
        return await self.wait_for("pong", before)

    async def sign_out(self):
        for chat in list(self.chats):
            chat.close()
        if self.link and self.link.open:
            self.link.send(line("OUT"))
            await self.link.drain()
            self.link.close()
        for task in self._tasks:
            task.cancel()

    # Calls.

    @property
    def shown(self):
        """How it names itself on a switchboard."""
        return f"{self.account};{endpoint_of(self.account)}" if self.dialect >= 16 else self.account

    @property
    def speaks_v2(self):
        """With those who show an endpoint that can."""
        return self.habits.p2p == 2 and self.dialect >= 16

    async def call(self, peer, timeout=10.0):
        """A new conversation with `peer`, who has joined when this returns."""
        reply = await self._ask("XFR", "SB")
        host, port = link.split_host(reply.words[3])
        chat = Chat(self)
        await chat.connect(host, port)
        await chat.ask("USR", self.shown, reply.words[5])
        await chat.invite(peer, timeout)
        return chat

    async def _answer(self, identifier, host_and_port, cookie, inviter):
        host, port = link.split_host(host_and_port)
        chat = Chat(self)
        await chat.connect(host, port)
        await chat.ask("ANS", self.shown, cookie, identifier)
        self.event("called", by=inviter, chat=chat)

    # The notification connection.

    async def _ask(self, command, *words, payload=None, timeout=10.0):
        self._transaction += 1
        transaction = str(self._transaction)
        reply = self._replies[transaction] = asyncio.get_running_loop().create_future()
        self.link.send(line(command, transaction, *words) if payload is None else
                       with_payload(command, transaction, *words, payload=payload))
        frame = await asyncio.wait_for(reply, timeout)
        del self._replies[transaction]
        if frame.command.isdigit():
            raise Refused(f"{command}: {frame}")
        return frame

    def _frame(self, frame):
        words = frame.words
        reply = self._replies.get(words[1]) if len(words) > 1 else None
        if reply is not None and not reply.done() and frame.command not in ("ILN", "LST"):
            reply.set_result(frame)
            return
        handler = getattr(self, f"_on_{frame.command.lower()}", None)
        if handler is None:
            self.complain(f"unexpected from the notification server: {frame}")
            return
        try:
            handler(*words[1:])
        except TypeError:
            self.complain(f"odd arguments: {frame}")

    def _on_msg(self, sender, nick, size):
        if (sender, nick) != ("Hotmail", "Hotmail"):
            self.complain(f"notification message from {sender}")

    def _on_chl(self, zero, challenge):
        digest = hashlib.md5((challenge + "Q1P7W2E4J9R8U3S5").encode()).hexdigest().encode()
        self.spawn(self._ask("QRY", "msmsgs@msnmsgr.com", payload=digest))

    def _on_iln(self, transaction, *words):
        self._on_nln(*words)

    def _on_nln(self, state, who, *words):
        account = who.partition(":")[2] if ":" in who else who
        thing = unquote(words[-1]) if words and words[-1].startswith("%3C") else ""
        self.contacts[account] = thing
        self.event("online", who=account)

    def _on_fln(self, who, *words):
        account = who.partition(":")[2] if ":" in who else who
        self.contacts.pop(account, None)
        self.event("offline", who=account)

    def _on_qng(self, *seconds):
        self.event("pong")

    def _on_rng(self, identifier, host_and_port, cki, cookie, inviter, nick, *gateway):
        if cki != "CKI":
            self.complain(f"RNG with {cki}")
        self.spawn(self._answer(identifier, host_and_port, cookie, inviter))

    def _ignore(self, *words):
        """Received, understood, nothing to do."""

    _on_gcf = _on_sbs = _on_ubx = _on_gtc = _on_blp = _on_lst = _on_prp = _on_lsg = _ignore

    def _ended(self, wrong):
        if wrong:
            self.complain(f"notification connection: {wrong}")
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(ConnectionError("the connection ended"))
        self.event("signed-out")

