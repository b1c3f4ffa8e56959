"""The whole story once: what an office behind msnpgate can do, and where a file stops."""

import hashlib

from . import audit
from .client import AMSN, MSNP_SHARP, PAPYON, PAPYON_V2, Refused as Rejected
from .namespaces import WIRES
from .refusal import chat_works, offer_refused, picture_arrives, tell_record

LOGINS = (2, 5, 7, 8, 9, 10, 11, 12, 15, 18)
ALLOWING_RULE = "design may swap files with bob"
TIMETABLE_RULE = "everybody may swap time tables"


async def tell(stage):
    """Plays every chapter; what goes wrong stands in the report."""
    refusals, arrivals = [], []
    if not await gateway_stands(stage):
        return
    await logins(stage)
    alice = await stage.person("alice", "a", 18)
    bob = await stage.person("bob", "b", 12, AMSN)
    chat, answered = await stage.conversation(alice, bob)
    await small_talk(stage, chat, answered)
    refusals += await classic_files(stage, chat, answered)
    refusals += await p2p_files(stage, chat, answered)
    refusals += await still_usable(stage, chat, answered)
    await stage.leave(alice)
    refusals += await other_clients(stage, bob)
    arrivals += await allowed_files(stage, bob, refusals)
    await stage.leave(bob)
    await newest_files(stage, refusals, arrivals)
    await goodbye(stage, refusals, arrivals)


async def gateway_stands(stage):
    report, gateway = stage.report, stage.gateway
    report.chapter("The gateway takes its place")
    report.tell(f"Three networks hang on one gateway: office A ({WIRES['a'].machine4}), a network B "
                f"({WIRES['b'].machine4}) and the MSN server ({WIRES['server'].machine4}). The gateway routes "
                "between them. Two commands make it look at what office A says:  msnpgate rules load  and  "
                "msnpgate run.  Network B is only routed, as the rest of the internet would be.")
    checked = gateway.command("check", "-c", str(gateway.config))
    report.check("the configuration is accepted by msnpgate check", checked.returncode == 0, checked.stderr)
    report.check("nftables is empty before", gateway.ruleset() == "", gateway.ruleset())
    loaded = gateway.rules("load")
    report.check("msnpgate rules load puts up the rules", loaded.returncode == 0 and
                 "redirect to :11863" in gateway.ruleset(), loaded.stderr + gateway.ruleset())
    once, again = gateway.ruleset(), gateway.rules("load")
    report.check("loading them twice changes nothing", again.returncode == 0 and gateway.ruleset() == once,
                 again.stderr)
    return report.check("msnpgate run listens", await gateway.start(), gateway.log())


async def logins(stage):
    report = stage.report
    report.chapter("People in office A sign in, with clients of all ages")
    report.tell("Nobody configured anything in the office: the clients speak to the server's own address, and the "
                "kernel hands their connections to msnpgate.")
    for dialect in LOGINS:
        name = f"user{dialect}"
        try:
            client = await stage.person(name, "a", dialect)
            fine = await client.ping() and not client.complaints
        except (Rejected, OSError, TimeoutError) as error:
            fine = None
            report.check(f"{name} signs in with MSNP{dialect}", False, repr(error))
            continue
        method = "MD5" if dialect <= 7 else "a ticket" if dialect <= 14 else "single sign-on"
        report.check(f"{name} signs in with MSNP{dialect} ({method}) and is shown online", fine, client.complaints)
        remote = stage.server.tapes(client.account, "notification")[-1].remote
        if dialect == LOGINS[0]:
            report.check("the server sees that connection come from the gateway: it was intercepted",
                         remote.startswith(WIRES["server"].gateway4 + ":"), remote)
        await stage.leave(client)
    if stage.internet.ipv6:
        six = await stage.person("sixtus", "a", 15, ipv6=True)
        remote = stage.server.tapes(six.account, "notification")[-1].remote
        report.check("sixtus signs in over IPv6, intercepted too",
                     remote.startswith(f"[{WIRES['server'].gateway6}]"), remote)
        await stage.leave(six)


async def small_talk(stage, chat, answered):
    report, alice, bob = stage.report, chat.client, answered.client
    report.chapter("Alice (office A) and Bob (network B) talk")
    report.tell("Everything that is not a file passes as it came, byte for byte.")
    remote = stage.server.tapes(bob.account)[-1].remote
    report.check("Bob's connection comes to the server from Bob's own address: not intercepted",
                 remote.startswith(WIRES["b"].machine4 + ":"), remote)
    await chat_works(stage, chat, answered, "chat")
    before, before_bob = alice.mark(), bob.mark()
    chat.typing()
    answered.typing()
    chat.nudge()
    answered.nudge()
    report.check("Bob sees that Alice is typing", await bob.wait_for("typing", before_bob, who=alice.account))
    report.check("Alice sees that Bob is typing", await alice.wait_for("typing", before, who=bob.account))
    report.check("Alice's nudge shakes Bob's window", await bob.wait_for("nudge", before_bob, who=alice.account))
    report.check("Bob's nudge shakes Alice's window", await alice.wait_for("nudge", before, who=bob.account))
    await picture_arrives(stage, chat, answered)
    await picture_arrives(stage, answered, chat)
    sent, got = alice.chats[-1].link.tape.bytes("sent"), stage.server.tapes(alice.account)[-1].bytes("received")
    report.check(f"all {len(sent)} bytes Alice said in this conversation reached the server unchanged", sent == got)
    sent, got = stage.server.tapes(alice.account)[-1].bytes("sent"), chat.link.tape.bytes("received")
    report.check(f"all {len(sent)} bytes the server said reached Alice unchanged", sent == got)


async def classic_files(stage, chat, answered):
    stage.report.chapter("A file the old way (MSN Messenger 3 to 5: an invitation, then a socket of its own)")
    stage.report.tell("Alice offers a file to Bob. msnpgate reads the invitation, keeps it, and answers Alice in Bob's "
                      "name with the ordinary 'declined'. Her window closes the offer at once; Bob never hears of it.")
    refusals = [await offer_refused(stage, chat, answered, "classic", "budget.xls", 30_000, True)]
    stage.report.tell("Now Bob, out there, offers one to Alice. It is stopped before it reaches the office, and Bob "
                      "is told that Alice declined.")
    refusals.append(await offer_refused(stage, answered, chat, "classic", "game.exe", 30_000, False))
    await chat_works(stage, chat, answered)
    return refusals


async def p2p_files(stage, chat, answered):
    stage.report.chapter("A file the newer way (MSN Messenger 6 and later: MSNSLP in P2P packages)")
    stage.report.tell("The offer travels in binary packages inside chat messages. msnpgate puts the packages together, "
                      "recognises the file's application id, acknowledges them so that Alice's client does not "
                      "wait, and declines: '603 Decline', the answer Bob's client would give.")
    refusals = [await offer_refused(stage, chat, answered, "p2p-v1", "plan.doc", 48_231, True)]
    stage.report.tell("And the other way round. Bob's client splits its offer over two packages, with the telling part "
                      "anywhere in them.")
    refusals.append(await offer_refused(stage, answered, chat, "p2p-v1", "holiday.jpg", 123_456, False))
    await chat_works(stage, chat, answered)
    return refusals


async def still_usable(stage, chat, answered):
    stage.report.chapter("The conversation is as good as new")
    stage.report.tell("After four refusals: pictures still come, and the next offer is refused just the same.")
    await picture_arrives(stage, chat, answered, "a display picture afterwards")
    await picture_arrives(stage, answered, chat, "a display picture afterwards")
    refusals = [await offer_refused(stage, chat, answered, "p2p-v1", "second.doc", 999, True),
                await offer_refused(stage, answered, chat, "p2p-v1", "second.jpg", 999, False),
                await offer_refused(stage, chat, answered, "classic", "second.xls", 999, True)]
    await chat_works(stage, chat, answered)
    return refusals


async def other_clients(stage, bob):
    """The same with the habits of other client families; in a test only."""
    if stage.report.telling:
        return []
    refusals = []
    for name, dialect, habits, ipv6 in (("amy", 15, AMSN, False), ("pat", 9, PAPYON, False),
                                        ("sixtus", 12, AMSN, True)):
        if ipv6 and not stage.internet.ipv6:
            continue
        stage.report.chapter(f"Habits of another client family: {name}, MSNP{dialect}{', IPv6' if ipv6 else ''}")
        client = await stage.person(name, "a", dialect, habits, ipv6=ipv6)
        answered, chat = await stage.conversation(bob, client)
        for form in ("p2p-v1", "classic"):
            refusals.append(await offer_refused(stage, chat, answered, form, f"{name}-{form}-out", 5_000, True))
            refusals.append(await offer_refused(stage, answered, chat, form, f"{name}-{form}-in", 5_000, False))
        await chat_works(stage, chat, answered)
        await picture_arrives(stage, chat, answered)
        await stage.leave(client)
    return refusals


async def allowed_files(stage, bob, refusals):
    report = stage.report
    report.chapter("Dora and Erin are allowed to")
    report.tell(f"The configuration has a rule '{ALLOWING_RULE}'. Their files pass the same gateway, untouched.")
    dora = await stage.person("dora", "a", 15)
    chat, answered = await stage.conversation(dora, bob)
    arrivals = [await file_arrives(stage, chat, answered, "p2p-v1", "layout.psd", 300_000, "send"),
                await file_arrives(stage, answered, chat, "p2p-v1", "comments.pdf", 40_000, "receive")]
    await chat_works(stage, chat, answered)
    report.tell("The rule names Bob. The same Dora offering a file to Carl is another matter.")
    carl = await stage.person("carl", "b", 15)
    to_carl, carls = await stage.conversation(dora, carl)
    refusals.append(await offer_refused(stage, to_carl, carls, "p2p-v1", "layout-for-carl.psd", 3_000, True))
    erin = await stage.person("erin", "a", 7)
    chat, answered = await stage.conversation(erin, bob)
    report.tell("Erin's client is of 2002: after the invitation Bob's client fetches the file over a socket of its own "
                "(MSNFTP, port 6891).")
    arrivals.append(await file_arrives(stage, chat, answered, "classic", "logo.gif", 30_000, "send"))
    arrivals.append(await file_arrives(stage, answered, chat, "classic", "invoice.pdf", 12_345, "receive"))
    await chat_works(stage, chat, answered)
    await stage.leave(dora, carl, erin)
    return arrivals


async def newest_files(stage, refusals, arrivals):
    """Clients of 2009 on both sides (tests/lab/p2p_v2_story.py has all the rest of it)."""
    report = stage.report
    report.chapter("A file the newest way (Windows Live Messenger 2009: P2P version 2)")
    report.tell("These clients number every byte they send each other, and would miss one. So msnpgate takes nothing "
                "out: it blanks the offer, lets the empty packages pass, and from then on shifts the numbers of "
                "everything that follows, so that neither side can tell that a 'declined' was put in.")
    anna, ben = await stage.person("anna", "a", 18, PAPYON_V2), await stage.person("ben", "b", 18, PAPYON_V2)
    chat, answered = await stage.conversation(anna, ben)
    refusals.append(await offer_refused(stage, chat, answered, "p2p-v2", "minutes.doc", 48_231, True))
    refusals.append(await offer_refused(stage, answered, chat, "p2p-v2", "party.jpg", 123_456, False))
    await chat_works(stage, chat, answered)
    await picture_arrives(stage, chat, answered, "a display picture afterwards")
    await picture_arrives(stage, answered, chat, "a display picture afterwards")
    report.tell("Dora and Bob, who are allowed to, have such clients too.")
    dora, bob = await stage.person("dora", "a", 18, MSNP_SHARP), await stage.person("bob", "b", 18, PAPYON_V2)
    chat, answered = await stage.conversation(dora, bob)
    arrivals.append(await file_arrives(stage, chat, answered, "p2p-v2", "poster.psd", 300_000, "send"))
    arrivals.append(await file_arrives(stage, answered, chat, "p2p-v2", "proofs.pdf", 40_000, "receive"))
    await stage.leave(anna, ben, dora, bob)


async def file_arrives(stage, chat, other, form, name, size, direction):
    """An allowed offer, accepted by the other user; gives back what the audit should say."""
    data = stage.random.randbytes(size)
    before, before_other = chat.client.mark(), other.client.mark()
    (chat.classic if form == "classic" else chat.p2p).offer_file(name, data)
    got = await other.client.wait_for("file", before_other, 30.0, name=name)
    done = got and await chat.client.wait_for("sent", before, name=name)
    digest = hashlib.sha256(data).hexdigest()
    stage.report.check(f"{name} ({size} bytes, {form}) goes from {chat.client.nick} to {other.client.nick}, "
                       f"SHA-256 {digest[:12]}... equal on both sides",
                       done and hashlib.sha256(got.data).hexdigest() == digest, stage.complaints() or stage.hanging())
    await stage.settle(chat, other)
    tell_record(stage, name)
    local, remote = (chat.client, other.client) if direction == "send" else (other.client, chat.client)
    return local.account, remote.account, direction, form, name, size


async def goodbye(stage, refusals, arrivals):
    report, gateway = stage.report, stage.gateway
    report.chapter("What the audit says")
    report.check("no client saw anything a real one would choke on", not stage.complaints(),
                 "\n".join(stage.complaints()))
    report.check("the server saw no fault on any connection", not stage.server.faults, "\n".join(stage.server.faults))
    report.check("no transfer or message is left open anywhere", not stage.hanging(), "\n".join(stage.hanging()))
    records, wrong = audit.read(gateway.audit_path)
    report.tell("Every decision is one line of JSON in the audit file. As a table:")
    report.rows(audit.table([record for record in records if record.get("event") != "session"]))
    judge_audit(stage, records, wrong, refusals, arrivals)
    stage.counters_agree()
    report.chapter("Everything is put away")
    code = await gateway.stop()
    report.check("msnpgate stops when told to, exit code 0", code == 0, f"{code}\n{gateway.log()}")
    unloaded = gateway.rules("unload")
    report.check("msnpgate rules unload leaves nothing in nftables", unloaded.returncode == 0 and
                 gateway.ruleset() == "", unloaded.stderr + gateway.ruleset())


def judge_audit(stage, records, wrong, refusals, arrivals):
    check = stage.report.check
    check("every line of the audit is whole and JSON", records and not wrong, "\n".join(wrong))
    check("every record has its time, number, id and event, in order", not audit.faults(records),
          "\n".join(audit.faults(records)))
    for refused in refusals:
        found = [record for record in audit.select(records, event="transfer", action="block", user=refused.user,
                                                   direction=refused.direction, form=refused.form, rule="default")
                 if record.get("file", {}).get("name_shown") == refused.name]
        faults = audit.transfer_faults(found[0], refused.size, machine(found[0])) if len(found) == 1 else \
            [f"{len(found)} records"]
        if len(found) == 1 and found[0].get("peers") != [refused.peer]:
            faults.append(f"peers {found[0].get('peers')}")
        told = "CANCEL REJECT" if refused.form == "classic" else "603"
        offerer = "client" if refused.direction == "send" else "server"
        if len(found) == 1 and found[0].get("answer") != f"{told} to {offerer}":
            faults.append(f"answer {found[0].get('answer')}")
        check(f"audit: {refused.name} blocked once, {refused.user} {refused.direction}s, {refused.form}, all fields",
              not faults, f"{faults}\n{found}")
    for user, peer, direction, form, name, size in arrivals:
        rule = TIMETABLE_RULE if name.startswith("timetable-") else ALLOWING_RULE
        found = [record for record in audit.select(records, event="transfer", action="allow", user=user,
                                                   direction=direction, form=form, rule=rule)
                 if record.get("file", {}).get("name_shown") == name and record.get("peers") == [peer]]
        faults = audit.transfer_faults(found[0], size, machine(found[0])) if len(found) == 1 else \
            [f"{len(found)} records"]
        check(f"audit: {name} allowed once by the rule, {user} {direction}s, {form}, all fields", not faults,
              f"{faults}\n{found}")
    blocked = audit.select(records, event="transfer", action="block")
    check(f"audit: {len(refusals)} transfers blocked, no more and no fewer", len(blocked) == len(refusals),
          f"{len(blocked)}")
    failures = audit.select(records, event="failure")
    check("audit: no failure on the way", not failures, failures)
    text = stage.gateway.audit_path.read_text(encoding="utf-8") if stage.gateway.audit_path.exists() else ""
    check("audit: no chat text, no ticket, no password in it",
          text and not any(word in text for word in ("still there?", "t=lab:", "secret")))


def machine(record):
    """The address of the office's machine, as the record's connection came."""
    wire = WIRES["a"]
    return wire.machine6 if record.get("client", "").startswith("[") else wire.machine4
