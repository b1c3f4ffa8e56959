#!/usr/bin/env python3
"""A disk that takes no record of the audit: full, read-only, broken, full in the middle of a line, or not
synced; and a clock that jumps, and a process that is killed.

usage: faults_disk_test.py [MSNPGATE [WORD...]]

Promised: while nothing can be recorded nothing is allowed, blocked stays blocked, chat goes on; what was
accepted is there, every line whole, numbered without gaps, and what is missing is counted.
"""
import errno
import signal
import subprocess
import sys
import tempfile
import threading
import time

from audit_support import Chat, chain, lines_of, segments
from conversation_steps import RULES
from faults_on_demand import Faults, faulty_gateway
from loopback import BINARY, Gateway, eventually, free_port, in_thread, listening, main, rule
from small_talk import SmallTalk

DAY = 24 * 3600


def audit_is_whole(gateway):
    """Every line a record, numbered without gaps, no id twice."""
    records = gateway.audit()
    assert gateway.audit_path.read_bytes().endswith(b"\n"), "the last line has no end"
    numbers = [record["seq"] for record in records]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"gaps: {numbers}"
    assert len({record["id"] for record in records}) == len(records), "an id twice"
    return records


def allowed_in(records):
    return [record["call"]["cookie"] for record in records
            if record["event"] == "transfer" and record["action"] == "allow"]


def while_nothing_can_be_written(make_fault, sync="never"):
    faults = Faults()
    audit_keys = f'fsync = "{sync}"'
    with listening() as server, faulty_gateway(server.getsockname()[1], faults, policy=RULES,
                                                audit_keys=audit_keys) as gateway:
        talk = SmallTalk(gateway, server)
        before = talk.allowed()
        talk.chat()
        make_fault(faults)
        talk.refused(b"plan.txt")
        talk.refused(b"plan.doc")
        talk.chat(b"chat goes on")
        assert "audit" in gateway.log_text(), "the operator is not told"
        faults.none()
        after = talk.allowed()
        talk.chat()
        records = audit_is_whole(gateway)
        assert allowed_in(records) == [str(before), str(after)], allowed_in(records)
        told = [record["detail"] for record in records if record["reason"] == "audit-write-failed"]
        assert told and told[-1].startswith("2 records"), told
        assert gateway.stop() == 0


@rule
def a_full_disk_lets_no_file_through():
    while_nothing_can_be_written(lambda faults: faults.disk_full())


@rule
def a_read_only_disk_lets_no_file_through():
    while_nothing_can_be_written(lambda faults: faults.disk_full(error=errno.EROFS))


@rule
def a_broken_disk_lets_no_file_through():
    while_nothing_can_be_written(lambda faults: faults.disk_full(error=errno.EIO))


@rule
def a_quota_lets_no_file_through():
    while_nothing_can_be_written(lambda faults: faults.disk_full(error=errno.EDQUOT))


@rule
def a_disk_that_does_not_sync_lets_no_file_through():
    def make_fault(faults):
        faults.sync_error = errno.EIO
    while_nothing_can_be_written(make_fault, sync="always")


@rule
def a_disk_that_is_full_in_the_middle_of_a_line_leaves_whole_lines():
    faults = Faults()
    with listening() as server, faulty_gateway(server.getsockname()[1], faults, policy=RULES) as gateway:
        talk = SmallTalk(gateway, server)
        talk.allowed()
        for room in range(1, 400, 23):
            faults.disk_full(room)
            talk.refused(b"plan.txt")
            faults.none()
            talk.allowed()
            talk.chat()
            audit_is_whole(gateway)


@rule
def a_read_only_directory_is_told_before_anything_starts():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder], check=True)
        try:
            with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
                config.write(f'[[listener]]\nbind = "127.0.0.1:{free_port()}"\nmode = "fixed"\nupstream = "127.0.0.1:1"\n'
                             f'[audit]\npath = "{folder}/audit.jsonl"\n')
                config.flush()
                done = subprocess.run([BINARY, "run", "-c", config.name], stderr=subprocess.PIPE, timeout=60)
            assert done.returncode in (1, 78), done
            assert b"audit.jsonl" in done.stderr and b"Read-only" in done.stderr, done.stderr
        finally:
            subprocess.run(["umount", folder], check=True)


@rule
def a_clock_that_jumps_ends_nothing_and_confuses_no_record():
    faults = Faults()
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + DAY))
    policy = RULES + f"until = {until}\n"
    limits = 'idle_timeout = "60s"\nclose_timeout = "5s"'
    with listening() as server, faulty_gateway(server.getsockname()[1], faults, limits=limits, policy=policy) as gateway:
        talk = SmallTalk(gateway, server)
        talk.allowed()
        for offset in (2 * DAY, -1, 365 * DAY, -20 * 365 * DAY, 100 * 365 * DAY, 60, -60, 0):
            faults.clock_offset = offset
            talk.chat(b"at %d" % offset)
            talk.refused()
            if offset > DAY:
                talk.refused(b"plan.txt")    # the rule has ended
            else:
                talk.allowed()
            SmallTalk(gateway, server).close()
        time.sleep(0.6)                       # two ticks
        talk.chat()
        audit_is_whole(gateway)
        assert gateway.stop() == 0


@rule
def on_a_slow_disk_full_files_are_closed_all_the_same():
    """While the disk is forced no file is closed, and on such a disk that is nearly always: with `interval` by a thread
    beside, with `always` by those who record."""
    for sync, threads in (("interval", 1), ("always", 4)):
        faults = Faults()
        keys = f'fsync = "{sync}"\nfsync_interval = "50ms"\nrotate_size = "64KiB"\ncompress = "none"\n'
        with listening() as server, faulty_gateway(server.getsockname()[1], faults, threads=threads, policy=RULES,
                                                   audit_keys=keys) as gateway:
            chats = [Chat(gateway, server, b"u%d@corp.example" % number) for number in range(6)]
            chats[0].offer(b"plan.doc")
            if sync == "interval":  # all is written while the file is forced once
                faults.sync_delay = 3000
                chats[0].offer(b"plan.doc")
                time.sleep(0.5)
            else:
                faults.sync_delay = 10
            stop = threading.Event()
            beside = [in_thread(offer_until, chat, stop) for chat in chats]
            if sync == "interval":
                eventually(lambda: gateway.audit_path.stat().st_size > 80 << 10 or segments(gateway.audit_path)[1:],
                           "the file is full")
                stop.set()  # and no record comes any more
                for one in beside:
                    one()
            eventually(lambda: len(segments(gateway.audit_path)) > 1, f"a full file is closed ({sync})")
            stop.set()
            if sync == "always":
                for one in beside:
                    one()
            faults.none()
            chain.follow(lines_of(gateway.audit_path))
            assert gateway.stop() == 0


def offer_until(chat, stop):
    while not stop.is_set():
        chat.offer(b"plan.doc")


def offering(talk, stop, answered, failures):
    """Offers file after file until the gateway is gone."""
    try:
        while not stop.is_set():
            answered.append(talk.refused())
            talk.chat(b"load " * 20)
    except (AssertionError, OSError) as error:
        if not stop.is_set():
            failures.append(error)


@rule
def a_process_that_is_killed_under_load_has_recorded_what_it_answered():
    with listening() as server, Gateway(server.getsockname()[1], policy=RULES) as gateway:
        answered, failures = [], []
        for _ in range(4):
            stop = threading.Event()
            threads = [threading.Thread(target=offering, args=(SmallTalk(gateway, server), stop, answered, failures),
                                        daemon=True) for _ in range(6)]
            before = len(answered)
            for thread in threads:
                thread.start()
            eventually(lambda: len(answered) > before + 100, "a hundred refusals", 60)
            stop.set()
            gateway.process.send_signal(signal.SIGKILL)
            gateway.process.wait()
            for thread in threads:
                thread.join(60)
            assert not failures, failures
            recorded = {record.get("call", {}).get("cookie") for record in gateway.audit()}
            missing = [cookie for cookie in answered if str(cookie) not in recorded]
            assert not missing, f"answered, and not recorded: {missing[:5]} of {len(answered)}"
            gateway.start()
        SmallTalk(gateway, server).refused()
        audit_is_whole(gateway)
        assert gateway.stop() == 0
        print(f"        {len(answered)} offers answered, 4 kills", flush=True)


if __name__ == "__main__":
    sys.exit(main())
