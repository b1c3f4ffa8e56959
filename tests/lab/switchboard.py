"""The switchboard's side of one connection: joining a call and passing messages on."""

import secrets

from .rules import Call
from .wire import line, with_payload

PAYLOAD_LIMIT = 1664


class SwitchboardSession:
    def __init__(self, connection):
        self.connection = connection
        self.server = connection.server
        self.account = ""
        self.nick = ""
        self.shown = ""            # as it named itself: account[;{guid}]
        self.dialect = 0
        self.capabilities = "0"
        self.call = None

    def frame(self, frame):
        handler = getattr(self, f"_{frame.command.lower()}", None)
        if handler is None:
            return self.connection.fault(f"unexpected on a switchboard: {frame}")
        if not self.account and frame.command not in ("USR", "ANS", "OUT"):
            return self.connection.fault(f"before login: {frame}")
        if frame.command != "OUT" and (len(frame.words) < 2 or not frame.words[1].isdigit()):
            return self.connection.fault(f"no transaction: {frame}")
        if frame.command == "MSG":
            return self._msg(*frame.words[1:3], frame.payload)
        return handler(*frame.words[1:])

    def _enter(self, shown, cookie):
        account = shown.lower().split(";")[0]
        invitation = self.server.invitations.pop(cookie, None)
        home = self.server.online.get(account)
        if invitation is None or invitation.account != account or home is None:
            return None
        self.account = self.connection.account = account
        self.nick, self.dialect, self.shown = home.nick, home.dialect, shown
        self.capabilities = home.presence[1] if home.presence else "0"
        return invitation

    def _usr(self, transaction, shown, cookie):
        if self._enter(shown, cookie) is None:
            return self._say("911", transaction)
        self.call = Call(secrets.token_hex(8), [self])
        return self._say("USR", transaction, "OK", shown, self.nick)

    def _ans(self, transaction, shown, cookie, identifier):
        invitation = self._enter(shown, cookie)
        if invitation is None or invitation.call is None or invitation.call.identifier != identifier:
            return self._say("911", transaction)
        self.call = invitation.call
        lines = [words for member in self.call.members for words in self._as_seen(member)]
        for index, words in enumerate(lines, 1):
            self._say("IRO", transaction, index, len(lines), *words)
        self._say("ANS", transaction, "OK")
        for member in self.call.members:
            for words in member._as_seen(self):
                member._say("JOI", *words)
        self.call.members.append(self)
        return None

    def _as_seen(self, member):
        """`member` in this user's dialect: with the endpoint first where there is one (16 and newer)."""
        if self.dialect < 12:
            return [(member.account, member.nick)]
        simple = member.capabilities.split(":")[0]
        if self.dialect < 16:
            return [(member.account, member.nick, simple)]
        extended = member.capabilities if ":" in member.capabilities else f"{simple}:0"
        names = [member.shown, member.account] if ";" in member.shown else [member.account]
        return [(name, member.nick, extended) for name in names]

    def _cal(self, transaction, who):
        account = who.lower().split(";")[0]
        home = self.server.online.get(account)
        if any(member.account == account for member in self.call.members):
            return self._say("215", transaction)
        if home is None or home.presence is None:
            return self._say("217", transaction)
        self._say("CAL", transaction, "RINGING", self.call.identifier)
        return home.ring(self.call, self)

    def _msg(self, transaction, letter, payload):
        if letter not in ("U", "N", "A", "D"):
            return self.connection.fault(f"message of type {letter}")
        if len(payload) > PAYLOAD_LIMIT:
            return self.connection.fault(f"message of {len(payload)} bytes")
        head = payload.partition(b"\r\n\r\n")[0].lower()
        if b"content-type: application/x-msnmsgrp2p" in head and letter != "D":
            return self.connection.fault(f"P2P in a message of type {letter}")
        for member in self.call.members:
            if member is not self:
                member.connection.send(with_payload("MSG", self.account, self.nick, payload=payload))
        if letter in ("A", "D"):
            self._say("ACK", transaction)
        return None

    def _out(self):
        self.connection.close()

    def ended(self):
        if self.call is None or self not in self.call.members:
            return
        self.call.members.remove(self)
        for member in self.call.members:
            for words in member._as_seen(self):
                member._say("BYE", words[0])

    def _say(self, *words):
        self.connection.send(line(*words))
