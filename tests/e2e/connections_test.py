#!/usr/bin/env python3
"""Which connections are taken, for how long, and what is refused: limits, timeouts, destinations, signals.

usage: connections_test.py [MSNPGATE [WORD...]]
"""
import contextlib
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

from loopback import (accept, BINARY, eventually, free_port, Gateway, in_thread, is_closed, listening, main,
                      message_from_client, messages, NS_HELLO, NS_REPLY, pair, PATIENCE, ping, receive, receive_all, refuses,
                      rule, suppressed)


@rule
def a_silent_client_is_closed_in_time():
    with listening() as server, Gateway(server.getsockname()[1], 'first_command_timeout = "1s"') as gateway:
        client, upstream = gateway.connect(), accept(server)
        assert is_closed(client) and is_closed(upstream)
        assert gateway.endings() == ["first-command-timeout"]


@rule
def one_byte_does_not_count_as_a_command():
    with listening() as server, Gateway(server.getsockname()[1], 'first_command_timeout = "1s"') as gateway:
        client = gateway.connect()
        upstream = accept(server)
        client.send(NS_HELLO[:1])
        assert is_closed(client) and is_closed(upstream)
        assert gateway.endings() == ["first-command-timeout"]


@rule
def an_idle_user_stays_signed_in_unless_told_otherwise():
    limits = 'first_command_timeout = "1s"'
    with listening() as server, Gateway(server.getsockname()[1], limits) as gateway:
        client, upstream = pair(gateway, server, hello=NS_HELLO, reply=NS_REPLY)
        time.sleep(2.5)
        client.sendall(b"CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7.0.0777 MSMSGS ann@corp.example\r\n")
        assert receive(upstream, 3) == b"CVR"


@rule
def idle_timeout_ends_a_quiet_connection_only():
    with listening() as server, Gateway(server.getsockname()[1], 'idle_timeout = "1s"') as gateway:
        quiet, _kept = pair(gateway, server)
        busy, busy_upstream = pair(gateway, server)
        for number in range(2, 10):
            message = message_from_client(number, 200)
            busy.sendall(message)
            assert receive(busy_upstream, len(message)) == message
            time.sleep(0.3)
        assert is_closed(quiet)
        assert gateway.endings() == ["idle-timeout"]


@rule
def idle_connections_cause_no_wake_ups():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        def in_two_seconds():
            before = gateway.wake_ups()
            time.sleep(2)
            return gateway.wake_ups() - before

        time.sleep(1)
        alone = in_two_seconds()  # the audit log and the sign of life have a clock of their own
        kept = [pair(gateway, server) for _ in range(20)]
        time.sleep(1.5)  # the tick that had something to time runs out
        idle = in_two_seconds()
        assert idle <= alone + 2, (idle, alone)
        assert len(kept) == 20


@rule
def an_upstream_that_refuses_resets_the_client():
    port = free_port()
    with Gateway(port) as gateway:
        assert refuses(gateway)
        eventually(lambda: gateway.endings() == ["connect-failed"], "reason connect-failed")
        assert "refused" in gateway.audit()[-1]["detail"]


@rule
def an_upstream_that_never_answers_is_given_up():
    with listening(backlog=0) as server, contextlib.ExitStack() as stack:
        # A full accept queue drops every further SYN, like a host that is not there.
        for _ in range(8):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        time.sleep(0.2)
        with Gateway(server.getsockname()[1], 'connect_timeout = "1s"') as gateway:
            assert refuses(gateway)
            assert gateway.endings() == ["connect-timeout"]


@rule
def nothing_is_read_from_a_client_that_has_no_server_yet():
    with listening(backlog=0) as server, contextlib.ExitStack() as stack:
        for _ in range(8):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        time.sleep(0.2)
        with Gateway(server.getsockname()[1], 'connect_timeout = "3s"') as gateway:
            before = gateway.status("VmRSS")
            clients = [gateway.connect() for _ in range(20)]
            for client in clients:
                client.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    client.send(messages(message_from_client, 1000))
            time.sleep(0.5)
            assert gateway.status("VmRSS") - before < 1024


@rule
def one_source_cannot_have_more_than_its_share():
    with listening() as server, Gateway(server.getsockname()[1], "sessions_per_source = 3") as gateway:
        kept = [pair(gateway, server) for _ in range(3)]
        assert refuses(gateway)
        other = pair(gateway, server, "127.0.0.2")
        assert gateway.endings() == ["limit"]
        kept.pop()[0].close()  # a place is free again

        def again():
            try:
                return pair(gateway, server)
            except ConnectionResetError:
                return None

        server.settimeout(0.3)
        eventually(lambda: suppressed(again), "the place is given again")
        assert other


@rule
def all_sources_together_have_a_limit():
    with listening() as server, Gateway(server.getsockname()[1], "sessions = 4") as gateway:
        kept = [pair(gateway, server, f"127.0.0.{i}") for i in range(2, 6)]
        refused = [refuses(gateway, f"127.0.0.{i}") for i in range(6, 12)]
        assert all(refused) and len(kept) == 4
        assert gateway.endings().count("limit") <= 2, "one record a second, however many are refused"
        assert "refused a connection" in gateway.log_text()


@rule
def a_flood_of_refusals_leaves_no_trace_in_memory_or_descriptors():
    with listening() as server, Gateway(server.getsockname()[1], "sessions_per_source = 1") as gateway:
        kept = pair(gateway, server)
        descriptors = gateway.descriptors()
        for _ in range(500):
            assert refuses(gateway)
        assert gateway.descriptors() <= descriptors and kept


@rule
def all_connections_of_one_address_meet_on_one_worker():
    # The share of a source is counted by its worker: it is exact only if the worker is always the same.
    limits = "sessions_per_source = 3\nsessions = 9000"
    with listening() as server, Gateway(server.getsockname()[1], limits, threads=2) as gateway:
        kept = []
        for i in range(2, 14):
            source = f"127.0.0.{i}"
            kept += [pair(gateway, server, source) for _ in range(3)]
            for _ in range(4):
                assert refuses(gateway, source), source
        assert len(kept) == 36
        threads = {}
        for task in pathlib.Path(f"/proc/{gateway.process.pid}/task").iterdir():
            threads[task.name] = int((task / "schedstat").read_text().split()[0])
        busy = sorted(threads.values())[-2:]
        assert busy[0] > busy[1] / 20, f"one worker does all the work: {threads}"


@rule
def what_ends_together_is_recorded_with_few_writes():
    with listening() as server, Gateway(server.getsockname()[1], audit_keys='fsync = "always"') as gateway:
        count = 60
        pairs = [pair(gateway, server) for _ in range(count)]
        gateway.process.send_signal(signal.SIGSTOP)
        for client, upstream in pairs:
            upstream.close()
            client.close()
        before = gateway.writes()
        gateway.process.send_signal(signal.SIGCONT)
        eventually(lambda: len(gateway.endings()) == count, "records of all")
        assert gateway.writes() - before <= count // 6, gateway.writes() - before
        assert [record["seq"] for record in gateway.audit()] == list(range(1, count + 1))


@rule
def a_thousand_quick_connections_leave_no_descriptor():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        before = gateway.descriptors()

        def serve():
            for _ in range(1000):
                with accept(server) as upstream:
                    assert receive(upstream, len(NS_HELLO)) == NS_HELLO
                    upstream.sendall(NS_REPLY)
                    receive_all(upstream)

        join = in_thread(serve)
        for _ in range(1000):
            with gateway.connect() as client:
                client.sendall(NS_HELLO)
                assert receive(client, len(NS_REPLY)) == NS_REPLY
        join()
        eventually(lambda: gateway.descriptors() <= before, "all descriptors closed")
        eventually(lambda: gateway.endings() == ["client-closed"] * 1000, "a record for each")


@rule
def without_descriptors_connections_wait_or_are_refused_and_nothing_spins():
    import resource
    few = 24
    with listening() as server:
        gate = Gateway(server.getsockname()[1], 'close_timeout = "1s"',
                       preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (few, few)))
        with gate as gateway:
            clients = [gateway.connect() for _ in range(40)]
            # Whether the last descriptor is missing for the client or for its server is chance.
            eventually(lambda: "cannot accept" in gateway.log_text() or "resources" in gateway.endings(),
                       "it says that it cannot accept")
            stat = lambda: sum(map(int, pathlib.Path(f"/proc/{gateway.process.pid}/stat").read_text().split()[13:15]))
            before = stat()
            time.sleep(1)
            assert stat() - before < 20, "spins while it cannot accept"
            for client in clients:
                client.close()
            eventually(lambda: suppressed(lambda: gateway.descriptors() < few - 5), "descriptors come back")
            eventually(lambda: suppressed(lambda: ping(gateway, server)), "it accepts again")


@rule
def sigterm_ends_it_cleanly():
    with listening() as server, Gateway(server.getsockname()[1], threads=2) as gateway:
        client, upstream = pair(gateway, server)
        waiting = gateway.connect("127.0.0.9")
        reached = accept(server)  # both are sessions now
        assert gateway.stop() == 0
        assert is_closed(client) and is_closed(upstream) and is_closed(waiting)
        assert sorted(gateway.endings()) == ["shutdown", "shutdown"]


@rule
def sighup_puts_a_new_policy_in_force_and_ends_no_connection():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server)
        path = pathlib.Path(gateway.directory.name) / "gateway.toml"
        good = path.read_text()
        path.write_text(good + '[policy]\ndefault = "observe"\n')
        gateway.process.send_signal(signal.SIGHUP)
        (first,) = eventually(lambda: gateway.policies(), "a record of the new policy")
        assert first["reason"] == "reload", first
        path.write_text(good + '[policy]\ndefault = "obsreve"\n')
        gateway.process.send_signal(signal.SIGHUP)
        second = eventually(lambda: gateway.policies()[1:], "a record of the failure")[0]
        assert second["reason"] == "reload-failed" and second["policy"] == first["policy"], second
        assert "obsreve" in second["detail"] and "obsreve" in gateway.log_text()
        client.sendall(b"OUT\r\n")
        assert receive(upstream, 5) == b"OUT\r\n"
        assert gateway.stop() == 0


@rule
def a_port_that_is_taken_is_an_error():
    for threads in (1, 2):
        with listening() as server, Gateway(server.getsockname()[1], threads=threads) as gateway:
            folder = pathlib.Path(gateway.directory.name)
            text = (folder / "gateway.toml").read_text().replace("audit.jsonl", "other.jsonl")
            (folder / "second.toml").write_text(text)
            second = subprocess.run([BINARY, "run", "-c", folder / "second.toml"], stderr=subprocess.PIPE,
                                    timeout=PATIENCE)
            assert second.returncode == 1
            assert b"in use" in second.stderr and str(gateway.port).encode() in second.stderr, second.stderr


@rule
def a_bad_configuration_is_exit_78():
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
        config.write("[limits]\nsesions = 3\n")
        config.flush()
        done = subprocess.run([BINARY, "run", "-c", config.name], stderr=subprocess.PIPE, timeout=PATIENCE)
        assert done.returncode == 78 and b"sesions" in done.stderr, done


@rule
def a_destination_that_is_the_gateway_itself_is_refused():
    with Gateway(None, bind="0.0.0.0", upstream_address="127.0.0.2") as gateway:
        assert refuses(gateway)
        assert gateway.endings() == ["loop"]


@rule
def a_redirect_listener_refuses_who_was_not_redirected():
    with Gateway(None, mode="redirect") as gateway:
        assert refuses(gateway)
        assert gateway.endings() in (["loop"], ["no-destination"])


if __name__ == "__main__":
    sys.exit(main())
