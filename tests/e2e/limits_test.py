#!/usr/bin/env python3
"""How much is too much: new connections within a second, and as many sessions as there may be, idle.

usage: limits_test.py [MSNPGATE [WORD...]]
"""
import contextlib
import pathlib
import resource
import signal
import sys
import time

from loopback import (Gateway, PATIENCE, accept, eventually, listening, main, ping, rule, suppressed)


def burst(gateway, count, source="127.0.0.1"):
    """How many of so many connections at once are begun."""
    links = []
    for _ in range(count):
        with contextlib.suppress(ConnectionResetError):  # a refusal may be there before connect returns
            links.append(gateway.connect(source))
    time.sleep(0.3)  # a refusal is a reset, and takes no longer
    begun = 0
    for link in links:
        link.setblocking(False)
        try:
            link.recv(1)
        except BlockingIOError:
            begun += 1
        except ConnectionResetError:
            pass
    for link in links:
        link.close()
    return begun


@rule
def new_connections_of_one_source_are_limited_within_a_second_and_those_of_others_are_not():
    with listening() as server, Gateway(server.getsockname()[1], "new_sessions_per_source = 5") as gateway:
        begun = burst(gateway, 40)
        assert 5 <= begun <= 10, begun
        assert burst(gateway, 3, "127.0.0.9") == 3
        eventually(lambda: suppressed(lambda: ping(gateway, server)), "time brings new ones")
        told = [row for row in gateway.audit() if row["event"] == "session" and row["reason"] == "rate"]
        assert 1 <= len(told) <= 3, "a flood of refusals is no flood of records"


@rule
def new_connections_of_all_sources_are_limited_within_a_second():
    with listening() as server, Gateway(server.getsockname()[1], "new_sessions = 10", threads=2) as gateway:
        begun = sum(burst(gateway, 10, f"127.0.0.{number}") for number in range(1, 5))
        assert 10 <= begun <= 28, begun
        eventually(lambda: "rate" in gateway.endings(), "a record")


@rule
def a_reload_changes_the_rate():
    with listening() as server, Gateway(server.getsockname()[1], "new_sessions_per_source = 1") as gateway:
        assert burst(gateway, 20) <= 3
        path = pathlib.Path(gateway.directory.name) / "gateway.toml"
        path.write_text(path.read_text().replace("new_sessions_per_source = 1", "new_sessions_per_source = 100"))
        gateway.process.send_signal(signal.SIGHUP)
        eventually(lambda: burst(gateway, 20) == 20, "the new rate")


def anonymous(gateway):
    """Bytes it has written to (neither code nor files)."""
    rows = pathlib.Path(f"/proc/{gateway.process.pid}/smaps_rollup").read_text().splitlines()
    return next(int(row.split()[1]) * 1024 for row in rows if row.startswith("Anonymous:"))


@rule
def nine_thousand_idle_sessions_cost_the_same_at_the_end_as_at_the_beginning():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = min(9_000, (most - 200) // 2)
    limits = 'sessions_per_source = 9000\nfirst_command_timeout = "1h"\nidle_timeout = "1h"'
    with listening(4096) as server, Gateway(server.getsockname()[1], limits) as gateway:
        pairs = [(gateway.connect(f"127.0.1.{number % 200 + 1}"), accept(server)) for number in range(count)]
        for client, _ in pairs:
            client.sendall(b"VER 1 MSNP12 CVR0\r\n")
        for _, upstream in pairs:
            upstream.recv(100)
        for _ in range(8):  # it is quiet now, and the deadlines of all are looked at every quarter of a second
            time.sleep(0.25)
        before = anonymous(gateway)
        for _ in range(60):
            time.sleep(0.25)
        assert anonymous(gateway) <= before + 65_536, (before, anonymous(gateway))
        print(f"        {count} sessions, {before // count} bytes each", flush=True)
        for client, upstream in pairs:
            client.close()
            upstream.close()
        eventually(lambda: gateway.descriptors() < 100, "all gone", PATIENCE * 2)


if __name__ == "__main__":
    sys.exit(main())
