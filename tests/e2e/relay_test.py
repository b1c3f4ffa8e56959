#!/usr/bin/env python3
"""The relay as its neighbours see it: the real binary between real sockets on loopback.

usage: relay_test.py [MSNPGATE]     (default: build/release/msnpgate)

The ends speak valid MSNP, so that it makes no difference how strictly the gateway reads it.
"""
import contextlib
import hashlib
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/msnpgate").resolve()
PATIENCE = 20.0  # seconds after which something that should have happened has not

NS_HELLO = b"VER 1 MSNP12 CVR0\r\n"
NS_REPLY = b"VER 1 MSNP12\r\n"
SB_HELLO = b"USR 1 ann@corp.example 1234.5678\r\n"
SB_REPLY = b"USR 1 OK ann@corp.example Ann\r\n"
CHAT = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n"


def message_from_client(number, size=1500):
    text = CHAT + (b"%08d " % number * 200)[:size - len(CHAT)]
    return b"MSG %d N %d\r\n" % (number, len(text)) + text


def message_from_server(number, size=1500):
    text = CHAT + (b"%08d " % number * 200)[:size - len(CHAT)]
    return b"MSG ben@agency.example Ben %d\r\n" % len(text) + text


def messages(make, count):
    """About 1500 bytes each, the sizes uneven so that frames fall on every boundary of reads."""
    return b"".join(make(number, 200 + number * 37 % 1400) for number in range(2, count + 2))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("did not happen: " + what)


class Gateway:
    """A running msnpgate. `limits` are lines of [limits], `policy` whole sections."""

    def __init__(self, upstream, limits="", threads=1, mode="fixed", bind="127.0.0.1",
                 upstream_address="127.0.0.1", preexec=None, policy=""):
        self.directory = tempfile.TemporaryDirectory(prefix="msnpgate-e2e-")
        folder = pathlib.Path(self.directory.name)
        self.port = free_port()
        self.audit_path = folder / "audit.jsonl"
        fixed = f'upstream = "{upstream_address}:{upstream or self.port}"\n' if mode == "fixed" else ""
        (folder / "gateway.toml").write_text(
            f'threads = {threads}\n[[listener]]\nbind = "{bind}:{self.port}"\nmode = "{mode}"\n{fixed}'
            f'[limits]\n{limits}\n[audit]\npath = "{self.audit_path}"\n{policy}')
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(str(folder / "notify"))
        notify.settimeout(PATIENCE)
        self.log = open(folder / "log", "w+b")
        self.process = subprocess.Popen([BINARY, "run", "-c", folder / "gateway.toml"], stderr=self.log,
                                        env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")},
                                        preexec_fn=preexec)
        with notify:
            while self.process.poll() is None:
                notify.settimeout(0.2)
                try:
                    assert notify.recv(100) == b"READY=1"
                    return
                except TimeoutError:
                    continue
        raise AssertionError("msnpgate did not start: " + self.log_text())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.directory.cleanup()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def log_text(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def connect(self, source="127.0.0.1"):
        client = socket.create_connection(("127.0.0.1", self.port), PATIENCE, (source, 0))
        return client

    def audit(self):
        if not self.audit_path.exists():
            return []
        lines = self.audit_path.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]

    def endings(self):
        return [record["reason"] for record in self.audit() if record["event"] == "session"]

    def policies(self):
        return [record for record in self.audit() if record["event"] == "policy"]

    def status(self, key):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise KeyError(key)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def wake_ups(self):
        total = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            for line in (task / "status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    total += int(line.split()[1])
        return total


@contextlib.contextmanager
def listening(backlog=512):
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as server:
        server.settimeout(PATIENCE)
        yield server


def accept(server):
    connection, _ = server.accept()
    connection.settimeout(PATIENCE)
    return connection


def receive(connection, size):
    got = b""
    while len(got) < size:
        more = connection.recv(min(1 << 20, size - len(got)))
        if not more:
            break
        got += more
    return got


def receive_all(connection):
    """Until the end of the stream: its length and SHA-256."""
    digest, length = hashlib.sha256(), 0
    while more := connection.recv(1 << 18):
        digest.update(more)
        length += len(more)
    return length, digest.hexdigest()


def sum_of(*parts):
    return sum(map(len, parts)), hashlib.sha256(b"".join(parts)).hexdigest()


def was_reset(connection):
    connection.settimeout(PATIENCE)
    try:
        while connection.recv(1 << 16):
            pass
        return False
    except ConnectionResetError:
        return True


def refuses(gateway, source="127.0.0.1"):
    """Accepted by the kernel, reset by the gateway: perhaps before connect has returned."""
    try:
        return was_reset(gateway.connect(source))
    except ConnectionResetError:
        return True


def is_closed(connection):
    try:
        while connection.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    return True


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def pair(gateway, server, source="127.0.0.1", hello=SB_HELLO, reply=SB_REPLY):
    """A connection through the gateway on which both ends have said hello."""
    client = gateway.connect(source)
    upstream = accept(server)
    client.sendall(hello)
    assert receive(upstream, len(hello)) == hello
    upstream.sendall(reply)
    assert receive(client, len(reply)) == reply
    return client, upstream


def in_thread(work, *arguments):
    result = {}

    def run():
        try:
            result["value"] = work(*arguments)
        except Exception as error:  # handed to whoever joins
            result["error"] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def join():
        thread.join(PATIENCE * 3)
        assert not thread.is_alive(), "still busy"
        if "error" in result:
            raise result["error"]
        return result.get("value")

    return join


RULES = []


def rule(test):
    """The name of the test says what must be true."""
    RULES.append(test)
    return test


# --- the rules -----------------------------------------------------------------------------------------

@rule
def bulk_both_ways_at_once_arrives_unchanged():
    to_server, to_client = messages(message_from_client, 12_000), messages(message_from_server, 12_000)
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server)

        def send(connection, data):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)

        sending = [in_thread(send, client, to_server), in_thread(send, upstream, to_client)]
        receiving = [in_thread(receive_all, upstream), in_thread(receive_all, client)]
        for join in sending:
            join()
        assert receiving[0]() == sum_of(to_server)
        assert receiving[1]() == sum_of(to_client)
        eventually(lambda: len(gateway.endings()) == 1, "one closing record")
        detail = gateway.audit()[-1]["detail"]
        assert str(len(to_server) + len(SB_HELLO)) in detail, detail
        assert str(len(to_client) + len(SB_REPLY)) in detail, detail


@rule
def bytes_one_at_a_time_arrive_unchanged():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = gateway.connect(), accept(server)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = SB_HELLO + message_from_client(2, 300)
        for value in data:
            client.send(bytes([value]))
        assert receive(upstream, len(data)) == data


@rule
def a_client_that_finished_still_gets_the_answer():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server)
        client.shutdown(socket.SHUT_WR)
        assert receive_all(upstream)[0] == 0
        answer = messages(message_from_server, 500)
        upstream.sendall(answer)
        upstream.close()
        assert receive_all(client) == sum_of(answer)
        eventually(lambda: gateway.endings() == ["client-closed"], "reason client-closed")


@rule
def a_server_that_finished_still_hears_the_client():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server)
        upstream.shutdown(socket.SHUT_WR)
        assert receive_all(client)[0] == 0
        rest = messages(message_from_client, 500)
        client.sendall(rest)
        client.close()
        assert receive_all(upstream) == sum_of(rest)
        eventually(lambda: gateway.endings() == ["server-closed"], "reason server-closed")


@rule
def a_half_closed_connection_has_limited_time():
    with listening() as server, Gateway(server.getsockname()[1], 'close_timeout = "1s"') as gateway:
        client, upstream = pair(gateway, server)
        client.shutdown(socket.SHUT_WR)
        assert receive_all(upstream)[0] == 0
        assert is_closed(client)  # though the server never closes
        assert gateway.endings() == ["client-closed"]


@rule
def a_slow_reader_slows_the_sender_and_costs_little_memory():
    data = messages(message_from_client, 40_000)
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        client, upstream = pair(gateway, server)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * 1024)
        before = gateway.status("VmRSS")
        sent = [0]

        def send():
            while sent[0] < len(data):
                sent[0] += client.send(data[sent[0]:sent[0] + (1 << 16)])
            client.shutdown(socket.SHUT_WR)

        join = in_thread(send)

        def stuck():
            seen = sent[0]
            time.sleep(0.3)
            return sent[0] == seen

        eventually(stuck, "the sender stops")
        assert sent[0] < len(data), "nothing held the sender back"
        assert gateway.status("VmRSS") - before < 2048, "memory grew with what nobody read"
        assert receive_all(upstream) == sum_of(data)
        join()


@rule
def a_client_that_never_reads_does_not_stop_its_own_sending():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server)
        flood = messages(message_from_server, 40_000)
        join = in_thread(upstream.sendall, flood)
        data = messages(message_from_client, 2_000)
        client.sendall(data)
        assert receive(upstream, len(data)) == data
        assert receive(client, len(flood)) == flood
        join()


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
        kept = [pair(gateway, server) for _ in range(20)]
        time.sleep(1.5)  # the tick that had something to time runs out
        before = gateway.wake_ups()
        time.sleep(2)
        assert gateway.wake_ups() - before <= 1, gateway.wake_ups() - before
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


def suppressed(work):
    try:
        return work()
    except (TimeoutError, OSError):
        return None


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
def an_upstream_that_dies_resets_the_client():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server)
        join = in_thread(was_reset, client)
        upstream.sendall(messages(message_from_server, 100))
        time.sleep(0.2)
        reset(upstream)
        assert join()
        eventually(lambda: gateway.endings() == ["server-closed"], "reason server-closed")


@rule
def a_client_that_dies_resets_the_upstream():
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server)
        reset(client)
        assert was_reset(upstream)
        eventually(lambda: gateway.endings() == ["client-closed"], "reason client-closed")


@rule
def the_last_words_of_a_server_survive_its_reset():
    # It closes with bytes unread, which makes a reset of the close.
    with listening() as server, Gateway(server.getsockname()[1]) as gateway:
        client, upstream = pair(gateway, server)
        client.sendall(messages(message_from_client, 2))
        time.sleep(0.2)
        upstream.sendall(b"OUT OTH\r\n")
        upstream.close()
        assert receive(client, 9) == b"OUT OTH\r\n"


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


def ping(gateway, server):
    client = gateway.connect()
    client.settimeout(1)
    client.sendall(NS_HELLO)
    server.settimeout(1)
    for _ in range(60):
        upstream = accept(server)
        upstream.settimeout(0.3)
        if suppressed(lambda: receive(upstream, len(NS_HELLO))) == NS_HELLO:
            return True
    return False


DATA_SOCKETS = {"msnftp": b"VER MSNFTP\r\n", "p2p-direct": b"\x04\0\0\0foo\0"}


@rule
def a_data_socket_of_a_transfer_is_reset_at_once():
    for policy in ("", '[failure]\nnot-msnp = "pass"\n'):
        with listening() as server, Gateway(server.getsockname()[1], policy=policy) as gateway:
            for name, hello in DATA_SOCKETS.items():
                client, upstream = gateway.connect(), accept(server)
                began = time.monotonic()
                client.sendall(hello)
                assert was_reset(client), name
                assert time.monotonic() - began < 3, "users wait for it"
                try:
                    raise AssertionError(f"the server read {upstream.recv(100)} of {name}")
                except ConnectionResetError:
                    pass
                record = [one for one in gateway.audit() if one["event"] == "failure"][-1]
                assert record["reason"] == "not-msnp" and record["action"] == "block", record
                assert record["detail"].startswith(name + ": "), record
            eventually(lambda: gateway.endings() == ["failure"] * len(DATA_SOCKETS), "reason failure")


@rule
def a_data_socket_of_a_transfer_passes_where_everything_may():
    policy = '[failure]\nnot-msnp = "pass"\n[policy]\ndefault = "allow"\n'
    with listening() as server, Gateway(server.getsockname()[1], policy=policy) as gateway:
        for hello in DATA_SOCKETS.values():
            client, upstream = gateway.connect(), accept(server)
            client.sendall(hello)
            assert receive(upstream, len(hello)) == hello


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


def main():
    if not BINARY.exists():
        sys.exit(f"{BINARY} is not there: build it first")
    only = sys.argv[2:]
    passed = failed = 0
    for test in RULES:
        name = test.__name__.replace("_", " ")
        if only and not any(word in test.__name__ for word in only):
            continue
        try:
            test()
            passed += 1
            print("ok      " + name, flush=True)
        except Exception:
            failed += 1
            print("FAILED  " + name + "\n" + traceback.format_exc(), flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
