#!/usr/bin/env python3
"""One accelerated hour of a gateway with 2,000 people on it, and whether anything grew meanwhile.

usage: soak.py [MSNPGATE] [--seconds N] [--sessions N] [--report FILE]

The sessions play captured conversations of real clients (tests/data/captures) and the vectors of
tests/data/transfer-vectors.json over and over, each as people of its own; files are blocked. Accelerated is
what people do: the pauses between the bytes of a capture, the time a session stays open, and the minute
between two reloads are 3600 / N times shorter. Not accelerated are the gateway, its own clocks (ticks, the half
second for P2P v2, timeouts) and the network. The report is one HTML page with the curves.
"""
import argparse
import json
import os
import pathlib
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HOME = pathlib.Path(__file__).resolve().parent
ROOT = HOME.parents[1]
sys.path[:0] = [str(HOME), str(HOME.parent)]

from capture import CLIENT, SERVER, Chunk, conversations  # noqa: E402
from lab import schema  # noqa: E402
from lab.audit import lines_of  # noqa: E402
from plot import curve, page  # noqa: E402
from traffic import Script, Traffic  # noqa: E402

HOUR = 3600
RELOADS = 60            # in the hour
# Of the last two thirds of the run; what is allowed is for the whole hour.
RSS_DRIFT = 0.03        # of the median, or this many KiB where that is more:
RSS_NOISE = 2048
DESCRIPTOR_DRIFT = 0.02
LATENCY_DRIFT = 1.5     # median of the last third to that of the middle one, if it is more than
LATENCY_NOISE = 500     # microseconds
POLICY = ('[policy]\ndefault = "block"\nnotice = {notice}\n[[rule]]\nname = "{rule}"\naction = "allow"\n'
          'kinds = ["file-transfer"]\nusers = ["nobody@test.example"]\n')


class Gateway:
    def __init__(self, binary, folder, upstreams, sessions):
        self.folder = pathlib.Path(folder)
        self.ports = []
        for _ in upstreams:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.ports.append(probe.getsockname()[1])
        listeners = "".join(f'[[listener]]\nbind = "127.0.0.1:{port}"\nmode = "fixed"\n'
                            f'upstream = "127.0.0.1:{upstream}"\n'
                            for port, upstream in zip(self.ports, upstreams))
        most = sessions * 2 + 100
        self.frame = (f'{listeners}[limits]\nsessions = {most}\nsessions_per_source = {most}\n'
                      f'close_timeout = "60s"\nfirst_command_timeout = "10m"\n[admin]\nsocket = ""\n[audit]\npath = "{self.folder}/audit.jsonl"\n')
        self.configure(0)
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen([binary, "run", "-c", self.folder / "soak.toml"], stderr=self.log)
        end = time.monotonic() + 60
        while b"listening" not in (self.folder / "log").read_bytes():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit((self.folder / "log").read_text())
            time.sleep(0.05)
        time.sleep(0.3)

    def configure(self, number):
        new = self.folder / "soak.toml.new"
        new.write_text(self.frame + POLICY.format(rule=f"rule {number}", notice="true" if number % 2 else "false"))
        os.replace(new, self.folder / "soak.toml")

    def reload(self, number):
        self.configure(number)
        self.process.send_signal(signal.SIGHUP)

    def resident(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Anonymous:"):
                return int(line.split()[1])
        return 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def has_events(binary, path):
    """Whether a gateway does anything but pass on in this capture."""
    done = subprocess.run([binary, "replay", "--format", "json", path], capture_output=True, timeout=120)
    return done.returncode != 0 or bool(done.stdout.strip())


def scripts_of_captures(binary):
    for path in sorted((ROOT / "tests/data/captures").rglob("*.pcap")):
        clean = not has_events(binary, path)
        for script in conversations(path):
            yield Script(path.stem, clean, False, script)


def scripts_of_vectors():
    """On a switchboard, behind a login; blocked or not."""
    login = [Chunk(0.0, CLIENT, b"USR 1 alice@test.example 1.2\r\n"),
             Chunk(0.1, SERVER, b"USR 1 OK alice@test.example Alice\r\nJOI bob@test.example Bob\r\n")]
    for vector in json.loads((ROOT / "tests/data/transfer-vectors.json").read_text())["vectors"]:
        if vector["transport"] != "SB":
            continue
        chunks = list(login)
        for number, frame in enumerate(vector["frames"]):
            data = frame["line"].encode() + bytes.fromhex(frame.get("payload_hex", ""))
            chunks.append(Chunk(1.0 + number, CLIENT if frame["dir"] == "c2s" else SERVER, data))
        # Some quote an offer and are none.
        quotes = all(one["decision_if_denied"] != "block" for one in vector["expect"])
        yield Script(vector["id"], False, quotes, chunks)


class Latencies(threading.Thread):
    """What the probe tells, as it tells it."""

    def __init__(self):
        super().__init__(daemon=True)
        self.process = subprocess.Popen([sys.executable, "-B", HOME / "probe.py"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.upstream = int(self.process.stdout.readline())
        self.told = []

    def begin(self, port):
        self.process.stdin.write(f"{port}\n")
        self.process.stdin.flush()
        self.start()

    def run(self):
        for line in self.process.stdout:
            at, through, direct = line.split()
            self.told.append((float(at), float(through), float(direct)))

    def stop(self):
        self.process.kill()
        self.process.wait()


def theil_sen(points):
    """The slope that half of all pairs exceed: a few odd values do not move it."""
    points = points[::max(1, len(points) // 150)]
    slopes = [(later[1] - earlier[1]) / (later[0] - earlier[0])
              for i, earlier in enumerate(points) for later in points[i + 1:] if later[0] > earlier[0]]
    return statistics.median(slopes) if slopes else 0.0


def windows(told, began, width):
    """(seconds, median) of what the gateway adds to a message, by window."""
    by_window = {}
    for at, through, direct in told:
        by_window.setdefault(int((at - began) / width), []).append(through - direct)
    return [((index + 0.5) * width, max(0.0, statistics.median(values))) for index, values in sorted(by_window.items())
            if index >= 0]


def drive(gateway, traffic, seconds):
    """Begins all sessions, then lets them play for so long; samples meanwhile."""
    for session in traffic.sessions:
        session.begin()
        traffic.turn()
    began = next_sample = time.monotonic()
    samples, reloads = [], 0
    while (now := time.monotonic()) < began + seconds and gateway.process.poll() is None:
        traffic.turn()
        if now >= next_sample:
            samples.append((now - began, gateway.resident(), gateway.descriptors()))
            next_sample = now + seconds / 400
        if now >= began + (reloads + 1) * seconds / RELOADS:
            reloads += 1
            gateway.reload(reloads)
    return began, samples, reloads


def judge(options, samples, latencies, before, after):
    """Rows of the report."""
    seconds = options.seconds
    late = [sample for sample in samples if sample[0] >= seconds / 3]
    rows = []
    memory = [(at, kib) for at, kib, _ in late]
    slope, middle = theil_sen(memory) * seconds, statistics.median(kib for _, kib in memory)
    allowed = max(RSS_DRIFT * middle, RSS_NOISE)
    rows.append(("memory, KiB an hour", f"{slope:+,.0f} at {middle:,.0f}", f"at most +{allowed:,.0f}",
                 slope <= allowed))
    descriptors = [(at, count) for at, _, count in late]
    drift, middle = theil_sen(descriptors) * seconds, statistics.median(count for _, count in descriptors)
    rows.append(("descriptors an hour", f"{drift:+.0f} at {middle:.0f}", f"within {DESCRIPTOR_DRIFT:.0%}",
                 abs(drift) <= max(DESCRIPTOR_DRIFT * middle, 20)))
    rows.append(("descriptors after it", f"{after}", f"as before: {before}", after <= before))
    second = [value for at, value in latencies if seconds / 3 <= at < 2 * seconds / 3]
    third = [value for at, value in latencies if at >= 2 * seconds / 3]
    if not options.judge_latency:
        return rows
    if second and third:
        earlier, later = statistics.median(second), statistics.median(third)
        rows.append(("latency added to a message, µs (median)", f"{earlier:.0f}, then {later:.0f}",
                     f"at most {LATENCY_DRIFT} times, or {LATENCY_NOISE} more",
                     later <= max(earlier * LATENCY_DRIFT, earlier + LATENCY_NOISE)))
    else:
        rows.append(("latency", "not measured", "measured", False))
    return rows


def run(options, folder):
    binary = str(options.binary.resolve())
    scripts = [*scripts_of_captures(binary), *scripts_of_vectors()]
    factor = HOUR / options.seconds
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    latencies = Latencies()
    gateway = Gateway(binary, folder, (listening.getsockname()[1], latencies.upstream), options.sessions)
    try:
        latencies.begin(gateway.ports[1])
        time.sleep(1)
        before = gateway.descriptors()
        traffic = Traffic(gateway.ports[0], listening, scripts, options.sessions, factor, options.pause)
        print(f"{len(scripts)} conversations ({sum(script.clean for script in scripts)} pass whole), {options.sessions} sessions, "
              f"{options.seconds} s, {factor:.0f} times faster", flush=True)
        began, samples, reloads = drive(gateway, traffic, options.seconds)
        ended = traffic.finish(60)
        time.sleep(1)
        alive = gateway.process.poll() is None
        end = time.monotonic() + 30
        while alive and gateway.descriptors() > before and time.monotonic() < end:
            time.sleep(0.2)
        after = gateway.descriptors() if alive else 0
        added = windows(latencies.told, began, options.seconds / 60)
        rows = judge(options, samples, added, before, after)
        latencies.stop()
        code = gateway.stop() if alive else gateway.process.returncode
        audit = [json.loads(line) for line in lines_of(pathlib.Path(folder) / "audit.jsonl")]
        faults = [fault for record in audit for fault in schema.faults(record)]
        numbers = [record["seq"] for record in audit]
        reloaded = sum(1 for record in audit if record["event"] == "policy" and record["reason"] == "reload")
        closed = sum(1 for record in audit if record["event"] == "session")
        stopped = sum(1 for record in audit if record.get("action") == "block")
        rows += [("conversations", f"{traffic.played:,} played, {traffic.chunks:,} pieces, {traffic.bytes:,} bytes",
                  "each closed", ended),
                 ("bytes", "; ".join(traffic.faults[:3]) or "as they were sent", "as they were sent, and no offer",
                  not traffic.faults),
                 ("audit", f"{len(audit):,} records, {stopped:,} blocks, {closed:,} ends", "without a gap, an end for each",
                  numbers == list(range(numbers[0], numbers[0] + len(numbers))) and closed >= traffic.played),
                 ("records", "; ".join(faults[:3]) or "as the schema has them", "as the schema has them", not faults),
                 ("reloads", f"{reloads} sent, {reloaded} on record", "all in force", reloaded == reloads),
                 ("the gateway", f"exit code {code}", "0", code == 0)]
        return rows, samples, added
    finally:
        latencies.stop()
        if gateway.process.poll() is None:
            gateway.process.kill()
        listening.close()


def report(options, rows, samples, added):
    late = [sample for sample in samples if sample[0] >= options.seconds / 3]

    def trend(points):
        slope, middle = theil_sen(points), statistics.median(y for _, y in points)
        centre = statistics.median(x for x, _ in points)
        return [(x, middle + slope * (x - centre)) for x in (points[0][0], points[-1][0])]

    curves = [curve("Memory written to (KiB)", [(at, kib) for at, kib, _ in samples], "",
                    trend([(at, kib) for at, kib, _ in late])),
              curve("Descriptors", [(at, count) for at, _, count in samples], "",
                    trend([(at, count) for at, _, count in late])),
              curve("Latency the gateway adds to a message (µs, median of each minute of the hour)", added, "µs")]
    title = (f"msnpgate: an hour of {options.sessions:,} sessions in {options.seconds} seconds")
    options.report.write_text(page(title, rows, curves), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="One accelerated hour with thousands of sessions.")
    parser.add_argument("binary", type=pathlib.Path, nargs="?", default=ROOT / "build/release/msnpgate")
    parser.add_argument("--seconds", type=int, default=720, help="how long the hour takes")
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--pause", type=float, default=60, help="seconds of the hour a session idles before it ends")
    parser.add_argument("--judge-latency", action=argparse.BooleanOptionalAction, default=True,
                        help="short runs on a busy machine say nothing about it")
    parser.add_argument("--report", type=pathlib.Path, default=pathlib.Path("soak.html"))
    options = parser.parse_args()
    random.seed(1)
    with tempfile.TemporaryDirectory(prefix="msnpgate-soak-") as folder:
        rows, samples, added = run(options, folder)
    report(options, rows, samples, added)
    for what, found, limit, good in rows:
        print(f"{'ok      ' if good else 'FAILED  '}{what}: {found} ({limit})")
    failed = sum(1 for row in rows if not row[3])
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
