"""Thousands of sessions at once, each playing one captured conversation after the other through a gateway,
faster than it was; every byte that must pass is compared."""
import collections
import errno
import heapq
import random
import select
import socket
import time

from capture import CLIENT, SERVER

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
OFFER = b"5D3E02AB-6190-11"
PATIENCE = 60.0
FRIENDS = 4        # of each user; the gateway remembers the calls of every pair


def _number(value, size):
    text = ""
    for _ in range(size):
        value, digit = divmod(value, 36)
        text = DIGITS[digit] + text
    return text.encode()


class Script(collections.namedtuple("Script", "name clean quotes chunks")):
    """`clean`: every byte of it passes. `quotes`: it holds the words of an offer, and may."""


class Session:
    """One place at the gateway: plays conversations of people of its own, for ever."""

    def __init__(self, traffic, number):
        self.traffic, self.number = traffic, number
        self.ends = {}
        self.plays = 0

    def begin(self):
        """Connected one after the other, so that who arrives is who was sent."""
        traffic = self.traffic
        # With each friend always the same: clients without a seed give calls of different captures the same
        # numbers, and one pair of people has one set of calls.
        friend = self.number * FRIENDS + self.plays % FRIENDS
        self.source = traffic.scripts[friend % len(traffic.scripts)]
        self.clean = self.source.clean
        names = ((b"alice@test.example", b"u" + _number(self.number, 4) + b"@test.example"),
                 (b"bob@test.example", _number(friend, 3) + b"@test.example"))
        self.script = []
        for at, speaker, data in self.source.chunks:
            for old, new in names:
                data = data.replace(old, new)
            self.script.append((at, speaker, data))
        self.next = 0
        self.sent = {CLIENT: bytearray(), SERVER: bytearray()}
        self.heard = {CLIENT: bytearray(), SERVER: bytearray()}   # from that speaker
        self.over = set()
        client = socket.create_connection(("127.0.0.1", traffic.port), PATIENCE)
        server, _ = traffic.listening.accept()
        for speaker, connection in ((CLIENT, client), (SERVER, server)):
            connection.setblocking(False)
            self.ends[speaker] = connection
            traffic.watch(connection, self, speaker)
        self.plays += 1
        self.began = time.monotonic()
        traffic.schedule(self.began, self.speak)

    def speak(self):
        if self.next == len(self.script):
            return self.leave()
        at, speaker, data = self.script[self.next]
        if self.over:
            return self.leave()
        if self.too_early(speaker):
            return self.traffic.schedule(time.monotonic() + 0.01, self.speak)
        try:
            taken = self.ends[speaker].send(data)
        except BlockingIOError:
            taken = 0
        except OSError:
            self.over.add(speaker)
            return self.leave()
        self.sent[speaker] += data[:taken]
        self.traffic.chunks += 1
        self.traffic.bytes += taken
        if taken < len(data):
            self.script[self.next] = (at, speaker, data[taken:])
            return self.traffic.schedule(time.monotonic() + 0.05, self.speak)
        self.next += 1
        pause = self.script[self.next][0] - at if self.next < len(self.script) else self.traffic.idle()
        return self.traffic.schedule(time.monotonic() + min(pause, 60) / self.traffic.factor, self.speak)

    def too_early(self, speaker):
        """Nobody answers what has not arrived; where bytes are withheld, at least the client has the first word."""
        other = SERVER if speaker == CLIENT else CLIENT
        if self.clean:
            return len(self.heard[other]) < len(self.sent[other])
        return speaker == SERVER and not self.heard[CLIENT]

    def leave(self):
        """Half-closes; ends when both have heard the end, or after a while."""
        if CLIENT not in self.over:
            try:
                self.ends[CLIENT].shutdown(socket.SHUT_WR)
                self.ends[SERVER].shutdown(socket.SHUT_WR)
            except OSError as error:
                if error.errno != errno.ENOTCONN:
                    raise
        self.traffic.leaving.append((time.monotonic() + PATIENCE, self))

    def hear(self, speaker):
        """What comes to the end opposite to `speaker`'s."""
        listener = SERVER if speaker == CLIENT else CLIENT
        try:
            data = self.ends[listener].recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.heard[speaker] += data
        else:
            self.over.add(listener)
            self.traffic.unwatch(self.ends[listener])

    def ended(self):
        return len(self.over) == 2

    def close(self):
        for connection in self.ends.values():
            self.traffic.unwatch(connection)
            connection.close()
        for speaker, sent in self.sent.items():
            if self.clean and self.heard[speaker] != sent:
                self.traffic.faults.append(f"{self.source.name}, session {self.number}: {len(self.heard[speaker])} bytes from the "
                                           f"{speaker} arrived, not the {len(sent)} that were sent")
            if OFFER in self.heard[speaker].upper() and not self.source.quotes:
                self.traffic.faults.append(f"{self.source.name}, session {self.number}: an offer of the {speaker} arrived")
        self.traffic.played += 1


class Traffic:
    """`factor`: how much faster than it was."""

    def __init__(self, port, listening, scripts, sessions, factor, pause, seed=1):
        self.port, self.listening, self.scripts = port, listening, scripts
        self.factor, self.pause = factor, pause
        self.random = random.Random(seed)
        self.epoll, self.watched = select.epoll(), {}
        self.due, self.order = [], 0
        self.leaving = collections.deque()
        self.faults = []
        self.chunks = self.bytes = self.played = 0
        self.random.shuffle(self.scripts)
        self.sessions = [Session(self, number) for number in range(sessions)]
        self.ending = False

    def idle(self):
        """Seconds of the accelerated time that a session stays open after its last word."""
        return self.random.uniform(0.5, 1.5) * min(self.pause, 60)

    def watch(self, connection, session, end):
        self.watched[connection.fileno()] = (session, SERVER if end == CLIENT else CLIENT)
        self.epoll.register(connection, select.EPOLLIN)

    def unwatch(self, connection):
        if connection.fileno() in self.watched:
            del self.watched[connection.fileno()]
            self.epoll.unregister(connection)

    def schedule(self, when, work):
        self.order += 1
        heapq.heappush(self.due, (when, self.order, work))

    def turn(self):
        now = time.monotonic()
        for _ in range(500):
            if not self.due or self.due[0][0] > now:
                break
            heapq.heappop(self.due)[2]()
        for fd, _ in self.epoll.poll(0.002, 1000):
            if fd in self.watched:
                session, speaker = self.watched[fd]
                session.hear(speaker)
        for _ in range(min(20, len(self.leaving))):
            until, session = self.leaving.popleft()
            if session.ended() or time.monotonic() > until:
                session.close()
                if not self.ending:
                    session.begin()
            else:
                self.leaving.append((until, session))

    def finish(self, patience):
        """Everybody leaves."""
        self.ending = True
        self.due.clear()
        waiting = {session for _, session in self.leaving}
        for session in self.sessions:
            if session.ends and session not in waiting and session.ends[CLIENT].fileno() >= 0:
                session.leave()
        end = time.monotonic() + patience
        while self.leaving and time.monotonic() < end:
            self.turn()
        return not self.leaving
