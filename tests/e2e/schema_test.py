#!/usr/bin/env python3
"""Every record that any unit test makes the filter or the audit log write keeps to conf/audit.schema.json. (Those of the
end-to-end tests are held against it where their gateways end, by tests/lab/audit.py; those of replay by captures_test.py.)

usage: schema_test.py [MSNPGATE]      Uses the unit tests that were built with it.
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from lab import schema  # noqa: E402

BINARY = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/msnpgate").resolve()
# Thousands of random conversations of the same kinds; they take their time and tell nothing new here.
LEFT_OUT = "-*Law*:*Random*:*Fuzz*:*Closure*"
SEAL = len(b',"hash":"') + 64 + len(b'"}')


def sealed(line):
    """Whether the program wrote it: tests of the log put damaged lines and other texts there, too."""
    return line[-66:-2] == hashlib.sha256(line[:-SEAL] + b"}").hexdigest().encode()


def written_by_unit_tests():
    """(what, lines) of the filter and of the log, each line once."""
    unit_tests = BINARY.parent / "tests/unit_tests"
    with tempfile.TemporaryDirectory(prefix="msnpgate-schema-") as scratch:
        path = pathlib.Path(scratch, "records")
        subprocess.run([unit_tests, f"--gtest_filter={LEFT_OUT}"], stdout=subprocess.DEVNULL, timeout=300,
                       env={**os.environ, "MSNPGATE_RECORDS": str(path)}, check=False)
        logs = path.with_suffix(".logs")
        yield "the filter", set(path.read_bytes().splitlines()) if path.exists() else set()
        yield "the audit log", set(filter(sealed, logs.read_bytes().splitlines())) if logs.exists() else set()


def main():
    failed = 0
    for what, lines in written_by_unit_tests():
        faults = [fault for line in lines for fault in schema.faults(json.loads(line))]
        good = len(lines) > 50 and not faults
        failed += not good
        print(f"{'ok     ' if good else 'FAILED '} {what}: {len(lines)} different records", *faults[:20], sep="\n")
    print(f"{2 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
