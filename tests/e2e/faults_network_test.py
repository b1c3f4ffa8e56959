#!/usr/bin/env python3
"""Bad networks: packets that are lost, repeated and overtake each other on both sides of the gateway; servers
that swallow every packet; networks that fall silent in the middle of everything.

usage: faults_network_test.py [MSNPGATE [WORD...]]     (needs root: network namespaces)

Promised: the offers are refused, every allowed byte arrives, a record for each; who cannot be reached is
given up in time, in any number; descriptors come back, and no namespace or rule is left.
"""
import contextlib
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from conversation_steps import RULES, Session, TO_CLIENT, TO_SERVER, message, text  # noqa: E402
from lab import audit  # noqa: E402
from lab.bad_cable import BadCable  # noqa: E402
from lab.namespaces import Namespace  # noqa: E402
from loopback import BINARY, dies_with_us, eventually, main, rule  # noqa: E402

GATEWAY_PORT, SERVER_PORT = 11863, 1863
PATIENCE = 90.0
NETFILTER = "table inet swallow {{ chain input {{ type filter hook input priority 0; {rule}; }}; }}"


class Lab:
    """A client, a gateway and a server, each in a namespace of its own, a cable on both sides of the gateway."""

    def __init__(self, limits="", **cable):
        self.stack = contextlib.ExitStack()
        self.folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="msnpgate-faults-")))
        self.client, self.gateway, self.server = (Namespace(name) for name in ("client", "gateway", "server"))
        for namespace in (self.client, self.gateway, self.server):
            self.stack.callback(namespace.close)
        self.cables = [BadCable(self.client, self.gateway, "10.88.1", seed=1, **cable),
                       BadCable(self.gateway, self.server, "10.88.2", seed=2, **cable)]
        for cable in self.cables:
            self.stack.callback(cable.close)
        self.listening = self.server.listener("10.88.2.2", SERVER_PORT, 512)
        self.listening.setblocking(True)
        self.listening.settimeout(PATIENCE)
        self.stack.callback(self.listening.close)
        self.start(limits)

    def start(self, limits):
        config = self.folder / "gateway.toml"
        config.write_text(f'[[listener]]\nbind = "10.88.1.2:{GATEWAY_PORT}"\nmode = "fixed"\n'
                          f'upstream = "10.88.2.2:{SERVER_PORT}"\n[limits]\n{limits}\n'
                          f'[audit]\npath = "{self.folder}/audit.jsonl"\n{RULES}')
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ready.bind(str(self.folder / "notify"))
        ready.settimeout(PATIENCE)
        with self.gateway.inside():
            self.process = subprocess.Popen([BINARY, "run", "-c", config], stderr=open(self.folder / "log", "wb"),
                                            env={**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify")},
                                            preexec_fn=dies_with_us())
        with ready:
            assert b"READY=1" in ready.recv(1000)

    def speak_again(self):
        for cable in self.cables:
            cable.loss = 0.0

    def connect(self):
        with self.client.inside():
            return socket.create_connection(("10.88.1.2", GATEWAY_PORT), PATIENCE)

    def session(self, unique):
        """Sessions are begun one after the other, so that who arrives is who was sent."""
        client = self.connect()
        server, _ = self.listening.accept()
        return Session(client, server, unique, PATIENCE)

    def audit(self):
        return [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]

    def endings(self):
        return [record["reason"] for record in self.audit() if record["event"] == "session"]

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                assert self.process.wait(PATIENCE) == 0
            finally:
                self.process.kill()
        faults = [] if failure else audit.log_faults(self.folder / "audit.jsonl")
        self.stack.close()
        assert not faults, f"records against the schema: {faults[:5]}"


def in_threads(work, items):
    failures = []

    def run(item):
        try:
            work(item)
        except Exception as error:  # told below
            failures.append(error)

    threads = [threading.Thread(target=run, args=(item,), daemon=True) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * PATIENCE)
        assert not thread.is_alive(), "still busy"
    if failures:
        raise failures[0]


def whole_sessions_pass(**cable):
    with Lab(**cable) as lab:
        sessions = [lab.session(number) for number in range(1, 9)]
        before = lab.descriptors()

        def play(session):
            for step in session.steps:
                session.play(step)
            assert not session.faults(), session.faults()
            session.close()

        in_threads(play, sessions)
        eventually(lambda: len(lab.endings()) == len(sessions), "a record for each session", PATIENCE)
        blocks = [record for record in lab.audit()
                  if record["event"] == "transfer" and record["action"] == "block" and record.get("file")]
        assert len(blocks) == sum(session.blocked for session in sessions), len(blocks)
        eventually(lambda: lab.descriptors() <= before - 2 * len(sessions), "descriptors come back", PATIENCE)
        told = ", ".join(f"{cable.carried} carried, {cable.lost} lost, {cable.repeated} repeated" for cable in lab.cables)
        print(f"        packets: {told}", flush=True)
        return lab.cables


@rule
def sessions_pass_on_a_good_cable():
    whole_sessions_pass()


@rule
def lost_packets_change_nothing():
    assert all(cable.lost for cable in whole_sessions_pass(loss=0.05))


@rule
def packets_that_overtake_each_other_change_nothing():
    whole_sessions_pass(delay=0.02)


@rule
def lost_repeated_and_reordered_packets_change_nothing():
    assert all(cable.repeated for cable in whole_sessions_pass(loss=0.03, repeat=0.05, delay=0.01))


@rule
def bulk_arrives_over_bad_cables_both_ways():
    with Lab(loss=0.01, repeat=0.01, delay=0.003) as lab:
        session = lab.session(1)
        for step in session.steps[:4]:
            session.play(step)
        bulk = {way: b"".join(message(way, text(b"%06d " % number * 150), number, "N") for number in range(400))
                for way in (TO_SERVER, TO_CLIENT)}
        ends = {TO_SERVER: session.ends[TO_CLIENT].socket, TO_CLIENT: session.ends[TO_SERVER].socket}
        for end in ends.values():
            end.setblocking(True)
            end.settimeout(PATIENCE)

        def receive(way):
            digest, left = hashlib.sha256(), len(bulk[way])
            while left:
                data = session.ends[way].socket.recv(min(left, 1 << 16))
                assert data, f"{way}: {left} bytes are missing"
                digest.update(data)
                left -= len(data)
            assert digest.digest() == hashlib.sha256(bulk[way]).digest(), f"{way}: other bytes"

        in_threads(lambda job: job[0](*job[1:]), [(ends[way].sendall, bulk[way]) for way in ends] +
                   [(receive, way) for way in ends])
        session.close()


@rule
def a_server_that_swallows_every_packet_is_given_up_by_all_who_want_it():
    with Lab('connect_timeout = "1s"\nclose_timeout = "1s"') as lab:
        session = lab.session(1)
        for step in session.steps[:8]:
            session.play(step)
        before = lab.descriptors()
        lab.server.run("nft", NETFILTER.format(rule="tcp flags & (syn | ack) == syn drop"))
        clients = [lab.connect() for _ in range(100)]
        for client in clients:
            client.settimeout(PATIENCE)
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(10) == b"", "it said something"
            client.close()
        eventually(lambda: lab.endings().count("connect-timeout") == 100, f"a record for each {lab.endings()}", PATIENCE)
        for step in session.steps[8:]:   # who is connected already does not notice
            session.play(step)
        assert not session.faults(), session.faults()
        session.close()
        eventually(lambda: lab.descriptors() <= before - 2, "descriptors come back", PATIENCE)
        lab.server.run("nft", "delete", "table", "inet", "swallow")
        lab.session(2).close()


@rule
def a_network_that_falls_silent_for_a_while_loses_nothing():
    with Lab() as lab:
        session = lab.session(1)
        for number, step in enumerate(session.steps):
            if number % 6 == 3:
                for cable in lab.cables:
                    cable.loss = 1.0
                threading.Timer(0.7, lab.speak_again).start()
            session.play(step)
        assert not session.faults(), session.faults()
        session.close()


@rule
def nothing_of_all_this_is_left():
    named = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    assert "msnpgate" not in named, named
    rules = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True).stdout
    assert "swallow" not in rules, rules
    links = os.listdir("/sys/class/net")
    assert not [name for name in links if name.startswith("bad10")], links


if __name__ == "__main__":
    sys.exit(main())
