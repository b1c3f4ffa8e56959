#!/usr/bin/env python3
"""The audit log as an auditor meets it: written by the real binary, damaged in every way, verified, searched, reported.

usage: audit_log_test.py [MSNPGATE]
"""
import csv
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import xml.dom.minidom

from audit_support import BINARY, Chat, Gateway, chain, command, lines_of, listening, schema, segments

KEYS = 'key = "audit.key"\nrotate_size = "64KiB"\nfsync = "interval"\nfsync_interval = "50ms"\ncompress = "none"\n'
NAMES = [b"plan.doc", b"Urlaub.zip", b"<script>alert(1)</script>.exe", b"=cmd.csv", b"a\xe2\x80\xaefdp.exe"]


def config_for(directory, more=KEYS):
    (directory / "keys.toml").write_text(f'[audit]\npath = "audit.jsonl"\n{more}')
    return directory / "keys.toml"


class Written:
    """A log of some hundred records in several files, signed, and its public key."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="msnpgate-audit-")
        home = pathlib.Path(self.directory.name)
        self.public = home / "public.pem"
        config = config_for(home)
        self.public.write_text(command("audit", "init", "-c", config).stdout)
        assert (home / "audit.key").stat().st_mode & 0o777 == 0o600
        with listening() as server, Gateway(server.getsockname()[1],
                                            audit_keys=KEYS.replace("audit.key", str(home / "audit.key"))) as gateway:
            ann, eve = Chat(gateway, server), Chat(gateway, server, b"eve@corp.example")
            for number in range(150):
                (ann if number % 3 else eve).offer(NAMES[number % len(NAMES)])
            ann.close()
            eve.close()
            time.sleep(0.3)
            assert gateway.stop() == 0, gateway.log_text()
            self.home = home / "log"
            self.home.mkdir()
            for path in segments(gateway.audit_path):
                shutil.copy(path, self.home)
        self.log = self.home / "audit.jsonl"

    def copy(self):
        target = pathlib.Path(tempfile.mkdtemp(dir=self.directory.name))
        shutil.copytree(self.home, target, dirs_exist_ok=True)
        return target / "audit.jsonl"


WRITTEN = Written()


def verify(log, code, *more):
    done = command("audit", "verify", "--log", log, "--key", WRITTEN.public, *more, code=code)
    return done.stderr if code else done.stdout


def edit(log, index, change):
    """Changes the lines of one file."""
    path = segments(log)[index]
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))
    return path


def the_chain_is_what_twenty_lines_of_python_say():
    lines = lines_of(WRITTEN.log)
    assert len(segments(WRITTEN.log)) >= 2 and len(lines) > 150, len(lines)
    last = chain.follow(lines)
    out = verify(WRITTEN.log, 0)
    assert f"{json.loads(lines[-1])['seq']}:{last}" in out, out
    assert "signatures" in out and "the last at record" in out, out
    assert json.loads(lines[0])["event"] == "checkpoint" and json.loads(lines[-1])["event"] == "checkpoint"


def every_record_keeps_to_the_schema():
    for line in lines_of(WRITTEN.log):
        assert not schema.faults(json.loads(line)), schema.faults(json.loads(line))


def a_changed_record_is_named():
    log = WRITTEN.copy()
    edit(log, 0, lambda lines: lines.__setitem__(20, lines[20].replace(b"4711", b"4712")))
    said = verify(log, 1)
    assert ":21: record 21: " in said and "changed" in said, said


def a_changed_record_with_a_new_hash_is_named():
    log = WRITTEN.copy()

    def forge(lines):
        import hashlib
        body = lines[20].rstrip(b"\n")[:-75].replace(b"4711", b"4712") + b"}"
        lines[20] = body[:-1] + b',"hash":"' + hashlib.sha256(body).hexdigest().encode() + b'"}\n'
    edit(log, 0, forge)
    said = verify(log, 1)
    assert "record 22: " in said and "exchanged" in said, said


def a_log_written_anew_breaks_a_signature():
    log = WRITTEN.copy()
    import hashlib
    prev = None
    for path in segments(log):
        out = []
        for line in path.read_bytes().splitlines():
            record = json.loads(line)
            if record["seq"] == 20:
                line = line.replace(b"4711", b"4712")
            if prev:
                line = line.replace(record["prev"].encode(), prev)
            body = line[:-75] + b"}"
            prev = hashlib.sha256(body).hexdigest().encode()
            out.append(body[:-1] + b',"hash":"' + prev + b'"}\n')
        path.write_bytes(b"".join(out))
    command("audit", "verify", "--log", log)  # the chain itself fits
    said = verify(log, 1)
    assert "signature" in said and "wrong" in said, said


def a_removed_record_is_named():
    log = WRITTEN.copy()
    edit(log, 0, lambda lines: lines.pop(20))
    said = verify(log, 1)
    assert ":21: record 22: record 21 is missing before it" in said, said


def records_out_of_order_are_named():
    log = WRITTEN.copy()

    def swap(lines):
        lines[20], lines[21] = lines[21], lines[20]
    edit(log, 0, swap)
    said = verify(log, 1)
    assert ":21: record 22: " in said and "out of order" in said, said


def an_inserted_record_is_named():
    log = WRITTEN.copy()
    edit(log, 0, lambda lines: lines.insert(20, lines[10]))
    said = verify(log, 1)
    assert ":21: record 11: " in said and "inserted" in said, said


def a_truncated_record_is_named():
    log = WRITTEN.copy()
    edit(log, 0, lambda lines: lines.__setitem__(20, lines[20][:100] + b"\n"))
    said = verify(log, 1)
    assert ":21: record 21: " in said and "cut off" in said, said
    log = WRITTEN.copy()
    path = segments(log)[-1]
    path.write_bytes(path.read_bytes()[:-30])
    assert "cut off" in verify(log, 1)


def a_removed_segment_is_named():
    log = WRITTEN.copy()
    assert len(segments(log)) >= 2
    segments(log)[0].unlink()
    said = verify(log, 1)
    assert "missing at the beginning" in said and "segment was removed" in said, said
    if len(segments(WRITTEN.log)) > 2:
        log = WRITTEN.copy()
        segments(log)[1].unlink()
        assert "segment was removed" in verify(log, 1)


def a_removed_tail_is_seen_by_what_was_sent_elsewhere():
    lines = lines_of(WRITTEN.log)
    log = WRITTEN.copy()
    edit(log, -1, lambda lines: lines.__delitem__(slice(-5, None)))
    verify(log, 0)  # by itself nobody can tell
    last = json.loads(lines[-1])
    said = verify(log, 1, "--checkpoint", f"{last['seq']}:{last['hash']}")
    assert "its end was removed" in said, said
    sent = log.parent / "sent.log"
    sent.write_bytes(b"<134>1 2026-11-22T16:02:20Z host msnpgate 1 checkpoint - " + lines[-1])
    assert "its end was removed" in verify(log, 1, "--checkpoint", sent)
    verify(WRITTEN.log, 0, "--checkpoint", sent)
    said = verify(WRITTEN.log, 1, "--checkpoint", f"{last['seq']}:{'0' * 64}")
    assert "seen elsewhere" in said, said


def another_key_is_named():
    with tempfile.TemporaryDirectory() as scratch:
        other = pathlib.Path(scratch, "other.pem")
        other.write_text(command("audit", "init", "-c", config_for(pathlib.Path(scratch))).stdout)
        done = command("audit", "verify", "--log", WRITTEN.log, "--key", other, code=1)
        assert "another key" in done.stderr, done.stderr


def openssl_agrees_about_the_signature():
    line = lines_of(WRITTEN.log)[0].rstrip(b"\n")
    record = json.loads(line)
    signed = re.sub(rb'"signature":"[0-9a-f]*"', b'"signature":""', line[:-75]) + b"}"
    with tempfile.TemporaryDirectory() as scratch:
        text, signature = pathlib.Path(scratch, "text"), pathlib.Path(scratch, "signature")
        text.write_bytes(signed)
        signature.write_bytes(bytes.fromhex(record["checkpoint"]["signature"]))
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", WRITTEN.public, "-rawin", "-in", text,
                               "-sigfile", signature], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def a_query_finds_what_was_asked_for():
    def ask(*words):
        out = command("audit", "query", "--log", WRITTEN.log, "--format", "json", *words).stdout
        return [json.loads(line) for line in out.splitlines()]
    everything = [json.loads(line) for line in lines_of(WRITTEN.log)]
    transfers = [record for record in everything if record["event"] == "transfer"]
    assert ask() == everything
    assert ask("--user", "EVE@corp.example") == [one for one in everything if one.get("user") == "eve@corp.example"]
    assert ask("--user", "e*@corp.example", "--event", "transfer") == [
        one for one in transfers if one["user"] == "eve@corp.example"]
    assert ask("--peer", "ben@agency.example", "--kind", "file-transfer", "--action", "block") == transfers
    assert ask("--name", "URLAUB*") == [one for one in transfers if one["file"]["name"] == "Urlaub.zip"]
    assert ask("--name", "plan.doc") == [one for one in transfers if one["file"]["name"] == "plan.doc"] != []
    for option, word in (("--action", "block"), ("--reason", "offer"), ("--event", "checkpoint"), ("--kind", "file-transfer")):
        assert ask(option, word) == [one for one in everything if one.get(option[2:]) == word] != [], option
    assert ask("--event", "session,checkpoint") == [one for one in everything if one["event"] in ("session", "checkpoint")]
    assert ask("--rule", "*") == ask("--rule", "D*t") == transfers
    assert ask("--rule", "default", "--until", "2001-01-01") == []
    assert ask("--since", "1h", "--rule", "default") == transfers
    assert ask("--seq", "33") == [everything[32]]
    assert ask("--id", everything[40]["id"]) == [everything[40]]
    assert ask("--last", "3") == everything[-3:]
    command("audit", "query", "--log", WRITTEN.log, "--since", "yesterday", code=2)
    command("audit", "query", "--log", "/nowhere/audit.jsonl", code=1)


def csv_and_tables_are_safe_to_open():
    out = command("audit", "query", "--log", WRITTEN.log, "--format", "csv", "--event", "transfer").stdout
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 150 and {row["user"] for row in rows} == {"ann@corp.example", "eve@corp.example"}
    assert "'=cmd.csv" in {row["file"] for row in rows}
    table = command("audit", "query", "--log", WRITTEN.log).stdout
    assert "\u202e" not in table and "\\u{202e}" in table and "plan.doc (4711)" in table
    for line in command("audit", "query", "--log", WRITTEN.log, "--format", "ecs").stdout.splitlines():
        record = json.loads(line)
        assert record["@timestamp"] and record["event.module"] == "msnpgate"


def a_report_counts_and_escapes():
    text = command("audit", "report", "--log", WRITTEN.log, "--since", "7d").stdout
    assert "150 blocked, 0 passed" in text and re.search(r"100 +0 +ann@corp.example", text), text
    page = command("audit", "report", "--log", WRITTEN.log, "--html").stdout
    assert "<script" not in page and "&lt;script&gt;" in page and "src=" not in page and "href=" not in page
    document = xml.dom.minidom.parseString(page[page.index("<body>"):page.index("</body>") + 7])
    assert len(document.getElementsByTagName("svg")) == 6


def tail_follows_over_a_rotation():
    with listening() as server, Gateway(server.getsockname()[1], audit_keys='rotate_size = "64KiB"\n') as gateway:
        chat = Chat(gateway, server)
        chat.offer(b"before.doc")
        tail = subprocess.Popen([BINARY, "audit", "tail", "-f", "--log", gateway.audit_path, "--format", "json", "--event",
                                 "transfer"], stdout=subprocess.PIPE, text=True)
        try:
            assert json.loads(tail.stdout.readline())["file"]["name"] == "before.doc"
            for number in range(150):
                chat.offer(b"%d.doc" % number)
            names = [json.loads(tail.stdout.readline())["file"]["name"] for _ in range(150)]
            assert names == [f"{number}.doc" for number in range(150)], names
            assert len(segments(gateway.audit_path)) >= 2
        finally:
            tail.kill()
            tail.wait()
            tail.stdout.close()
        chat.close()


def hashed_accounts_are_found_by_who_has_the_key():
    with tempfile.TemporaryDirectory() as scratch:
        home = pathlib.Path(scratch)
        more = f'accounts = "hashed"\naccount_key = "{home}/accounts.key"\n'
        config = config_for(home, more)
        command("audit", "init", "-c", config)
        assert (home / "accounts.key").stat().st_mode & 0o777 == 0o600
        with listening() as server, Gateway(server.getsockname()[1], audit_keys=more) as gateway:
            chat = Chat(gateway, server)
            chat.offer(b"plan.doc")
            chat.close()
            time.sleep(0.3)
            gateway.stop()
            text = gateway.audit_path.read_text()
            assert "corp.example" not in text and "agency.example" not in text and "hashed:" in text, text
            words = ("audit", "query", "--log", gateway.audit_path, "--format", "json", "--event", "transfer")
            found = command(*words, "-c", config, "--user", "Ann@corp.example", "--peer", "ben@agency.example").stdout
            assert len(found.splitlines()) == 1, found
            assert not command(*words, "-c", config, "--user", "eve@corp.example").stdout
            assert len(command(*words, "--account-key", home / "accounts.key", "--user", "ann@corp.example").stdout) > 10
            command(*words, "-c", config, "--user", "*@corp.example", code=2)


def old_segments_go_and_the_log_still_verifies():
    more = KEYS.replace("audit.key", str(pathlib.Path(WRITTEN.directory.name) / "audit.key")) + 'keep_size = "130KiB"\n'
    more = more.replace('compress = "none"', 'compress = "zstd"')
    with listening() as server, Gateway(server.getsockname()[1], audit_keys=more) as gateway:
        chat = Chat(gateway, server)
        for number in range(400):
            chat.offer(b"%d.doc" % number)
        end = time.monotonic() + 20
        while time.monotonic() < end and not any(path.suffix == ".zst" for path in segments(gateway.audit_path)):
            time.sleep(0.2)
        assert any(path.suffix == ".zst" for path in segments(gateway.audit_path)), segments(gateway.audit_path)
        chat.close()
        assert gateway.stop() == 0
        out = verify(gateway.audit_path, 0)
        chain_start = json.loads(lines_of(gateway.audit_path)[0])["prev"]
        chain.follow(lines_of(gateway.audit_path), chain_start)
        assert "are as they were written" in out, out


def a_log_that_was_changed_is_not_written_on():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        chat = Chat(gateway, server)
        chat.offer(b"plan.doc")
        chat.close()
        gateway.stop()
        data = gateway.audit_path.read_bytes().splitlines(keepends=True)
        data[-1] = data[-1].replace(b'"seq":', b'"seq":1')
        gateway.audit_path.write_bytes(b"".join(data))
        try:
            gateway.start()
        except AssertionError as error:
            assert "audit verify" in str(error), error
        else:
            raise AssertionError("it started")


def main():
    rules = [value for name, value in list(globals().items())
             if callable(value) and getattr(value, "__module__", "") == "__main__" and name not in
             ("main", "verify", "edit", "config_for", "Written")]
    passed = failed = 0
    for rule in rules:
        try:
            rule()
            passed += 1
            print("ok      " + rule.__name__.replace("_", " "), flush=True)
        except Exception:  # the others are still worth running
            failed += 1
            print("FAILED  " + rule.__name__.replace("_", " ") + "\n" + traceback.format_exc(), flush=True)
    WRITTEN.directory.cleanup()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
