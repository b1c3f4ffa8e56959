#!/usr/bin/env python3
"""The admin socket under attack: floods of connections and requests, people who never finish a request or
never read the answer, requests that are none.

usage: faults_admin_test.py [MSNPGATE [WORD...]]

Promised: conversations go on and offers are refused meanwhile; whoever asks afterwards is answered;
descriptors and memory come back.
"""
import contextlib
import random
import socket
import sys

from loopback import eventually, in_thread, main, rule, suppressed
from small_talk import PATIENCE, comes_back, gateway_with_talk, measured

STATUS = b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connect(gateway, timeout=PATIENCE):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout)
    connection.connect(str(gateway.admin_path))
    return connection


def ask(gateway, request=STATUS.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")):
    """The whole answer; nothing if there is none."""
    answer = b""
    with connect(gateway, 5) as connection:
        connection.sendall(request)
        while data := connection.recv(1 << 16):
            answer += data
    return answer


def answers(gateway):
    return (suppressed(lambda: ask(gateway)) or b"").startswith(b"HTTP/1.1 200")


@contextlib.contextmanager
def attacked():
    with gateway_with_talk() as (gateway, server, talk):
        assert answers(gateway), "no answer before it began"
        before = measured(gateway)
        yield gateway, talk
        talk.refused()
        eventually(lambda: answers(gateway), "it answers again", PATIENCE)
        comes_back(gateway, *before)


@rule
def a_flood_of_admin_connections_holds_nobody_up():
    with attacked() as (gateway, talk):
        open_ones = []
        for _ in range(300):
            with contextlib.suppress(OSError):
                open_ones.append(connect(gateway, 0.1))
        for _ in range(10):
            talk.refused()
        for one in open_ones:
            one.close()


@rule
def admin_requests_that_never_end_are_given_up():
    with attacked() as (gateway, talk):
        slow = [connect(gateway) for _ in range(32)]
        words = iter(b"GET /api/v1/status HTTP/1.1\r\nX: " + b"x" * 100_000)
        left = list(slow)

        def drip():
            byte = bytes([next(words)])
            for one in list(left):
                one.settimeout(0.02)
                try:
                    one.send(byte, socket.MSG_NOSIGNAL)
                    one.recv(1000)
                    left.remove(one)     # it was answered, or closed
                except TimeoutError:
                    pass
                except OSError:
                    left.remove(one)
            talk.refused()
            return not left

        eventually(drip, "they are given up", 2 * PATIENCE)
        for one in slow:
            one.close()


@rule
def a_flood_of_admin_requests_whose_answers_nobody_reads_is_bounded():
    with attacked() as (gateway, talk):
        memory = gateway.status("VmRSS")
        deaf = [connect(gateway) for _ in range(8)]
        for one in deaf:
            one.setblocking(False)
            with contextlib.suppress(OSError):
                for _ in range(2000):
                    one.send(STATUS * 20)
        for _ in range(10):
            talk.refused()
        assert gateway.status("VmRSS") - memory < 8192, "memory grew with what nobody read"
        for one in deaf:
            one.close()


@rule
def thousands_of_admin_requests_are_answered_and_chat_goes_on():
    def flood(gateway):
        good = 0
        with connect(gateway) as connection:
            reader = connection.makefile("rb")
            for _ in range(1000):
                connection.sendall(STATUS)
                if not reader.readline().startswith(b"HTTP/1.1 200"):
                    break
                size = 0
                while (line := reader.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        size = int(line.split(b":")[1])
                reader.read(size)
                good += 1
        return good

    with attacked() as (gateway, talk):
        floods = [in_thread(flood, gateway, patience=4 * PATIENCE) for _ in range(4)]
        while any(one.alive() for one in floods):
            talk.refused()
        assert [one() for one in floods] == [1000] * 4, [one() for one in floods]


@rule
def what_is_no_admin_request_is_refused():
    dice = random.Random(9)
    with attacked() as (gateway, talk):
        for request in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 50_000,
                        b"POST /api/v1/reload HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
                        b"POST /api/v1/reload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
                        b"GET /" + b"%00" * 30_000 + b" HTTP/1.1\r\n\r\n", *(dice.randbytes(400) for _ in range(40))):
            answer = suppressed(lambda: ask(gateway, request)) or b""
            assert not answer.startswith(b"HTTP/1.1 200"), request[:80]
            talk.refused()


if __name__ == "__main__":
    sys.exit(main())
