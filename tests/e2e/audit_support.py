"""A gateway whose audit log is written by offers that it refuses, and what the tests of that log share."""
import subprocess

from loopback import BINARY, Gateway, accept, listening, receive  # noqa: E402,F401
from lab import chain, schema  # noqa: E402,F401
from lab.audit import lines_of, segments  # noqa: E402,F401

HELLO = b"USR 1 %s 1234.5678\r\n"
REPLY = b"USR 1 OK %s Nick\r\nJOI ben@agency.example Ben\r\n"


def offer(number, name):
    body = (b"MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite; charset=UTF-8\r\n\r\n"
            b"Application-Name: File Transfer\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\n"
            b"Invitation-Command: INVITE\r\nInvitation-Cookie: %d\r\nApplication-File: %s\r\n"
            b"Application-FileSize: 4711\r\nConnectivity: N\r\n\r\n" % (100_000 + number, name))
    return b"MSG %d N %d\r\n" % (number + 2, len(body)) + body


class Chat:
    """Somebody in a conversation behind the gateway."""

    def __init__(self, gateway, server, account=b"ann@corp.example"):
        self.client = gateway.connect()
        self.client.settimeout(20)
        self.upstream = accept(server)
        hello, reply = HELLO % account, REPLY % account
        self.client.sendall(hello)
        assert receive(self.upstream, len(hello)) == hello
        self.upstream.sendall(reply)
        assert receive(self.client, len(reply)) == reply
        self.number = 0

    def offer(self, name):
        """Sends one, and returns when the client has the answer: then it is on record."""
        self.number += 1
        self.client.sendall(offer(self.number, name))
        got = b""
        wanted = b"Invitation-Cookie: %d\r\nCancel-Code" % (100_000 + self.number)
        while wanted not in got:
            more = self.client.recv(65536)
            if not more:
                raise ConnectionResetError("closed while it was waited for an answer")
            got += more

    def close(self):
        self.client.close()
        self.upstream.close()


def command(*words, code=0, text=None):
    done = subprocess.run([BINARY, *map(str, words)], capture_output=True, text=True, timeout=60, input=text)
    assert done.returncode == code, f"{words}: exit code {done.returncode}, not {code}: {done.stdout}{done.stderr}"
    return done
