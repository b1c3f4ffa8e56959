#!/usr/bin/env python3
"""Whole-system test: real clients, real kernel, real rules, the binary as shipped.

usage: story_test.py [--tell | --only PART] BINARY

Without --tell: every chapter and the bad input, one line `ok - ...` or `not ok - ...` a check.
With --only: one part of that, by its function's name.
With --tell: the story alone, in plain words. Needs root (network namespaces).
"""

import argparse
import asyncio
import os
import shutil
import signal
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lab import (bad_offers, full_disk, hostile, http_story, namespaces, notice_story, p2p_v2_proof, p2p_v2_story,  # noqa: E402
                 reloading, story)
from lab.report import Report  # noqa: E402
from lab.stage import Stage  # noqa: E402

PARTS = (story.tell, p2p_v2_story.p2p_v2, p2p_v2_story.p2p_v2_withheld, hostile.hostile_lines,
         hostile.silent_servers, bad_offers.odd_offers, bad_offers.half_open, full_disk.full_disk,
         reloading.reload_mid_transfer, notice_story.notices, http_story.http_gateway, http_story.http_gateway_tproxy)


async def play(parts, binary, report):
    """Each part on a stage of its own."""
    for part in parts:
        stage = Stage(binary, report)
        try:
            await stage.open_server()
            await part(stage)
        except Exception:  # whatever it was: it is reported, and the stage is taken down
            report.check("the lab itself ran to the end", False, traceback.format_exc() + stage.gateway.log()[-2000:])
        finally:
            await stage.close()


async def watched(parts, binary, report):
    playing = asyncio.create_task(play(parts, binary, report))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    await playing


def main():
    parser = argparse.ArgumentParser(description="The whole story of msnpgate, in network namespaces.")
    parser.add_argument("--tell", action="store_true", help="tell it in plain words, without the bad input")
    parser.add_argument("--only", metavar="PART", choices=[part.__name__ for part in PARTS],
                        help=f"one part: {', '.join(part.__name__ for part in PARTS)}")
    parser.add_argument("binary", type=Path)
    options = parser.parse_args()
    if os.geteuid() != 0:
        sudo = shutil.which("sudo")
        if not sudo:
            print("story_test: network namespaces need root, and there is no sudo here", file=sys.stderr)
            return 2
        os.execv(sudo, [sudo, "--", sys.executable, *sys.argv])
    if not os.access(options.binary, os.X_OK):
        print(f"story_test: {options.binary} is no program; build it first", file=sys.stderr)
        return 2
    report = Report(telling=options.tell)
    namespaces.own_mounts()
    parts = [story.tell] if options.tell else [part for part in PARTS if options.only in (None, part.__name__)]
    if not options.tell and not options.only:
        p2p_v2_proof.strictness(report)
    try:
        asyncio.run(watched(parts, options.binary.resolve(), report))
    except asyncio.CancelledError:
        print("story_test: interrupted", file=sys.stderr)
        return 130
    report.summary()
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
