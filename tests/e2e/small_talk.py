"""A conversation that stays open, for tests that do something to the gateway meanwhile: a line of chat, an
offer that must be refused, one that must be let through. Whatever is not as it should be is an AssertionError.
"""
import contextlib
import itertools
import time

from conversation_steps import RULES, TO_CLIENT, TO_SERVER, End, classic, message, steps, text
from loopback import Gateway, accept, eventually, listening

_cookies = itertools.count(1_000_000)
PATIENCE = 60.0


class SmallTalk:
    def __init__(self, gateway, server, source="127.0.0.1"):
        client = gateway.connect(source)
        self.ends = {TO_CLIENT: End(client), TO_SERVER: End(accept(server))}
        self.transactions = itertools.count(10)
        for step in steps()[:4]:
            self._send(step.way, step.data)
            self._until(step.way, lambda end, wanted=step.passes: end.tape.endswith(wanted), step.name)

    def close(self):
        for end in self.ends.values():
            end.socket.close()

    def chat(self, words=b"still there?"):
        """A line each way."""
        for way in (TO_SERVER, TO_CLIENT):
            line = message(way, text(words), next(self.transactions), "N")
            self._send(way, line)
            self._until(way, lambda end, wanted=line: wanted in end.tape, "chat")
            self.ends[way].tape = b""

    def refused(self, name=b"plan.doc", way=TO_SERVER):
        """Offers a file; it is refused, and nothing of it arrives. Gives its cookie back."""
        cookie = next(_cookies)
        back = TO_CLIENT if way == TO_SERVER else TO_SERVER
        self._send(way, message(way, classic(name, cookie), next(self.transactions), "U"))
        self._until(back, lambda end: b"Invitation-Cookie: %d\r\nCancel-Code: REJECT" % cookie in end.tape, "a refusal")
        self.chat()
        assert b"%d" % cookie not in self.ends[way].tape, "the offer arrived"
        return cookie

    def allowed(self, name=b"plan.txt"):
        cookie = next(_cookies)
        offer = message(TO_SERVER, classic(name, cookie), next(self.transactions), "U")
        self._send(TO_SERVER, offer)
        self._until(TO_SERVER, lambda end: offer in end.tape, "an allowed offer")
        return cookie

    def is_over(self):
        for end in self.ends.values():
            if not end.over:
                end.read()
        return any(end.over for end in self.ends.values())

    def _send(self, way, data):
        self.ends[TO_CLIENT if way == TO_SERVER else TO_SERVER].socket.send(data)

    def _until(self, way, condition, what):
        end, deadline = self.ends[way], time.monotonic() + PATIENCE
        while not condition(end):
            assert not end.over, f"{what}: the connection is {end.over}"
            assert time.monotonic() < deadline, f"{what} did not come; what came: {end.tape[-200:]}"
            end.read()
            time.sleep(0.001)


@contextlib.contextmanager
def gateway_with_talk(limits="", policy=RULES, **settings):
    """A gateway, the server behind it, and a conversation that has to go on."""
    with listening() as server, Gateway(server.getsockname()[1], limits, policy=policy, **settings) as gateway:
        talk = SmallTalk(gateway, server)
        talk.refused()
        yield gateway, server, talk
        talk.refused()
        talk.refused(way=TO_CLIENT)
        talk.chat()
        talk.close()
        assert gateway.stop() == 0


def comes_back(gateway, descriptors, memory, grown=4096):
    eventually(lambda: gateway.descriptors() <= descriptors, f"descriptors come back to {descriptors}", PATIENCE)
    eventually(lambda: gateway.status("VmRSS") - memory < grown, "memory comes back", PATIENCE)


def measured(gateway):
    return gateway.descriptors(), gateway.status("VmRSS")
