#!/usr/bin/env python3
"""The soak of tests/soak in little: 300 sessions, the hour in half a minute; latency is not judged. deploy/soak runs the long one.

usage: soak_test.py [MSNPGATE]
"""
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    with tempfile.NamedTemporaryFile(suffix=".html") as report:
        return subprocess.run([sys.executable, "-B", ROOT / "tests/soak/soak.py", *sys.argv[1:2], "--seconds", "30",
                               "--sessions", "300", "--no-judge-latency", "--report", report.name]).returncode


if __name__ == "__main__":
    sys.exit(main())
