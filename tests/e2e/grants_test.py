#!/usr/bin/env python3
"""Permissions for a while: `msnpgate grant`, `grants` and `revoke` with the real binary, and offers of people whose
conversation was open before.

usage: grants_test.py [MSNPGATE [WORDS...]]
"""
import contextlib
import itertools
import json
import sys

from audit_support import command
from conversation_steps import ANN, BEN, FILE, TO_CLIENT, TO_SERVER, file_context, invitation, message, packages, packages_v2
from loopback import Gateway, eventually, listening, main, rule
from small_talk import SmallTalk, gateway_with_talk

BLOCK = '[policy]\ndefault = "block"\nnotice = false\n'
_numbers = itertools.count(1000)


class Talk(SmallTalk):
    """With offers by P2P, too. One that is let through is not answered: that is the other user's matter."""

    def p2p_offer(self, name, cut=packages, number=None):
        number = next(_numbers) if number is None else number
        text = invitation(number, FILE, file_context(name))
        return b"".join(message(TO_SERVER, payload, next(self.transactions)) for payload in cut(number, text))

    def p2p_allowed(self, name="plan.doc", **how):
        offer = self.p2p_offer(name, **how)
        self._send(TO_SERVER, offer)
        self._until(TO_SERVER, lambda end: offer in end.tape, "an allowed offer")
        self.ends[TO_SERVER].tape = b""

    def p2p_refused(self, name="plan.doc", **how):
        self._send(TO_SERVER, self.p2p_offer(name, **how))
        self._until(TO_CLIENT, lambda end: b"603 Decline" in end.tape, "a refusal")
        self.chat()
        assert FILE.encode() not in self.ends[TO_SERVER].tape, "the offer arrived"


@contextlib.contextmanager
def stage(**settings):
    """A gateway that blocks, a conversation through it that is open, and the server behind it."""
    with listening() as server, Gateway(server.getsockname()[1], policy=BLOCK, **settings) as gateway:
        talk = Talk(gateway, server)
        talk.refused()
        yield gateway, talk, server
        talk.close()


def ask(gateway, verb, *words, code=0):
    return command(verb, *words, "--socket", gateway.admin_path, code=code)


def give(gateway, *words):
    """The new grant's id."""
    return ask(gateway, "grant", ANN, *words).stdout.split()[0]


def listed(gateway):
    return [json.loads(line) for line in ask(gateway, "grants", "--format", "json").stdout.splitlines()]


def told(gateway, grant, reason):
    """The record of what became of a grant, once it is there."""
    return eventually(lambda: [record for record in gateway.policies()
                               if record["rule"] == f"grant {grant}" and record["reason"] == reason], reason)[0]


def let_through_by(gateway, grant):
    return [record["file"]["name"] for record in gateway.audit()
            if record["event"] == "transfer" and record["action"] == "allow" and record["rule"] == f"grant {grant}"]


@rule
def a_grant_for_one_transfer_lets_one_pass_and_no_second():
    with stage() as (gateway, talk, _):
        grant = give(gateway, "--peer", BEN, "--name", "*.doc", "--for", "30m", "--once")
        talk.allowed(b"plan.doc")
        spent = told(gateway, grant, "grant-spent")
        talk.refused(b"plan.doc")
        talk.refused(b"other.doc")
        talk.p2p_refused("plan.doc")
        assert listed(gateway) == [] and "no grants" in ask(gateway, "grants").stdout
        assert let_through_by(gateway, grant) == ["plan.doc"]
        given = told(gateway, grant, "grant")
        assert given["user"] == ANN and given["peers"] == [BEN] and given["seq"] < spent["seq"], given
        for words in ("*.doc", "once", "until 2", "by "):
            assert words in given["detail"], given
        talk.refused(b"plan.doc", way=TO_CLIENT)


@rule
def so_does_one_for_a_p2p_transfer_and_the_same_offer_may_be_said_again():
    for cut in (packages, packages_v2):
        with stage() as (gateway, talk, _):
            grant = give(gateway, "--for", "30m", "--once")
            number = next(_numbers)
            talk.p2p_allowed(cut=cut, number=number)
            told(gateway, grant, "grant-spent")
            if cut is packages:
                talk.p2p_allowed(number=number)  # a client that heard nothing says it again
            talk.p2p_refused()
            talk.refused()
            assert set(let_through_by(gateway, grant)) == {"plan.doc"}


@rule
def a_grant_holds_for_its_peer_and_its_names_only():
    with stage(threads=2) as (gateway, talk, server):
        give(gateway, "--peer", "eve@agency.example", "--for", "30m")
        talk.refused()
        give(gateway, "--peer", "*@agency.example", "--name", "*.pdf", "--for", "30m", "--kind", "file-transfer")
        talk.refused(b"plan.doc")
        talk.refused(b"plan.pdf.exe")
        talk.allowed(b"PLAN.PDF")
        talk.allowed(b"next.pdf")
        other = Talk(gateway, server, "127.0.0.9")  # of another worker, perhaps
        other.refused(b"plan.doc")
        other.allowed(b"plan.pdf")
        other.close()
        assert [grant["once"] for grant in listed(gateway)] == [False, False]


@rule
def grants_survive_a_restart_and_what_is_used_up_does_not_come_back():
    with stage() as (gateway, talk, server):
        used = give(gateway, "--name", "used.doc", "--for", "30m", "--once")
        once = give(gateway, "--name", "once.doc", "--for", "30m", "--once")
        often = give(gateway, "--name", "often.doc", "--for", "30m")
        revoked = give(gateway, "--name", "revoked.doc", "--for", "30m")
        talk.allowed(b"used.doc")
        told(gateway, used, "grant-spent")
        ask(gateway, "revoke", revoked)
        before = listed(gateway)
        for how in ("stop", "kill"):
            if how == "stop":
                assert gateway.stop() == 0
            else:
                gateway.process.kill()
                gateway.process.wait()
            gateway.start()
            assert listed(gateway) == before, listed(gateway)
        assert [grant["id"] for grant in before] == [once, often]
        again = Talk(gateway, server)
        again.refused(b"used.doc")
        again.refused(b"revoked.doc")
        again.allowed(b"once.doc")
        told(gateway, once, "grant-spent")
        again.refused(b"once.doc")
        again.allowed(b"often.doc")
        again.allowed(b"often.doc")
        again.close()


@rule
def a_revoked_grant_ends_at_once_and_so_does_one_whose_time_is_over():
    with stage() as (gateway, talk, _):
        grant = give(gateway, "--for", "30m")
        talk.allowed()
        assert grant in ask(gateway, "revoke", grant).stdout
        talk.refused()
        assert "by " in told(gateway, grant, "revoke")["detail"]
        assert "no such grant" in ask(gateway, "revoke", grant, code=1).stderr
        short = give(gateway, "--for", "300ms")
        told(gateway, short, "grant-expired")
        talk.refused()
        assert listed(gateway) == []


@rule
def what_cannot_be_granted_is_told_and_nothing_is():
    with gateway_with_talk(policy=BLOCK + '[[rule]]\nname = "texts"\naction = "allow"\nnames = ["*.txt"]\n') as (gateway, *_):
        for words, expected in ((("--for", "soon"), "30m"), (("--for", "30m", "--peer", "ben"), "name@domain"),
                                (("--for", "30m", "--name", "["), "*.pdf"), (("--for", "30m", "--kind", "files"), "file-transfer"),
                                (("--for", "30m", "--kind", "direct-connection", "--once"), "once")):
            done = ask(gateway, "grant", ANN, *words, code=1)
            assert expected in done.stderr and not done.stdout, done.stderr
        ask(gateway, "grant", ANN, code=2)  # for how long?
        assert listed(gateway) == [] and not [one for one in gateway.policies() if one["reason"] == "grant"]


if __name__ == "__main__":
    sys.exit(main())
