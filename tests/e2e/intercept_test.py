#!/usr/bin/env python3
"""Interception on a real kernel: REDIRECT and TPROXY, IPv4 and IPv6, in network namespaces, by a gateway that runs as
nobody. The server tells whom it sees.

usage: intercept_test.py [MSNPGATE] [WORD...]     needs root; with words: the rules whose names have one of them
"""
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lab import namespaces  # noqa: E402
from lab.crossing import CLIENT, HELLO, SERVER, Crossing, eventually, nft, read_line  # noqa: E402
from lab.play import play, rule  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/msnpgate").resolve()
BOTH = ((SERVER.machine4, CLIENT.machine4, SERVER.gateway4), (SERVER.machine6, CLIENT.machine6, SERVER.gateway6))
NET_ADMIN = 1 << 12
MASQUERADE = """table inet host_nat {
  chain out { type nat hook postrouting priority srcnat; oifname "server0" masquerade; }
}
"""
def host(address):
    return address.rpartition(":")[0].strip("[]")


def relayed(crossing, count):
    """The session records, once there are so many."""
    def records():
        found = [row for row in crossing.audit() if row["event"] == "session"]
        return found if len(found) >= count else None
    return eventually(records, f"{count} session records")


# --- the rules -----------------------------------------------------------------------------------------

@rule
def redirect_works_without_any_capability_and_the_server_sees_the_gateway():
    with Crossing(BINARY) as c:
        c.configure("redirect")
        c.rules("load")
        c.start()
        assert c.capabilities() == {(0, 0)}, c.capabilities()
        for server, _, gateway in BOTH:
            c.serve(server, 1863)
            seen, _ = c.ask(server, 1863)
            assert host(seen) == gateway, seen


@rule
def with_tproxy_the_server_sees_the_clients_own_address_and_port():
    with Crossing(BINARY) as c:
        c.configure("tproxy")
        c.rules("load")
        c.start("net_admin")
        for server, client, _ in BOTH:
            c.serve(server, 1863)
            seen, own = c.ask(server, 1863)
            assert seen == own and host(own) == client, (seen, own)
        records = relayed(c, 2)
        assert {host(row["client"]) for row in records} == {CLIENT.machine4, CLIENT.machine6}
        assert {row["server"] for row in records} == {f"{SERVER.machine4}:1863", f"[{SERVER.machine6}]:1863"}


@rule
def tproxy_keeps_one_capability_and_no_thread_has_it_in_effect():
    with Crossing(BINARY) as c:
        c.configure("tproxy")
        c.rules("load")
        c.start("net_admin")
        c.serve(SERVER.machine4, 1863)
        assert c.ask(SERVER.machine4, 1863)[0]
        assert c.capabilities() == {(NET_ADMIN, 0)}, c.capabilities()


@rule
def tproxy_without_the_capability_is_an_error_that_names_it():
    with Crossing(BINARY) as c:
        c.configure("tproxy")
        c.start(wait=False)
        assert c.process.wait(10) == 1
        assert "CAP_NET_ADMIN" in c.log(), c.log()


@rule
def behind_masquerade_both_modes_work_and_the_server_sees_the_gateway():
    for mode, capability in (("redirect", None), ("tproxy", "net_admin")):
        with Crossing(BINARY) as c:
            nft(c.gateway, MASQUERADE)
            c.configure(mode)
            c.rules("load")
            c.start(capability)
            for server, client, gateway in BOTH:
                c.serve(server, 1863)
                seen, own = c.ask(server, 1863)
                assert host(seen) == gateway and host(own) == client, (mode, seen, own)


@rule
def bulk_crosses_tproxy_unchanged_where_the_host_drops_invalid_packets():
    for server, _, _ in BOTH:
        with Crossing(BINARY) as c:
            nft(c.gateway, """table inet host {
  chain in { type filter hook input priority filter; policy drop;
    ct state invalid counter drop
    ct state established,related accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
    meta mark 0x4d53 accept
  }
  chain forward { type filter hook forward priority filter; policy drop; }
  chain out { type filter hook output priority filter; policy accept; ct state invalid counter drop; }
}
""")
            c.configure("tproxy")
            c.rules("load")
            c.start("net_admin")
            text = b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n" + b"x" * 1200
            flood = b"".join(b"MSG ben@corp.example Ben %d\r\n" % len(text) + text for _ in range(8000))
            c.serve(server, 1863, then=flood)
            with c.connect(server, 1863) as link:
                link.sendall(HELLO)
                assert read_line(link).startswith("USR 1 OK")
                got = b""
                while len(got) < len(flood):
                    got += link.recv(1 << 20) or b"THE END"
                assert got == flood
            counted = c.gateway.run("nft", "list", "table", "inet", "host").stdout
            assert counted.count("packets 0 bytes 0") == 2, counted


@rule
def redirect_coexists_with_a_firewall_that_drops_by_default_and_masquerades():
    with Crossing(BINARY) as c:
        nft(c.gateway, MASQUERADE + """table inet host {
  chain in { type filter hook input priority filter; policy drop;
    ct state established,related accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
    tcp dport 11863 ct status dnat accept
  }
  chain forward { type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "office-a" tcp dport 80 accept
  }
}
""")
        before = c.gateway.run("nft", "list", "ruleset").stdout
        c.configure("redirect")
        c.rules("load")
        c.start()
        for server, _, gateway in BOTH:
            c.serve(server, 1863)
            c.serve(server, 80)
            assert host(c.ask(server, 1863)[0]) == gateway
            assert host(c.ask(server, 80)[0]) == gateway, "the host's own forwarding, masqueraded"
        c.stop()
        c.rules("unload")
        assert c.gateway.run("nft", "list", "ruleset").stdout == before


@rule
def tproxy_rules_and_routes_load_twice_follow_new_numbers_and_leave_nothing():
    with Crossing(BINARY) as c:
        def state():
            told = [c.gateway.run("ip", *words, check=False).stdout for words in (
                ("rule",), ("-6", "rule"), ("route", "show", "table", "all"), ("-6", "route", "show", "table", "all"))]
            # The kernel's own addresses of the links come by themselves, some time after these are up.
            return ["".join(row for row in text.splitlines(True) if "fe80:" not in row) for text in told] + [
                c.gateway.run("nft", "list", "ruleset").stdout]

        c.configure("tproxy")
        clean = state()
        c.rules("load")
        once = state()
        assert "lookup 1863" in once[0] and "lookup 1863" in once[1], once
        c.rules("load")
        assert state() == once, "loading twice is loading once"
        c.configure("tproxy", intercept="mark = 99\ntable = 4321\n")
        c.rules("load")
        moved = state()
        assert "fwmark 0x63 lookup 4321" in moved[0] and "1863" not in moved[0].replace("1863:", ""), moved[0]
        c.configure("redirect")
        c.rules("load")
        assert state()[:4] == clean[:4], ("redirect needs no routes", state(), clean)
        c.configure("tproxy", bind="0.0.0.0:11863")
        c.rules("load")
        assert "1863" in state()[0] and state()[1] == clean[1], "one family alone"
        c.rules("unload")
        assert state() == clean, state()
        c.rules("unload")
        assert state() == clean


@rule
def the_policy_routes_of_others_stay():
    with Crossing(BINARY) as c:
        c.gateway.run("ip", "rule", "add", "fwmark", "0x4d53", "lookup", "77", "priority", "50")
        c.gateway.run("ip", "route", "add", "blackhole", "10.99.0.0/16", "table", "1863")
        c.configure("tproxy")
        c.rules("load")
        c.rules("unload")
        assert "lookup 77" in c.gateway.run("ip", "rule").stdout
        assert "10.99.0.0/16" in c.gateway.run("ip", "route", "show", "table", "1863").stdout


@rule
def print_check_tries_the_rules_and_changes_nothing():
    with Crossing(BINARY) as c:
        for mode in ("redirect", "tproxy"):
            c.configure(mode)
            printed = c.rules("print", "--check")
            assert printed.returncode == 0 and printed.stdout == c.rules("print").stdout
            assert c.gateway.run("nft", "list", "ruleset").stdout == ""
        # What a kernel refuses that has a chain of that name with rules pointing to it.
        nft(c.gateway, "table inet msnpgate {\nchain divert { }\nchain other { jump divert; }\n}\n")
        refused = c.rules("print", "--check", check=False)
        assert refused.returncode == 1 and "nft refused the ruleset" in refused.stderr, refused.stderr


@rule
def while_tproxy_has_no_gateway_connections_are_refused_not_forwarded():
    with Crossing(BINARY) as c:
        c.configure("tproxy")
        for server, _, _ in BOTH:
            c.serve(server, 1863)
            seen, own = c.ask(server, 1863)
            assert seen == own, "without rules the gateway is a router"
        c.rules("load")
        for server, _, _ in BOTH:
            assert c.ask(server, 1863) == "ConnectionRefusedError"


@rule
def a_connection_older_than_the_rules_is_reset():
    for mode, capability in (("redirect", None), ("tproxy", "net_admin")):
        with Crossing(BINARY) as c:
            c.serve(SERVER.machine4, 1863)
            c.configure(mode)
            with c.connect(SERVER.machine4, 1863) as link:
                link.sendall(HELLO)
                read_line(link)
                c.start(capability)
                c.rules("load")
                try:
                    for _ in range(50):
                        link.sendall(b"PNG\r\n")
                        time.sleep(0.02)
                    raise AssertionError(mode + ": it goes on unseen")
                except (ConnectionResetError, BrokenPipeError):
                    pass


@rule
def the_listener_of_tproxy_takes_nobody_who_aims_at_it():
    with Crossing(BINARY) as c:
        c.configure("tproxy")
        c.start("net_admin")
        for gateway in (CLIENT.gateway4, CLIENT.gateway6):
            try:
                with c.connect(gateway, 11863) as link:
                    assert link.recv(1) == b""
                raise AssertionError("an end without a reset")
            except ConnectionResetError:
                pass
        c.rules("load")
        for gateway in (CLIENT.gateway4, CLIENT.gateway6):
            assert c.ask(gateway, 11863) == "ConnectionRefusedError"
        assert {row["reason"] for row in relayed(c, 1)} == {"loop"}


@rule
def a_pair_of_addresses_in_time_wait_is_no_obstacle():
    with Crossing(BINARY) as c:
        c.configure("tproxy")
        c.rules("load")
        c.start("net_admin")
        for server, client, _ in BOTH:
            told = c.serve(server, 1863)
            source = (client, 45454)
            assert c.ask(server, 1863, source)[0].endswith(":45454")
            # The client closed first, so the gateway did towards the server: there TIME_WAIT lingers.
            eventually(lambda: "45454" in c.gateway.run("ss", "-Htan", "state", "time-wait").stdout, "TIME_WAIT")
            # The client's own would keep it from using the port again so soon.
            c.client.run("ss", "-K", "state", "time-wait", check=False)
            again = eventually(lambda: isinstance(found := c.ask(server, 1863, source), tuple) and found,
                               "a second connection from the same port")
            assert host(again[0]) == client, again
            assert len(told.heard) >= 2


@rule
def with_when_dead_open_interception_ends_soon_after_the_last_sign_of_life_and_comes_back():
    for mode in ("redirect", "tproxy"):
        with Crossing(BINARY) as c:
            c.configure(mode, intercept='when_dead = "open"\ndead_after = "2s"\nfollow = "rewrite"')
            c.serve(SERVER.machine4, 1863)
            c.rules("load")
            assert c.ask(SERVER.machine4, 1863) == "ConnectionRefusedError", "closed until it is known to be dead"
            c.start("net_admin")
            mine = lambda: len([row for row in c.audit() if row["event"] == "session"])
            end = time.monotonic() + 4
            while time.monotonic() < end:
                before = mine()
                assert isinstance(c.ask(SERVER.machine4, 1863), tuple)
                eventually(lambda: mine() > before, "it was intercepted")
                c.rules("load")  # and that makes no gap
            c.stop(kill=True)
            assert c.ask(SERVER.machine4, 1863) == "ConnectionRefusedError", "not dead yet"
            seen = eventually(lambda: isinstance(found := c.ask(SERVER.machine4, 1863), tuple) and found,
                              "the router is one again")
            assert seen[0] == seen[1], seen
            c.start("net_admin")
            before = mine()
            eventually(lambda: c.ask(SERVER.machine4, 1863) and mine() > before, "it is intercepted again")


@rule
def a_gateway_that_hangs_counts_as_dead():
    with Crossing(BINARY) as c:
        c.configure("redirect", intercept='when_dead = "open"\ndead_after = "2s"\nfollow = "rewrite"')
        c.serve(SERVER.machine4, 1863)
        c.rules("load")
        c.start("net_admin")
        assert isinstance(c.ask(SERVER.machine4, 1863), tuple)
        c.process.send_signal(signal.SIGSTOP)
        seen = eventually(lambda: isinstance(found := c.ask(SERVER.machine4, 1863), tuple) and found, "an open road")
        assert seen[0] == seen[1]
        c.process.send_signal(signal.SIGCONT)


if __name__ == "__main__":
    namespaces.own_mounts()
    sys.exit(play(BINARY))
