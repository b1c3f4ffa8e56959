#!/usr/bin/env python3
"""The metrics of a running gateway: their format, and that they count what happened, no more and no less.

usage: metrics_test.py [MSNPGATE [WORD...]]
"""
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile

from faults_on_demand import Faults, faulty_gateway
from loopback import BINARY, eventually, free_port, Gateway, is_closed, listening, main, message_from_client, offer, pair, receive, ROOT, rule
from small_talk import RULES, SmallTalk

from lab import admin

MONITORING = ROOT / "deploy/monitoring"


def scrape(gateway):
    return admin.ask(gateway.admin_path, "GET", "/metrics")[1]


def value(gateway, name, **labels):
    return admin.total(admin.metrics(gateway.admin_path), f"msnpgate_{name}", **labels)


def status(gateway):
    return admin.read_json(gateway.admin_path, "/api/v1/status")


def shipped_to(directory):
    """An [[audit.export]] into a file."""
    return f'[[audit.export]]\nto = "file"\npath = "{directory}/shipped.jsonl"\n'


@rule
def promtool_finds_nothing_to_say():
    with tempfile.TemporaryDirectory(prefix="msnpgate-metrics-") as scratch, listening() as server, \
            Gateway(server.getsockname()[1], threads=2, audit_keys=shipped_to(scratch)) as gateway:
        checked = subprocess.run(["promtool", "check", "metrics"], input=scrape(gateway), text=True, capture_output=True)
        assert checked.returncode == 0 and not checked.stderr, checked.stderr


@rule
def no_sample_names_a_person_an_address_or_a_file():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server)
        client.sendall(offer(2))
        eventually(lambda: admin.total(admin.metrics(gateway.admin_path), "msnpgate_offers_total") == 1, "one offer")
        text = scrape(gateway)
        for secret in ("ann@corp", "a.exe", "127.0.0.1", "{5D3E"):
            assert secret not in text, secret
        values = {value for _, labels in admin.parse(text) for _, value in labels}
        assert len(values) < 80, sorted(values)
        client.close()
        upstream.close()


@rule
def reloads_are_counted_as_they_are_recorded():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        path = pathlib.Path(gateway.directory.name) / "gateway.toml"
        good = path.read_text()
        for text in (good + '[policy]\ndefault = "observe"\n', good + "nonsense", good):
            before = len(gateway.policies())
            path.write_text(text)
            gateway.process.send_signal(signal.SIGHUP)
            eventually(lambda: len(gateway.policies()) > before, "the reload")
        recorded = [row["reason"] for row in gateway.policies()]
        assert recorded == ["reload", "reload-failed", "reload"], recorded
        samples = admin.metrics(gateway.admin_path)
        for result, reason in (("done", "reload"), ("failed", "reload-failed")):
            counted = admin.total(samples, "msnpgate_policy_reloads_total", result=result)
            assert counted == recorded.count(reason), (result, counted)


@rule
def every_refused_offer_is_counted_once_as_blocked():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server)
        for number in range(2, 12):
            client.sendall(offer(number))
        client.sendall(message_from_client(50, 300))
        receive(upstream, len(message_from_client(50, 300)))
        samples = admin.metrics(gateway.admin_path)
        assert admin.total(samples, "msnpgate_offers_ended_total", outcome="blocked", direction="to_server") == 10
        assert admin.total(samples, "msnpgate_offers_by_kind_total", kind="file-transfer", outcome="blocked") == 10
        assert admin.total(samples, "msnpgate_offers_total") == 10
        blocked = [record for record in gateway.audit() if record.get("action") == "block"]
        assert len(blocked) == 10
        withheld = admin.total(samples, "msnpgate_withheld_bytes_total", direction="to_server")
        assert withheld == sum(len(offer(number)) for number in range(2, 12)), withheld
        assert admin.total(samples, "msnpgate_injected_bytes_total", direction="to_client") > 0
        client.close()
        upstream.close()


@rule
def an_offer_that_is_never_completed_is_withdrawn_when_its_connection_ends():
    text = b"MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite\r\nMessage-ID: {1}\r\nChunks: 3\r\n\r\nApplication-Name: x\r\n"
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server)
        client.sendall(b"MSG 2 N %d\r\n" % len(text) + text + message_from_client(3, 300))
        receive(upstream, len(message_from_client(3, 300)))
        client.close()
        upstream.close()
        eventually(lambda: gateway.endings(), "the end of the session")
        samples = admin.metrics(gateway.admin_path)
        assert admin.total(samples, "msnpgate_offers_ended_total", outcome="withdrawn") == 1, samples


@rule
def sessions_are_counted_by_their_end():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        for _ in range(3):
            client, upstream = pair(gateway, server)
            client.close()
            assert is_closed(upstream)  # so that it was the client who went
            upstream.close()

        def ended():
            return admin.total(admin.metrics(gateway.admin_path), "msnpgate_sessions_ended_total")
        eventually(lambda: ended() == 3, "three ends")
        samples = admin.metrics(gateway.admin_path)
        assert admin.total(samples, "msnpgate_sessions_begun_total") == 3
        assert admin.total(samples, "msnpgate_sessions_ended_total", reason="client-closed") == 3
        assert admin.total(samples, "msnpgate_sessions_open") == 0


@rule
def a_disk_that_takes_no_record_is_seen_everywhere_and_so_is_its_recovery():
    faults = Faults()
    with listening() as server, faulty_gateway(server.getsockname()[1], faults, policy=RULES) as gateway:
        talk = SmallTalk(gateway, server)
        assert value(gateway, "audit_writable") == 1 and value(gateway, "audit_write_failures_total") == 0
        faults.disk_full()
        talk.refused(b"plan.txt")
        assert value(gateway, "audit_writable") == 0 and value(gateway, "audit_write_failures_total") == 1
        told = status(gateway)
        assert not told["ready"] and "No space left" in told["trouble"] and not told["audit"]["writable"], told
        assert admin.ask(gateway.admin_path, "GET", "/readyz") == (503, told["trouble"] + "\n")
        said = subprocess.run([BINARY, "status", "--socket", gateway.admin_path], capture_output=True, text=True)
        assert said.returncode == 1 and "NOT READY: the audit log cannot be written: No space left" in said.stdout, said
        faults.none()
        talk.allowed()
        assert value(gateway, "audit_writable") == 1 and value(gateway, "audit_records_missing") == 0
        told = status(gateway)
        assert told["ready"] and told["audit"]["failures"] == 1 and "No space left" in told["audit"]["last_error"], told


@rule
def an_export_that_is_down_and_comes_up_is_seen():
    port = free_port()
    keys = f'[[audit.export]]\nto = "syslog-tcp"\naddress = "127.0.0.1:{port}"\n'
    with listening() as server, Gateway(server.getsockname()[1], audit_keys=keys) as gateway:
        client, upstream = pair(gateway, server)
        for number in range(2, 12):
            client.sendall(offer(number))
        eventually(lambda: value(gateway, "audit_export_behind", export="1") >= 10, "a backlog")
        eventually(lambda: value(gateway, "audit_export_retries_total", export="1") >= 1, "a retry")
        one = status(gateway)["audit"]["exports"][0]
        assert not one["connected"] and one["behind"] >= 10 and one["last_error"] and f":{port}" in one["to"], one
        assert status(gateway)["ready"], "the log itself is well"
        said = subprocess.run([BINARY, "status", "--socket", gateway.admin_path], capture_output=True, text=True)
        assert said.returncode == 0 and "NOT CONNECTED" in said.stdout and one["last_error"] in said.stdout, said
        with socket.create_server(("127.0.0.1", port)) as collector:
            collector.settimeout(20)
            with collector.accept()[0] as connection:
                connection.settimeout(20)
                eventually(lambda: connection.recv(1 << 16) and value(gateway, "audit_export_connected", export="1") == 1, "it connects")
                eventually(lambda: value(gateway, "audit_export_behind", export="1") == 0, "it catches up")
        client.close()
        upstream.close()


@rule
def reloads_are_counted_by_their_result():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        config = gateway.admin_path.with_name("gateway.toml")
        good = config.read_text()
        assert admin.ask(gateway.admin_path, "POST", "/api/v1/reload", {})[0] == 200
        for nonsense in ("nonsense = 1", "[policy]\ndefault = 5"):
            config.write_text(f"{good}\n{nonsense}\n")
            assert admin.ask(gateway.admin_path, "POST", "/api/v1/reload", {})[0] == 422
        for result, wanted in (("done", 1), ("failed", 2)):
            assert value(gateway, "policy_reloads_total", result=result) == wanted, result
        assert status(gateway)["reloads"] == {"done": 1, "failed": 2}


def names_in(expression):
    return set(re.findall(r"\b(?:msnpgate|process)_[a-z_]+\b", expression))


@rule
def alerts_and_dashboard_use_only_metrics_that_exist():
    with tempfile.TemporaryDirectory(prefix="msnpgate-metrics-") as scratch, listening() as server, \
            Gateway(server.getsockname()[1], audit_keys=shipped_to(scratch)) as gateway:
        known = {name for name, _ in admin.parse(scrape(gateway))}
    rules = MONITORING / "alerts.yml"
    checked = subprocess.run(["promtool", "check", "rules", rules], text=True, capture_output=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    used = names_in("\n".join(row for row in rules.read_text().splitlines() if "expr:" in row or row.startswith("          ")))
    panels = json.loads((MONITORING / "grafana.json").read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    assert expressions
    for expression in expressions:
        used |= names_in(expression)
    assert used and used <= known, used - known


@rule
def alerts_fire_when_they_should():
    checked = subprocess.run(["promtool", "test", "rules", MONITORING / "alerts_test.yml"], text=True, capture_output=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


if __name__ == "__main__":
    sys.exit(main())
