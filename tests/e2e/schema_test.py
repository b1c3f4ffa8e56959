#!/usr/bin/env python3
"""Every record that any unit test makes the filter write keeps to conf/audit.schema.json. (The records of the end-to-end tests
are held against it by tests/lab/audit.py, loopback.py and captures_test.py.)

usage: schema_test.py [MSNPGATE]      Uses the unit tests that were built with it.
"""
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


def main():
    unit_tests = BINARY.parent / "tests/unit_tests"
    with tempfile.TemporaryDirectory(prefix="msnpgate-schema-") as scratch:
        path = pathlib.Path(scratch, "records")
        done = subprocess.run([unit_tests, f"--gtest_filter={LEFT_OUT}"], capture_output=True, text=True, timeout=300,
                              env={**os.environ, "MSNPGATE_RECORDS": str(path)}, check=False)
        if not path.exists():
            print(done.stdout[-2000:], done.stderr[-2000:], "no unit test has written a record\n0 passed, 1 failed", sep="\n")
            return 1
        lines = set(path.read_text(encoding="utf-8").splitlines())
    faults = [fault for line in lines for fault in schema.faults(json.loads(line))]
    print(f"{len(lines)} different records", *faults[:20], sep="\n")
    good = len(lines) > 100 and not faults
    print("1 passed, 0 failed" if good else "0 passed, 1 failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
