#!/usr/bin/env python3
"""Captures of real clients against the truth about them: the real binary, its `replay` command.

usage: captures_test.py [MSNPGATE [PART-OF-A-CAPTURE-NAME...]]     (default: build/release/msnpgate, all captures)

The captures in tests/data/captures are always run; all others where ../shared/captures stands beside the checkout.
For each one: who and what is taken, what is stopped, and that nothing changes where everything is allowed.
"""
import collections
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from lab import schema  # noqa: E402

BINARY = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/msnpgate").resolve()
WANTED = sys.argv[2:]
HOMES = [ROOT / "tests/data/captures", ROOT.parent / "shared/captures"]
KINDS = {"ns": "notification", "sb": "switchboard", "http": "http-gateway"}
ALLOW_ALL = '[policy]\ndefault = "allow"\n'
ALLOW_FILES = '[[rule]]\nname = "files"\naction = "allow"\nkinds = ["file-transfer"]\n'
LIVE = re.compile(rb"(?:Addrs|srddA-\w+4vPI): *(?!0\.0\.0\.0)[0-9.]{7}")

TAKEN = re.compile(r"  (?P<number>\d+) (?P<kind>\S+) (?P<client>\S+) > (?P<server>\S+) "
                   r"(?P<dialect>MSNP\d+|-) user (?P<user>\S+) peers (?P<peers>[^;\s]+)(?P<rest>;.*)?")
SUMMARY = re.compile(r".*: (?P<packets>\d+) packets; taken: (?P<taken>\d+); not taken: (?P<not_taken>.*); "
                     r"events: (?P<events>\d+)")


def replay(*arguments, expect=0):
    done = subprocess.run([BINARY, "replay", *map(str, arguments)], capture_output=True, timeout=300)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == expect, f"exit code {done.returncode}, not {expect}: {err.strip()[-500:]}"
    return out, err


def same(found, expected, what):
    assert found == expected, f"{what}: {found!r}, expected {expected!r}"


def taken_of(capture):
    return sorted((c for c in capture["connections"] if c["taken"]), key=lambda c: c["taken"])


def check_people(path, capture):
    """Every connection is taken or named, and whose it is and who was there is known."""
    _, err = replay("--format", "json", path)
    lines = err.splitlines()
    summary = SUMMARY.fullmatch(lines[0])
    assert summary, f"no summary: {lines[0]!r}"
    expected = taken_of(capture)
    same(int(summary["packets"]), capture["packets"], "packets")
    same(int(summary["taken"]), len(expected), "connections taken")
    not_taken = collections.Counter(c["kind"] for c in capture["connections"] if not c["taken"])
    found = {} if summary["not_taken"] == "none" else {
        kind: int(count) for count, kind in (part.split(" ") for part in summary["not_taken"].split(", "))}
    found.pop("began-before-capture", None)  # the manifest tells of connections whose SYN is there
    same(found, dict(not_taken), "connections not taken")

    for line, connection in zip(lines[1:], expected):
        row = TAKEN.fullmatch(line)
        assert row, f"unreadable line: {line!r}"
        what = f"connection {connection['taken']}"
        same(int(row["number"]), connection["taken"], "number")
        same(row["kind"], KINDS[connection["kind"]], f"{what}: kind")
        same((row["client"], row["server"]), (connection["client"], connection["server"]), f"{what}: ends")
        same(row["rest"], None, f"{what}: remarks")
        session, = connection["sessions"]
        same(row["user"], session["user"], f"{what}: user")
        peers = [] if row["peers"] == "-" else row["peers"].split(",")
        same(sorted(peers), sorted(session["peers"]), f"{what}: peers")
        if session["kind"] == "ns":  # a switchboard does not negotiate one
            same(row["dialect"], session["dialect"], f"{what}: dialect")


Stopped = collections.namedtuple("Stopped", "client server kind form direction name size call_id session_id cookie "
                                 "user peers")


def offer_of(connection, session, offer):
    return Stopped(connection["client"], connection["server"], offer["kind"], offer["form"], offer["direction"],
                   offer["name"], offer["size"], offer["call_id"],
                   None if offer["session_id"] is None else str(offer["session_id"]), offer["cookie"],
                   session["user"], tuple(sorted(session["peers"])))


def stopped_of(event):
    file, call = event.get("file", {}), event.get("call", {})
    return Stopped(event.get("client"), event.get("server"), event.get("kind"), event.get("form"),
                   event.get("direction"), file.get("name"), file.get("size"), call.get("call_id"),
                   call.get("session_id"), call.get("cookie"), event.get("user"),
                   tuple(sorted(event.get("peers", []))))


def told(stopped):
    return [" ".join(f"{key}={value}" for key, value in one._asdict().items()) for one in stopped]


def check_offers(path, capture):
    """Exactly the offers of the manifest are stopped, with all that is known of them; and nothing else."""
    out, err = replay("--format", "json", path)
    events = [json.loads(line) for line in out.splitlines()]
    faults = [fault for event in events for fault in schema.faults(event)]
    assert not faults, f"against the schema: {faults[:5]}"
    for event in events:
        assert event["event"] in ("transfer", "transport", "object"), f"unexpected event: {event}"
    blocked = [event for event in events if event.get("action") == "block"]
    expected = [offer_of(connection, session, offer)
                for connection in taken_of(capture)
                for session in connection["sessions"] for offer in session["offers"] if offer["decision"] == "block"]
    found = collections.Counter(stopped_of(event) for event in blocked if event["event"] == "transfer")
    wanted = collections.Counter(expected)
    missing, extra = list((wanted - found).elements()), list((found - wanted).elements())
    assert not missing and not extra, f"{len(missing)} missed {told(missing)}; {len(extra)} too many {told(extra)}"

    rewritable = collections.Counter(
        connection["client"] for connection in taken_of(capture)
        for session in connection["sessions"] for one in session["transport"] if one["decision"] == "rewrite")
    closed = collections.Counter(event["client"] for event in blocked if event["event"] == "transport")
    assert not closed - rewritable, f"transports stopped that carry no address: {closed - rewritable}"
    objects = [event for event in blocked if event["event"] == "object"]
    assert not objects, f"objects stopped: {objects}"
    same(int(SUMMARY.fullmatch(err.splitlines()[0])["events"]), len(events), "events in the summary")


def check_identity(path, capture):
    """Where everything is allowed, every connection leaves as it came: count and digest of both ways."""
    with tempfile.TemporaryDirectory(prefix="msnpgate-captures-") as scratch:
        config = pathlib.Path(scratch, "allow.toml")
        config.write_text(ALLOW_ALL)
        emitted = pathlib.Path(scratch, "emitted")
        out, _ = replay("-c", config, "--format", "json", "--emit", emitted, path)
        blocked = [line for line in out.splitlines() if json.loads(line).get("action") == "block"]
        assert not blocked, f"stopped although all is allowed: {blocked[0]}"
        expected = taken_of(capture)
        same(len(list(emitted.glob("*"))), 2 * len(expected), "files emitted")
        for connection in expected:
            for way, truth in (("to_server", connection["c2s"]), ("to_client", connection["s2c"])):
                name = f"{connection['taken']}.{way}.bin"
                data = (emitted / name).read_bytes()
                same((len(data), hashlib.sha256(data).hexdigest()), (truth["bytes"], truth["sha256"]), name)


def check_transports(path, capture):
    """Who may send files but not everything stays on the switchboard: exactly the addresses told are removed."""
    with tempfile.TemporaryDirectory(prefix="msnpgate-captures-") as scratch:
        config = pathlib.Path(scratch, "files.toml")
        config.write_text(ALLOW_FILES)
        emitted = pathlib.Path(scratch, "emitted")
        out, _ = replay("-c", config, "--format", "json", "--emit", emitted, path)
        events = [json.loads(line) for line in out.splitlines()]
        found = collections.Counter(event["client"] for event in events if event["event"] == "transport")
        told_of = collections.Counter(
            connection["client"] for connection in taken_of(capture)
            for session in connection["sessions"] for one in session["transport"] if one["decision"] == "rewrite")
        same(found, told_of, "addresses removed")
        same({event["action"] for event in events if event["event"] == "transport"} - {"block"}, set(), "actions")
        for connection in taken_of(capture):
            for way, truth in (("to_server", connection["c2s"]), ("to_client", connection["s2c"])):
                name = f"{connection['taken']}.{way}.bin"
                data = (emitted / name).read_bytes()
                if "mitm" not in path.name:  # there another gate stood in between and left out acknowledgements
                    same(len(data), truth["bytes"], f"{name}: bytes")
                assert not LIVE.search(data), f"{name}: an address is left: {LIVE.search(data).group()!r}"


def check_notices(path, capture):
    """What the local user would have read: a notice for each offer that is stopped, in that connection only, and never
    towards the server."""
    with tempfile.TemporaryDirectory(prefix="msnpgate-captures-") as scratch:
        config = pathlib.Path(scratch, "telling.toml")
        config.write_text('[notice]\ntext = "STOPPED {file} {peer} END"\ninterval = "0s"\nsender = "Gate"\n')
        emitted = pathlib.Path(scratch, "emitted")
        replay("-c", config, "--emit", emitted, path)
        for connection in taken_of(capture):
            stopped = collections.Counter(
                f"STOPPED {offer['name']} {session['peers'][0]} END".encode()
                for session in connection["sessions"] for offer in session["offers"]
                if offer["decision"] == "block" and offer["name"])
            told = collections.Counter(re.findall(rb"P4-Context: Gate\r\n\r\n(STOPPED \S+ \S+ END)",
                                                  (emitted / f"{connection['taken']}.to_client.bin").read_bytes()))
            same(told, stopped, f"connection {connection['taken']}: what the local user reads")
            assert b"STOPPED" not in (emitted / f"{connection['taken']}.to_server.bin").read_bytes()


def some_capture():
    home = HOMES[0]
    return home / json.loads((home / "manifest.json").read_text())["captures"][0]["file"]


def check_table():
    """The table has a heading and a row for each decision, readable without a JSON reader."""
    path = HOMES[0] / "amsn15-amsn15/msnftp-dc-on.pcap"
    out, _ = replay(path)
    json_out, _ = replay("--format", "json", path)
    rows = out.splitlines()
    assert rows and rows[0].startswith("TIME"), "no heading"
    same(len(rows) - 1, len(json_out.splitlines()), "rows")
    assert any("small.bin" in row and "30000" in row and "block" in row for row in rows[1:]), out


def check_several():
    """Several captures are emitted each to a directory of its own; the same name twice does not mix them."""
    with tempfile.TemporaryDirectory(prefix="msnpgate-captures-") as scratch:
        one = some_capture()
        replay("--emit", scratch, one, one)
        first, second = pathlib.Path(scratch, one.stem), pathlib.Path(scratch, one.stem + "-2")
        names = sorted(path.name for path in first.iterdir())
        assert names and names == sorted(path.name for path in second.iterdir()), names
        assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def check_errors():
    """What cannot be read or written is named, with the exit code that says so."""
    with tempfile.TemporaryDirectory(prefix="msnpgate-captures-") as scratch:
        scratch = pathlib.Path(scratch)
        whole = some_capture().read_bytes()
        (scratch / "garbage.pcap").write_bytes(b"VER 1 MSNP8 CVR0\r\n" * 10)
        (scratch / "empty.pcap").write_bytes(b"")
        for name in ("garbage.pcap", "empty.pcap", "missing.pcap", "."):
            _, err = replay(scratch / name, expect=1)
            assert str(scratch / name) in err, err
        (scratch / "cut.pcap").write_bytes(whole[:-7])
        out, err = replay("--format", "json", scratch / "cut.pcap", some_capture(), expect=1)
        assert "cut.pcap: damaged after packet" in err, err
        assert "captures: 2" in err, "the other capture and what was whole of the first are still read: " + err
        (scratch / "file").write_text("")
        _, err = replay("--emit", scratch / "file" / "below", some_capture(), expect=1)
        assert "file" in err and "cannot" in err, err
        (scratch / "bad.toml").write_text('[policy]\ndefault = "perhaps"\n')
        _, err = replay("-c", scratch / "bad.toml", some_capture(), expect=78)
        assert "bad.toml:2" in err, err
        replay(expect=2)
        replay("--format", "xml", some_capture(), expect=2)


def check_full_output():
    """An output that takes no more is an error, not a shorter report."""
    with open("/dev/full", "wb") as full:
        path = HOMES[0] / "amsn15-amsn15/msnftp-dc-on.pcap"
        done = subprocess.run([BINARY, "replay", path], stdout=full, stderr=subprocess.PIPE, timeout=300)
    same(done.returncode, 1, "exit code: " + done.stderr.decode())


def check_damaged_bytes():
    """No byte of a capture, whatever it is changed to, ends the program."""
    whole = (HOMES[0] / "amsn15-amsn15/nudge.pcap").read_bytes()
    with tempfile.TemporaryDirectory(prefix="msnpgate-captures-") as scratch:
        path = pathlib.Path(scratch, "damaged.pcap")
        for round_number in range(60):
            data = bytearray(whole)
            state = round_number + 1
            for _ in range(1 + round_number):
                state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
                data[(state >> 33) % len(data)] = state >> 25 & 0xFF
            path.write_bytes(data)
            done = subprocess.run([BINARY, "replay", path], capture_output=True, timeout=300)
            assert done.returncode in (0, 1), f"round {round_number}: {done.returncode} {done.stderr[-300:]}"


def checks():
    seen = set()
    for home in HOMES:
        if not (home / "manifest.json").is_file():
            continue
        for capture in json.loads((home / "manifest.json").read_text())["captures"]:
            if capture["file"] in seen or (WANTED and not any(part in capture["file"] for part in WANTED)):
                continue
            seen.add(capture["file"])
            path = home / capture["file"]
            for check in (check_people, check_offers, check_identity, check_transports,
                          check_notices):
                yield f"{capture['file']}: {check.__name__[6:]}", lambda c=check, p=path, m=capture: c(p, m)
    if not WANTED:
        for check in (check_table, check_several, check_errors, check_full_output, check_damaged_bytes):
            yield f"replay: {check.__name__[6:]}", check


def main():
    passed, failed = collections.Counter(), collections.Counter()
    for name, check in checks():
        group = name.rsplit(": ", 1)[1]
        try:
            check()
        except AssertionError as error:
            failed[group] += 1
            print(f"FAILED {name}: {error}")
        except Exception:  # the remaining checks are still worth running
            failed[group] += 1
            print(f"FAILED {name}: {traceback.format_exc()}")
        else:
            passed[group] += 1
    for group in sorted(passed | failed):
        print(f"{group}: {passed[group]} passed, {failed[group]} failed")
    print(f"{passed.total()} passed, {failed.total()} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
