#!/usr/bin/env python3
"""An hour of 9,000 people who say nothing: as many ticks as it has, through the real binary, and nothing grows. Its clock
runs fast (tests/faults/preload.c), so that the hour takes half a minute; the kernel's does not.

usage: hour_of_ticks_test.py [MSNPGATE [WORD...]]
"""
import pathlib
import resource
import sys
import time

from faults_on_demand import Faults
from loopback import NS_HELLO, Gateway, PATIENCE, accept, eventually, listening, main, rule

SPEED = 125
TICKS = 14_400  # of 250 ms: an hour


def memory(gateway):
    """Bytes in memory, and of them those that it has written to (neither code nor files)."""
    rows = dict(row.split(":") for row in pathlib.Path(f"/proc/{gateway.process.pid}/smaps_rollup").read_text().splitlines()[1:])
    return tuple(int(rows[name].split()[0]) * 1024 for name in ("Rss", "Anonymous"))


def ticks(gateway):
    """Times its worker woke up, which is idle but for the ticks."""
    (worker,) = [task for task in pathlib.Path(f"/proc/{gateway.process.pid}/task").iterdir()
                 if (task / "comm").read_text().strip() == "worker-1"]
    rows = (task.split(":") for task in (worker / "status").read_text().splitlines())
    return next(int(value) for name, value in rows if name == "voluntary_ctxt_switches")


@rule
def an_hour_of_ticks_over_nine_thousand_idle_sessions_costs_no_memory():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = min(9_000, (most - 200) // 2)
    faults = Faults()
    faults.speed = SPEED
    # Generous, for at this speed a busy machine is a slow one.
    limits = 'sessions_per_source = 9000\nconnect_timeout = "10m"\nfirst_command_timeout = "1h"\nidle_timeout = "24h"'
    with listening(4096) as server, Gateway(server.getsockname()[1], limits, environment=faults.environment) as gateway:
        pairs = []
        for number in range(count):
            client = gateway.connect(f"127.0.1.{number % 200 + 1}")
            client.sendall(NS_HELLO)
            pairs.append((client, accept(server)))
        for _, upstream in pairs:
            assert upstream.recv(100) == NS_HELLO
        began = ticks(gateway)
        eventually(lambda: ticks(gateway) > began + 100, "it is quiet")
        began, clock, before = ticks(gateway), time.monotonic(), memory(gateway)
        highest = before
        while ticks(gateway) < began + TICKS:
            assert time.monotonic() < clock + 300, f"{ticks(gateway) - began} ticks in 300 seconds"
            time.sleep(0.25)
            highest = tuple(map(max, highest, memory(gateway)))
        grown = tuple(now - then for now, then in zip(highest, before))
        print(f"        {count} sessions, {before[1] // count} bytes each; {ticks(gateway) - began} ticks in "
              f"{time.monotonic() - clock:.0f} s; resident {before[0] >> 10} KiB, +{grown[0] >> 10} KiB at most, "
              f"written to {before[1] >> 10} KiB, +{grown[1] >> 10} KiB at most", flush=True)
        assert max(grown) <= 64 * 1024, grown
        assert gateway.endings() == []
        for client, upstream in pairs[::100]:  # and they still talk
            upstream.sendall(b"CHL 0 15570131571988941333\r\n")
            assert client.recv(100) == b"CHL 0 15570131571988941333\r\n"
        for client, upstream in pairs:
            client.close()
            upstream.close()
        eventually(lambda: gateway.descriptors() < 100, "all gone", PATIENCE * 2)


@rule
def deadlines_come_as_fast():
    faults = Faults()
    faults.speed = SPEED
    limits = 'first_command_timeout = "10m"\nidle_timeout = "20m"'
    with listening() as server, Gateway(server.getsockname()[1], limits, environment=faults.environment) as gateway:
        silent, upstream = gateway.connect(), accept(server)
        began = time.monotonic()
        eventually(lambda: gateway.endings() == ["first-command-timeout"], "ten minutes")
        assert time.monotonic() - began > 3
        silent.close()
        upstream.close()


if __name__ == "__main__":
    sys.exit(main())
