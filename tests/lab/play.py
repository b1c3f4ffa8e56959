"""Tests whose names say what must be true, played one after the other."""

import sys
import time
import traceback

RULES = []


def rule(test):
    """The name of the test says what must be true."""
    RULES.append(test)
    return test


def play(binary):
    """Calls every rule, or those whose names have one of the words behind the program's path; one line each, and the sum
    at the end. The exit code."""
    if not binary.exists():
        sys.exit(f"{binary} is not there: build it first")
    only = sys.argv[2:]
    passed = failed = 0
    for test in RULES:
        name = test.__name__.replace("_", " ")
        if only and not any(word in test.__name__ for word in only):
            continue
        began = time.monotonic()
        try:
            test()
            passed += 1
            print(f"ok      {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception:
            failed += 1
            print("FAILED  " + name + "\n" + traceback.format_exc(), flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
