"""The audit's file system is full: nothing may be allowed unrecorded, and chat goes on."""

from . import audit
from .client import AMSN
from .refusal import chat_works, offer_refused
from .stage import CONFIG
from .story import file_arrives


async def full_disk(stage):
    stage.report.chapter("Bad input: the audit's file system is full (64 KiB)")
    check = stage.report.check
    mount = stage.directory / "full"
    mount.mkdir()
    stage.internet.gateway.run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mount))
    try:
        stage.gateway.audit_path = mount / "audit.jsonl"
        if not await stage.gateway_up(CONFIG.format(audit=stage.gateway.audit_path)):
            return
        dora, alice = await stage.person("dora", "a", 15), await stage.person("alice", "a", 15)
        bob = await stage.person("bob", "b", 12, AMSN)
        doras, bobs = await stage.conversation(dora, bob)
        alices, bobs_too = await stage.conversation(alice, bob)
        await file_arrives(stage, doras, bobs, "p2p-v1", "while-there-is-room.doc", 5_000, "send")
        fill(mount / "filler")
        check("the disk is full to the last byte the audit could have had", await use_up_the_last_page(stage, alices))
        await offer_refused(stage, doras, bobs, "p2p-v1", "unrecordable.doc", 5_000, True)
        await offer_refused(stage, bobs, doras, "p2p-v1", "unrecordable-in.doc", 5_000, False)
        await offer_refused(stage, doras, bobs, "classic", "unrecordable.xls", 5_000, True)
        await offer_refused(stage, alices, bobs_too, "p2p-v1", "blocked-anyway.doc", 5_000, True)
        await chat_works(stage, doras, bobs, "chat goes on")
        await chat_works(stage, alices, bobs_too, "chat goes on")
        check("the log says that the audit cannot be written", "audit" in stage.gateway.log().lower(),
              stage.gateway.log()[-800:])
        (mount / "filler").unlink()
        await file_arrives(stage, doras, bobs, "p2p-v1", "room-again.doc", 5_000, "send")
        records, wrong = audit.read(stage.gateway.audit_path)
        check("every line of that audit is whole", records and not wrong, wrong)
        allowed = [record.get("file", {}).get("name_shown")
                   for record in audit.select(records, event="transfer", action="allow")]
        check("nothing was allowed that is not on record", allowed == ["while-there-is-room.doc", "room-again.doc"],
              allowed)
        await stage.leave(dora, alice, bob)
        await stage.gateway_down()
    finally:
        await stage.gateway.stop()
        stage.internet.gateway.run("umount", str(mount), check=False)


def fill(path):
    """Writes until the file system takes no byte more."""
    with open(path, "wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue


async def use_up_the_last_page(stage, chat):
    """A file keeps the rest of its last page on a full disk. Blocked offers use that up: a block stands
    whether it can be recorded or not."""
    for number in range(60):
        size, mark = stage.gateway.audit_path.stat().st_size, chat.client.mark()
        chat.classic.offer_file(f"filler-{number}.xls", b"x")
        if await chat.client.wait_for("declined", mark, 1.0) is None:
            return False
        if stage.gateway.audit_path.stat().st_size == size:
            return True
    return False
