"""A small MSNP server: notification server and switchboard, dialects 2-12, 15 and 18.

Strict where Escargot or the official service are: a malformed line, a payload over 1664 bytes or P2P
of another type than D ends the connection. Each such end is kept in `faults`.
Lab rules: everybody is on everybody's contact list; the password is "secret"; a ticket is
"t=lab:" followed by the account; behind an SSO ticket any base64 text will do.
"""

import asyncio
import time

from .http_server import HttpGateway
from .link import Link
from .notification import NotificationSession
from .switchboard import SwitchboardSession


class Connection:
    """One accepted connection; what speaks on it is decided by the port it came to."""

    def __init__(self, server, kind, make_link):
        self.server = server
        self.kind = kind
        self.account = ""
        session = NotificationSession if kind == "notification" else SwitchboardSession
        self.session = session(self)
        self.link = make_link(self._frame, self._end)

    @property
    def tape(self):
        return self.link.tape

    def send(self, data):
        self.link.send(data)

    def fault(self, why):
        self.server.note(f"{self.kind} {self.tape.remote} {self.account}: FAULT {why}")
        self.server.faults.append(f"{self.account or self.tape.remote}: {why}")
        self.close()

    def close(self):
        if self.link.open:
            self.link.close()
            self.session.ended()

    def _frame(self, frame):
        shown = "USR ..." if frame.command == "USR" else str(frame)
        self.server.note(f"{self.kind} {self.tape.remote} {self.account} > {shown}")
        self.session.frame(frame)

    def _end(self, wrong):
        self.server.note(f"{self.kind} {self.tape.remote} {self.account}: closed {wrong or ''}")
        if wrong:
            self.server.faults.append(f"{self.account or self.tape.remote}: {wrong}")
        self.session.ended()


class Server:
    def __init__(self, log_path, host4, host6=None, switchboard_port=1864):
        self.host = {4: host4, 6: host6}
        self.switchboard_port = switchboard_port
        self.connections = []
        self.faults = []
        self.gateway = None     # of HTTP
        self.online = {}        # account -> NotificationSession
        self.invitations = {}   # cookie -> Invitation
        self._log = open(log_path, "w", encoding="utf-8", buffering=1)
        self._listeners = []
        self._started = time.monotonic()

    async def listen(self, sock, kind):
        """`kind` is "notification", "switchboard", "http" (both of them through the HTTP gateway) or "mute" (takes
        connections, reads, says nothing)."""
        if kind == "http":
            self.gateway = HttpGateway(self, self._connection)
            self._listeners.append(await asyncio.start_server(self.gateway.serve, sock=sock))
            return

        async def accepted(reader, writer):
            if kind == "mute":
                while await reader.read(4096):
                    pass
                writer.close()
                return
            self._connection(kind, lambda on_frame, on_end: Link(reader, writer, "client", on_frame, on_end))
        self._listeners.append(await asyncio.start_server(accepted, sock=sock))

    def _connection(self, kind, make_link):
        self.connections.append(Connection(self, kind, make_link))
        return self.connections[-1]

    def switchboard_for(self, connection):
        """Where to send a client for a conversation: the same address family it came by."""
        if connection.tape.local.startswith("["):
            return f"[{self.host[6]}]:{self.switchboard_port}"
        return f"{self.host[4]}:{self.switchboard_port}"

    def tapes(self, account, kind="switchboard"):
        return [one.tape for one in self.connections if one.kind == kind and one.account == account]

    def note(self, text):
        self._log.write(f"{time.monotonic() - self._started:9.3f} {text}\n")

    async def close(self):
        for listener in self._listeners:
            listener.close()
        for connection in self.connections:
            connection.link.close()
        await asyncio.sleep(0)
        self._log.close()
