#!/usr/bin/env python3
"""The audit log when the gateway is killed and when the power goes: nothing that anybody was told of is lost.

usage: audit_crash_test.py [MSNPGATE]

A record counts as told of when the client has the answer that it precedes. A power cut is played: the process is killed in
the middle of an fdatasync, and what was not forced to the disk by then is taken out of the files, replaced by a part of it or
by zeros, as file systems do (tests/lab/power_cut.c).
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from audit_support import Chat, Gateway, chain, command, lines_of, listening, segments

ROOT = pathlib.Path(__file__).resolve().parents[2]
RANDOM = random.Random(20261127)


def names_on_record(gateway):
    return [json.loads(line)["file"]["name"] for line in lines_of(gateway.audit_path)
            if json.loads(line)["event"] == "transfer"]


def offers_until_it_ends(chat, told, prefix):
    number = 0
    try:
        while True:
            name = b"%s-%d.doc" % (prefix, number)
            chat.offer(name)
            told.append(name.decode())
            number += 1
    except OSError:
        pass


def verified(gateway):
    chain.follow(lines_of(gateway.audit_path))
    command("audit", "verify", "--log", gateway.audit_path)


def a_killed_gateway_loses_nothing_it_answered():
    for fsync in ("never", "interval", "always"):
        with listening() as server, Gateway(server.getsockname()[1], threads=2,
                                            audit_keys=f'fsync = "{fsync}"\nrotate_size = "64KiB"\ncompress = "none"\n') as gateway:
            everything = []
            for turn in range(3):
                told, workers = [], []
                for side in range(3):
                    chat = Chat(gateway, server)
                    worker = threading.Thread(target=offers_until_it_ends,
                                              args=(chat, told, b"%d-%d" % (turn, side)), daemon=True)
                    worker.start()
                    workers.append(worker)
                time.sleep(0.2 + RANDOM.random() / 3)
                gateway.process.kill()
                gateway.process.wait()
                for worker in workers:
                    worker.join(20)
                everything += told
                gateway.start()
            recorded = set(names_on_record(gateway))
            assert len(everything) > 30 and set(everything) <= recorded, set(everything) - recorded
            verified(gateway)


class PowerCut:
    def __init__(self, scratch):
        self.shim = pathlib.Path(scratch, "power_cut.so")
        self.synced = pathlib.Path(scratch, "synced")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.shim, ROOT / "tests/lab/power_cut.c", "-ldl"], check=True)

    def environment(self, at, when):
        self.synced.unlink(missing_ok=True)
        return {"LD_PRELOAD": str(self.shim), "POWER_CUT_SYNCED": str(self.synced), "POWER_CUT_AT": str(at),
                "POWER_CUT_WHEN": when}

    def take_away(self, log, leave):
        """What was not on the disk goes, or becomes what a file system leaves of it."""
        sizes = {}
        if self.synced.exists():
            for row in self.synced.read_text().splitlines():
                inode, size = map(int, row.split())
                sizes[inode] = max(size, sizes.get(inode, 0))
        for path in segments(log):
            data, kept = path.read_bytes(), sizes.get(path.stat().st_ino, 0)
            rest = data[kept:]
            path.write_bytes(data[:kept] + {"nothing": b"", "a part": rest[:len(rest) // 2],
                                            "zeros": bytes(len(rest))}[leave])


def a_power_cut_loses_nothing_that_was_answered():
    with tempfile.TemporaryDirectory(prefix="msnpgate-cut-") as scratch:
        cut = PowerCut(scratch)
        for at, when, leave in ((1, "before", "nothing"), (7, "before", "a part"), (8, "after", "zeros"), (30, "before", "zeros"),
                                (61, "after", "nothing"), (100, "before", "a part")):
            with listening() as server, Gateway(server.getsockname()[1], threads=2,
                                                audit_keys='fsync = "always"\nrotate_size = "64KiB"\ncompress = "none"\n',
                                                environment=cut.environment(at, when)) as gateway:
                told = []
                workers = []
                for side in range(3):
                    try:
                        chat = Chat(gateway, server)
                    except (OSError, AssertionError):
                        break  # the power went at once
                    workers.append(threading.Thread(target=offers_until_it_ends, args=(chat, told, b"%d" % side), daemon=True))
                    workers[-1].start()
                gateway.process.wait(30)
                for worker in workers:
                    worker.join(20)
                cut.take_away(gateway.audit_path, leave)
                gateway.environment = {}
                gateway.start()
                recorded = set(names_on_record(gateway)) if lines_of(gateway.audit_path) else set()
                assert set(told) <= recorded, f"{at} {when} {leave}: {set(told) - recorded}"
                verified(gateway)
                Chat(gateway, server).offer(b"afterwards.doc")
                assert "afterwards.doc" in names_on_record(gateway)
                verified(gateway)


def without_forcing_a_power_cut_does_lose_some():
    """The check of the check: the same cut, where nothing is forced to the disk, is noticed."""
    with tempfile.TemporaryDirectory(prefix="msnpgate-cut-") as scratch:
        cut = PowerCut(scratch)
        with listening() as server, Gateway(server.getsockname()[1], audit_keys='fsync = "never"\n',
                                            environment=cut.environment(0, "before")) as gateway:
            Chat(gateway, server).offer(b"plan.doc")
            gateway.process.kill()
            gateway.process.wait()
            cut.take_away(gateway.audit_path, "nothing")
            assert names_on_record(gateway) == []


def main():
    passed = failed = 0
    for rule in (a_killed_gateway_loses_nothing_it_answered, a_power_cut_loses_nothing_that_was_answered,
                 without_forcing_a_power_cut_does_lose_some):
        try:
            rule()
            passed += 1
            print("ok      " + rule.__name__.replace("_", " "), flush=True)
        except Exception:  # the others are still worth running
            failed += 1
            print("FAILED  " + rule.__name__.replace("_", " ") + "\n" + traceback.format_exc(), flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
