#!/usr/bin/env python3
"""Ends that break off: a reset, a close or a half-close after every step of a session, by either end.

usage: faults_ends_test.py [MSNPGATE [WORD...]]

Promised in each case: the other end is told (by a reset, where that takes nothing from it); what had been let through arrived; no byte of a blocked file
does; the session leaves a record, its blocked offers too; descriptors and memory come back.
"""
import socket
import sys

from conversation_steps import RULES, Session, TO_CLIENT, TO_SERVER, message, steps, text
from loopback import PATIENCE, Gateway, accept, eventually, listening, main, reset, rule

STEPS = len(steps())
NOBODY_KNOWN = 2      # steps before which no server speaks


def begin(gateway, server, unique):
    client = gateway.connect()
    return Session(client, accept(server), unique, PATIENCE)


def whole_session(gateway, server, unique):
    """Everything works, for whoever comes now."""
    session = begin(gateway, server, unique)
    for step in session.steps:
        session.play(step)
    assert not session.faults(), session.faults()
    session.close()


def broken_off(kind, breaker, session, last):
    """Plays to step `last`, breaks off there, and demands what was promised."""
    for step in session.steps[:last]:
        session.play(step)
    step = session.steps[last]
    end, other = session.ends[breaker], session.ends[TO_SERVER if breaker == TO_CLIENT else TO_CLIENT]
    if kind == "half-close":
        session.say(step)       # and at once; TCP promises its delivery
        end.socket.shutdown(socket.SHUT_WR)
        way = TO_SERVER if breaker == TO_CLIENT else TO_CLIENT
        if session.sender(step) is end:
            assert session.wait(lambda: session.ends[way].heard() == session.expected[way]), session.difference()
        assert session.wait(lambda: other.over), "the other end is not told"
        if last >= NOBODY_KNOWN or breaker == TO_SERVER:
            back = TO_CLIENT if breaker == TO_CLIENT else TO_SERVER
            if session.arrives() and whole(session, last):
                last_words = message(back, text(b"last words"), 900, "N")
                session.expected[back] += last_words
                other.socket.send(last_words)
                assert session.wait(lambda: end.heard() == session.expected[back]), session.difference()
        other.socket.close()
        other.over = "closed"
        assert session.wait(lambda: end.over), "the end that finished is not told"
    else:
        session.play(step)
        if kind == "reset":
            reset(end.socket)
        else:
            end.socket.close()
        end.over = "gone"
        assert session.wait(lambda: other.over), "the other end is not told"
    assert not session.faults(), session.faults()
    session.close()


def whole(session, last):
    """Neither direction stands in the middle of a frame."""
    return not session.steps[last].name.startswith("half") and last > 0


def every_step(kind, breaker):
    with listening() as server, Gateway(server.getsockname()[1], policy=RULES) as gateway:
        whole_session(gateway, server, 1)
        eventually(lambda: len(gateway.endings()) == 1, "the first session ends")
        descriptors, memory = gateway.descriptors(), gateway.status("VmRSS")
        blocked = len(blocks(gateway))
        for last in range(STEPS):
            session = begin(gateway, server, last + 2)
            try:
                broken_off(kind, breaker, session, last)
            except AssertionError as error:
                raise AssertionError(f"{kind} after {session.steps[last].name!r}: {error}") from error
            blocked += session.blocked
        eventually(lambda: len(gateway.endings()) == STEPS + 1, f"a record for each session {gateway.endings()}")
        eventually(lambda: gateway.descriptors() <= descriptors, "descriptors come back")
        found = len(blocks(gateway))
        assert found == blocked, f"{found} records of blocked offers, not {blocked}"
        grown = gateway.status("VmRSS") - memory
        assert grown < 2048, f"{grown} KiB more memory"
        whole_session(gateway, server, STEPS + 2)
        assert gateway.stop() == 0


def blocks(gateway):
    """Offers, not what follows them."""
    return [record for record in gateway.audit()
            if record["event"] == "transfer" and record["action"] == "block" and record.get("file")]


@rule
def a_session_goes_as_its_steps_say():
    with listening() as server, Gateway(server.getsockname()[1], policy=RULES) as gateway:
        whole_session(gateway, server, 1)


@rule
def a_client_may_reset_after_every_step():
    every_step("reset", TO_CLIENT)


@rule
def a_server_may_reset_after_every_step():
    every_step("reset", TO_SERVER)


@rule
def a_client_may_close_after_every_step():
    every_step("close", TO_CLIENT)


@rule
def a_server_may_close_after_every_step():
    every_step("close", TO_SERVER)


@rule
def a_client_may_half_close_after_every_step():
    every_step("half-close", TO_CLIENT)


@rule
def a_server_may_half_close_after_every_step():
    every_step("half-close", TO_SERVER)


if __name__ == "__main__":
    sys.exit(main())
