"""The road that clients take when port 1863 is closed: MSNP inside HTTP, on port 80."""

import asyncio

from . import audit, http_wire
from .client import AMSN, PAPYON_V2
from .http_server import PAGE
from .namespaces import WIRES, family_of
from .refusal import chat_works, offer_refused, picture_arrives
from .stage import CONFIG
from .story import file_arrives

HTTP = "\n[http]\nports = [80]\n"


async def http_gateway(stage):
    """Redirected: everything that holds on port 1863."""
    stage.report.chapter("Clients that fall back to HTTP")
    if not await stage.gateway_up(CONFIG.format(audit=stage.gateway.audit_path) + HTTP):
        return
    bob, ben = await stage.person("bob", "b", 12, AMSN), await stage.person("ben", "b", 18, PAPYON_V2)
    hannah = await stage.person("hannah", "a", 12, over_http=True)
    stage.report.check("the server heard her over HTTP only",
                       stage.server.tapes(hannah.account, "notification")[-1].local.endswith(":80"))
    await web_passes(stage)
    chat, answered = await stage.conversation(hannah, bob)
    await chat_works(stage, chat, answered, "chat over HTTP")
    await picture_arrives(stage, chat, answered)
    await picture_arrives(stage, answered, chat)
    sent, got = chat.link.tape.bytes("sent"), stage.server.tapes(hannah.account)[-1].bytes("received")
    stage.report.check(f"all {len(sent)} bytes she said reached the server unchanged", sent == got)
    sent, got = stage.server.tapes(hannah.account)[-1].bytes("sent"), chat.link.tape.bytes("received")
    stage.report.check(f"all {len(sent)} bytes the server said reached her unchanged", sent == got)
    refusals = []
    for form in ("classic", "p2p-v1"):
        refusals += [await offer_refused(stage, chat, answered, form, f"{form}-out.doc", 40_000, True),
                     await offer_refused(stage, answered, chat, form, f"{form}-in.doc", 40_000, False)]
    await chat_works(stage, chat, answered)
    await picture_arrives(stage, chat, answered, "a display picture afterwards")
    heidi = await stage.person("heidi", "a", 18, PAPYON_V2, over_http=True)
    chat, answered = await stage.conversation(heidi, ben)
    refusals += [await offer_refused(stage, chat, answered, "p2p-v2", "v2-out.doc", 40_000, True),
                 await offer_refused(stage, answered, chat, "p2p-v2", "v2-in.doc", 40_000, False)]
    await chat_works(stage, chat, answered)
    dora = await stage.person("dora", "a", 15, over_http=True)
    chat, answered = await stage.conversation(dora, bob)
    await file_arrives(stage, chat, answered, "p2p-v1", "allowed.psd", 30_000, "send")
    await finish(stage, refusals)


async def http_gateway_tproxy(stage):
    """Transparently: the server sees the client's own address."""
    stage.report.chapter("Clients that fall back to HTTP, with TPROXY")
    config = CONFIG.format(audit=stage.gateway.audit_path).replace('"redirect"', '"tproxy"') + HTTP
    if not await stage.gateway_up(config):
        return
    bob = await stage.person("bob", "b", 12, AMSN)
    hannah = await stage.person("hannah", "a", 12, over_http=True)
    remote = stage.server.tapes(hannah.account, "notification")[-1].remote
    stage.report.check("the server sees her own address", remote.startswith(WIRES["a"].machine4 + ":"), remote)
    await web_passes(stage)
    chat, answered = await stage.conversation(hannah, bob)
    await chat_works(stage, chat, answered, "chat over HTTP")
    await picture_arrives(stage, chat, answered)
    refusals = [await offer_refused(stage, chat, answered, "p2p-v1", "out.doc", 40_000, True),
                await offer_refused(stage, answered, chat, "p2p-v1", "in.doc", 40_000, False)]
    await chat_works(stage, chat, answered)
    await finish(stage, refusals)


async def web_passes(stage):
    """An ordinary page through the same port, byte for byte."""
    made = stage.internet.places["a"].socket(family_of(WIRES["server"].machine4))
    await asyncio.get_running_loop().sock_connect(made, (WIRES["server"].machine4, 80))
    reader, writer = await asyncio.open_connection(sock=made)
    writer.write(b"GET /index.html HTTP/1.1\r\nHost: lab\r\n\r\n")
    expected = http_wire.answer("200 OK", PAGE, "Content-Type: text/html")
    got = await asyncio.wait_for(reader.readexactly(len(expected)), 5)
    writer.close()
    stage.report.check("a page of the web passes on the same port, byte for byte", got == expected, got)


async def finish(stage, refusals):
    check = stage.report.check
    check("no client saw anything a real one would choke on", not stage.complaints(), "\n".join(stage.complaints()))
    check("the server saw no fault", not stage.server.faults, "\n".join(stage.server.faults))
    await stage.leave(*stage.people)
    await asyncio.sleep(0.5)
    await stage.gateway_down()
    records, wrong = audit.read(stage.gateway.audit_path)
    faults = wrong + audit.faults(records)
    check("the audit is whole", not faults, "\n".join(faults))
    for refused in refusals:
        found = audit.select([record for record in records if record.get("file", {}).get("name") == refused.name],
                             action="block", user=refused.user, direction=refused.direction, form="http",
                             detail=refused.form, peers=[refused.peer])
        check(f"one record of {refused.name}, form http", len(found) == 1, found)
    ends = [record for record in audit.select(records, event="session", form="http")]
    check("every gateway session told its end", ends and all(record.get("user") for record in ends), ends)
    failures = [f"{one.get('reason')}: {one.get('detail')}" for one in audit.select(records, event="failure")]
    check("no failure was recorded", not failures, "\n".join(failures))
    web = [record for record in audit.select(records, event="session") if record.get("server", "").endswith(":80")
           and record.get("form") != "http"]
    check("ordinary web traffic is not recorded", not web, web)
