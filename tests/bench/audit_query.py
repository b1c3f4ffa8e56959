#!/usr/bin/env python3
"""How long it takes to search an audit log of millions of records, plain and compressed.

usage: audit_query.py MSNPGATE LOG...      LOG: an audit.jsonl that audit_corpus made

Each question is asked three times with the files in the page cache (the median counts) and once without: then they are
read from the disk. Prints a table for NOTES.md.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lab.audit import segments  # noqa: E402

QUESTIONS = (
    ("one person's offers", "--user u10017@corp.example --event transfer"),
    ("everything with one peer", "--peer u11234@agency.example"),
    ("what was blocked on one day", "--since 2026-10-12 --until 2026-10-13 --action block"),
    ("one person on one day", "--since 2026-10-12 --until 2026-10-13 --user u10017@corp.example"),
    ("one kind, allowed", "--kind photo-sharing --action allow"),
    ("a file name with wildcards", "--name *999999*.doc"),
    ("a rule", "--rule design*"),
    ("one record by its id", "--id {id}"),
    ("the last 20 blocked", "--action block --last 20"),
)


def forget(paths):
    """Out of the page cache."""
    for path in paths:
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(words):
    began = time.monotonic()
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
    return time.monotonic() - began, done.stdout.count(b"\n")


def measure(words, files):
    forget(files)
    cold, lines = timed(words)
    return statistics.median(timed(words)[0] for _ in range(3)), cold, lines


def main():
    binary, logs = sys.argv[1], [pathlib.Path(path) for path in sys.argv[2:]]
    for log in logs:
        files = segments(log)
        size = sum(path.stat().st_size for path in files)
        last = json.loads(subprocess.run([binary, "audit", "query", "--log", log, "--last", "1", "--format", "json"],
                                         stdout=subprocess.PIPE, check=True).stdout)
        middle = json.loads(subprocess.run([binary, "audit", "query", "--log", log, "--seq", str(last["seq"] // 2), "--format",
                                            "json"], stdout=subprocess.PIPE, check=True).stdout)
        print(f"\n{last['seq']:,} records in {len(files)} files, {size / 1e9:.2f} GB\n")
        print("| asked for | records | cached | from the disk |\n|---|---:|---:|---:|")
        for what, options in QUESTIONS:
            words = [binary, "audit", "query", "--log", str(log), *options.format(id=middle["id"]).split()]
            warm, cold, lines = measure(words, files)
            print(f"| {what} (`{options.format(id='ID')}`) | {lines - 1:,} | {warm:.2f} s | {cold:.2f} s |", flush=True)
        warm, cold, _ = measure([binary, "audit", "report", "--log", str(log), "--html"], files)
        print(f"| `audit report --html` of all | | {warm:.2f} s | {cold:.2f} s |", flush=True)
        warm, cold, _ = measure([binary, "audit", "verify", "--log", str(log)], files)
        print(f"| `audit verify` of all | | {warm:.2f} s | {cold:.2f} s |", flush=True)


if __name__ == "__main__":
    main()
