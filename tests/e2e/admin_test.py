#!/usr/bin/env python3
"""The admin server: its answers, as conf/openapi.json describes them, and what it refuses.

usage: admin_test.py [MSNPGATE [WORD...]]
"""
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time

import jsonschema

from loopback import (BINARY, eventually, free_port, Gateway, listening, main, message_from_client, offer, pair, receive,
                      ROOT, rule)

from lab import admin

API = json.loads((ROOT / "conf/openapi.json").read_text())
VIEWER, ADMIN = "viewer0123456789viewer0123456789", "admin00123456789admin00123456789"


def check(target, status, text):
    """The answer is one that the document describes."""
    path = target.split("?")[0]
    for method in API["paths"][path].values():
        described = method["responses"].get(str(status), method["responses"].get("default"))
        assert described, (path, status)
        content = described["content"].get("application/json")
        if content:
            schema = {**content["schema"], "components": API["components"]}
            jsonschema.Draft7Validator(schema).validate(json.loads(text))


def ask(gateway, method, target, body=None, **headers):
    status, text = admin.ask(gateway.admin_path, method, target, body, headers)
    if target.split("?")[0] in API["paths"] and status not in (404, 405):
        check(target, status, text)
    return status, text


def read(gateway, target):
    status, text = ask(gateway, "GET", target)
    assert status == 200, (status, text)
    return json.loads(text)


def raw(port, data, patience=5):
    """What the server says to these bytes."""
    with socket.create_connection(("127.0.0.1", port), patience) as connection:
        connection.sendall(data)
        answer = b""
        while True:
            try:
                piece = connection.recv(65536)
            except (ConnectionResetError, TimeoutError):
                return answer
            if not piece:
                return answer
            answer += piece


def with_tcp(server, keys="", listener="", **more):
    port = free_port()
    gateway = Gateway(server.getsockname()[1], admin_keys=f'{keys}\n[[admin.listener]]\nbind = "127.0.0.1:{port}"\n{listener}',
                      **more)
    return gateway, port


@rule
def every_answer_is_as_its_document_says():
    policy = '[[rule]]\nname = "no"\naction = "block"\nusers = ["eve@corp.example"]\nkinds = ["webcam"]\nmax_size = 5\n' \
             'when = "Mon-Fri 08:00-18:00"\nuntil = 2099-01-01T00:00:00Z\nclients = ["10.0.0.0/8"]\nnames = ["*.x"]\n'
    with listening() as server, Gateway(server.getsockname()[1], policy=policy, threads=2) as gateway:
        client, upstream = pair(gateway, server)
        client.sendall(offer(2))
        eventually(lambda: [one for one in gateway.audit() if one.get("action") == "block"], "a block")
        asked = {"/api/v1", "/api/v1/status", "/api/v1/sessions", "/api/v1/events", "/api/v1/summary", "/api/v1/policy",
                 "/api/v1/explain?user=ann@corp.example&peer=b@c&size=5&name=a.x&client=10.1.2.3&direction=receive",
                 "/livez", "/readyz", "/metrics", "/api/v1/events?limit=0", "/api/v1/events?before=x",
                 "/api/v1/summary?hours=0", "/api/v1/explain?kind=nothing", "/api/v1/explain?client=x"}
        for target in asked:
            ask(gateway, "GET", target)
        assert ask(gateway, "POST", "/api/v1/reload", {})[0] == 200
        documented = {path for path, methods in API["paths"].items() if "get" in methods} - {"/api/v1/events/stream"}
        assert documented == {target.split("?")[0] for target in asked}
        told = {(one["method"].lower(), one["path"]) for one in read(gateway, "/api/v1")["routes"]}
        pages = {("get", path) for path in ("/", "/api.js", "/dashboard.css", "/dashboard.js", "/page.js", "/plot.js")}
        described = {(method, path) for path, methods in API["paths"].items() for method in methods}
        assert described - {("get", "/api/v1")} <= told, described - told
        client.close()
        upstream.close()


@rule
def a_session_is_seen_with_its_user_dialect_bytes_and_can_be_ended():
    with listening() as server, Gateway(server.getsockname()[1], threads=2) as gateway:
        client, upstream = pair(gateway, server)
        data = message_from_client(2, 300)
        client.sendall(data)
        receive(upstream, len(data))
        sessions = read(gateway, "/api/v1/sessions")
        assert sessions["open"] == 1
        one = sessions["sessions"][0]
        assert one["user"] == "ann@corp.example" and one["phase"] == "relaying" and one["bytes_from_client"] > 300, one
        assert one["client"] == "127.0.0.1:%d" % client.getsockname()[1]
        assert ask(gateway, "POST", "/api/v1/sessions/end", {"client": "127.0.0.1:1"})[0] == 404
        assert ask(gateway, "POST", "/api/v1/sessions/end", {})[0] == 400
        assert ask(gateway, "POST", "/api/v1/sessions/end", {"client": one["client"]})[0] == 200
        eventually(lambda: gateway.endings() == ["administrator"], "the end")
        assert read(gateway, "/api/v1/sessions")["sessions"] == []
        client.close()
        upstream.close()


@rule
def events_are_filtered_and_paged_and_rules_count_their_hits():
    policy = '[[rule]]\nname = "no exe"\naction = "block"\nnames = ["*.exe"]\n'
    with listening() as server, Gateway(server.getsockname()[1], policy=policy) as gateway:
        client, upstream = pair(gateway, server)
        for number in range(2, 32):
            client.sendall(offer(number))
        eventually(lambda: len([one for one in gateway.audit() if one.get("action") == "block"]) == 30, "30 blocks")
        first = read(gateway, "/api/v1/events?action=block&limit=20")
        assert len(first["events"]) == 20 and first["more"]
        rest = read(gateway, "/api/v1/events?action=block&limit=20&before=%d" % first["events"][-1]["seq"])
        assert len(rest["events"]) == 10 and not rest["more"]
        numbers = [one["seq"] for one in first["events"] + rest["events"]]
        assert numbers == sorted(numbers, reverse=True) and len(set(numbers)) == 30
        assert not read(gateway, "/api/v1/events?user=nobody@corp.example")["events"]
        assert len(read(gateway, "/api/v1/events?user=*@corp.example&name=*.EXE&kind=file-transfer")["events"]) == 30
        assert read(gateway, "/api/v1/policy")["rules"][0]["hits"] == 30
        told = read(gateway, "/api/v1/explain?user=ann@corp.example&name=a.exe")
        assert told["rule"] == "no exe" and told["action"] == "block" and told["rules"][0]["fits"]
        assert not read(gateway, "/api/v1/explain?user=ann@corp.example&name=a.doc")["rules"][0]["fits"]
        summary = read(gateway, "/api/v1/summary?hours=1")
        assert summary["totals"]["block"] == 30 and summary["kinds"] == [{"name": "file-transfer", "count": 30}]
        assert summary["users"] == [{"name": "ann@corp.example", "count": 30}]
        client.close()
        upstream.close()


@rule
def the_stream_brings_every_record_once_and_in_order():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        connection = admin.UnixConnection(gateway.admin_path)
        connection.request("GET", "/api/v1/events/stream?event=transfer&after=0")
        answer = connection.getresponse()
        assert answer.getheader("Content-Type") == "text/event-stream"
        client, upstream = pair(gateway, server)
        for number in range(2, 52):
            client.sendall(offer(number))
        seen = []
        while len(seen) < 50:
            line = answer.fp.readline()
            assert line, "the stream ended"
            if line.startswith(b"data: "):
                seen.append(json.loads(line[6:])["seq"])
        assert seen == sorted(set(seen))
        connection.close()
        client.close()
        upstream.close()


@rule
def a_stranger_on_loopback_looks_and_changes_nothing():
    with listening() as server:
        gateway, port = with_tcp(server)
        with gateway:
            def say(method, path, *lines, body="{}"):
                head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, f"Content-Length: {len(body)}", "Connection: close"])
                return int(raw(port, f"{head}\r\n\r\n{body}".encode()).split()[1])

            host, kind = "Host: localhost:9863", "Content-Type: application/json"
            assert say("GET", "/api/v1/status", host) == 200
            for path in ("/api/v1/reload", "/api/v1/sessions/end"):
                assert say("POST", path, host, kind) == 403
            assert say("GET", "/livez", "Host: gate.evil.example") == 421
            assert say("GET", "/livez") == 400
            assert say("GET", "/livez", host, host) == 400
            for path in ("/../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/dashboard.js/..", "//etc/passwd",
                         "/index.html", "/dashboard.js%00"):
                assert say("GET", path, host) == 404, path
            assert say("GET", "/api/v1/status", host, "Origin: http://evil.example") == 403
            assert say("GET", "/" + "x" * 20_000, host) == 431
            assert say("GET", "/livez", host, "X: " + "x" * 20_000) == 431
            assert raw(port, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").startswith(b"HTTP/1.1 400")


@rule
def an_admin_too_is_protected_from_foreign_pages():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        json_type = {"Content-Type": "application/json"}
        for headers, wanted in (({**json_type, "Origin": "http://evil.example"}, 403), ({**json_type, "Sec-Fetch-Site": "cross-site"}, 403),
                                ({"Content-Type": "text/plain"}, 415), ({**json_type, "Host": "evil.example"}, 421),
                                ({**json_type, "Origin": "http://localhost"}, 200)):
            assert admin.ask(gateway.admin_path, "POST", "/api/v1/reload", {}, headers)[0] == wanted, headers
        assert len(gateway.policies()) == 1
        # Who is still sending when the answer is there must be able to read it.
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(10)
            caller.connect(str(gateway.admin_path))
            caller.sendall(b"POST /api/v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           b"Content-Length: 70000\r\n\r\n")
            for _ in range(7):
                time.sleep(0.05)
                caller.sendall(b"y" * 10_000)
            answer = b"".join(iter(lambda: caller.recv(1 << 16), b""))
        assert answer.startswith(b"HTTP/1.1 413"), answer[:100]


@rule
def tokens_open_what_their_role_says():
    with listening() as server:
        folder = pathlib.Path("/tmp") / f"msnpgate-tokens.{os.getpid()}"
        folder.write_text(f"viewer {VIEWER}\nadmin {ADMIN}\n")
        folder.chmod(0o600)
        try:
            gateway, port = with_tcp(server, f'tokens = "{folder}"', 'anonymous = "none"')
            with gateway:
                def say(method, path, token=None):
                    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
                    text = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Type: application/json\r\n" \
                           "Content-Length: 2\r\nConnection: close\r\n\r\n{}"
                    return int(raw(port, text.encode()).split()[1])

                assert say("GET", "/livez") == 200
                assert say("GET", "/api/v1/status") == 401
                assert say("GET", "/metrics", "wrong" * 8) == 401
                assert say("GET", "/api/v1/status", VIEWER) == 200
                assert say("POST", "/api/v1/reload", VIEWER) == 403
                assert say("POST", "/api/v1/reload", ADMIN) == 200
        finally:
            folder.unlink()


@rule
def with_tls_a_certificate_opens():
    with listening() as server:
        gateway = None
        folder = pathlib.Path(f"/tmp/msnpgate-tls.{os.getpid()}")
        folder.mkdir()
        try:
            for name in ("gate", "ops", "looker"):
                subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                                "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-days", "2",
                                "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
                               check=True, capture_output=True)
            (folder / "ca.pem").write_text((folder / "ops.pem").read_text() + (folder / "looker.pem").read_text())
            gateway, port = with_tcp(server, "", f'certificate = "{folder}/gate.pem"\nkey = "{folder}/gate.key"\n'
                                     f'client_ca = "{folder}/ca.pem"\nadmins = ["ops"]\nanonymous = "none"')
            with gateway:
                def say(method, path, name=None):
                    context = ssl.create_default_context(cafile=folder / "gate.pem")
                    if name:
                        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
                    with socket.create_connection(("127.0.0.1", port), 10) as plain, \
                            context.wrap_socket(plain, server_hostname="localhost") as secure:
                        secure.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n"
                                       "Content-Length: 2\r\nConnection: close\r\n\r\n{}".encode())
                        return int(secure.recv(4096).split()[1])

                assert say("GET", "/api/v1/status") == 401
                assert say("GET", "/api/v1/status", "looker") == 200
                assert say("POST", "/api/v1/reload", "looker") == 403
                assert say("POST", "/api/v1/reload", "ops") == 200
                assert not raw(port, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP")
        finally:
            subprocess.run(["rm", "-r", folder], check=True)


@rule
def slow_clients_are_cut_off_and_lock_nobody_out():
    with listening() as server:
        gateway, port = with_tcp(server, "connections = 4")
        with gateway:
            slow = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(4)]
            for one in slow:
                one.sendall(b"GET /livez HTTP/1.1\r\nHost: loc")
            time.sleep(0.2)
            began = time.monotonic()
            assert raw(port, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""  # no seat is free
            assert read(gateway, "/api/v1/status")["ready"]  # but on the socket there are others
            for _ in range(20):  # a byte now and then keeps no seat
                time.sleep(0.5)
                for one in slow:
                    try:
                        one.sendall(b"a")
                    except OSError:
                        pass
            for one in slow:
                try:
                    assert one.recv(100) == b""
                except ConnectionResetError:
                    pass
            assert time.monotonic() - began < 18
            assert raw(port, b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


@rule
def a_flood_of_questions_does_not_slow_the_data_path():
    """The time that messages take through the gateway, with and without a flood, in turns; the best of each."""
    data = b"".join(message_from_client(number, 1200) for number in range(2, 4002))
    with listening() as server:
        gateway, port = with_tcp(server)
        with gateway:
            client, upstream = pair(gateway, server)
            stop = threading.Event()
            asked = [0]

            def flood():
                while not stop.is_set():
                    raw(port, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    asked[0] += 1

            def measured():
                began = time.monotonic()
                sender = threading.Thread(target=client.sendall, args=(data,))
                sender.start()
                receive(upstream, len(data))
                sender.join()
                return time.monotonic() - began

            quiet, flooded = [], []
            for _ in range(5):
                quiet.append(measured())
                stop.clear()
                flooder = threading.Thread(target=flood)
                flooder.start()
                flooded.append(measured())
                stop.set()
                flooder.join()
            ratio = min(flooded) / min(quiet)
            print(f"# {asked[0]} questions meanwhile; with them messages took {ratio:.2f} times as long, "
                  "this test's own flood included")
            # The flood shares the interpreter with the measured ends: this bounds the gateway's part generously.
            assert ratio < 10, ratio
            client.close()
            upstream.close()


@rule
def commands_speak_to_the_gateway_and_say_when_there_is_none():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        def run(*words):
            return subprocess.run([BINARY, *words], capture_output=True, text=True)

        there = ("--socket", gateway.admin_path)
        told = run("status", *there)
        assert told.returncode == 0 and "ready" in told.stdout, told
        assert run("reload", *there).stdout.endswith("is in force\n")
        config = gateway.admin_path.with_name("gateway.toml")
        good = config.read_text()
        config.write_text(good + "\nnonsense = 1\n")
        failed = run("reload", *there)
        assert failed.returncode == 1 and "unknown key" in failed.stderr and "stays in force as it was" in failed.stderr, failed
        nobody = run("status", "--socket", "/nonexistent/admin.sock")
        assert nobody.returncode == 1 and "no gateway answers" in nobody.stderr, nobody


if __name__ == "__main__":
    sys.exit(main())
