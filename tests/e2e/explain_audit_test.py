#!/usr/bin/env python3
"""`msnpgate explain --audit ID`: a recorded decision, with the policy of its time, whatever became of the files since.

usage: explain_audit_test.py [MSNPGATE [WORDS...]]
"""
import contextlib
import json
import pathlib
import shutil
import sys

from audit_support import command, segments
from conversation_steps import ANN, BEN, TO_CLIENT, TO_SERVER, block, message
from loopback import Gateway, eventually, listening, main, rule
from small_talk import SmallTalk

STRICT = """
[policy]
default = "block"
notice = false
include = ["allow.d/*.toml"]
[groups]
design = { file = "design.txt" }
[[rule]]
name = "design may send texts"
action = "allow"
users = ["group:design"]
names = ["*.txt"]
kinds = ["file-transfer"]
"""
OPEN = '\n[policy]\ndefault = "block"\n[[rule]]\nname = "all may"\naction = "allow"\nkinds = ["file-transfer"]\n'


class Place:
    """A gateway whose configuration changes while it runs."""

    def __init__(self, gateway, talk, server):
        self.gateway, self.talk, self.server = gateway, talk, server
        self.folder = pathlib.Path(gateway.directory.name)
        self.config = self.folder / "gateway.toml"

    def policy(self, text):
        """Puts another policy in force."""
        self.config.write_text(self.config.read_text().replace(self.now, text))
        self.now = text
        command("reload", "--socket", self.gateway.admin_path)

    def explain(self, identifier, *words, code=0):
        done = command("explain", "-c", self.config, "--audit", identifier, *words, code=code)
        return done.stderr if code else done.stdout

    def last(self, **wanted):
        """The newest record like this."""
        return eventually(lambda: [record for record in self.gateway.audit()
                                   if all(record.get(key) == value for key, value in wanted.items())], wanted)[-1]


@contextlib.contextmanager
def stage(**settings):
    with listening() as server, Gateway(server.getsockname()[1], policy=OPEN, **settings) as gateway:
        talk = SmallTalk(gateway, server)
        place = Place(gateway, talk, server)
        place.now = OPEN
        (place.folder / "allow.d").mkdir()
        (place.folder / "allow.d/ann.toml").write_text(
            f'[[rule]]\nname = "ann may send sheets"\naction = "allow"\nusers = ["{ANN}"]\nnames = ["*.xls"]\n')
        (place.folder / "design.txt").write_text("dora@corp.example\n")
        place.policy(STRICT)
        yield place
        talk.close()


@rule
def a_decision_is_explained_by_the_policy_of_its_time_after_a_reload_changed_it():
    with stage() as place:
        place.talk.refused(b"plan.doc")
        blocked = place.last(event="transfer", action="block")
        place.talk.allowed(b"sums.xls")
        allowed = place.last(event="transfer", action="allow")
        place.policy(OPEN)
        place.talk.allowed(b"plan.doc")
        later = place.last(event="transfer", action="allow", rule="all may")
        # What the old policy was made of is gone.
        shutil.rmtree(place.folder / "allow.d")
        (place.folder / "design.txt").unlink()
        told = place.explain(blocked["id"])
        assert f'policy {blocked["policy"]}:' in told and blocked["policy"] != later["policy"], told
        for words in ('recorded: block, rule "default"', '1. "design may send texts" does not fit',
                      '2. "ann may send sheets" does not fit', "plan.doc", "block: "):
            assert words in told, (words, told)
        told = place.explain(allowed["id"])
        assert '2. "ann may send sheets" fits' in told and 'allow: rule 2 "ann may send sheets"' in told, told
        told = place.explain(later["id"])
        assert 'allow: rule 1 "all may"' in told and "sheets" not in told, told
        now = command("explain", "-c", place.config, "--user", ANN, "--peer", BEN, "--name", "plan.doc").stdout
        assert 'allow: rule 1 "all may"' in now, now


@rule
def so_it_is_after_a_restart_and_from_a_closed_and_compressed_file():
    with stage(audit_keys='rotate_size = "64KiB"\n') as place:
        place.talk.refused(b"plan.doc")
        blocked = place.last(event="transfer", action="block")
        place.policy(OPEN)
        for number in range(160):
            place.talk.allowed(b"%d.doc" % number)
        eventually(lambda: any(path.suffix == ".zst" for path in segments(place.gateway.audit_path)), "a file is compressed")
        assert place.gateway.stop() == 0
        place.gateway.start()
        told = json.loads(place.explain(blocked["id"], "--format", "json"))
        assert (told["action"], told["rule"], told["policy"]) == ("block", "default", blocked["policy"]), told
        assert told["question"]["names"] == ["plan.doc"] and [row["fits"] for row in told["rules"]] == [False, False], told


@rule
def every_reading_of_a_name_counts_as_it_did_then():
    with stage() as place:
        place.policy(STRICT.replace('users = ["group:design"]\n', ""))
        two = (b"Application-Name: File Transfer\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\n"
               b"Invitation-Command: INVITE\r\nInvitation-Cookie: 4711\r\nApplication-File: a.txt\r\n"
               b"Application-File: a.exe\r\nApplication-FileSize: 1000\r\n\r\n")
        place.talk._send(TO_SERVER, message(TO_SERVER, block(b"text/x-msmsgsinvite", two), 900, "U"))
        place.talk._until(TO_CLIENT, lambda end: b"Invitation-Cookie: 4711\r\nCancel-Code" in end.tape, "a refusal")
        record = place.last(event="transfer", action="block")
        readings = {record["file"]["name"], *record["file"]["other_names"]}
        assert {"a.txt", "a.exe"} <= readings, record
        told = place.explain(record["id"])
        assert '1. "design may send texts" does not fit' in told and "block: " in told, told


@rule
def a_grant_that_decided_is_named():
    with stage() as place:
        given = command("grant", ANN, "--for", "30m", "--socket", place.gateway.admin_path).stdout.split()[0]
        place.talk.allowed(b"plan.doc")
        told = place.explain(place.last(event="transfer", action="allow")["id"])
        assert f'recorded: allow, rule "grant {given}"' in told and "a grant decided before all rules" in told, told


@rule
def what_cannot_be_explained_says_why():
    keys = 'accounts = "hashed"\naccount_key = "accounts.key"\n'
    with stage() as place:
        place.talk.refused(b"plan.doc")
        blocked = place.last(event="transfer", action="block")
        assert "no record in" in place.explain("01ARYZ6S41TSV4RRFFQ69G5FAV", code=1)
        reload = place.last(event="policy")
        assert "is no decision about a transfer" in place.explain(reload["id"], code=1)
        command("explain", "--audit", blocked["id"], code=2)  # where is the log?
        shutil.rmtree(place.folder / "state/policies")
        assert "is not kept in" in place.explain(blocked["id"], code=1)
        hashed = place.folder / "hashed.toml"
        hashed.write_text(f"[audit]\n{keys}")
        command("audit", "init", "-c", hashed)
        place.config.write_text(place.config.read_text().replace("[audit]\n", "[audit]\n" + keys))
        assert place.gateway.stop() == 0
        place.gateway.start()
        again = SmallTalk(place.gateway, place.server)
        again.refused(b"plan.doc")
        record = place.last(event="transfer", action="block")
        assert "only as a hash" in place.explain(record["id"], code=1)
        again.close()


if __name__ == "__main__":
    sys.exit(main())
