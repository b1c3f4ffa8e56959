#!/usr/bin/env python3
"""HTTP through the real binary: what passes as it came, what the gateway reads, and what it does not follow.

usage: http_test.py [MSNPGATE [WORD...]]
"""
import re
import sys

from loopback import (accept, eventually, Gateway, is_closed, listening, main, message_from_client, offer, PATIENCE,
                      receive, rule, SB_HELLO, SB_REPLY)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
GET = b"GET /index.html HTTP/1.1\r\nHost: web.example\r\n\r\n"
USER = "ann@corp.example"


def request(query, body=b"", target="http://gateway.example/gateway/gateway.dll", more=""):
    return (f"POST {target}?{query} HTTP/1.1\r\nAccept: */*\r\nUser-Agent: MSMSGS\r\nHost: gateway.example\r\n{more}"
            f"Connection: Keep-Alive\r\nContent-Type: application/x-msn-messenger\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def answer(session, body=b"", more=""):
    return (f"HTTP/1.1 200 OK\r\nX-MSN-Messenger: SessionID={session}.9; GW-IP=127.0.0.1{more}\r\n"
            f"Content-Type: application/x-msn-messenger\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def read_message(connection):
    """Head and body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        one = connection.recv(1)
        assert one, f"ended behind {head!r}"
        head += one
    length = re.search(rb"content-length: *(\d+)", head, re.I)
    return head, receive(connection, int(length[1]) if length else 0)


class Web:
    """A connection through the gateway, both its ends."""

    def __init__(self, gateway, server):
        self.client = gateway.connect()
        self.client.settimeout(PATIENCE)
        self.server = accept(server)

    def passes(self, asked, answered):
        self.client.sendall(asked)
        got = receive(self.server, len(asked))
        assert got == asked, got
        self.server.sendall(answered)
        got = receive(self.client, len(answered))
        assert got == answered, got

    def open(self, session, body=SB_HELLO, reply=SB_REPLY + b"JOI ben@agency.example Ben\r\n"):
        self.passes(request("Action=open&Server=SB&IP=127.0.0.1", body), answer(session, reply))


def failures(gateway):
    return [record for record in gateway.audit() if record["event"] == "failure"]


@rule
def ordinary_web_traffic_passes_byte_for_byte_and_unrecorded():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        web = Web(gateway, server)
        web.passes(GET, OK)
        web.passes(GET * 3, OK * 3)
        web.passes(b"GET http://web.example/absolute HTTP/1.1\r\nHost: web.example\r\n\r\n", OK)
        web.passes(b"POST /form HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                   b"3;a=b\r\nabc\r\n00\r\nT: x\r\n\r\n",
                   b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        web.passes(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        web.passes(GET, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n")
        web.passes(b"POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000, OK)
        web.passes(b"PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
                   b"HTTP/1.1 100 Continue\r\n\r\n")
        web.passes(b"abc", OK)
        web.passes(b"GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                   b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello")
        web.passes(b"\x81\x85\0\1\2\3any\n\nbytes", b"\x81\x02ok")
        web.client.close()
        assert is_closed(web.server)
        tunnel = Web(gateway, server)
        tunnel.passes(b"CONNECT bank.example:443 HTTP/1.1\r\nHost: bank.example\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n")
        tunnel.passes(b"\x16\x03\x01\x02\x00", b"\x16\x03\x03")
        assert gateway.audit() == [], gateway.audit()


@rule
def a_connect_to_an_msnp_port_is_followed_as_a_connection_to_it():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        web = Web(gateway, server)
        web.passes(b"CONNECT messenger.example:1863 HTTP/1.1\r\nHost: m\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n")
        web.passes(SB_HELLO, SB_REPLY + b"JOI ben@agency.example Ben\r\n")
        chat = message_from_client(2, 200)
        web.client.sendall(offer(3) + chat)
        assert receive(web.server, len(chat)) == chat, "the offer stays"
        assert receive(web.client, 7) == b"ACK 3\r\n"
        blocks = [record for record in gateway.audit() if record.get("action") == "block"]
        assert len(blocks) == 1 and blocks[0]["user"] == USER, blocks


@rule
def a_refusal_travels_in_the_next_answer_and_only_changed_bodies_get_another_length():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        web = Web(gateway, server)
        web.open("7")
        chat = message_from_client(2, 200)
        web.passes(request("SessionID=7.9", chat), answer("7", b"ACK 2\r\n"))
        web.passes(request("Action=poll&SessionID=7.9"), answer("7"))
        asked = request("SessionID=7.9", chat + offer(3))
        web.client.sendall(asked)
        head, body = read_message(web.server)
        assert body == chat, body
        assert head == asked[:asked.index(b"Content-Length")] + b"Content-Length: %d\r\n\r\n" % len(chat), head
        web.server.sendall(answer("7", b"ACK 2\r\n"))
        head, body = read_message(web.client)
        assert body.startswith(b"ACK 3\r\nMSG ben@agency.example Ben ") and body.endswith(b"ACK 2\r\n"), body
        assert b"Invitation-Command: CANCEL" in body and b"SessionID=7.9; GW-IP=127.0.0.1" in head
        web.passes(request("Action=poll&SessionID=7.9"), answer("7"))
        blocks = [record for record in gateway.audit() if record.get("action") == "block"]
        assert [(one["form"], one["detail"], one["user"]) for one in blocks] == [("http", "classic", USER)], blocks


@rule
def sessions_share_a_connection_and_a_session_uses_several():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        first = Web(gateway, server)
        first.open("7")
        first.open("8")
        chat = message_from_client(2, 300)
        first.passes(request("SessionID=8.1", chat), answer("8", b"ACK 2\r\n"))
        whole = chat + offer(3)
        cut = len(chat) + 30
        first.client.sendall(request("SessionID=7.1", whole[:cut]))
        assert read_message(first.server)[1] == chat
        first.server.sendall(answer("7"))
        assert read_message(first.client)[1] == b""
        second = Web(gateway, server)
        second.client.sendall(request("SessionID=7.1", whole[cut:]))
        assert read_message(second.server)[1] == b"", "the rest of the offer"
        second.server.sendall(answer("7"))
        assert b"CANCEL" in read_message(second.client)[1]
        first.passes(request("Action=poll&SessionID=8.1"), answer("8"))


@rule
def a_client_that_waits_for_leave_to_send_gets_it():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        web = Web(gateway, server)
        web.open("7")
        asked = request("SessionID=7.1", message_from_client(2, 200), more="Expect: 100-continue\r\n")
        head = asked.index(b"\r\n\r\n") + 4
        web.client.sendall(asked[:head])
        leave = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert receive(web.client, len(leave)) == leave
        web.client.sendall(asked[head:])
        assert receive(web.server, len(asked)) == asked
        web.server.sendall(leave + answer("7", b"ACK 2\r\n"))
        assert receive(web.client, len(answer("7", b"ACK 2\r\n"))) == answer("7", b"ACK 2\r\n"), "and only once"


@rule
def chunked_bodies_are_read_and_stay_as_they_came():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        web = Web(gateway, server)
        web.open("7")

        def chunked(body):
            head = b"POST /gateway/gateway.dll?SessionID=7.1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            return head + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        chat = message_from_client(2, 200)
        web.passes(chunked(chat), answer("7", b"ACK 2\r\n"))
        web.client.sendall(chunked(chat + offer(3)))
        expected = (b"POST /gateway/gateway.dll?SessionID=7.1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"%x\r\n" % len(chat) + chat + b"\r\n0\r\n\r\n")
        assert receive(web.server, len(expected)) == expected


@rule
def a_session_without_requests_is_over_in_time():
    with listening() as server, Gateway(server.getsockname()[1], policy='[http]\nidle_timeout = "10s"') as gateway:
        web = Web(gateway, server)
        web.open("7")
        eventually(lambda: "idle-timeout" in gateway.endings(), "the end of an idle session")
        ends = [record for record in gateway.audit() if record["event"] == "session"]
        assert [(end["form"], end["user"]) for end in ends] == [("http", USER)], ends
        web.client.sendall(request("SessionID=7.1", message_from_client(2, 200)))
        assert is_closed(web.client) and is_closed(web.server)
        assert failures(gateway)[-1]["reason"] == "http-ambiguous"


@rule
def sessions_are_bounded():
    with listening() as server, Gateway(server.getsockname()[1], policy="[http]\nsessions = 2") as gateway:
        web = Web(gateway, server)
        web.open("7")
        web.open("8")
        web.client.sendall(request("Action=open&Server=SB&IP=127.0.0.1", SB_HELLO))
        assert is_closed(web.client)
        assert "too many sessions" in failures(gateway)[0]["detail"]


SMUGGLED = request("SessionID=7.1", b"OUT\r\n")
SIZE = len(SMUGGLED)
AMBIGUOUS = [
    b"Content-Length: 0\r\nContent-Length: %d" % SIZE,
    b"Content-Length: %d\r\nContent-Length: 0" % SIZE,
    b"Content-Length: %d, 0" % SIZE,
    b"Content-Length: %d\r\nTransfer-Encoding: chunked" % SIZE,
    b"Transfer-Encoding: chunked\r\nContent-Length: %d" % SIZE,
    b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding\x0b: chunked",
    b"Content-Length : %d" % SIZE,
    b"Content-Length: +%d" % SIZE,
    b"Content-Length: 0x10",
    b"X: y\r\n Content-Length: %d" % SIZE,
    b"X: y\nContent-Length: %d" % SIZE,
    b"X: y\rContent-Length: %d" % SIZE,
    b"X: \0",
    b"Host: a\r\nHost: b",
]


@rule
def what_two_readers_could_cut_differently_ends_the_connection():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        for number, head in enumerate(AMBIGUOUS, 1):
            web = Web(gateway, server)
            web.passes(GET, OK)
            web.client.sendall(b"POST /x HTTP/1.1\r\n" + head + b"\r\n\r\n0\r\n\r\n" + SMUGGLED)
            assert is_closed(web.client), head
            assert web.server.recv(1000) == b"", head
            assert len(failures(gateway)) == number and failures(gateway)[-1]["reason"] == "http-ambiguous", head
        for chunk in (b"ffffffffffffffffff\r\n", b"-1\r\n", b"3\nabc\r\n", b"3;" + b"a" * 9000, b"\r\n"):
            web = Web(gateway, server)
            web.client.sendall(b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)
            assert is_closed(web.client), chunk
        for query in ("SessionID=7.1&SessionID=8.1", "sessionid=7.1", "Action=Poll&SessionID=7.1", "SessionID=7.1;x=y"):
            web = Web(gateway, server)
            web.open("7" + str(len(failures(gateway))))
            web.client.sendall(request(query, b"OUT\r\n"))
            assert is_closed(web.client), query
            assert web.server.recv(1000) == b"", query
        wrong = [one for one in failures(gateway) if one["reason"] != "http-ambiguous"]
        assert len(failures(gateway)) == len(AMBIGUOUS) + 9 and not wrong, failures(gateway)


if __name__ == "__main__":
    sys.exit(main())
