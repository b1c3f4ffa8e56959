"""Bad input in invitations: tens of thousands of them, sizes of 2^63, garbage where a file is described."""

import asyncio
import dataclasses
import time

from . import audit, mime, p2p, slp
from .client import AMSN
from .refusal import chat_works, offer_refused, picture_arrives

MIB = 1024 * 1024
HALF_OPEN = 10_000
WARM_UP = 2_000
# Whatever one user sends, the gateway may not grow by more than this: it may hold 1 MiB for a session, and
# one that kept every invitation would need 10 MiB and more. Measured after as many of the same kind that
# whatever is bounded (the hold, an allocator's reserves, a sanitizer's quarantine) is full.
GROWTH_LIMIT = 3 * MIB


async def odd_offers(stage):
    stage.report.chapter("Bad input: offers no client would write")
    if not await stage.gateway_up():
        return
    check = stage.report.check
    alice, bob = await stage.person("alice", "a", 15, AMSN), await stage.person("bob", "b", 12, AMSN)
    chat, answered = await stage.conversation(alice, bob)
    huge = first_half(chat, 1)
    for what, body in (("an invitation of 2^63 bytes", dataclasses.replace(huge, total=1 << 63).encode()),
                       ("an invitation of 2^64-1 bytes", dataclasses.replace(huge, total=(1 << 64) - 1,
                                                                             identifier=9).encode()),
                       ("an invitation whose Context is garbage", garbage_context(chat).encode()),
                       ("a P2P header that ends after 20 bytes", huge.encode()[:20]),
                       ("a P2P message without a header", b"")):
        began = time.monotonic()
        headers = [("MIME-Version", "1.0"), ("Content-Type", mime.P2P), ("P2P-Dest", chat.peer)]
        try:
            reply = await asyncio.wait_for(chat.send("D", mime.build(headers, body)), 10)
        except (TimeoutError, asyncio.CancelledError):
            reply = None
        await stage.settle(chat, answered)
        check(f"{what}: acknowledged, the conversation stays open", reply and chat.link.open, reply or "no ACK")
        reached = answered.heard_since(began)
        check(f"{what}: no invitation reached Bob", b"INVITE" not in reached, reached)
    records, _ = audit.read(stage.gateway.audit_path)
    check("the garbage was blocked as a file and is on record",
          any(record.get("call", {}).get("session_id") == "777" and record.get("kind") == "file-transfer"
              for record in audit.select(records, event="transfer", action="block")), records[-1:])
    forget_made_up(alice)
    forget_made_up(bob)
    await chat_works(stage, chat, answered, "afterwards")
    await picture_arrives(stage, chat, answered, "a display picture afterwards")
    await stage.leave(alice, bob)
    await stage.gateway_down()


def garbage_context(chat):
    text = slp.build(f"INVITE MSNMSGR:{chat.peer} MSNSLP/1.0", chat.peer, chat.client.account, slp.new_guid(),
                     slp.new_guid(), 0, slp.SESSION_REQUEST,
                     [("EUF-GUID", slp.FILE), ("SessionID", 777), ("AppID", 2), ("Context", "%%%not base64%%%")])
    return p2p.Package(0, 0x41000000, 0, len(text), 0, 77, data=text)


async def half_open(stage):
    stage.report.chapter(f"Bad input: {HALF_OPEN:,} half-open invitations")
    if not await stage.gateway_up():
        return
    check = stage.report.check
    alice = await stage.person("alice", "a", 18, AMSN)
    bob = await stage.person("bob", "b", 12, AMSN)
    chat, answered = await stage.conversation(alice, bob)
    await chat_works(stage, chat, answered, "before")
    for what, build in (("first halves of invitations", first_half), ("whole invitations", whole_invitation)):
        await flood(chat, build, range(HALF_OPEN, HALF_OPEN + WARM_UP))
        before, began, mark = stage.gateway.resident(), time.monotonic(), bob.mark()
        acknowledged = await flood(chat, build, range(HALF_OPEN))
        check(f"{HALF_OPEN:,} {what}: each acknowledged to the sender, the conversation stays open",
              acknowledged == HALF_OPEN and chat.link.open,
              f"{acknowledged} acknowledged, connection {'open' if chat.link.open else 'closed'}")
        grown = stage.gateway.resident() - before if stage.gateway.running() else 0
        check(f"{HALF_OPEN:,} {what}: the gateway grew by {grown / MIB:.1f} MiB, at most {GROWTH_LIMIT // MIB}",
              stage.gateway.running() and grown <= GROWTH_LIMIT)
        reached = answered.link.tape.bytes("received", began)
        check(f"{HALF_OPEN:,} {what}: none reached Bob", reached == b"" and not bob.seen("offer", mark), reached[:300])
    forget_made_up(alice)
    await chat_works(stage, chat, answered, "afterwards")
    await picture_arrives(stage, chat, answered, "a display picture afterwards")
    await offer_refused(stage, chat, answered, "p2p-v1", "after-the-flood.doc", 999, True)
    check("nothing odd was seen on Bob's side", not bob.complaints, bob.complaints)
    await many_cookies(stage, chat, answered)
    await stage.leave(alice, bob)
    await stage.gateway_down()


def invitation_package(chat, number, length):
    """The first `length` bytes of an INVITE of its own call."""
    session = 100_000 + number
    text = slp.build(f"INVITE MSNMSGR:{chat.peer} MSNSLP/1.0", chat.peer, chat.client.account, slp.new_guid(),
                     slp.new_guid(), 0, slp.SESSION_REQUEST,
                     [("EUF-GUID", slp.FILE), ("SessionID", session), ("AppID", 2),
                      ("Context", slp.file_context(f"{number}.doc", 1))])
    return p2p.Package(0, 0x40000000 + number + (0x10000 if length is None else 0), 0, len(text), 0, number,
                       data=text[:length])


def first_half(chat, number):
    return invitation_package(chat, number, 900)


def whole_invitation(chat, number):
    return invitation_package(chat, number, None)


async def flood(chat, build, numbers):
    """Sends these packages, as many under way as the sockets take; how many the gateway acknowledged."""
    acknowledged = 0
    for start in range(0, len(numbers), 100):
        replies = []
        for number in numbers[start:start + 100]:
            headers = [("MIME-Version", "1.0"), ("Content-Type", mime.P2P), ("P2P-Dest", chat.peer)]
            replies.append(chat.send("D", mime.build(headers, build(chat, number).encode())))
        await chat.link.drain()
        try:
            await asyncio.wait_for(asyncio.gather(*replies), 30)
        except (TimeoutError, asyncio.CancelledError):
            return acknowledged + sum(reply.done() and not reply.cancelled() for reply in replies)
        acknowledged += len(replies)
    return acknowledged


def forget_made_up(client):
    """Answers to what a script made up are for calls its client never made; they are not judged here."""
    client.complaints.clear()


async def many_cookies(stage, chat, answered):
    await offer_cookies(chat, WARM_UP)
    before, began = stage.gateway.resident(), time.monotonic()
    told = await offer_cookies(chat, HALF_OPEN)
    stage.report.check(f"{HALF_OPEN:,} classic invitations: every one declined to its sender", told == HALF_OPEN,
                       f"{told} declined; {chat.client.complaints[-3:]}")
    grown = stage.gateway.resident() - before
    stage.report.check(f"{HALF_OPEN:,} classic invitations: the gateway grew by {grown / MIB:.1f} MiB, at most "
                       f"{GROWTH_LIMIT // MIB}", grown <= GROWTH_LIMIT)
    reached = answered.link.tape.bytes("received", began)
    stage.report.check(f"{HALF_OPEN:,} classic invitations: none reached Bob", reached == b"", reached[:300])
    await chat_works(stage, chat, answered, "and still")


async def offer_cookies(chat, count):
    """Offers so many files; how many were declined."""
    mark = chat.client.mark()
    for number in range(count):
        chat.classic.offer_file(f"{number}.xls", b"x")
        if number % 100 == 99:
            await chat.link.drain()
            await asyncio.sleep(0)
    told, deadline = 0, time.monotonic() + 60
    while (told := len(chat.client.seen("declined", mark))) < count and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    return told
