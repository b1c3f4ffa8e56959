"""Offers that must be stopped, and what must work before and after; everything that must be true of them."""

import time
from dataclasses import dataclass

from . import audit

TOLD_WITHIN = 1.0
SHOWN_FORM = {"p2p-v1": "P2P v1", "p2p-v2": "P2P v2", "classic": "classic"}


@dataclass(frozen=True)
class Refused:
    """What the audit must have recorded."""
    user: str
    peer: str
    direction: str
    form: str
    name: str
    size: int


async def offer_refused(stage, chat, other, form, name, size, outbound):
    """`chat` offers a file to `other`; the gateway, in front of the sender (`outbound`) or of the receiver,
    must stop it. Gives back what the audit should say."""
    offerer, receiver = chat.client, other.client
    label = f"{'outbound' if outbound else 'inbound'} {SHOWN_FORM[form]} {name}"
    with stage.report.scene(label, f"{offerer.nick} offers {receiver.nick} the file {name} ({size:,} bytes)."):
        await stage.settle(chat, other)
        began, mark, receiver_mark = time.monotonic(), offerer.mark(), receiver.mark()
        complained = len(offerer.complaints), len(receiver.complaints)
        offer = (chat.classic if form == "classic" else chat.p2p).offer_file(name, stage.random.randbytes(size))
        told = await offerer.wait_for("declined", mark, 3.0 * stage.gateway.slowness, name=name)
        await stage.settle(chat, other)
        _judge_sender(stage, offerer, receiver, told, began)
        if form == "p2p-v2" and not stage.withholding:
            _judge_replaced(stage, chat, other, offer, began, outbound)
        else:
            _judge_withheld(stage, chat, other, began, outbound)
        if form == "p2p-v2" and (stage.withholding or receiver.habits.answers_strangers):
            left = chat.p2p.v2.unanswered()
            stage.report.check(f"whatever {offerer.nick}'s client wanted acknowledged was acknowledged", not left, left)
        check = stage.report.check
        check(f"{receiver.nick} was asked nothing", not receiver.seen("offer", receiver_mark),
              receiver.events[receiver_mark:])
        left = offerer.hanging() + receiver.hanging()
        check("nothing is left hanging on either side", not left, "\n".join(left))
        odd = offerer.complaints[complained[0]:] + receiver.complaints[complained[1]:]
        check("neither client received anything it would choke on", not odd, "\n".join(odd))
    local, remote = (offerer, receiver) if outbound else (receiver, offerer)
    refused = Refused(local.account, remote.account, "send" if outbound else "receive", form, name, size)
    tell_record(stage, name)
    return refused


def _judge_sender(stage, offerer, receiver, told, began):
    took = told.at - began if told else 3.0 * stage.gateway.slowness
    limit = TOLD_WITHIN * stage.gateway.slowness
    stage.report.check(f"{offerer.nick}'s own client shows 'declined by {receiver.nick.lower()}' after {took:.2f} s",
                       told and told.who == receiver.account and took < limit, told or "told by nobody")


def _judge_withheld(stage, chat, other, began, outbound):
    check = stage.report.check
    reached = other.heard_since(began)
    check(f"not one byte of it reached {other.client.nick}", reached == b"", reached)
    if outbound:
        seen = chat.without_fences(stage.server.tapes(chat.client.account)[-1].bytes("received", began))
        check("the server saw nothing of it", seen == b"", seen)


def _judge_replaced(stage, chat, other, offer, began, outbound):
    """Version 2: the peer gets packages of the same length that say nothing, so that the numbers stay true."""
    check, marks = stage.report.check, telling_bytes(offer)
    reached = other.heard_since(began)
    told = [mark for mark in marks if mark in reached.lower()]
    check(f"no byte of the offer reached {other.client.nick}: nothing of {len(marks)} telling pieces",
          not told, f"{told} in {reached}")
    if outbound:
        seen = chat.without_fences(stage.server.tapes(chat.client.account)[-1].bytes("received", began))
        told = [mark for mark in marks if mark in seen.lower()]
        check("the server saw nothing of it either", not told, f"{told} in {seen}")
    offered, came = lengths(chat.p2p.v2.sent, began), lengths(other.p2p.v2.received, began)
    check(f"in its place {other.client.nick}'s client got packages of the same length that say nothing",
          offered == came, f"{offered} were sent, {came} came")


def lengths(packages, began):
    """How many bytes of SLP text each of them carries, of those since then."""
    return [len(package.data) for at, package in packages if at >= began and package.flags is not None]


def telling_bytes(offer):
    """Pieces of an offer, in small letters, none of which may be seen by anybody else."""
    body = offer.offer.lower().partition(b"\r\n\r\n")[2]
    context = next(line for line in body.split(b"\r\n") if line.startswith(b"context: ")).removeprefix(b"context: ")
    pieces = [b"invite", b"euf-guid", b"5d3e02ab", b"context", b"sessionreqbody", offer.call.lower().encode(),
              offer.branch.lower().encode(), str(offer.session).encode(), offer.name.lower().encode(),
              offer.name.lower().encode("utf-16-le")]
    pieces += [context[at:at + 12] for at in range(0, len(context) - 12, 4)]
    return [piece for piece in pieces if piece.strip(b"a")]


def tell_record(stage, name):
    """What the gateway wrote down of a file, for people."""
    records, _ = audit.read(stage.gateway.audit_path)
    for record in records:
        if record.get("file", {}).get("name_shown") == name:
            answer = f"; answered: {record['answer']}" if record.get("answer") else ""
            stage.report.tell(f"msnpgate: {record.get('action')}, rule '{record.get('rule')}'{answer}")


async def chat_works(stage, chat, other, what="the conversation goes on"):
    """A line each way."""
    mine, theirs = f"still there? {stage.random.random()}", f"yes {stage.random.random()}"
    before, before_other = chat.client.mark(), other.client.mark()
    chat.text(mine)
    other.text(theirs, "N")
    there = await other.client.wait_for("text", before_other, text=mine, who=chat.client.account)
    back = await chat.client.wait_for("text", before, text=theirs, who=other.client.account)
    await stage.settle(chat, other)
    return stage.report.check(f"{what}: text between {chat.client.nick} and {other.client.nick}, both ways",
                              there and back, stage.complaints())


async def picture_arrives(stage, chat, other, what="a display picture"):
    """`chat` fetches the picture of `other` and compares every byte."""
    before, owner = chat.client.mark(), other.client
    thing = chat.client.contacts.get(owner.account, "")
    got = None
    if thing:
        chat.p2p.fetch_picture(thing)
        got = await chat.client.wait_for("picture", before, who=owner.account)
        await stage.settle(chat, other)
    return stage.report.check(f"{what}: {chat.client.nick} sees {owner.nick}'s, bit for bit "
                              f"({len(owner.picture.data)} bytes)",
                              got and got.data == owner.picture.data, stage.complaints() or "no picture")
