"""What the local user reads in the chat window when a file is stopped, as their client shows it: in every dialect family and
form, once for an offer, in the conversation it was made in, and nowhere else."""

from .client import AMSN, MSNP_SHARP, PAPYON_V2
from .http_story import HTTP
from .refusal import SHOWN_FORM, chat_works, picture_arrives
from .stage import CONFIG
from .story import file_arrives

SENDER = "The gateway"
NOTICE = """
[notice]
text = "{file}, a {kind} with {peer}, was stopped by {rule}.\\nPlease ask {contact}"
contact = "Ruth, room 12."
sender = "%s"
interval = "%s"
"""
# (name in the office, dialect, habits, over HTTP) and (name outside, dialect, habits, form of the offers).
PAIRS = ((("milo", 8, AMSN, False), ("max", 9, AMSN, "classic")),
         (("nora", 15, AMSN, False), ("ned", 12, AMSN, "p2p-v1")),
         (("pia", 18, PAPYON_V2, False), ("pit", 18, PAPYON_V2, "p2p-v2")),
         (("sue", 18, MSNP_SHARP, False), ("sid", 18, MSNP_SHARP, "p2p-v2")),
         (("hank", 12, AMSN, True), ("hugo", 12, AMSN, "classic")),
         (("hera", 18, PAPYON_V2, True), ("hebe", 18, PAPYON_V2, "p2p-v2")))


def configuration(stage, interval="1h"):
    text = CONFIG.format(audit=stage.gateway.audit_path).replace("notice = false ", "notice = true  ")
    return text + NOTICE % (SENDER, interval) + HTTP


async def notices(stage):
    """In each family: both directions, again, another file, another conversation, an allowed file."""
    if not await stage.gateway_up(configuration(stage)):
        return
    for (name, dialect, habits, over_http), (other_name, other_dialect, other_habits, form) in PAIRS:
        road = " over HTTP" if over_http else ""
        stage.report.chapter(f"Notices: MSNP{dialect}{road}, offers by {SHOWN_FORM[form]}")
        local = await stage.person(name, "a", dialect, habits, over_http=over_http)
        remote = await stage.person(other_name, "b", other_dialect, other_habits)
        third = await stage.person("theo", "b", 12, AMSN)
        chat, answered = await stage.conversation(local, remote)
        elsewhere, theirs = await stage.conversation(local, third)
        for outbound in (True, False):
            way = "out" if outbound else "in"
            await offered(stage, chat, answered, form, f"plan-{way}.doc", outbound, told=True)
            await offered(stage, chat, answered, form, f"plan-{way}.doc", outbound, told=False)
            await offered(stage, chat, answered, form, f"other-{way}.doc", outbound, told=True)
        stage.report.check(f"{local.nick} read nothing of it in the conversation with {third.nick}, and he neither",
                           not local.seen("text", chat=elsewhere) and not third.seen("text", chat=theirs))
        await chat_works(stage, chat, answered)
        if dialect >= 9:
            await picture_arrives(stage, chat, answered)
        await file_arrives(stage, chat, answered, form, "timetable-of-trains.pdf", 20_000, "send")
        stage.report.check("nothing was said about a file that is allowed",
                           not [seen for seen in notices_of(local) if "timetable" in seen.text])
        await stage.leave(local, remote, third)
    await often(stage)
    stage.report.check("no client saw anything a real one would choke on", not stage.complaints(),
                       "\n".join(stage.complaints()))
    stage.report.check("the server saw no fault on any connection", not stage.server.faults, "\n".join(stage.server.faults))
    await stage.gateway_down()


async def often(stage):
    """The damper is a setting, and a reload changes it for open conversations."""
    stage.report.chapter('Notices: interval = "0s", after a reload')
    local, remote = await stage.person("olga", "a", 12, AMSN), await stage.person("otto", "b", 12, AMSN)
    chat, answered = await stage.conversation(local, remote)
    await offered(stage, chat, answered, "p2p-v1", "plan.doc", True, told=True)
    await offered(stage, chat, answered, "p2p-v1", "plan.doc", True, told=False)
    stage.gateway.configure(configuration(stage, "0s"))
    done = stage.gateway.command("reload", "--socket", str(stage.gateway.admin_socket))
    stage.report.check("the gateway was told to read its configuration again", done.returncode == 0, done.stderr)
    for _ in range(2):
        await offered(stage, chat, answered, "p2p-v1", "plan.doc", True, told=True)
    stage.gateway.configure(configuration(stage, "0s").replace("notice = true", "notice = false"))
    stage.gateway.command("reload", "--socket", str(stage.gateway.admin_socket))
    await offered(stage, chat, answered, "p2p-v1", "plan.doc", True, told=False)
    await stage.leave(local, remote)


def notices_of(client, after=0):
    return [event for event in client.seen("text", after) if event.shown == SENDER]


async def offered(stage, chat, answered, form, name, outbound, told):
    """An offer between `chat`, whose user is behind the gateway, and `answered`: it is stopped, and the local user is told
    of it or not."""
    sender, receiver = (chat, answered) if outbound else (answered, chat)
    local, remote = chat.client, answered.client
    await stage.settle(chat, answered)
    mark, local_mark, remote_mark = sender.client.mark(), local.mark(), remote.mark()
    (sender.classic if form == "classic" else sender.p2p).offer_file(name, stage.random.randbytes(9_000))
    declined = await sender.client.wait_for("declined", mark, 3.0 * stage.gateway.slowness, name=name)
    await stage.settle(chat, answered)
    check = stage.report.check
    what = f"{'outbound' if outbound else 'inbound'} {name}"
    check(f"{what} is declined, and {receiver.client.nick} was asked nothing",
          declined and not receiver.client.seen("offer", mark if receiver is sender else 0, name=name), stage.complaints())
    words = (f"{name}, a file-transfer with {remote.account}, was stopped by default.\r\nPlease ask Ruth, room 12.")
    read = [(event.text, event.shown, event.who, event.chat) for event in local.seen("text", local_mark)]
    expected = [(words, SENDER, remote.account, chat)] if told else []
    check(f"{what}: {local.nick} reads {'what was stopped, once' if told else 'nothing new'}", read == expected, read)
    heard = answered.link.tape.bytes("received")
    check(f"{what}: {remote.nick} reads nothing of it", not remote.seen("text", remote_mark) and
          not any(mark in heard for mark in (b"stopped by", b"Ruth", SENDER.encode())), remote.events[remote_mark:])
