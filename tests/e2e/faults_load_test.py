#!/usr/bin/env python3
"""Too much of everything: connections, descriptors, reloads, slow and silent ends, servers that come and go,
people at the admin socket.

usage: faults_load_test.py [MSNPGATE [WORD...]]

Promised: a conversation that is open goes on through all of it, its offers refused; what was too much ends;
descriptors and memory come back. Nothing here asserts on time: deadlines are generous and rates are printed.
"""
import contextlib
import os
import resource
import select
import signal
import socket
import sys
import threading
import time

from conversation_steps import RULES, TO_CLIENT, TO_SERVER, classic, message, text
from loopback import (NS_HELLO, NS_REPLY, Gateway, accept, eventually, free_port, in_thread, is_closed, listening, main,
                      reset, rule, suppressed)
from small_talk import PATIENCE, SmallTalk, comes_back, gateway_with_talk, measured


class Echo(threading.Thread):
    """Takes every connection of `server` and answers a notification client's first words."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.stopped, self.served = server, False, 0
        server.setblocking(False)
        self.start()

    def run(self):
        ready = select.epoll()
        ready.register(self.server, select.EPOLLIN)
        connections = {}
        while not self.stopped:
            for fd, _ in ready.poll(0.05):
                if fd == self.server.fileno():
                    with contextlib.suppress(BlockingIOError):
                        while True:
                            connection, _ = self.server.accept()
                            connection.setblocking(False)
                            connections[connection.fileno()] = connection
                            ready.register(connection, select.EPOLLIN)
                    continue
                try:
                    data = connections[fd].recv(4096)
                    if data:
                        connections[fd].send(NS_REPLY)
                        self.served += 1
                        continue
                except OSError:
                    pass
                ready.unregister(fd)
                connections.pop(fd).close()
        for connection in connections.values():
            connection.close()

    def stop(self):
        self.stopped = True
        self.join(PATIENCE)
        self.server.setblocking(True)
        self.server.settimeout(20)


def connection_storm(port, total, rate):
    """`total` connections to `port`, `rate` of them begun each second, each with a question and its answer."""
    ready, clients = select.epoll(), {}
    began, begun, answered = time.monotonic(), 0, 0
    while answered < total:
        assert time.monotonic() - began < 4 * PATIENCE, f"{answered} of {total} served"
        while begun < min(total, (time.monotonic() - began) * rate):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            clients[client.fileno()] = client
            ready.register(client, select.EPOLLOUT)
            begun += 1
        for fd, event in ready.poll(0.001):
            if event & select.EPOLLOUT:
                clients[fd].send(NS_HELLO)
                ready.modify(fd, select.EPOLLIN)
                continue
            assert clients[fd].recv(100) == NS_REPLY, "another answer"
            clients.pop(fd).close()
            answered += 1
    return time.monotonic() - began


@rule
def a_thousand_connections_a_second_are_served():
    total, rate = 5000, 1000
    with gateway_with_talk("sessions_per_source = 9000") as (gateway, server, talk):
        before = measured(gateway)
        echo = Echo(server)
        storm = in_thread(connection_storm, gateway.port, total, rate, patience=5 * PATIENCE)
        while storm.alive():
            talk.refused()
        took = storm()
        echo.stop()
        eventually(lambda: gateway.endings().count("client-closed") >= total, "a record for each", PATIENCE)
        comes_back(gateway, *before)
        print(f"        {total} connections in {took:.1f} s, {total / took:.0f} a second", flush=True)


@rule
def clients_that_drip_bytes_get_their_time_and_no_more():
    limits = 'first_command_timeout = "2s"\nsessions_per_source = 9000'
    with gateway_with_talk(limits) as (gateway, server, talk):
        before = measured(gateway)
        echo = Echo(server)
        slow = [gateway.connect() for _ in range(300)]
        left, began = list(slow), time.monotonic()
        line = iter(b"VER 1 " + b"MSNP12 " * 2000)
        while left:
            assert time.monotonic() - began < PATIENCE, f"{len(left)} are still there"
            byte = bytes([next(line)])
            left = [client for client in left if suppressed(lambda: client.send(byte, socket.MSG_NOSIGNAL))]
            talk.refused()
        echo.stop()
        for client in slow:
            client.close()
        assert gateway.endings().count("first-command-timeout") == 300, gateway.endings()
        comes_back(gateway, *before)


@rule
def a_server_that_comes_and_goes_costs_nobody_else():
    with Gateway(port := free_port(), 'close_timeout = "1s"', policy=RULES) as gateway:
        served = refused = 0
        before = None
        for number in range(40):
            if number % 2:
                with contextlib.suppress(OSError):   # nobody listens: connected to the gateway, then reset
                    with gateway.connect() as client:
                        client.settimeout(PATIENCE)
                        client.send(NS_HELLO)
                        assert client.recv(100) == b""
                refused += 1
                continue
            with socket.create_server(("127.0.0.1", port), backlog=64) as server:
                server.settimeout(PATIENCE)
                talk = SmallTalk(gateway, server)
                talk.refused()
                if number % 4:
                    reset(talk.ends[TO_SERVER].socket)
                    talk.ends[TO_SERVER].over = "gone"
                    eventually(talk.is_over, "the client is told")
                talk.close()
                served += 1
            before = before or measured(gateway)
        eventually(lambda: len(gateway.endings()) == served + refused, f"a record for each: {gateway.endings()}")
        assert gateway.endings().count("connect-failed") == refused, gateway.endings()
        comes_back(gateway, *before)
        assert gateway.stop() == 0


@rule
def a_client_that_offers_and_never_reads_is_bounded():
    with gateway_with_talk('close_timeout = "1s"') as (gateway, server, talk):
        before = measured(gateway)
        deaf = SmallTalk(gateway, server)
        client = deaf.ends[TO_CLIENT].socket
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(True)
        client.settimeout(PATIENCE)
        offers = b"".join(message(TO_SERVER, classic(b"plan.doc", cookie), cookie, "A") for cookie in range(200))
        with contextlib.suppress(OSError):          # it is ended, or held back, before that
            client.settimeout(3)
            for _ in range(400):
                client.sendall(offers)
        assert gateway.status("VmRSS") - before[1] < 4096, "memory grew with answers that nobody read"
        talk.refused()
        assert b"plan.doc" not in deaf.ends[TO_SERVER].tape
        deaf.close()
        comes_back(gateway, *before)


@rule
def a_server_that_stops_reading_holds_up_its_own_client_only():
    with gateway_with_talk('close_timeout = "1s"') as (gateway, server, talk):
        before = measured(gateway)
        stuck = [SmallTalk(gateway, server) for _ in range(20)]
        flood = message(TO_SERVER, text(b"x" * 1200), 5, "N") * 200
        for one in stuck:
            client = one.ends[TO_CLIENT].socket
            with contextlib.suppress(BlockingIOError):
                while client.send(flood):
                    pass
        assert gateway.status("VmRSS") - before[1] < 20 * 400, "memory grew with what nobody read"
        talk.refused()
        for one in stuck:
            one.close()
        comes_back(gateway, *before)


@rule
def an_open_conversation_goes_on_without_a_descriptor_to_spare():
    few = 40
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (few, few))
    with gateway_with_talk('close_timeout = "1s"', preexec=limit) as (gateway, server, talk):
        descriptors, memory = measured(gateway)
        clients = [gateway.connect() for _ in range(60)]
        eventually(lambda: "cannot accept" in gateway.log_text() or "resources" in gateway.endings(),
                   "it says that it cannot accept")
        for _ in range(20):
            talk.refused()
            talk.allowed()
        gateway.process.send_signal(signal.SIGHUP)   # needs a descriptor, and may not change anything without
        eventually(lambda: gateway.policies(), "a record of the reload")
        talk.refused()
        for client in clients:
            client.close()
        server.settimeout(0.5)
        for _ in range(80):                          # what had reached the server before
            accepted = suppressed(lambda: accept(server))
            if accepted is None:
                break
            accepted.close()
        server.settimeout(20)
        comes_back(gateway, descriptors, memory)
        eventually(lambda: suppressed_assertion(lambda: SmallTalk(gateway, server).close()), "it accepts again")


def suppressed_assertion(work):
    try:
        work()
        return True
    except (AssertionError, OSError):
        return False


@rule
def a_storm_of_reloads_changes_what_it_says_and_nothing_else():
    good = {"doc": RULES.replace("*.txt", "*.doc"), "txt": RULES}
    with gateway_with_talk() as (gateway, server, talk):
        path = os.path.join(gateway.directory.name, "gateway.toml")
        frame = open(path, encoding="utf-8").read().replace(RULES, "")
        before = measured(gateway)
        for number in range(300):
            text_now = (good["doc"], good["txt"], "nonsense = 1\n")[number % 3]
            with open(path + ".new", "w", encoding="utf-8") as file:
                file.write(frame + text_now)
            os.replace(path + ".new", path)
            gateway.process.send_signal(signal.SIGHUP)
            if number % 10 == 0:
                talk.refused(b"plan.exe")
        with open(path, "w", encoding="utf-8") as file:
            file.write(frame + good["txt"])
        known = len(gateway.policies())
        gateway.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(gateway.policies()) > known and gateway.policies()[-1]["reason"] == "reload", "the last one")
        talk.allowed()
        revisions = {record["policy"] for record in gateway.policies() if record["reason"] == "reload"}
        assert len(revisions) <= 2, revisions
        comes_back(gateway, *before)


if __name__ == "__main__":
    sys.exit(main())
