#!/usr/bin/env python3
"""The metrics of a running gateway: their format, and that they count what happened, no more and no less.

usage: metrics_test.py [MSNPGATE [WORD...]]
"""
import json
import pathlib
import re
import signal
import subprocess
import sys

from loopback import eventually, Gateway, listening, main, message_from_client, offer, pair, receive, ROOT, rule

from lab import admin

MONITORING = ROOT / "deploy/monitoring"


def scrape(gateway):
    return admin.ask(gateway.admin_path, "GET", "/metrics")[1]


@rule
def promtool_finds_nothing_to_say():
    with listening() as server, Gateway(server.getsockname()[1], threads=2) as gateway:
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
            upstream.close()
        eventually(lambda: len(gateway.endings()) == 3, "three ends")
        samples = admin.metrics(gateway.admin_path)
        assert admin.total(samples, "msnpgate_sessions_begun_total") == 3
        assert admin.total(samples, "msnpgate_sessions_ended_total", reason="client-closed") == 3
        assert admin.total(samples, "msnpgate_sessions_open") == 0


def names_in(expression):
    return set(re.findall(r"\b(?:msnpgate|process)_[a-z_]+\b", expression))


@rule
def alerts_and_dashboard_use_only_metrics_that_exist():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
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
