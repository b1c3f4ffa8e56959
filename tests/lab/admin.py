"""The admin server of a gateway, asked over its unix socket; and the laws its counters must obey."""

import http.client
import json
import re
import socket
import time

SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=10):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, method, target, body=None, headers=None):
    """(status, text) of one request; a body is sent as JSON."""
    connection = UnixConnection(path)
    try:
        given = dict(headers or {})
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        connection.request(method, target, None if body is None else json.dumps(body), given)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def read_json(path, target):
    status, text = ask(path, "GET", target)
    assert status == 200, (status, text)
    return json.loads(text)


def parse(text):
    """{(name, ((label, value), ...)): number}"""
    samples = {}
    for row in text.splitlines():
        if row and not row.startswith("#"):
            name, labels, value = SAMPLE.fullmatch(row).groups()
            samples[name, tuple(LABEL.findall(labels or ""))] = float(value)
    return samples


def metrics(path):
    status, text = ask(path, "GET", "/metrics")
    assert status == 200, (status, text)
    return parse(text)


def total(samples, name, **wanted):
    return sum(value for (family, labels), value in samples.items()
               if family == name and wanted.items() <= dict(labels).items())


def broken_laws(samples):
    """What is told apart from what the manual promises of a quiet gateway, in words."""
    broken = []
    workers = {dict(labels)["worker"] for (name, labels) in samples if name == "msnpgate_offers_total"}
    for worker in sorted(workers):
        for direction in ("to_server", "to_client"):
            def of(name):
                return total(samples, f"msnpgate_{name}_total", worker=worker, direction=direction)
            where = f"worker {worker}, {direction}: "
            if of("offers") != of("offers_ended"):
                broken.append(f"{where}{of('offers')} offers, {of('offers_ended')} ended")
            left = of("received_bytes") + of("injected_bytes") - of("sent_bytes") - of("withheld_bytes") - \
                of("undelivered_bytes")
            if left != 0:
                parts = {name: of(f"{name}_bytes")
                         for name in ("received", "injected", "sent", "withheld", "undelivered")}
                broken.append(f"{where}{left} bytes unaccounted for: {parts}")
    if total(samples, "msnpgate_offers_total") != total(samples, "msnpgate_offers_by_kind_total"):
        broken.append("offers by kind are not all offers")
    begun, ended = total(samples, "msnpgate_sessions_begun_total"), total(samples, "msnpgate_sessions_ended_total")
    if begun != ended + total(samples, "msnpgate_sessions_open"):
        broken.append(f"{begun} sessions begun, {ended} ended, {total(samples, 'msnpgate_sessions_open')} open")
    return broken


def lasting_faults(path, patience=3.0):
    """Laws that are still broken when everything on the way has had time to arrive."""
    deadline = time.monotonic() + patience
    while True:
        broken = broken_laws(metrics(path))
        if not broken or time.monotonic() > deadline:
            return broken
        time.sleep(0.05)
