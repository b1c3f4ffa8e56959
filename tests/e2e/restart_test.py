#!/usr/bin/env python3
"""Restart without loss of service: inherited sockets, draining, what the service manager hears.

usage: restart_test.py [MSNPGATE]     (default: build/release/msnpgate)
"""
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lab import managed  # noqa: E402
from lab.managed import (CONFIG, LISTENER, Managed, Upstream, converse, eventually, is_closed, refused,  # noqa: E402
                         running, still_talks)
from lab.play import play, rule  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/msnpgate").resolve()


@rule
def a_drain_takes_nobody_new_lets_the_others_finish_and_ends():
    with running(BINARY, CONFIG) as gateway:
        sessions = [converse(gateway.port, source=f"127.0.0.{number}") for number in range(1, 5)]
        gateway.signal(signal.SIGUSR1)
        eventually(lambda: refused(gateway.port), "new connections are refused")
        assert all(still_talks(session) for session in sessions) and gateway.process.poll() is None
        for session in sessions:
            session.close()
        assert gateway.wait() == 0
        endings = [record["reason"] for record in gateway.audit("session")]
        assert endings.count("client-closed") >= 4 and "shutdown" not in endings, endings
        assert any("STOPPING=1" in text and "EXTEND_TIMEOUT_USEC=70000000" in text for _, text in gateway.said)


@rule
def the_command_drains_too():
    with running(BINARY, CONFIG + '[admin]\nsocket = "admin.sock"\n') as gateway:
        session = converse(gateway.port)
        done = subprocess.run([BINARY, "drain", "-c", gateway.config], capture_output=True, text=True, timeout=20)
        assert done.returncode == 0 and "1 sessions are open" in done.stdout, done
        eventually(lambda: refused(gateway.port), "new connections are refused")
        status = subprocess.run([BINARY, "status", "-c", gateway.config], capture_output=True, text=True, timeout=20)
        assert status.returncode == 1 and "NOT READY: draining" in status.stdout, status
        assert still_talks(session)
        session.close()
        assert gateway.wait() == 0


@rule
def a_drain_without_sessions_ends_at_once():
    with running(BINARY, CONFIG) as gateway:
        gateway.signal(signal.SIGUSR1)
        assert gateway.wait() == 0


@rule
def who_does_not_finish_in_time_is_closed():
    with running(BINARY, CONFIG + '[service]\ndrain_timeout = "1s"\n') as gateway:
        session = converse(gateway.port)
        began = time.monotonic()
        gateway.signal(signal.SIGUSR1)
        assert is_closed(session) and gateway.wait() == 0 and time.monotonic() - began >= 1.0
        assert [record["reason"] for record in gateway.audit("session")] == ["shutdown"]


@rule
def sigterm_drains_where_the_site_says_so_and_a_second_one_closes():
    with running(BINARY, CONFIG + '[service]\nstop = "drain"\n') as gateway:
        session = converse(gateway.port)
        gateway.signal(signal.SIGTERM)
        eventually(lambda: refused(gateway.port), "it drains")
        assert still_talks(session)
        gateway.signal(signal.SIGTERM)
        assert is_closed(session) and gateway.wait() == 0


@rule
def a_reload_while_draining_opens_nothing_again():
    with running(BINARY, CONFIG) as gateway:
        session = converse(gateway.port)
        gateway.signal(signal.SIGUSR1)
        eventually(lambda: refused(gateway.port), "it drains")
        gateway.reload(gateway.text + '[policy]\ndefault = "observe"\n')
        assert refused(gateway.port) and still_talks(session)
        session.close()
        assert gateway.wait() == 0


@contextlib.contextmanager
def inheriting(config=CONFIG, binary=BINARY, address=("127.0.0.1", 0), family=socket.AF_INET):
    """A listening socket as a service manager holds it, and a way to start a gateway on it."""
    with tempfile.TemporaryDirectory(prefix="msnpgate-inherit-") as folder, socket.socket(family) as listening:
        listening.bind(address)
        listening.listen(4096)
        upstream, started = Upstream(), []
        port = listening.getsockname()[1]
        text = config.replace("{port}", str(port)).replace("{upstream}", str(upstream.port))

        def start(binary=binary, change=lambda text: text):
            started.append(Managed(binary, folder, change(text), sockets=[listening]))
            started[-1].text = text
            return started[-1]
        try:
            yield port, start
        finally:
            for one in started:
                one.close()
            upstream.close()


@rule
def who_connects_before_the_start_is_served_by_it():
    with inheriting() as (port, start):
        early = socket.create_connection(("127.0.0.1", port), managed.PATIENCE)
        early.sendall(managed.HELLO)
        gateway = start().ready()
        assert early.recv(4096) == managed.REPLY and still_talks(early)
        assert gateway.stop() == 0
        waiting = socket.create_connection(("127.0.0.1", port), managed.PATIENCE)
        waiting.sendall(managed.HELLO)
        start().ready()
        assert waiting.recv(4096) == managed.REPLY


@rule
def what_arrived_during_a_drain_waits_for_the_next_process():
    with inheriting() as (port, start):
        first = start().ready()
        session = converse(port)
        first.signal(signal.SIGUSR1)
        eventually(lambda: first.has_said("STOPPING=1\nEXTEND") or "draining" in first.log(), "it drains")
        time.sleep(0.2)
        waiting = socket.create_connection(("127.0.0.1", port), managed.PATIENCE)
        waiting.sendall(managed.HELLO)
        assert still_talks(session)
        session.close()
        assert first.wait() == 0
        start().ready()
        assert waiting.recv(4096) == managed.REPLY


@rule
def an_upgrade_under_load_refuses_nobody():
    """Conversations without a pause, in six threads, while the binary is replaced five times."""
    with inheriting(CONFIG + '[service]\nstop = "drain"\n') as (port, start):
        with tempfile.TemporaryDirectory(prefix="msnpgate-upgrade-") as bin_folder:
            binary = pathlib.Path(bin_folder) / "msnpgate"
            shutil.copy(BINARY, binary)
            gateway, stop = start(binary).ready(), threading.Event()
            served, failed, longest = [0] * 6, [], [0.0] * 6

            def work(number):
                while not stop.is_set():
                    began = time.monotonic()
                    try:
                        with converse(port, source=f"127.0.0.{number + 2}") as client:
                            if not still_talks(client):
                                raise ConnectionError("cut short")
                        served[number] += 1
                    except (OSError, AssertionError) as error:
                        failed.append(repr(error))
                    longest[number] = max(longest[number], time.monotonic() - began)
            threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
            for thread in threads:
                thread.start()
            for _ in range(5):
                time.sleep(0.3)
                fresh = binary.with_suffix(".new")
                shutil.copy(BINARY, fresh)
                os.replace(fresh, binary)  # as dpkg does it
                assert gateway.stop() == 0
                gateway = start(binary).ready()
            time.sleep(0.3)
            stop.set()
            for thread in threads:
                thread.join()
        print(f"# {sum(served)} conversations over 5 upgrades, {len(failed)} failed, the longest took "
              f"{max(longest) * 1000:.0f} ms")
        assert failed == [] and sum(served) > 100, failed[:5]


@rule
def a_client_has_one_worker_whatever_socket_took_it():
    """Counting by client address is a worker's own affair, so a limit of 1 holds for both together."""
    with inheriting("threads = 4\n" + LISTENER + LISTENER.replace("{port}", "{own}")
                    + '[audit]\npath = "audit.jsonl"\n[limits]\nsessions_per_source = 1\n') as (port, start):
        own = managed.free_port()
        start(change=lambda text: text.replace("{own}", str(own))).ready()
        for number in range(2, 30):
            source = f"127.0.0.{number}"
            with converse(port, source=source) as first:
                try:
                    second = socket.create_connection(("127.0.0.1", own), managed.PATIENCE, (source, 0))
                    assert is_closed(second), source
                except ConnectionResetError:
                    pass
                assert still_talks(first)


@rule
def an_inherited_socket_without_a_listener_is_warned_of():
    with inheriting() as (port, start):
        other = managed.free_port()
        gateway = start(change=lambda text: text.replace(f":{port}", f":{other}")).ready()
        assert f"listens on 127.0.0.1:{port} for this process, and no [[listener]]" in gateway.log()
        gateway.reload(gateway.text)
        assert still_talks(converse(port)), "a reload may take it"
        eventually(lambda: refused(other), "and give the other one up")


@rule
def the_service_manager_hears_of_reloads_and_of_the_end():
    with running(BINARY, CONFIG) as gateway:
        since = len(gateway.said)
        gateway.reload(gateway.text)
        said = [text for _, text in gateway.said[since:]]
        assert said[0].startswith("RELOADING=1\nMONOTONIC_USEC=") and said[1] == "READY=1", said
        assert gateway.stop() == 0
        assert gateway.said[-1][1] == "STOPPING=1"


def fed(gateway, seconds):
    since = len(gateway.said)
    time.sleep(seconds)
    return sum("WATCHDOG=1" in text for _, text in gateway.said[since:])


@rule
def the_watchdog_is_fed_while_all_workers_answer_and_no_longer():
    with running(BINARY, CONFIG, watchdog=0.6) as gateway:
        eventually(lambda: gateway.has_said("WATCHDOG=1"), "it is fed")
        assert fed(gateway, 1.2) >= 3
        with stopped_thread(gateway.process.pid, "worker-2"):
            time.sleep(0.5)
            assert fed(gateway, 1.2) == 0, "one worker hangs"
            gateway.reload(gateway.text)  # the others do not
            assert "worker 2 does not answer" in gateway.log()
        eventually(lambda: fed(gateway, 0.5) > 0, "and when it answers again")
        assert gateway.stop() == 0


@contextlib.contextmanager
def stopped_thread(process, name):
    """One thread of it, held with ptrace."""
    tasks = pathlib.Path(f"/proc/{process}/task")
    (thread,) = [int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().strip() == name]
    libc = ctypes.CDLL(None, use_errno=True)
    seize, interrupt, detach = 0x4206, 0x4207, 17

    def ptrace(request):
        if libc.ptrace(request, thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")
    ptrace(seize)
    ptrace(interrupt)
    os.waitpid(thread, 0x40000000)  # __WALL
    try:
        yield
    finally:
        ptrace(detach)


if __name__ == "__main__":
    sys.exit(play(BINARY))
