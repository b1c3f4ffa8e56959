"""Offers that must be stopped, and what must work before and after; everything that must be true of them."""

import time
from dataclasses import dataclass

from . import audit

TOLD_WITHIN = 1.0
SHOWN_FORM = {"p2p-v1": "P2P v1", "classic": "classic"}


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
        await stage.quiet(offerer, receiver)
        began, mark, receiver_mark = time.monotonic(), offerer.mark(), receiver.mark()
        complained = len(offerer.complaints), len(receiver.complaints)
        (chat.p2p if form == "p2p-v1" else chat.classic).offer_file(name, stage.random.randbytes(size))
        told = await offerer.wait_for("declined", mark, 3.0, name=name)
        await stage.quiet(offerer, receiver)
        _judge_sender(stage, offerer, receiver, told, began)
        _judge_other_side(stage, offerer, other, receiver_mark, began, outbound)
        check = stage.report.check
        left = offerer.hanging() + receiver.hanging()
        check("nothing is left hanging on either side", not left, "\n".join(left))
        odd = offerer.complaints[complained[0]:] + receiver.complaints[complained[1]:]
        check("neither client received anything it would choke on", not odd, "\n".join(odd))
    local, remote = (offerer, receiver) if outbound else (receiver, offerer)
    refused = Refused(local.account, remote.account, "send" if outbound else "receive", form, name, size)
    tell_record(stage, name)
    return refused


def _judge_sender(stage, offerer, receiver, told, began):
    took = told.at - began if told else 3.0
    stage.report.check(f"{offerer.nick}'s own client shows 'declined by {receiver.nick.lower()}' after {took:.2f} s",
                       told and told.who == receiver.account and took < TOLD_WITHIN,
                       told or "told by nobody within 3 s")


def _judge_other_side(stage, offerer, other, mark, began, outbound):
    check, receiver = stage.report.check, other.client
    reached = other.link.tape.bytes("received", began)
    check(f"not one byte of it reached {receiver.nick}", reached == b"", reached)
    check(f"{receiver.nick} was asked nothing", not receiver.seen("offer", mark), receiver.events[mark:])
    if outbound:
        seen = stage.server.tapes(offerer.account)[-1].bytes("received", began)
        check("the server saw nothing of it", seen == b"", seen)


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
    await stage.quiet(chat.client, other.client, silence=0.02)
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
        await stage.quiet(chat.client, owner, silence=0.02)
    return stage.report.check(f"{what}: {chat.client.nick} sees {owner.nick}'s, bit for bit "
                              f"({len(owner.picture.data)} bytes)",
                              got and got.data == owner.picture.data, stage.complaints() or "no picture")
