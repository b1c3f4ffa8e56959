#!/usr/bin/env python3
"""System calls that fail, one at a time (tests/faults/calls.c): whatever the gateway and its commands do is done
again and again, and each time another call fails, until all have had their turn.

usage: faults_calls_test.py [MSNPGATE [WORD...]]

Promised of a command: it ends by itself, with what it prints without a fault, or with a code that is not 0 and a word
why. Of the gateway: it starts, or says why not; no offer comes through; a session after the fault works with all its
bytes; it stops when it is told to.
"""
import contextlib
import errno
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from audit_support import Chat
from faults_on_demand import Faults
from lab import admin
from lab.managed import free_port
from loopback import (BINARY, PATIENCE, ROOT, SB_HELLO, SB_REPLY, Gateway, accept, dies_with_us, eventually, in_thread,
                      listening, main, message_from_client, offer, receive, rule, suppressed)

# In turns, since what is done about one is not what is done about another.
ERRORS = (errno.EIO, errno.ENOMEM, errno.EACCES, errno.EMFILE)
SHORT = 0.3
JOINED = b"JOI ben@agency.example Ben\r\n"
POLICY = """
[[admin.listener]]
bind = "127.0.0.1:{port}"
[[audit.export]]
to = "file"
path = "copy.jsonl"
[policy]
default = "block"
"""


def named(number, faults):
    return f"call {number}, {faults.failed_call()} with {errno.errorcode[faults.call_error]}"


def output_of(command, faults=None):
    done = subprocess.run([BINARY, *command], capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                          env={**os.environ, **(faults.environment if faults else {})}, check=False)
    return done.returncode, done.stdout, done.stderr


def each_call_of(command, before=lambda: None, same=True):
    before()
    good_code, good, good_error = output_of(command)
    assert good_code == 0, (command, good_error)
    number, silent = 0, []
    while True:
        number += 1
        faults = Faults()
        faults.call_error = ERRORS[number % len(ERRORS)]
        faults.failing_call = number
        before()
        code, out, error = output_of(command, faults)
        if faults.calls_failed == 0:
            break
        what = f"{command[:2]}, {named(number, faults)}: ends with {code}, {out[-300:]!r}, {error[-300:]!r}"
        assert 0 <= code < 100, what
        assert (not same or out == good) if code == 0 else error.strip(), what
        if code == 0:
            silent.append(faults.failed_call())
    print(f"        {' '.join(map(str, command[:2]))}: {number - 1} calls, {len(silent)} do not matter", flush=True)


class FaultyGateway(Gateway):
    """Starts, or has refused to."""

    def start(self):
        folder = pathlib.Path(self.directory.name)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(folder / "notify"))
            notify.settimeout(0.05)
            self.process = subprocess.Popen([BINARY, "run", "-c", folder / "gateway.toml"], stderr=self.log,
                                            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify"),
                                                 **self.environment}, preexec_fn=dies_with_us())
            end = time.monotonic() + 1  # it may be unable to say that it is ready
            while self.process.poll() is None and time.monotonic() < end:
                if suppressed(lambda: notify.recv(1000)):
                    return


def talk(gateway, server, number, may_fail):
    """Chat, and an offer that is refused."""
    hello, chat = SB_HELLO.replace(b"1234", b"%d" % number), message_from_client(8)
    tape = answer = b""
    patience = SHORT if may_fail() else PATIENCE
    server.settimeout(patience)
    try:
        with gateway.connect() as client, spoken_to(server, client, hello) as upstream:
            for end in client, upstream:
                end.settimeout(patience)
            upstream.sendall(SB_REPLY + JOINED)
            assert receive(client, len(SB_REPLY + JOINED)) == SB_REPLY + JOINED
            client.sendall(offer(7) + chat)
            while b"Cancel-Code: REJECT" not in answer:
                more = client.recv(1 << 16)
                assert more, "no refusal"
                answer += more
            while not tape.endswith(chat):
                more = upstream.recv(1 << 16)
                assert more, "the chat ended"
                tape += more
            assert tape == chat, tape
    except (OSError, AssertionError):
        if not may_fail():
            raise
    assert b"Invitation-Cookie" not in tape, "an offer came through"


def spoken_to(server, client, hello):
    """The connection that carries these words; one of an earlier session may come late."""
    client.sendall(hello)
    while True:
        upstream = accept(server)
        upstream.settimeout(server.gettimeout())
        if receive(upstream, len(hello)) == hello:
            return upstream
        upstream.close()


@contextlib.contextmanager
def keys():
    """What a gateway reads besides its configuration."""
    with tempfile.TemporaryDirectory(prefix="msnpgate-e2e-") as name:
        folder = pathlib.Path(name)
        (folder / "init.toml").write_text('[[listener]]\nbind = "127.0.0.1:1863"\nmode = "redirect"\n'
                                          '[audit]\npath = "audit.jsonl"\nkey = "audit.key"\n')
        code, _, error = output_of(["audit", "init", "-c", folder / "init.toml"])
        assert code == 0, error
        (folder / "tokens").write_text("admin 0123456789abcdef0123456789abcdef\n")
        (folder / "tokens").chmod(0o600)
        yield folder


def life_with_a_fault(folder, number, error):
    """False when there is no call with this number."""
    faults = Faults()
    faults.call_error = error
    faults.failing_call = number
    with listening() as server:
        gateway = FaultyGateway(server.getsockname()[1], threads=2, policy=POLICY.format(port=free_port()),
                                audit_keys=f'key = "{folder}/audit.key"\n',
                                admin_keys=f'tokens = "{folder}/tokens"\ngroup = "root"\n', environment=faults.environment)
        with gateway:
            try:
                return live(gateway, server, faults)
            except Exception as broken:
                raise AssertionError(f"{named(number, faults)}: {broken!r}\n{gateway.log_text()[-1500:]}") from broken


def live(gateway, server, faults):
    """True when the call has failed meanwhile."""
    def failed():
        return faults.calls_failed != 0

    if gateway.process.poll() is not None:
        assert 0 < gateway.process.returncode < 100, gateway.process.returncode
        assert gateway.log_text().strip(), "it does not start and does not say why"
        return True
    talk(gateway, server, 1, failed)
    gateway.process.send_signal(signal.SIGHUP)
    with contextlib.suppress(OSError, ValueError, AssertionError):
        admin.metrics(gateway.admin_path)
    eventually(lambda: failed() or "reloaded" in gateway.log_text(), "a reload")
    before = failed()
    talk(gateway, server, 2, lambda: not before and failed())
    code = gateway.stop()
    assert code == 0, code
    return failed()


@rule
def each_call_of_a_gateways_life_may_fail():
    def every_third(first):
        number = first
        while life_with_a_fault(folder, number, ERRORS[number // 3 % len(ERRORS)]):
            number += 3
        return number
    with keys() as folder:
        ends = [finished() for finished in [in_thread(every_third, first, patience=600) for first in (1, 2, 3)]]
    print(f"        about {max(ends)} calls", flush=True)
    assert min(ends) > 50, "the calls of a gateway were not reached"


@contextlib.contextmanager
def written():
    """A configuration of several files, and a signed log of several segments."""
    with tempfile.TemporaryDirectory(prefix="msnpgate-e2e-") as name:
        folder = pathlib.Path(name)
        (folder / "staff.txt").write_text("ann@corp.example\n*@lab.example\n")
        (folder / "tokens").write_text("")
        (folder / "tokens").chmod(0o600)
        config = folder / "gateway.toml"
        config.write_text(f"""
[[listener]]
bind = "[::]:1863"
mode = "redirect"
[audit]
path = "{folder}/audit.jsonl"
key = "audit.key"
rotate_size = "64KiB"
compress = "zstd"
[admin]
socket = "admin.sock"
[intercept]
ports = [1863]
[groups]
staff = {{ file = "staff.txt" }}
[policy]
default = "block"
[[rule]]
name = "staff may"
action = "allow"
users = ["group:staff"]
names = ["*.txt"]
""")
        code, _, error = output_of(["audit", "init", "-c", config])
        assert code == 0, error
        keys = f'key = "{folder}/audit.key"\nrotate_size = "64KiB"\ncompress = "zstd"\n'
        with listening() as server, Gateway(server.getsockname()[1], audit_keys=keys) as gateway:
            chat = Chat(gateway, server)
            for number in range(250):
                chat.offer(b"plan-%d.doc" % number)
            chat.close()
            eventually(lambda: len(list(pathlib.Path(gateway.directory.name).glob("audit*.zst"))) > 1, "segments")
            assert gateway.stop() == 0
            for file in pathlib.Path(gateway.directory.name).glob("audit*"):
                shutil.copy(file, folder / file.name)
        yield folder, config


@rule
def each_call_of_a_command_may_fail():
    with written() as (folder, config):
        each_call_of(["check", "-c", config])
        each_call_of(["rules", "print", "-c", config])
        each_call_of(["explain", "-c", config, "--user", "ann@corp.example", "--peer", "b@c.example",
                      "--name", "a.txt", "--at", "2026-11-02T10:00:00Z"])
        each_call_of(["audit", "key", "-c", config])
        each_call_of(["audit", "verify", "-c", config])
        each_call_of(["audit", "query", "-c", config, "--format", "json", "--name", "plan-7*"])
        each_call_of(["audit", "report", "-c", config])
        capture = ROOT / "tests/data/captures/amsn15-amsn15/file-dc-off.pcap"
        each_call_of(["replay", "-c", config, capture])
        each_call_of(["replay", "--compare", config, config, capture])
        each_call_of(["replay", "-c", config, "--emit", folder / "emitted", capture],
                     lambda: shutil.rmtree(folder / "emitted", ignore_errors=True))
        each_call_of(["audit", "tail", "-c", config])

        def without_keys():
            for key in folder.glob("audit.key*"):
                key.unlink()
        each_call_of(["audit", "init", "-c", config], without_keys, same=False)


@rule
def each_call_of_a_question_to_the_gateway_may_fail():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        config = pathlib.Path(gateway.directory.name) / "gateway.toml"
        for words in (["status"], ["grants"], ["reload"]):
            each_call_of([*words, "-c", config], same=words == ["grants"])


if __name__ == "__main__":
    sys.exit(main())
