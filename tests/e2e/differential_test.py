#!/usr/bin/env python3
"""Random conversations through the real binary, compared with a direct connection between the same ends.

usage: differential_test.py [MSNPGATE] [--messages N] [--seed N] [--first N --count N]

The conversations and the ends are tests/differential. Three gateways stand between them: one allows
everything and must change no byte; two block files (but *.txt) and unknown applications, with either
refusal of P2P v2. What else a gateway must do is checked here: the audit names every refused offer once.
The seed is printed; the same seed has the same conversations. A million messages: --messages 1000000.
"""
import argparse
import collections
import re
import subprocess
import sys

sys.argv, given = sys.argv[:2] if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else sys.argv[:1], sys.argv[1:]
from loopback import BINARY, free_port, Gateway  # noqa: E402

RULE = '[[rule]]\nname = "texts"\naction = "allow"\nkinds = ["file-transfer"]\nnames = ["*.txt"]\n'
POLICIES = {
    "allowing": '[policy]\ndefault = "allow"\n',
    "replacing": '[policy]\ndefault = "block"\n' + RULE,
    "withholding": '[policy]\ndefault = "block"\nnotice = false\n[refusal]\np2p_v2 = "withhold"\n' + RULE,
}
SHORT = 250_000         # messages; about ten seconds on two idle cores
SEED = 20261127
TIMEOUT = 1500


def refused_in(gateway):
    """How often the audit names each refused offer."""
    calls = collections.Counter()
    for record in gateway.audit():
        if record["event"] == "transfer" and record["action"] == "block":
            call = record.get("call", {})
            calls[(call.get("call_id") or call.get("cookie") or "?").upper()] += 1
    return calls


def main():
    parser = argparse.ArgumentParser(description="Random conversations, compared with a direct connection.")
    parser.add_argument("binary", nargs="?")
    parser.add_argument("--messages", type=int, default=SHORT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--first", type=int, default=1, help="number of the first conversation")
    parser.add_argument("--count", type=int, default=0, help="how many conversations at most")
    options = parser.parse_args(given)
    program = BINARY.parent / "tests/differential/differential"
    if not program.exists():
        sys.exit(f"{program} is not there: build it first")
    print(f"seed {options.seed}, {options.messages} messages", flush=True)
    server = free_port()
    gateways = [Gateway(server, policy=policy) for policy in POLICIES.values()]
    checks = []
    try:
        command = [program, server, *(gateway.port for gateway in gateways), options.seed, options.messages,
                   options.first, *([options.count] if options.count else [])]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace",
                              timeout=TIMEOUT)
        told = [line for line in done.stdout.splitlines() if not line.startswith("refused ")]
        print("\n".join(told) + done.stderr, flush=True)
        checks.append((done.returncode == 0, "every conversation is the same, but for what policy stops"))
        expected = collections.Counter(re.findall(r"^refused (.*)$", done.stdout, re.M))
        found = sum((refused_in(gateway) for gateway in gateways), collections.Counter())
        missing, more = expected - found, found - expected
        checks.append((not missing, f"the audit names each of {sum(expected.values())} refused offers"))
        checks.append((not set(more) - set(expected), "the audit names no other"))
        if missing or set(more) - set(expected):
            print(f"missing {list(missing)[:5]}, too many {list(more)[:5]}")
        checks.append((not refused_in(gateways[0]), "nothing is refused where all is allowed"))
        ended = [gateway.stop() for gateway in gateways]
        checks.append((ended == [0, 0, 0], f"the gateways end when told to: {ended}"))
        logs = [gateway.log_text() for gateway in gateways]
        checks.append((not any("error" in text for text in logs), "the gateways logged no error"))
    finally:
        for gateway in gateways:
            gateway.__exit__(None)
    for good, what in checks:
        print(f"{'ok      ' if good else 'FAILED  '}{what}")
    failed = sum(1 for good, _ in checks if not good)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
