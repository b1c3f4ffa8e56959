#!/usr/bin/env python3
"""What a reload puts in force while connections are open, and that it is all or nothing.

usage: reload_test.py [MSNPGATE]     (default: build/release/msnpgate)
"""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lab.managed import (CONFIG, LISTENER, converse, eventually, free_port, is_closed, refused, running,  # noqa: E402
                         still_talks)
from lab.play import play, rule  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/msnpgate").resolve()


def listener(gateway, port, host="127.0.0.1", upstream=None):
    text = LISTENER.replace("127.0.0.1:{port}", f"{host}:{port}")
    return text.replace("{upstream}", str(upstream or gateway.upstream.port))


def reasons(gateway):
    return [record["reason"] for record in gateway.audit("policy")]


@rule
def a_listener_that_is_added_serves_and_nothing_that_runs_notices():
    with running(BINARY, CONFIG) as gateway:
        before, added = converse(gateway.port), free_port()
        gateway.reload(gateway.text + listener(gateway, added))
        assert still_talks(before) and still_talks(converse(added)) and still_talks(converse(gateway.port))
        assert reasons(gateway) == ["reload"]


@rule
def a_listener_that_is_removed_refuses_and_its_sessions_go_on():
    with running(BINARY, CONFIG) as gateway:
        other = free_port()
        gateway.reload(gateway.text + listener(gateway, other))
        session = converse(other)
        gateway.reload(gateway.text)
        eventually(lambda: refused(other), "the removed listener refuses")
        assert still_talks(session) and still_talks(converse(gateway.port))
        assert f"no longer listening on 127.0.0.1:{other}" in gateway.log()


@rule
def a_listener_that_is_changed_sends_new_connections_elsewhere():
    with running(BINARY, CONFIG) as gateway:
        elsewhere = socket.create_server(("127.0.0.1", 0))
        session = converse(gateway.port)
        gateway.reload(gateway.text.replace(f":{gateway.upstream.port}", f":{elsewhere.getsockname()[1]}"))

        def goes_elsewhere():
            elsewhere.settimeout(0.1)
            with socket.create_connection(("127.0.0.1", gateway.port)), contextlib.suppress(TimeoutError):
                elsewhere.accept()[0].close()
                return True
        eventually(goes_elsewhere, "a new connection reaches the new upstream")
        assert still_talks(session), "an open session keeps its server"


@rule
def what_is_wrong_with_one_listener_leaves_everything_as_it_was():
    with running(BINARY, CONFIG) as gateway, socket.create_server(("127.0.0.1", 0)) as taken:
        port, added = taken.getsockname()[1], free_port()
        session = converse(gateway.port)
        gateway.reload(gateway.text + listener(gateway, added) + listener(gateway, port)
                       + '[limits]\nsessions = 1\n[policy]\ndefault = "allow"\n')
        assert reasons(gateway) == ["reload-failed"], gateway.log()
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in gateway.log()
        assert refused(added), "no part of it came into force"
        assert still_talks(session) and still_talks(converse(gateway.port)), "the limits are the old ones"


@rule
def a_file_without_listeners_is_no_configuration_to_reload():
    with running(BINARY, CONFIG) as gateway:
        gateway.reload('[audit]\npath = "audit.jsonl"\n')
        assert reasons(gateway) == ["reload-failed"] and still_talks(converse(gateway.port))


@rule
def a_wider_or_narrower_address_on_the_same_port_refuses_nobody():
    with running(BINARY, CONFIG) as gateway:
        wide = gateway.text.replace(f'"127.0.0.1:{gateway.port}"', f'"0.0.0.0:{gateway.port}"')
        widest = gateway.text.replace(f'"127.0.0.1:{gateway.port}"', f'"[::]:{gateway.port}"')
        with connecting(gateway.port) as outcome:
            for text in (wide, widest, wide, gateway.text) * 3:
                gateway.reload(text)
                time.sleep(0.05)
        assert reasons(gateway) == ["reload"] * 12, gateway.log()
        assert outcome["failed"] == [] and outcome["served"] > 50, outcome
        assert outcome["slowest"] > 0.9, "who calls while a listener closes is turned away, and calls again after a second"


@contextlib.contextmanager
def connecting(port):
    """Conversations one after the other, in four threads, from as many addresses."""
    outcome, stop = {"served": 0, "failed": [], "slowest": 0}, threading.Event()

    def work(source):
        while not stop.is_set():
            began = time.monotonic()
            try:
                with converse(port, source=source):
                    outcome["served"] += 1
                    outcome["slowest"] = max(outcome["slowest"], time.monotonic() - began)
            except OSError as error:
                outcome["failed"].append(repr(error))
    threads = [threading.Thread(target=work, args=(f"127.0.0.{number}",)) for number in range(2, 6)]
    for thread in threads:
        thread.start()
    try:
        yield outcome
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@rule
def limits_hold_at_once_and_for_what_is_open():
    with running(BINARY, CONFIG) as gateway:
        first, second = converse(gateway.port), converse(gateway.port)
        gateway.reload(gateway.text + "[limits]\nsessions_per_source = 2\n")
        try:
            refused_now = is_closed(socket.create_connection(("127.0.0.1", gateway.port)))
        except ConnectionResetError:
            refused_now = True
        assert refused_now and still_talks(first) and still_talks(second)
        gateway.reload(gateway.text + '[limits]\nsessions_per_source = 3\nidle_timeout = "1s"\n')
        third = converse(gateway.port)
        assert is_closed(first) and is_closed(second) and is_closed(third), "all of them were idle"
        eventually(lambda: [r["reason"] for r in gateway.audit("session")].count("idle-timeout") == 3,
                   "the audit says so")
        gateway.reload(gateway.text)
        quiet = converse(gateway.port)
        time.sleep(1.5)
        assert still_talks(quiet), "and never again"


@rule
def what_takes_a_restart_is_named_in_a_warning():
    with running(BINARY, CONFIG) as gateway:
        gateway.reload(gateway.text.replace("threads = 2", "threads = 1").replace("audit.jsonl", "other.jsonl")
                       + "[intercept]\nports = [1863]\n")
        log = gateway.log()
        assert "threads changed: it holds from the next restart on" in log
        assert "[audit] changed" in log and "[intercept] changed" in log, log
        assert reasons(gateway) == ["reload"] and not (gateway.folder / "other.jsonl").exists()


@rule
def the_command_says_what_came_of_it():
    with running(BINARY, CONFIG + '[admin]\nsocket = "admin.sock"\n') as gateway:
        def reload(text):
            gateway.config.write_text(text)
            return subprocess.run([BINARY, "reload", "--socket", gateway.folder / "admin.sock"], capture_output=True, text=True, timeout=20)
        good = reload(gateway.text.replace("threads = 2", "threads = 3"))
        assert good.returncode == 0 and "is in force" in good.stdout, good
        assert "warning: threads changed" in good.stderr, good
        bad = reload(gateway.text + "nonsense = 1\n")
        assert bad.returncode == 1 and "nonsense" in bad.stderr and "stays in force" in bad.stderr, bad
        assert reasons(gateway) == ["reload", "reload-failed"]


WATCHED = CONFIG + '[service]\nwatch = true\n[policy]\ninclude = ["allow.d/*.toml"]\n'
RULE = '[[rule]]\nname = "{}"\naction = "allow"\nkinds = ["file-transfer"]\n'


def replace_file(path, text):
    """As editors and package tools do it."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text)
    os.replace(fresh, path)


@rule
def a_watched_file_is_read_again_however_it_is_written():
    with running(BINARY, WATCHED) as gateway:
        count = 0

        def reloaded(what):
            nonlocal count
            count += 1
            eventually(lambda: reasons(gateway) == ["reload"] * count, what)
        gateway.config.write_text(gateway.text + RULE.format("in place"))
        reloaded("written in place")
        replace_file(gateway.config, gateway.text + RULE.format("renamed over"))
        reloaded("renamed over")
        folder = gateway.folder / "allow.d"
        folder.mkdir()
        (folder / "ann.toml").write_text(RULE.format("ann"))
        reloaded("an included file where there was no directory")
        replace_file(folder / "ben.toml", RULE.format("ben"))
        reloaded("another included file")
        replace_file(folder / "ben.toml", RULE.format("ben again"))
        reloaded("which is replaced")
        (folder / "ben.toml").unlink()
        reloaded("and removed")
        one, other = gateway.folder / "one", gateway.folder / "other"
        for number, directory in enumerate((one, other)):
            directory.mkdir()
            (directory / "gateway.toml").write_text(gateway.text + RULE.format(number))
        (gateway.folder / "now").symlink_to(one)
        os.replace(link_to(gateway, "now/gateway.toml"), gateway.config)
        reloaded("the file becomes a link")
        os.replace(link_to(gateway, other), gateway.folder / "now")
        (gateway.folder / "poke").write_text("")
        reloaded("the directory behind the link is exchanged")
        replace_file(other / "gateway.toml", gateway.text)
        reloaded("and what the link points to is replaced")
        assert gateway.stop() == 0


def link_to(gateway, target):
    link = gateway.folder / "link"
    link.symlink_to(target)
    return link


@rule
def a_watched_file_that_says_the_same_is_not_reloaded():
    with running(BINARY, WATCHED) as gateway:
        gateway.config.touch()
        replace_file(gateway.config, gateway.text)
        (gateway.folder / "neighbour").write_text("x")
        since = len(gateway.said)
        eventually(lambda: gateway.has_said("READY=1", since), "it has looked")
        assert reasons(gateway) == [], gateway.log()


@rule
def a_watched_file_with_a_fault_is_complained_of_once():
    with running(BINARY, WATCHED) as gateway:
        gateway.config.write_text(gateway.text + "nonsense\n")
        eventually(lambda: reasons(gateway) == ["reload-failed"], "the fault is audited")
        since = len(gateway.said)
        (gateway.folder / "neighbour").write_text("x")
        eventually(lambda: gateway.has_said("READY=1", since), "it has looked again")
        assert reasons(gateway) == ["reload-failed"] and gateway.log().count("this is no TOML") == 1
        gateway.config.write_text(gateway.text)
        eventually(lambda: reasons(gateway) == ["reload-failed", "reload"], "mended")


@rule
def watching_begins_and_ends_with_a_reload():
    with running(BINARY, CONFIG) as gateway:
        gateway.config.write_text(gateway.text + RULE.format("not noticed"))
        gateway.reload(gateway.text + "[service]\nwatch = true\n")
        gateway.config.write_text(gateway.text + RULE.format("noticed"))
        eventually(lambda: reasons(gateway) == ["reload"] * 2, "a change is noticed")
        since = len(gateway.said)
        gateway.config.write_text(gateway.text + RULE.format("not noticed any more"))
        gateway.signal(signal.SIGHUP)
        eventually(lambda: gateway.has_said("READY=1", since), "by signal")
        assert reasons(gateway) == ["reload"] * 3


@rule
def a_watched_file_may_say_that_it_is_not_watched_any_more():
    with running(BINARY, WATCHED) as gateway:
        gateway.config.write_text(gateway.text.replace("watch = true", "watch = false"))
        eventually(lambda: reasons(gateway) == ["reload"], "it is read once more")
        gateway.reload(gateway.text)
        gateway.config.write_text(gateway.text + RULE.format("noticed again"))
        eventually(lambda: reasons(gateway) == ["reload"] * 3, "and watched again")


@rule
def a_storm_of_signals_loses_nobody():
    with running(BINARY, CONFIG) as gateway:
        session = converse(gateway.port)
        with connecting(gateway.port) as outcome:
            for number in range(200):
                gateway.signal(signal.SIGHUP)
                time.sleep(0.002)
        assert still_talks(session) and outcome["failed"] == [] and outcome["served"] > 0, outcome
        assert gateway.stop() == 0


if __name__ == "__main__":
    sys.exit(play(BINARY))
