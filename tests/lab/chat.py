"""The client's side of one switchboard: who is here, messages and their ACKs, and what they carry."""

import asyncio
import secrets

from . import mime
from .classic import ClassicTransfers
from .p2p_calls import P2PCalls
from .wire import Malformed, line, with_payload


class Chat:
    def __init__(self, client):
        self.client = client
        self.here = set()              # accounts of the others, as announced by IRO and JOI
        self.endpoints = {}            # account -> "{guid}", of those who read P2P version 2
        self.link = None
        self.classic = ClassicTransfers(self)
        self.p2p = P2PCalls(self)
        self.heard = 0                 # messages received, fences not counted
        self._fences = []              # the bytes of each, as sent or received
        self._transaction = 0
        self._replies = {}             # transaction -> future; MSG of type A and D included
        client.chats.append(self)

    async def connect(self, host, port):
        self.link = await self.client.connect("SB", host, port, self._frame, self._ended)

    async def ask(self, command, *words, timeout=10.0):
        transaction, reply = self._expect()
        self.link.send(line(command, transaction, *words))
        frame = await asyncio.wait_for(reply, timeout)
        if frame.command.isdigit():
            raise ConnectionError(f"{command}: {frame}")
        return frame

    async def invite(self, peer, timeout=10.0):
        before = self.client.mark()
        await self.ask("CAL", peer)
        if await self.client.wait_for("joined", before, timeout, chat=self, who=peer) is None:
            raise TimeoutError(f"{peer} did not join")
        caps = mime.build([("MIME-Version", "1.0"), ("Content-Type", mime.CAPS)],
                          b"Client-Name: lab\r\nChat-Logging: N\r\n")
        self.send("U", caps)

    @property
    def peer(self):
        """The other one, in a conversation of two."""
        others = self.here - {self.client.account}
        if len(others) != 1:
            raise ConnectionError(f"not a conversation of two: {others}")
        return next(iter(others))

    def close(self):
        if self.link and self.link.open:
            self.link.send(line("OUT"))
            self.link.close()
            self._forget()

    # Sending.

    def send(self, letter, payload):
        """A message; the future is the server's ACK where the letter asks for one, else None."""
        transaction, reply = self._expect() if letter in ("A", "D") else (self._next(), None)
        self.link.send(with_payload("MSG", transaction, letter, payload=payload))
        return reply

    def text(self, words, letter="A"):
        headers = [("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=UTF-8"),
                   ("X-MMS-IM-Format", "FN=Helvetica; EF=; CO=000000; CS=0; PF=22")]
        return self.send(letter, mime.build(headers, words.encode()))

    def typing(self):
        return self.send("U", mime.build([("MIME-Version", "1.0"), ("Content-Type", mime.CONTROL),
                                          ("TypingUser", self.client.account)], b"\r\n"))

    def nudge(self):
        return self.send("N", mime.build([("MIME-Version", "1.0"), ("Content-Type", mime.DATACAST)],
                                         b"ID: 1\r\n\r\n"))

    def fence(self):
        """A message that says nothing; whoever gets it (event "fence") has got all that was sent before."""
        word = secrets.token_hex(8)
        payload = mime.build([("MIME-Version", "1.0"), ("Content-Type", mime.FENCE)], word.encode())
        self._fences.append(with_payload("MSG", self._transaction + 1, "U", payload=payload))
        self.send("U", payload)
        return word

    # Receiving.

    def heard_since(self, began):
        """The bytes received since then, without fences."""
        return self.without_fences(self.link.tape.bytes("received", began))

    def without_fences(self, data):
        for fence in self._fences:
            data = data.replace(fence, b"")
        return data

    def _frame(self, frame):
        words = frame.words
        handler = getattr(self, f"_on_{frame.command.lower()}", None)
        if handler is not None:
            try:
                handler(frame)
            except (Malformed, ValueError) as error:
                self.client.complain(f"{frame}: {error}")
            return
        reply = self._replies.get(words[1]) if len(words) > 1 else None
        if reply is None or reply.done():
            self.client.complain(f"no such transaction: {frame}")
            return
        del self._replies[words[1]]
        reply.set_result(frame)

    def _on_iro(self, frame):
        if len(frame.words) < 6:
            raise Malformed("too few words")
        self._arrived(frame.words[4], frame.words[6:])

    def _on_joi(self, frame):
        if len(frame.words) < 3:
            raise Malformed("too few words")
        self._arrived(frame.words[1], frame.words[3:])

    def _arrived(self, who, capabilities):
        if bool(capabilities) != (self.client.dialect >= 12):
            raise Malformed(f"capabilities {capabilities} in dialect {self.client.dialect}")
        account, _, endpoint = who.partition(";")
        if endpoint and int(capabilities[0].partition(":")[2]) & 0x20:
            self.endpoints[account] = endpoint
        if account not in self.here and account != self.client.account:
            self.here.add(account)
            self.client.event("joined", who=account, chat=self)

    def _on_bye(self, frame):
        account = frame.words[1]
        if ";" in account:
            self.endpoints.pop(account.split(";")[0], None)
            return
        if account not in self.here:
            raise Malformed("was not here")
        self.here.discard(account)
        self.client.event("left", who=account, chat=self)

    def _on_msg(self, frame):
        sender = frame.words[1]
        if sender not in self.here:
            raise Malformed("message from somebody who is not here")
        if not frame.words[2]:
            raise Malformed("empty nickname")
        headers, body = mime.parse(frame.payload)
        kind = mime.content_type(headers)
        if kind == mime.FENCE:
            self._fences.append(with_payload(*frame.words[:-1], payload=frame.payload))
            self.client.event("fence", word=body.decode())
            return
        self.heard += 1
        if kind == mime.TEXT:
            # Clients show this name instead of the sender's, where it is given.
            shown = headers.get("P4-Context") or frame.words[2]
            self.client.event("text", who=sender, shown=shown, text=body.decode(), chat=self)
        elif kind == mime.CONTROL:
            self.client.event("typing", who=headers.get("TypingUser", ""), chat=self)
        elif kind == mime.DATACAST:
            self.client.event("nudge", who=sender, chat=self)
        elif kind == mime.INVITE:
            if "charset" not in headers["Content-Type"]:
                raise Malformed("invitation without charset")
            self.classic.receive(sender, mime.parse_fields(body.decode()))
        elif kind == mime.P2P:
            self.p2p.receive(sender, headers, body)
        elif kind != mime.CAPS:
            raise Malformed(f"unknown message type {kind}")

    # The end, and what was left open by then.

    def _next(self):
        self._transaction += 1
        return str(self._transaction)

    def _expect(self):
        transaction = self._next()
        reply = self._replies[transaction] = asyncio.get_running_loop().create_future()
        return transaction, reply

    def hanging(self):
        left = [f"message {transaction} was never acknowledged" for transaction in self._replies]
        return left + self.p2p.hanging() + self.classic.hanging()

    def _ended(self, wrong):
        if wrong:
            self.client.complain(f"switchboard connection: {wrong}")
        self._forget()

    def _forget(self):
        for reply in self._replies.values():
            if not reply.done():
                reply.cancel()
        self.client.event("chat-closed", chat=self)
