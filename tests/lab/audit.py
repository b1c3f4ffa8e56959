"""The audit log: reading it, judging its records, showing them."""

import json
import re
import subprocess

from . import schema

ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
ENDPOINT = re.compile(r"(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\]):\d+")


def read(path):
    """(records, what is wrong with the lines)."""
    records, wrong = [], []
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for number, row in enumerate(text.splitlines(), 1):
        try:
            records.append(json.loads(row))
        except json.JSONDecodeError as error:
            wrong.append(f"line {number}: {error}")
    if text and not text.endswith("\n"):
        wrong.append("the last line has no end")
    return records, wrong


def segments(log):
    """Its files, oldest first: LOG.N.zst, LOG.N and LOG, N the number of the first record. Where a closed one is there
    both plain and compressed, its compression was interrupted."""
    closed = {}
    for path in log.parent.glob(log.name + ".*"):
        number = path.name[len(log.name) + 1:].removesuffix(".zst")
        if len(number) == 20 and number.isdigit() and (number not in closed or path.suffix != ".zst"):
            closed[number] = path
    return [closed[number] for number in sorted(closed)] + ([log] if log.exists() else [])


def lines_of(log):
    """Every line of all its files, with its end."""
    lines = []
    for path in segments(log):
        packed = path.suffix == ".zst"
        data = subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout if packed else path.read_bytes()
        lines += data.splitlines(keepends=True)
    return lines


def log_faults(log):
    """What the published schema has against any record of a log. A last line that a crash tore is no record."""
    return [fault for line in lines_of(log) if line.endswith(b"\n") for fault in schema.faults(json.loads(line))]


def select(records, **wanted):
    return [record for record in records if all(record.get(key) == value for key, value in wanted.items())]


def faults(records):
    """What no record may lack, and the order they must stand in."""
    found, last = [], -1
    for record in records:
        name = f"record {record.get('seq')}"
        found += schema.faults(record)
        if not ULID.fullmatch(str(record.get("id", ""))):
            found.append(f"{name}: id {record.get('id')}")
        if not isinstance(record.get("seq"), int) or record["seq"] <= last:
            found.append(f"{name}: seq after {last}")
        last = record.get("seq", last)
    if len({record.get("id") for record in records}) != len(records):
        found.append("an id occurs twice")
    return found


def transfer_faults(record, size, machine):
    """What is missing or wrong in a record of a file offer."""
    found = [key for key in ("reason", "rule", "policy", "call") if not record.get(key)]
    if record.get("action") == "block" and not record.get("answer"):
        found.append("answer")
    if record.get("kind") != "file-transfer":
        found.append(f"kind {record.get('kind')}")
    if record.get("file", {}).get("size") != size:
        found.append(f"size {record.get('file', {}).get('size')}")
    if not record.get("file", {}).get("name_shown"):
        found.append("name_shown")
    needed = ("cookie",) if record.get("form") == "classic" else ("call_id", "session_id")
    found += [f"call.{key}" for key in needed if not record.get("call", {}).get(key)]
    for end in ("client", "server"):
        if not ENDPOINT.fullmatch(str(record.get(end, ""))):
            found.append(f"{end} {record.get(end)}")
    if not str(record.get("client", "")).strip("[").startswith(machine):
        found.append(f"client {record.get('client')} is not {machine}")
    return found


COLUMNS = ("TIME (UTC)", "EVENT", "ACTION", "WHO", "FILE", "FORM", "RULE", "ANSWER OR REASON")


def table(records):
    """The records as rows for people."""
    rows = [list(COLUMNS)]
    for record in records:
        user, peers = record.get("user", "-"), ", ".join(record.get("peers", [])) or "-"
        user, peers = (text.replace("@lab.example", "") for text in (user, peers))
        arrow = {"send": "->", "receive": "<-"}.get(record.get("direction"), "--")
        file = record.get("file", {})
        shown = f"{file.get('name_shown', '')} ({file['size']} B)" if "size" in file else file.get("name_shown", "")
        rows.append([record.get("time", "")[11:23], record.get("event", ""), record.get("action", ""),
                     f"{user} {arrow} {peers}", shown, record.get("form", ""), record.get("rule", ""),
                     record.get("answer") or record.get("reason", "")])
    widths = [max(len(row[index]) for row in rows) for index in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
