"""The notification server's side of one connection: login, contacts, presence, the way to a call."""

import base64
import binascii
import hashlib
import re
import secrets

from .rules import DIALECTS, PASSWORD, Invitation, ticket_of
from .wire import line, with_payload

CHALLENGE = "15570131571988941333"
POLICIES = b'<Policies><Policy type="SHIELDS" checksum="0"></Policy></Policies>'


class NotificationSession:
    def __init__(self, connection):
        self.connection = connection
        self.server = connection.server
        self.dialect = 0
        self.account = ""
        self.claimed = ""
        self.nick = ""
        self.guid = ""
        self.salt = secrets.token_hex(8)
        self.presence = None       # (state, capabilities, object) once shown

    # What came in.

    def frame(self, frame):
        words = frame.words
        if not self.dialect and frame.command != "VER":
            return self.connection.fault(f"first command {frame}")
        free = ("VER", "CVR", "INF", "USR", "OUT")
        if not self.account and frame.command not in free:
            return self.connection.fault(f"before login: {frame}")
        handler = getattr(self, f"_{frame.command.lower()}", None)
        if handler is None:
            return self.connection.fault(f"unexpected {frame}")
        if frame.command not in ("OUT", "PNG") and (len(words) < 2 or not words[1].isdigit()):
            return self.connection.fault(f"no transaction: {frame}")
        return handler(*words[1:], payload=frame.payload) if frame.payload else handler(*words[1:])

    def _ver(self, transaction, *offered):
        numbers = [int(word[4:]) for word in offered if re.fullmatch("MSNP[0-9]+", word)]
        self.dialect = next((number for number in numbers if number in DIALECTS), 0)
        self._say("VER", transaction, f"MSNP{self.dialect}" if self.dialect else "0")
        if not self.dialect:
            self.connection.close()

    def _inf(self, transaction):
        self._say("INF", transaction, "MD5")

    def _cvr(self, transaction, *what):
        self._say("CVR", transaction, "8.5.1302", "8.5.1302", "1.0.0000", "http://lab.example/",
                  "http://lab.example/")

    def _usr(self, transaction, method, step, *values):
        expected = "MD5" if self.dialect <= 7 else "TWN" if self.dialect <= 14 else "SSO"
        if method != expected or step not in ("I", "S"):
            return self.connection.fault(f"USR {method} {step} in dialect {self.dialect}")
        if step == "I":
            self.claimed = values[0].lower()
            if method == "MD5":
                return self._say("USR", transaction, "MD5", "S", self.salt)
            if method == "TWN":
                return self._say("USR", transaction, "TWN", "S", "lc=1033,id=507,tw=40,ru=http%3A%2F%2Flab")
            self.connection.send(with_payload("GCF", 0, payload=POLICIES))
            return self._say("USR", transaction, "SSO", "S", "MBI_KEY_OLD",
                             base64.b64encode(self.salt.encode()).decode())
        if not self._proven(method, values):
            return self._say("911", transaction)
        return self._logged_in(transaction)

    def _proven(self, method, values):
        if method == "MD5":
            return values[0] == hashlib.md5((self.salt + PASSWORD).encode()).hexdigest()
        if values[0] != ticket_of(self.claimed):
            return False
        if method == "TWN":
            return True
        if self.dialect >= 16:
            if len(values) != 3 or not re.fullmatch(r"\{[0-9a-f-]{36}\}", values[2]):
                return False
            self.guid = values[2]
        try:
            return len(base64.b64decode(values[1], validate=True)) >= 28
        except binascii.Error:
            return False

    def _logged_in(self, transaction):
        self.account = self.connection.account = self.claimed
        self.nick = self.account.split("@")[0].capitalize()
        tail = (self.nick,) if self.dialect <= 5 else (self.nick, 1) if self.dialect <= 7 else \
            (self.nick, 1, 0) if self.dialect <= 9 else (1, 0)
        self._say("USR", transaction, "OK", self.account, *tail)
        if self.dialect >= 8:
            self._say("SBS", 0, "null")
        profile = ("MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsprofile; charset=UTF-8\r\n"
                   "LoginTime: 1795366399\r\nEmailEnabled: 0\r\nlang_preference: 1033\r\n\r\n")
        self.connection.send(with_payload("MSG", "Hotmail", "Hotmail", payload=profile.encode()))
        if self.dialect >= 6:
            self._say("CHL", 0, CHALLENGE)
        before = self.server.online.get(self.account)
        if before is not None:
            before._say("OUT", "OTH")
            before.connection.close()
        self.server.online[self.account] = self

    def _qry(self, transaction, product, size, payload=b""):
        if not re.fullmatch(rb"[0-9a-f]{32}", payload):
            return self._say("540", transaction)
        return self._say("QRY", transaction)

    def _syn(self, transaction, *versions):
        others = [account for account in sorted(self.server.online) if account != self.account]
        if self.dialect >= 10:
            self._say("SYN", transaction, "2000-01-01T00:00:00.0-00:00", "2000-01-01T00:00:00.0-00:00",
                      len(others), 0)
        elif self.dialect >= 8:
            self._say("SYN", transaction, 2, len(others), 0)
        else:
            self._say("SYN", transaction, 2)
        between = () if self.dialect >= 8 else (transaction, 2)
        self._say("GTC", *between, "A")
        self._say("BLP", *between, "AL")
        for index, account in enumerate(others, 1):
            nick = account.split("@")[0].capitalize()
            if self.dialect >= 10:
                self._say("LST", f"N={account}", f"F={nick}", "C=cb8c84ba-2bf7-5393-9d39-c652a40b4934", 11, 1)
            elif self.dialect >= 8:
                self._say("LST", account, nick, 11, 0)
            else:
                self._say("LST", transaction, "FL", 2, index, len(others), account, nick)

    def _adl(self, transaction, size, payload=b""):
        self._say("ADL", transaction, "OK")

    def _uux(self, transaction, size, payload=b""):
        self._say("UUX", transaction, 0)

    def _blp(self, transaction, value):
        self._say("BLP", transaction, value)

    def _prp(self, transaction, name, *value):
        self._say("PRP", transaction, name, *value)

    def _png(self):
        self._say("QNG", *([50] if self.dialect >= 9 else []))

    def _chg(self, transaction, state, *what):
        first = self.presence is None
        self.presence = (state, what[0] if what else "0", what[1] if len(what) > 1 else "")
        self._say("CHG", transaction, state, *what)
        for other in list(self.server.online.values()):
            if other is self or other.presence is None:
                continue
            if first:
                self._presence_of(other, initial=transaction)
            other._presence_of(self, initial=None)

    def _presence_of(self, other, initial):
        state, capabilities, thing = other.presence
        if self.dialect >= 18:
            who = ("NLN", state, f"1:{other.account}", other.nick)
        else:
            head = ("NLN",) if initial is None else ("ILN", initial)
            network = (1,) if self.dialect >= 14 else ()
            who = (*head, state, other.account, *network, other.nick)
        simple = capabilities if self.dialect >= 16 else capabilities.split(":")[0]
        self._say(*who, *([simple] if self.dialect >= 8 else []), *([thing] if thing and self.dialect >= 9 else []))
        if self.dialect >= 11:
            status = b"<Data><PSM>in the lab</PSM><CurrentMedia></CurrentMedia></Data>"
            address = (f"1:{other.account}",) if self.dialect >= 18 else \
                (other.account, 1) if self.dialect >= 14 else (other.account,)
            self.connection.send(with_payload("UBX", *address, payload=status))

    def _xfr(self, transaction, what):
        if what != "SB":
            return self.connection.fault(f"XFR {what}")
        self._say("XFR", transaction, "SB", self.server.switchboard_for(self.connection), "CKI",
                  self._cookie(self.account, None), *self._gateway_words("messenger.msn.com"))

    def ring(self, call, inviter):
        """Tells this user that `inviter`, a switchboard session, wants to talk."""
        self._say("RNG", call.identifier, self.server.switchboard_for(self.connection), "CKI",
                  self._cookie(self.account, call), inviter.account, inviter.nick,
                  *self._gateway_words("messenger.hotmail.com"))

    def _gateway_words(self, host):
        return ("U", host, 1) if self.dialect >= 14 else ("U", host) if self.dialect >= 13 else ()

    def _cookie(self, account, call):
        cookie = secrets.token_hex(10)
        self.server.invitations[cookie] = Invitation(account, call)
        return cookie

    def _out(self, *why):
        self.connection.close()

    def ended(self):
        if self.server.online.get(self.account) is not self:
            return
        del self.server.online[self.account]
        if self.presence is None:
            return
        for other in self.server.online.values():
            if other.presence is not None:
                who = (f"1:{self.account}", "0:0") if other.dialect >= 18 else \
                    (self.account, 1) if other.dialect >= 14 else (self.account,)
                other._say("FLN", *who)

    def _say(self, *words):
        self.connection.send(line(*words))
