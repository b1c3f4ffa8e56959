#!/usr/bin/env python3
"""Memory that runs out: a session with everything in it is played again and again, and each time another of
the gateway's allocations fails, until a session needs fewer.

usage: faults_memory_test.py [MSNPGATE [WORD...]]

Promised each time: no crash; no byte of a blocked file comes through; what comes to an end is what was sent,
in order, as far as it goes; the session after it works, with all its bytes; descriptors and budgets come
back; every line of the audit is whole, and what it misses it says.
"""
import sys
import time

from conversation_steps import RULES, Session
from faults_on_demand import Faults, faulty_gateway
from loopback import accept, eventually, in_thread, listening, main, rule, suppressed

LONG = 20.0
# A session in which an allocation has failed may get no answer any more: whoever waits this long hangs up.
SHORT = 0.05
# A leak of a few bytes for each failure would use up so small a budget.
LIMITS = 'memory = "1MiB"\nsession_memory = "128KiB"\nclose_timeout = "1s"'


def whole_session(gateway, server, unique):
    session = begin(gateway, server, unique, LONG)
    assert session is not None, "not connected although memory is back"
    for step in session.steps:
        session.play(step)
    assert not session.faults(), session.faults()
    session.close()


def begin(gateway, server, unique, patience):
    """None when the gateway had no memory to begin it."""
    client = suppressed(gateway.connect)
    if client is None:
        return None
    server.settimeout(patience)
    while (upstream := suppressed(lambda: accept(server))) is not None:
        return Session(client, upstream, unique, patience)
    client.close()
    return None


def session_without_memory(gateway, server, unique, faults):
    """As far as it gets."""
    session = begin(gateway, server, unique, SHORT if faults.failed else LONG)
    if session is None:
        return
    failed_at = None

    def given_up():
        nonlocal failed_at
        if failed_at is None and faults.failed:
            failed_at = time.monotonic()
        return (failed_at is not None and time.monotonic() > failed_at + SHORT or
                any(end.over for end in session.ends.values()))

    for step in session.steps:
        session.say(step)
        session.wait(lambda: session.arrived() or given_up())
        if not session.arrived():
            break
    for end in session.ends.values():
        end.read()
    assert not session.faults(), session.faults()
    session.close()


def nothing_breaks(count, begin_at=1, stride=1):
    faults = Faults()
    with listening() as server, faulty_gateway(server.getsockname()[1], faults, limits=LIMITS, policy=RULES) as gateway:
        whole_session(gateway, server, 1)
        eventually(lambda: len(gateway.endings()) == 1, "the first session ends")
        descriptors = gateway.descriptors()
        number, unique, failed = begin_at, 1, 0
        while True:
            unique += 1
            faults.fail_allocations(number, count)
            session_without_memory(gateway, server, unique, faults)
            reached = faults.failed
            faults.none()
            assert gateway.process.poll() is None, f"ended by a failure of allocation {number}: {gateway.log_text()}"
            if reached == 0:
                break
            failed += reached
            if number % 8 == 0:
                unique += 1
                whole_session(gateway, server, unique)
            number += stride
        whole_session(gateway, server, unique + 1)
        eventually(lambda: gateway.descriptors() <= descriptors, f"descriptors come back: {gateway.descriptors()}")
        numbers = [record["seq"] for record in gateway.audit()]   # every line is whole
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "the audit has gaps"
        assert len(set(record["id"] for record in gateway.audit())) == len(numbers)
        print(f"        {number - 1} allocations, {failed} failures", flush=True)
        assert number > 50, "the allocations of a session were not reached"
        assert gateway.stop() == 0


def at_three_gateways(count, stride):
    """Most of the time passes in waiting for answers that never come: three wait at once."""
    for finished in [in_thread(nothing_breaks, count, 1 + part * stride, 3 * stride, patience=600) for part in range(3)]:
        finished()


@rule
def each_allocation_of_a_session_may_fail():
    at_three_gateways(1, 1)


@rule
def from_any_allocation_on_ten_may_fail():
    at_three_gateways(10, 5)


@rule
def from_any_allocation_on_all_may_fail():
    at_three_gateways(1 << 40, 5)


if __name__ == "__main__":
    sys.exit(main())
