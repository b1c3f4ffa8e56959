#!/usr/bin/env python3
"""Nothing slips past the port: a server sends clients to a switchboard on port 5555, which nobody intercepts, and the
gateway is on that way too. Real rules in network namespaces; the gateway runs as nobody.

usage: follow_test.py [MSNPGATE] [WORD...]     needs root; with words: the rules whose names have one of them
"""
import contextlib
import pathlib
import re
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lab import namespaces  # noqa: E402
from lab.crossing import HELLO, SERVER, Crossing, eventually, read_line  # noqa: E402
from lab.play import play, rule  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/msnpgate").resolve()


def bracketed(host):
    return f"[{host}]" if ":" in host else host


def told(c, host, lines, count, patience=8.0):
    """What a client of the notification server at `host` is told behind its USR: `count` lines."""
    c.serve(host, 1863, then=b"".join(line.encode() + b"\r\n" for line in lines))
    link = c.connect(host, 1863, patience=patience)
    link.sendall(HELLO)
    read_line(link)
    return link, [read_line(link) for _ in range(count)]


def intercepted(c, host, port):
    """True once the record of a session to there is written."""
    wanted = f"{bracketed(host)}:{port}"
    return eventually(lambda: any(row["event"] == "session" and row["server"] == wanted and
                                  "from server 0" not in row["detail"] for row in c.audit()), "a session to " + wanted)


def failures(c):
    return [row for row in c.audit() if row["event"] == "failure" and row["reason"] == "unfollowed"]


def xfr(host, port=5555, number=15):
    return f"XFR {number} SB {bracketed(host)}:{port} CKI 17262740.1050826919.32308 U messenger.msn.com 1"


def rng(host, port=5555):
    return f"RNG 11752013 {bracketed(host)}:{port} CKI 849102291.520491113 ben@corp.example Ben%205555 U m.h.com 1"


def to_gateway(query, body=""):
    return (f"POST http://gateway.example/gateway/gateway.dll?{query} HTTP/1.1\r\nHost: gateway.example\r\n"
            f"Content-Type: application/x-msn-messenger\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def from_gateway(body):
    return ("HTTP/1.1 200 OK\r\nX-MSN-Messenger: SessionID=7.1; GW-IP=10.77.0.2\r\n"
            f"Content-Type: application/x-msn-messenger\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def told_over_http(c, host, body):
    """What a client of the HTTP gateway at `host` reads when its poll is answered with `body`; and the link."""
    answers = [from_gateway("VER 1 MSNP12\r\n"), from_gateway(body)]
    listening = c.internet.places["server"].listener(host, 80)
    listening.setblocking(True)
    c.servers.append(listening)

    def serve():
        with contextlib.suppress(OSError), listening.accept()[0] as connection:
            for answer in answers:
                connection.recv(65536)
                connection.sendall(answer)
            connection.recv(1)
    threading.Thread(target=serve, daemon=True).start()
    link = c.connect(host, 80, patience=8.0)
    for request in (to_gateway("Action=open&Server=NS&IP=messenger.hotmail.com", "VER 1 MSNP12 CVR0\r\n"),
                    to_gateway("Action=poll&SessionID=7.1")):
        link.sendall(request)
        got = b""
        while b"\r\n\r\n" not in got or len(got) < got.index(b"\r\n\r\n") + 4 + int(re.search(rb"-Length: (\d+)", got)[1]):
            got += link.recv(65536)
    return link, got


# --- the rules -----------------------------------------------------------------------------------------

@rule
def rewriting_needs_no_capability_and_changes_the_port_only():
    for host in (SERVER.machine4, SERVER.machine6):
        for line in (xfr(host), rng(host)):
            with Crossing(BINARY) as c:
                c.configure("redirect")
                c.rules("load")
                c.start()
                assert c.capabilities() == {(0, 0)}
                c.serve(host, 5555)
                link, (seen,) = told(c, host, [line], 1)
                port = int(re.search(r":(47[0-9]{3}) CKI", seen)[1])
                assert seen == line.replace(":5555 CKI", f":{port} CKI"), seen
                assert c.ask(host, port)[0].startswith(bracketed(SERVER.gateway6 if ":" in host else SERVER.gateway4))
                link.close()
                intercepted(c, host, 5555)


@rule
def a_rewritten_port_means_something_to_the_client_it_was_told_only():
    with Crossing(BINARY) as c:
        c.configure("redirect")
        c.rules("load")
        c.start()
        c.serve(SERVER.machine4, 5555)
        link, (seen,) = told(c, SERVER.machine4, [xfr(SERVER.machine4)], 1)
        port = int(re.search(r":(47[0-9]{3}) CKI", seen)[1])
        c.client.run("ip", "address", "add", "10.77.1.9/24", "dev", "eth0")
        assert isinstance(c.ask(SERVER.machine4, port, ("10.77.1.9", 0)), str), "another address"
        assert isinstance(c.ask(SERVER.machine4, port), tuple), "its own"
        link.close()


@rule
def with_rewriting_tproxy_still_shows_the_clients_address():
    with Crossing(BINARY) as c:
        c.configure("tproxy", intercept='follow = "rewrite"')
        c.rules("load")
        c.start("net_admin")
        c.serve(SERVER.machine4, 5555)
        link, (seen,) = told(c, SERVER.machine4, [xfr(SERVER.machine4)], 1)
        peer, own = c.ask(SERVER.machine4, int(re.search(r":(47[0-9]{3}) CKI", seen)[1]))
        assert peer == own, (peer, own)
        link.close()


@rule
def a_learned_address_is_in_the_kernels_set_before_the_line_arrives_and_the_line_is_untouched():
    for mode in ("redirect", "tproxy"):
        for host in (SERVER.machine4, SERVER.machine6):
            for line in (xfr(host), rng(host)):
                with Crossing(BINARY) as c:
                    c.configure(mode, intercept='follow = "set"')
                    c.rules("load")
                    c.start("net_admin")
                    assert {effective for _, effective in c.capabilities()} == {0}
                    c.serve(host, 5555)
                    link, seen = told(c, host, [line], 1)
                    table = c.gateway.run("nft", "list", "table", "inet", "msnpgate").stdout
                    assert re.search(re.escape(host) + r" \. 5555 timeout 2m expires", table), table
                    assert seen == [line]
                    peer, own = c.ask(host, 5555)
                    assert (peer == own) == (mode == "tproxy"), (peer, own)
                    link.close()
                    intercepted(c, host, 5555)


@rule
def a_notification_server_is_remembered_for_a_day_and_loading_rules_again_forgets_nothing():
    with Crossing(BINARY) as c:
        c.configure("redirect", intercept='follow = "set"')
        c.rules("load")
        c.start("net_admin")
        line = f"XFR 3 NS {SERVER.machine4}:5556 U D"
        link, seen = told(c, SERVER.machine4, [line], 1)
        assert seen == [line]
        c.rules("load")
        table = c.gateway.run("nft", "list", "table", "inet", "msnpgate").stdout
        assert re.search(re.escape(SERVER.machine4) + r" \. 5556 timeout 1d expires", table), table
        link.close()


@rule
def an_address_learned_again_lives_longer():
    with Crossing(BINARY) as c:
        c.configure("redirect", intercept='follow = "set"\nfollow_for = "20s"')
        c.rules("load")
        c.start("net_admin")
        left = lambda: float(re.search(r"5555 timeout 20s expires (?:([0-9]+)s)?([0-9]*)", c.gateway.run(
            "nft", "list", "table", "inet", "msnpgate").stdout)[1])
        link, _ = told(c, SERVER.machine4, [xfr(SERVER.machine4)], 1)
        eventually(lambda: left() < 18, "two seconds")
        server = c.servers[-1]
        server.links[-1].sendall(xfr(SERVER.machine4).encode() + b"\r\n")
        read_line(link)
        assert left() >= 19, left()
        link.close()


@rule
def names_are_looked_up_while_the_line_waits_and_nothing_overtakes_it():
    with Crossing(BINARY) as c:
        c.configure("redirect", intercept='follow = "set"')
        c.rules("load")
        c.start("net_admin")
        c.serve(SERVER.machine4, 5555)
        lines = [xfr("switchboard.example"), "CHL 0 15570131571988941333",
                 xfr("switchboard.example", 5557, 16)] + [f"CHL 0 {number}" for number in range(2000)]
        link, seen = told(c, SERVER.machine4, lines, len(lines))
        assert seen == lines
        assert isinstance(c.ask(SERVER.machine4, 5555), tuple)
        link.close()
        intercepted(c, SERVER.machine4, 5555)


@rule
def an_answer_of_the_http_gateway_waits_with_its_line_and_leaves_as_it_came():
    for host in (SERVER.machine4, SERVER.machine6):
        with Crossing(BINARY) as c:
            c.configure("redirect", intercept='follow = "set"', more="[http]\nports = [80]")
            c.rules("load")
            c.start("net_admin")
            c.serve(host, 5555)
            body = f"CHL 0 1\r\n{xfr(host)}\r\nCHL 0 2\r\n{rng('switchboard.example', 5556)}\r\nCHL 0 3\r\n"
            link, seen = told_over_http(c, host, body)
            table = c.gateway.run("nft", "list", "table", "inet", "msnpgate").stdout
            assert f"{host} . 5555 timeout 2m" in table and f"{SERVER.machine4} . 5556 timeout 2m" in table, table
            assert seen == from_gateway(body), seen
            assert isinstance(c.ask(host, 5555), tuple)
            link.close()
            intercepted(c, host, 5555)


@rule
def in_an_answer_of_the_http_gateway_the_port_is_rewritten_too():
    with Crossing(BINARY) as c:
        c.configure("redirect", more="[http]\nports = [80]")
        c.rules("load")
        c.start()
        c.serve(SERVER.machine4, 5555)
        link, seen = told_over_http(c, SERVER.machine4, xfr(SERVER.machine4) + "\r\n")
        port = int(re.search(rb":(47[0-9]{3}) CKI", seen)[1])
        assert seen == from_gateway(xfr(SERVER.machine4, port) + "\r\n"), seen
        assert isinstance(c.ask(SERVER.machine4, port), tuple)
        link.close()
        intercepted(c, SERVER.machine4, 5555)


@rule
def a_line_in_an_answer_of_the_http_gateway_that_cannot_be_followed_is_taken_out_of_it():
    with Crossing(BINARY) as c:
        c.configure("redirect", intercept='follow = "set"', more="[http]\nports = [80]")
        c.rules("load")
        c.start("net_admin")
        link, seen = told_over_http(c, SERVER.machine4, xfr("nowhere.example") + "\r\nCHL 0 1\r\n")
        assert seen == from_gateway("CHL 0 1\r\n"), seen
        assert eventually(lambda: failures(c), "a record")[0]["action"] == "block"
        link.close()


@rule
def ports_that_are_intercepted_anyway_and_exempt_addresses_need_no_care():
    with Crossing(BINARY) as c:
        c.configure("redirect", intercept='exempt = ["192.0.2.0/24"]')
        c.rules("load")
        c.start()
        lines = [xfr(SERVER.machine4, 1864), rng(SERVER.machine4, 1865), xfr("192.0.2.7"), "XFR 3 NS 0",
                 "XFR 3 NS messenger.example"]
        link, seen = told(c, SERVER.machine4, lines, len(lines))
        assert seen == lines
        assert failures(c) == []
        link.close()


@rule
def a_line_that_cannot_be_followed_is_withheld_counted_and_the_rest_goes_on():
    for intercept, capability, line in (
            ('follow = "set"', "net_admin", xfr("nowhere.example")),
            ('follow = "rewrite"', None, xfr("10.0.0.1").replace(":5555", ":05555")),
            ('follow = "rewrite"', None, xfr("10.0.0.1").replace("10.0.0.1", "10%2E0.0.1"))):
        with Crossing(BINARY) as c:
            c.configure("redirect", intercept=intercept)
            c.rules("load")
            c.start(capability)
            link, seen = told(c, SERVER.machine4, [line, "CHL 0 1"], 1)
            assert seen == ["CHL 0 1"], seen
            rows = eventually(lambda: failures(c), "a failure record")
            assert rows[0]["action"] == "block", rows
            link.close()


@rule
def what_happens_then_is_the_sites_choice():
    for choice in ("pass", "close"):
        with Crossing(BINARY) as c:
            c.configure("redirect", intercept='follow = "set"', more=f'[failure]\nunfollowed = "{choice}"')
            c.rules("load")
            c.start("net_admin")
            line = xfr("nowhere.example")
            if choice == "pass":
                link, seen = told(c, SERVER.machine4, [line, "CHL 0 1"], 2)
                assert seen == [line, "CHL 0 1"], seen
                link.close()
            else:
                try:
                    told(c, SERVER.machine4, [line, "CHL 0 1"], 1)
                    raise AssertionError("it goes on")
                except ConnectionResetError:
                    pass
            assert eventually(lambda: failures(c), "a record")[0]["action"] == ("allow" if choice == "pass" else "block")


@rule
def without_its_rules_the_kernel_learns_nothing_and_nothing_passes():
    with Crossing(BINARY) as c:
        c.configure("redirect", intercept='follow = "set"')
        c.rules("load")
        c.start("net_admin")
        c.gateway.run("nft", "delete", "chain", "inet", "msnpgate", "fence")
        c.gateway.run("nft", "flush", "chain", "inet", "msnpgate", "intercept")
        c.gateway.run("nft", "add", "rule", "inet", "msnpgate", "intercept", "tcp", "dport", "1863", "redirect", "to",
                      ":11863")
        c.gateway.run("nft", "delete", "set", "inet", "msnpgate", "learned4")
        link, seen = told(c, SERVER.machine4, [xfr(SERVER.machine4), "CHL 0 1"], 1)
        assert seen == ["CHL 0 1"]
        assert "does not get into the ruleset's set" in eventually(lambda: failures(c), "a record")[0]["detail"]
        link.close()


@rule
def a_name_server_that_never_answers_holds_up_one_line_for_some_seconds_only():
    with Crossing(BINARY) as c:
        c.gateway.run("ip", "route", "add", "192.0.2.0/24", "via", c.internet.silent_address())
        c.configure("redirect", intercept='follow = "set"')
        c.rules("load")
        c.start("net_admin")
        began = time.monotonic()
        link, seen = told(c, SERVER.machine4, [xfr("slow.example"), "CHL 0 1"], 1, patience=15.0)
        assert seen == ["CHL 0 1"] and time.monotonic() - began > 3
        link.sendall(b"PNG\r\n")
        assert "too long" in eventually(lambda: failures(c), "a record")[0]["detail"]
        link.close()


@rule
def while_a_line_waits_a_client_may_leave():
    with Crossing(BINARY) as c:
        c.gateway.run("ip", "route", "add", "192.0.2.0/24", "via", c.internet.silent_address())
        c.configure("redirect", intercept='follow = "set"')
        c.rules("load")
        c.start("net_admin")
        for _ in range(5):
            link, _ = told(c, SERVER.machine4, [xfr("slow.example")], 0)
            link.close()
            c.servers.pop().close()
        eventually(lambda: sum(row["event"] == "session" for row in c.audit()) == 5, "five ends")
        assert c.process.poll() is None


if __name__ == "__main__":
    namespaces.own_mounts()
    for name, text in (("hosts", f"127.0.0.1 localhost\n{SERVER.machine4} switchboard.example\n"),
                       ("resolv.conf", "nameserver 192.0.2.53\noptions timeout:30 attempts:1\n")):
        namespaces.replace_file(f"/etc/{name}", text)
    sys.exit(play(BINARY))
