"""The strict reader of P2P v2 must see what it is there for: a gap, an overlap, a wrong acknowledgement."""

from dataclasses import replace

from .p2p_v2 import PEER_INFO, RAK, SYN, WRAP, Heard, Package, Spoken, decode
from .wire import Malformed

START = WRAP - 700                       # a message of 1,000 bytes passes 2^32


def strictness(report):
    """Checks of the lab itself; they need neither network nor gateway."""
    report.chapter("The lab's own P2P v2 client is strict")
    check = report.check
    packages = conversation()
    check("what it writes it reads", all(decode(package.encode()) == package for package in packages))
    check("a conversation that passes 2^32 is fine, and whole", not fault(packages) and len(messages(packages)) == 2)
    first, rest, reply, last = packages
    check("a missing package is noticed", fault([first, rest, last]) == "" and fault([first, reply, last]))
    check("a byte missing between two messages is noticed", fault([first, rest, reply, moved(last, 1)]))
    check("the same within one message", fault([first, moved(rest, 1)]))
    check("a package that comes again is noticed", fault([first, rest, rest]))
    check("one that overlaps by a byte is noticed", fault([first, rest, reply, moved(last, -1)]))
    check("a package without data with another number is noticed", fault([first, rest, moved(reply, 420)]))
    check("bytes that remain and do not come are noticed",
          fault([first, replace(rest, data=rest.data[1:])]))
    check("another package number within a message is noticed", fault([first, replace(rest, number=7)]))
    check("a first package in the middle of a message is noticed", fault([first, replace(rest, flags=1)]))
    check("where gaps are allowed between messages they are still none within one",
          not fault([first, rest, moved(last, 99)], gapless=False) and
          fault([first, moved(rest, 99)], gapless=False))
    ends = [package.end for package in packages]
    check("acknowledgements of what was sent are fine", not wrong_acks([START, ends[0], ends[1], ends[3]]))
    for what, values in (("beyond what was sent", [ends[3] + 1]), ("before what was sent", [START - 1]),
                         ("within a package", [ends[1] - 1]), ("that goes back", [ends[1], ends[0]]),
                         ("by the length of an injected 603 too high", [ends[3] + 420])):
        check(f"an acknowledgement {what} is noticed", wrong_acks(values))
    check("a request without an acknowledgement is noticed", spoken([ends[0]]).unanswered() == ["rest"] and
          not spoken([ends[1]]).unanswered())
    for what, data in (("without its footer", first.encode()[:-1]), ("with a byte too many", first.encode() + b"\0"),
                       ("with junk after its TLVs", reply.encode()[:-5] + b"\1" + reply.encode()[-4:]),
                       ("with SYN and no peer info", replace(first, peer_info=None).encode()),
                       ("that announces 0 bytes to follow", replace(first, remaining=0).encode())):
        check(f"a package {what} is noticed", raises(lambda data=data: decode(data)))


def conversation():
    first = Package(START, SYN | RAK, PEER_INFO, flags=1, remaining=320, data=b"a" * 640)
    rest = Package(first.end, RAK, flags=0, data=b"b" * 320)
    reply = Package(rest.end, 0, ack=5)
    return first, rest, reply, Package(reply.end, flags=1, number=3, data=b"c" * 50)


def moved(package, by):
    return replace(package, base=(package.base + by) % WRAP)


def messages(packages, gapless=True):
    heard, found = Heard(gapless), []
    for package in packages:
        heard.number(package)
        message = heard.add(package)
        if message:
            found.append(message)
    return found


def fault(packages, gapless=True):
    try:
        messages(packages, gapless)
    except Malformed as error:
        return str(error)
    return ""


def spoken(acknowledged):
    said = Spoken(START)
    for package, label in zip(conversation(), ("first", "rest", "reply", "last")):
        said.number(package, label)
    for value in acknowledged:
        said.acknowledged(value % WRAP)
    return said


def wrong_acks(values):
    return raises(lambda: spoken(values))


def raises(work):
    try:
        work()
    except Malformed:
        return True
    return False
