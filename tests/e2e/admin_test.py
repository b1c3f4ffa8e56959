#!/usr/bin/env python3
"""The admin server: its answers, as conf/openapi.json describes them, and what it refuses.

usage: admin_test.py [MSNPGATE [WORD...]]
"""
import json
import os
import pathlib
import select
import socket
import ssl
import subprocess
import sys
import threading
import time

import jsonschema

from loopback import (BINARY, eventually, free_port, Gateway, listening, main, message_from_client, offer, pair, receive,
                      ROOT, SB_REPLY, rule)

from lab import admin

API = json.loads((ROOT / "conf/openapi.json").read_text())
VIEWER, ADMIN = "viewer0123456789viewer0123456789", "admin00123456789admin00123456789"


def fits(text, schema):
    jsonschema.Draft7Validator({**schema, "components": API["components"]}).validate(json.loads(text))


def check(method, target, status, text):
    """The answer is one that the document describes; of what it does not know, an error in words."""
    described = API["paths"].get(target.split("?")[0], {}).get(method.lower())
    if described is None:
        assert status in (404, 405), (method, target, status)
        fits(text, {"$ref": "#/components/schemas/Error"})
        return
    responses = described["responses"]
    content = responses.get(str(status), responses.get("default"))["content"].get("application/json")
    if content:
        fits(text, content["schema"])


def ask(gateway, method, target, body=None, **headers):
    status, text = admin.ask(gateway.admin_path, method, target, body, headers)
    check(method, target, status, text)
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
                 "/api/v1/grants", "/api/v1/explain?user=ann@corp.example&peer=b@c.d&size=5&name=a.x&client=10.1.2.3&direction=receive",
                 "/livez", "/readyz", "/metrics", "/api/v1/events?limit=0", "/api/v1/events?before=x",
                 "/api/v1/summary?hours=0"}
        for target in asked:
            ask(gateway, "GET", target)
        assert ask(gateway, "POST", "/api/v1/reload", {})[0] == 200
        documented = {path for path, methods in API["paths"].items() if "get" in methods} - {"/api/v1/events/stream"}
        assert documented == {target.split("?")[0] for target in asked}
        told = {(one["method"].lower(), one["path"]) for one in read(gateway, "/api/v1")["routes"]}
        pages = {("get", "/")} | {("get", f"/{one.name}") for one in (ROOT / "proxy/dashboard").iterdir() if one.name != "index.html"}
        described = {(method, path) for path, methods in API["paths"].items() for method in methods}
        assert described == told - pages | {("get", "/api/v1")}, described ^ told
        for method, path in described:  # and of each, what it says to another method
            ask(gateway, "DELETE", path)
            if method == "get":
                assert ask(gateway, "POST", path, {})[0] == (400 if path == "/api/v1/grants" else 405), path
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
def a_grant_lets_pass_what_was_blocked_until_it_is_revoked():
    with listening() as server, Gateway(server.getsockname()[1], threads=2) as gateway:
        client, upstream = pair(gateway, server, reply=SB_REPLY + b"JOI ben@agency.example Ben\r\n")

        def decided(number):
            before = len(gateway.audit())
            client.sendall(offer(number))
            found = eventually(lambda: [one for one in gateway.audit()[before:] if one["event"] == "transfer"], "a decision")
            return found[0]["action"], found[0]["rule"]

        assert decided(2) == ("block", "default")
        assert read(gateway, "/api/v1/grants") == {"grants": []}
        status, text = ask(gateway, "POST", "/api/v1/grants",
                           {"user": "Ann@corp.example", "peer": "*@agency.example", "names": ["*.exe"], "kinds": ["file-transfer"],
                            "direction": "send", "max_size": "10MiB", "for": "30m"})
        assert status == 201, text
        given = json.loads(text)
        assert given["user"] == "ann@corp.example" and given["until_ms"] - given["given_ms"] == 1_800_000 and not given["once"], given
        assert given["by"], given
        assert read(gateway, "/api/v1/grants") == {"grants": [given]}
        assert decided(3) == ("allow", f"grant {given['id']}")
        receive(upstream, len(offer(3)))
        told = read(gateway, "/api/v1/events?event=policy&reason=grant")["events"]
        assert [one["rule"] for one in told] == [f"grant {given['id']}"], told
        assert json.loads(ask(gateway, "POST", "/api/v1/grants/revoke", {"id": given["id"]})[1]) == {"id": given["id"]}
        assert decided(4) == ("block", "default")
        assert ask(gateway, "POST", "/api/v1/grants/revoke", {"id": given["id"]})[0] == 404

        once = json.loads(ask(gateway, "POST", "/api/v1/grants", {"user": "ann@corp.example", "for": "1h", "once": True})[1])
        assert decided(5) == ("allow", f"grant {once['id']}")
        assert decided(6) == ("block", "default")
        assert read(gateway, "/api/v1/grants") == {"grants": []}  # used up
        client.close()
        upstream.close()


@rule
def a_grant_that_makes_no_sense_is_refused_in_words_and_changes_nothing():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        good = {"user": "ann@corp.example", "for": "1h"}
        for wrong, word in (({"for": "1h"}, "user"), ({"user": "ann@corp.example"}, "for"), ({**good, "user": "nobody"}, "user"),
                            ({**good, "user": 5}, "user"), ({**good, "peer": ""}, "peer"), ({**good, "for": "0s"}, "for"),
                            ({**good, "for": "9000h"}, "for"), ({**good, "kinds": ["files"]}, "kinds"), ({**good, "kinds": "wink"}, "kinds"),
                            ({**good, "names": ["*" * 2000]}, "names"), ({**good, "names": ["x"] * 101}, "names"),
                            ({**good, "direction": "up"}, "direction"), ({**good, "max_size": 10}, "max_size"),
                            ({**good, "once": "yes"}, "once"), ({**good, "colour": 1}, "colour"),
                            ({**good, "once": True, "kinds": ["direct-connection"]}, "direct-connection")):
            status, text = ask(gateway, "POST", "/api/v1/grants", wrong)
            assert status == 400 and word in json.loads(text)["error"], (wrong, status, text)
        for nonsense in ([], "x", 5):
            assert ask(gateway, "POST", "/api/v1/grants", nonsense)[0] == 400
        for nonsense in ({}, {"id": 5}, []):
            assert ask(gateway, "POST", "/api/v1/grants/revoke", nonsense)[0] == 400
        assert ask(gateway, "POST", "/api/v1/grants/revoke", {"id": "../\u0007"})[0] == 404
        assert read(gateway, "/api/v1/grants") == {"grants": []}
        for _ in range(256):
            assert ask(gateway, "POST", "/api/v1/grants", good)[0] == 201
        status, text = ask(gateway, "POST", "/api/v1/grants", good)
        assert status == 409 and "256" in text, (status, text)
        assert len(read(gateway, "/api/v1/grants")["grants"]) == 256


@rule
def draining_is_answered_with_the_sessions_that_are_open():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server)
        status, text = ask(gateway, "POST", "/api/v1/drain", {})
        assert status == 200 and json.loads(text) == {"sessions": 1}, text
        told = read(gateway, "/api/v1/status")
        assert not told["ready"] and "draining" in told["trouble"], told
        assert ask(gateway, "GET", "/readyz")[0] == 503
        client.close()
        upstream.close()
        eventually(lambda: gateway.process.poll() is not None, "the end of the process")
        assert gateway.process.returncode == 0


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
        summary = read(gateway, "/api/v1/summary?hours=1")
        assert summary["totals"]["block"] == 30 and summary["kinds"] == [{"name": "file-transfer", "count": 30}]
        assert summary["users"] == [{"name": "ann@corp.example", "count": 30}]
        client.close()
        upstream.close()


EXPLAINED = """[[rule]]
name = "pictures"
action = "allow"
names = ["*.png", "*.jpg"]

[[rule]]
name = "eve"
action = "block"
users = ["eve@corp.example"]

[[rule]]
name = "ann to the agency"
action = "%s"
users = ["ann@corp.example"]
peers = ["*@agency.example"]
"""


@rule
def a_question_is_explained_rule_by_rule():
    with listening() as server, Gateway(server.getsockname()[1], policy=EXPLAINED % "block") as gateway:
        about = "user=Ann@Corp.example&name=a.exe&size=2KiB&client=10.1.2.3"
        told = read(gateway, f"/api/v1/explain?{about}&peer=ben@agency.example")["explanations"]
        assert len(told) == 1 and told[0]["action"] == "block" and told[0]["rule"] == "ann to the agency", told
        assert [(one["number"], one["rule"], one["fits"], one.get("condition")) for one in told[0]["rules"]] == [
            (1, "pictures", False, "names"), (2, "eve", False, "users"), (3, "ann to the agency", True, None)], told
        assert told[0]["rules"][0]["why"] == 'names: "a.exe" is not like *.png or *.jpg', told
        assert told[0]["question"]["user"] == "ann@corp.example" and told[0]["question"]["size"] == 2048, told
        told = read(gateway, f"/api/v1/explain?{about}&peer=ben@other.example")["explanations"][0]
        assert told["rule"] == "default" and "default is block" in told["why"] and len(told["rules"]) == 3, told
        # The command, asked the same of the same file, says the same.
        config = gateway.admin_path.with_name("gateway.toml")
        said = json.loads(subprocess.run([BINARY, "explain", "-c", config, "--user", "Ann@Corp.example", "--peer", "ben@other.example",
                                          "--name", "a.exe", "--size", "2KiB", "--client", "10.1.2.3", "--format", "json"],
                                         capture_output=True, text=True, check=True).stdout)
        for one in (told, said):
            del one["question"]["at"]
        assert told == said, (told, said)
        # A grant decides before all rules.
        grant = json.loads(ask(gateway, "POST", "/api/v1/grants", {"user": "ann@corp.example", "for": "1h"})[1])
        told = read(gateway, f"/api/v1/explain?{about}&peer=ben@agency.example")["explanations"][0]
        assert told["rule"] == f"grant {grant['id']}" and told["rules"] == [] and "a grant decides" in told["why"], told
        for wrong, word in (("peer=b@c.d", "user"), ("user=ann@corp.example", "peer"), (f"{about}&peer=*@c.d", "peer"),
                            (f"{about}&peer=b@c.d&kind=x", "kind"), (f"{about}&peer=b@c.d&direction=up", "direction"),
                            ("user=a@b.c&peer=b@c.d&size=big", "size"), ("user=a@b.c&peer=b@c.d&client=x", "client"),
                            ("user=a@b.c&peer=b@c.d&at=noon", "at")):
            status, text = ask(gateway, "GET", f"/api/v1/explain?{wrong}")
            assert status == 400 and json.loads(text)["error"].startswith(word), (wrong, text)


@rule
def a_recorded_decision_is_explained_by_the_policy_of_its_time_and_of_now():
    with listening() as server, Gateway(server.getsockname()[1], policy=EXPLAINED % "block") as gateway:
        client, upstream = pair(gateway, server, reply=SB_REPLY + b"JOI ben@agency.example Ben\r\nJOI zoe@other.example Zoe\r\n")
        client.sendall(offer(2))
        record = eventually(lambda: [one for one in gateway.audit() if one.get("action") == "block"], "a block")[0]
        config = gateway.admin_path.with_name("gateway.toml")
        config.write_text(config.read_text().replace(EXPLAINED % "block", EXPLAINED % "allow"))
        assert ask(gateway, "POST", "/api/v1/reload", {})[0] == 200
        then = read(gateway, f"/api/v1/explain?audit={record['id']}")
        assert then["recorded"] == {key: record[key] for key in ("id", "action", "rule", "reason", "policy")}, then
        decided = {one["question"]["peer"]: (one["action"], one["rule"]) for one in then["explanations"]}
        assert decided == {"ben@agency.example": ("block", "ann to the agency"), "zoe@other.example": ("block", "default")}, then
        assert {one["policy"] for one in then["explanations"]} == {record["policy"]}
        now = read(gateway, f"/api/v1/explain?audit={record['id']}&policy=now")
        assert {one["action"] for one in now["explanations"]} == {"allow", "block"}, now
        assert {one["policy"] for one in now["explanations"]} == {read(gateway, "/api/v1/policy")["revision"]} != {record["policy"]}
        assert ask(gateway, "GET", f"/api/v1/explain?audit={record['id']}&policy=later")[0] == 400
        reloaded = read(gateway, "/api/v1/events?event=policy&limit=1")["events"][0]["id"]
        for nothing in ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "../../etc/passwd", "%00", reloaded):
            assert ask(gateway, "GET", f"/api/v1/explain?audit={nothing}")[0] == 404, nothing
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
            changes = [path for path, methods in API["paths"].items() if "post" in methods]
            assert len(changes) == 5, changes
            for path in changes:
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
                for path in ("/api/v1/reload", "/api/v1/drain", "/api/v1/grants", "/api/v1/grants/revoke", "/api/v1/sessions/end"):
                    assert say("POST", path) == 401, path
                    assert say("POST", path, VIEWER) == 403, path
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
def a_terminal_shows_hostile_text_and_obeys_nothing_in_it():
    """Names that would repaint a terminal, hide their end or be longer than it: `status`, `status --watch` on a terminal."""
    names = (b"a\x1b[31mred\x1b]0;owned\x07.txt", "\u202egpj.exe".encode(), "\u2028\u200b\ufeff.doc".encode(), b"\x9b31m\xff.exe",
             b"long-" + b"x" * 1000)
    nick = "b\u202eo\u200bb".encode()
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server, reply=SB_REPLY + b"JOI " + nick + b"@agency.example Ben\r\n")
        for number, name in enumerate(names, 2):
            text = offer(number).partition(b"\r\n")[2].replace(b"a.exe", name)
            client.sendall(b"MSG %d A %d\r\n" % (number, len(text)) + text)
        eventually(lambda: len([one for one in gateway.audit() if one.get("action") == "block"]) == len(names), "all of them")
        words = [BINARY, "status", "--socket", gateway.admin_path]
        plain = subprocess.run(words, capture_output=True, check=True).stdout
        ours, theirs = os.openpty()
        with subprocess.Popen([*words, "--watch"], stdout=theirs, stderr=theirs) as watching:
            os.close(theirs)
            shown = b""
            try:
                while shown.count(b"\x1b[H\x1b[J") < 3:  # two whole pages
                    assert select.select([ours], [], [], 20)[0], "nothing came"
                    shown += os.read(ours, 1 << 16)
            finally:
                watching.terminate()
                os.close(ours)
        pages = shown.split(b"\x1b[H\x1b[J")
        assert pages[0] == b"" and len(pages) == 4, shown
        for page in (plain, pages[1].replace(b"\r\n", b"\n"), pages[2].replace(b"\r\n", b"\n")):
            text = page.decode()  # UTF-8 throughout
            hidden = [ascii(letter) for letter in text if letter != "\n" and not letter.isprintable()]
            assert not hidden, hidden
            assert "\\u{202e}gpj.exe" in text and "\\u{001b}[31mred" in text and "ann@corp.example" in text, text
            assert max(map(len, text.splitlines())) < 200, text
        client.close()
        upstream.close()


@rule
def commands_speak_to_the_gateway_and_say_when_there_is_none():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        def run(*words):
            return subprocess.run([BINARY, *words], capture_output=True, text=True)

        there = ("--socket", gateway.admin_path)
        told = run("status", *there)
        assert told.returncode == 0 and "ready" in told.stdout and "grants" not in told.stdout, told
        ask(gateway, "POST", "/api/v1/grants", {"user": "ann@corp.example", "for": "1h", "once": True})
        told = run("status", *there)
        assert "grants" in told.stdout and "ann@corp.example          with  anybody" in told.stdout and "once, until" in told.stdout, told
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
