"""A policy that changes while a file is on its way."""

import asyncio
import signal

from .refusal import chat_works
from .stage import CONFIG
from .story import file_arrives

SIZE = 12_000_000
ENOUGH = 500_000     # bytes that have arrived when the permission is taken away
RULE = CONFIG.index("[[rule]]\nname = \"design")
WITHOUT_RULE = CONFIG[:RULE] + CONFIG[CONFIG.index("[[rule]]", RULE + 1):]


def arrived(chat):
    return sum(len(data) for _, way, data in chat.link.tape.entries if way == "received")


async def reload_mid_transfer(stage):
    """P2P v1 and v2; afterwards the conversation goes on, and the permission can come back."""
    if not await stage.gateway_up():
        return
    for dialect, form in ((15, "p2p-v1"), (18, "p2p-v2")):
        with stage.report.scene(form, f"A running transfer, {form}."):
            await permission_ends(stage, dialect, form)
    await stage.gateway_down()


async def permission_ends(stage, dialect, form):
    report, gateway = stage.report, stage.gateway
    dora, bob = await stage.person("dora", "a", dialect), await stage.person("bob", "b", dialect)
    chat, answered = await stage.conversation(dora, bob)
    before, before_bob, had = dora.mark(), bob.mark(), arrived(answered)
    chat.p2p.offer_file(f"brochure-{form}.pdf", stage.random.randbytes(SIZE))
    while arrived(answered) < had + ENOUGH:
        await asyncio.sleep(0.002)
    await reload(gateway, WITHOUT_RULE)
    ended = await dora.wait_for("cancelled", before, 20.0 * gateway.slowness)
    deadline = asyncio.get_running_loop().time() + 20.0 * gateway.slowness
    while not all(call.ended for call in answered.p2p.calls) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
    report.check("the sender is told that it ended", ended is not None, gateway.log()[-600:])
    report.check("the receiver is told too", all(call.ended for call in answered.p2p.calls), stage.hanging())
    report.check("it was in mid-flight", had + ENOUGH <= arrived(answered) < had + SIZE, arrived(answered) - had)
    report.check("the file did not arrive", await bob.wait_for("file", before_bob, 0.2) is None)
    audit = gateway.audit_path.read_text(encoding="utf-8").splitlines()
    report.check("the audit says why: policy-change",
                 any('"policy-change"' in line and f"brochure-{form}.pdf" in line for line in audit), audit[-3:])
    await chat_works(stage, chat, answered)
    await reload(gateway, CONFIG)
    await file_arrives(stage, chat, answered, form, f"again-{form}.pdf", 40_000, "send")
    await stage.leave(dora, bob)


async def reload(gateway, config):
    """Returns once the new policy is in force."""
    def reloads():
        return gateway.audit_path.read_text(encoding="utf-8").count('"event":"policy"')

    before = reloads()
    gateway.configure(config.format(audit=gateway.audit_path))
    gateway.process.send_signal(signal.SIGHUP)
    deadline = asyncio.get_running_loop().time() + 20.0 * gateway.slowness
    while reloads() == before and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
