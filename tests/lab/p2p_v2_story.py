"""Files offered by clients of 2009 and later: P2P version 2, whose packages are numbered without a gap.

A gateway cannot take a package out of such a conversation unseen, and cannot put one in: what the clients
here check is that neither of them could tell (p2p_v2.py).
"""

from .client import MSNP_SHARP, PAPYON_V2
from .refusal import chat_works, offer_refused, picture_arrives
from .stage import CONFIG
from .story import file_arrives, goodbye

FORM = "p2p-v2"
# Accounts in the office and outside, and whose habits they have there.
PAIRS = (("pia", PAPYON_V2, "pit", PAPYON_V2), ("sue", MSNP_SHARP, "sid", MSNP_SHARP),
         ("peg", PAPYON_V2, "sam", MSNP_SHARP), ("sal", MSNP_SHARP, "pat", PAPYON_V2))


async def p2p_v2(stage):
    """Each client family with each, in conversations that begin with a refusal and with none."""
    if not await stage.gateway_up():
        return
    refusals, arrivals = [], []
    for name, habits, other_name, other_habits in PAIRS:
        stage.report.chapter(f"P2P v2: {family(habits)} in the office, {family(other_habits)} outside")
        client = await stage.person(name, "a", 18, habits)
        other = await stage.person(other_name, "b", 18, other_habits)
        await refused_first(stage, client, other, refusals, arrivals)
        await refused_first_inbound(stage, client, other, refusals, arrivals)
        await picture_first(stage, client, other, refusals)
        await stage.leave(client, other)
    await declined_by_the_user(stage)
    await goodbye(stage, refusals, arrivals)


def family(habits):
    return "msnp-sharp" if habits is MSNP_SHARP else "papyon"


async def refused_first(stage, client, other, refusals, arrivals):
    """The refused offer is the first message of the conversation; then everything else, in both directions."""
    chat, answered = await stage.conversation(client, other)
    name = client.nick.lower()

    async def refused(which, outbound, size=48_231):
        ends = (chat, answered) if outbound else (answered, chat)
        refusals.append(await offer_refused(stage, *ends, FORM, f"{name}-{which}.doc", size, outbound))

    await refused("cold-out", True)
    await chat_works(stage, chat, answered)
    await picture_arrives(stage, chat, answered)
    await refused("second-out", True)
    await refused("third-out", True, size=999)
    await picture_arrives(stage, answered, chat)
    await refused("first-in", False)
    await refused("second-in", False)
    arrivals.append(await file_arrives(stage, chat, answered, FORM, f"timetable-{name}-out.pdf", 60_000, "send"))
    arrivals.append(await file_arrives(stage, answered, chat, FORM, f"timetable-{name}-in.pdf", 20_000, "receive"))
    await refused("after-out", True)
    await refused("after-in", False)
    await picture_arrives(stage, chat, answered, "a display picture afterwards")
    await chat_works(stage, chat, answered)
    chat.close()


async def refused_first_inbound(stage, client, other, refusals, arrivals):
    answered, chat = await stage.conversation(other, client)
    name = client.nick.lower()
    refusals.append(await offer_refused(stage, answered, chat, FORM, f"{name}-cold-in.jpg", 5_000, False))
    refusals.append(await offer_refused(stage, answered, chat, FORM, f"{name}-cold-in-again.jpg", 5_000, False))
    await chat_works(stage, chat, answered)
    arrivals.append(await file_arrives(stage, chat, answered, FORM, f"timetable-{name}-later.pdf", 3_000, "send"))
    refusals.append(await offer_refused(stage, chat, answered, FORM, f"{name}-later-out.doc", 5_000, True))
    await picture_arrives(stage, answered, chat)
    chat.close()


async def picture_first(stage, client, other, refusals):
    """The bridge is warm when the first offer is refused."""
    chat, answered = await stage.conversation(client, other)
    await picture_arrives(stage, chat, answered)
    name = client.nick.lower()
    refusals.append(await offer_refused(stage, chat, answered, FORM, f"{name}-warm-out.doc", 5_000, True))
    refusals.append(await offer_refused(stage, answered, chat, FORM, f"{name}-warm-in.doc", 5_000, False))
    await chat_works(stage, chat, answered)
    chat.close()


async def declined_by_the_user(stage):
    """What the gateway lets through is for the user to decline."""
    stage.report.chapter("P2P v2: an allowed file that the other user declines")
    for habits in (PAPYON_V2, MSNP_SHARP):
        client = await stage.person("ida", "a", 18, PAPYON_V2)
        other = await stage.person("ivo", "b", 18, habits, answers="decline")
        chat, answered = await stage.conversation(client, other)
        mark = client.mark()
        chat.p2p.offer_file("timetable-unwanted.pdf", b"x" * 3_000)
        told = await client.wait_for("declined", mark, name="timetable-unwanted.pdf")
        await stage.settle(chat, answered)
        stage.report.check(f"{family(habits)}: the offer was shown to the other user, who declined it",
                           told and other.seen("offer"), stage.complaints())
        await picture_arrives(stage, chat, answered)
        await stage.leave(client, other)


async def p2p_v2_withheld(stage):
    """The configured alternative: nothing is put in the place of an offer, and numbers are not translated."""
    stage.withholding = True
    config = CONFIG.format(audit=stage.gateway.audit_path) + '\n[refusal]\np2p_v2 = "withhold"\n'
    if not await stage.gateway_up(config):
        return
    refusals, arrivals = [], []
    for name, habits, other_name, other_habits in PAIRS:
        stage.report.chapter(f'P2P v2, [refusal] p2p_v2 = "withhold": {family(habits)} in the office, '
                             f"{family(other_habits)} outside")
        client = await stage.person(name, "a", 18, habits)
        other = await stage.person(other_name, "b", 18, other_habits)
        chat, answered = await stage.conversation(client, other)
        refusals.append(await offer_refused(stage, chat, answered, FORM, f"{name}-out.doc", 48_231, True))
        refusals.append(await offer_refused(stage, answered, chat, FORM, f"{name}-in.doc", 48_231, False))
        await chat_works(stage, chat, answered)
        await picture_arrives(stage, chat, answered)
        arrivals.append(await file_arrives(stage, chat, answered, FORM, f"timetable-{name}-out.pdf", 20_000, "send"))
        arrivals.append(await file_arrives(stage, answered, chat, FORM, f"timetable-{name}-in.pdf", 20_000,
                                           "receive"))
        refusals.append(await offer_refused(stage, chat, answered, FORM, f"{name}-again.doc", 48_231, True))
        await stage.leave(client, other)
    await goodbye(stage, refusals, arrivals)
