#!/usr/bin/env python3
"""The relay as its neighbours see it: the real binary between real sockets on loopback.

usage: relay_test.py [MSNPGATE [WORD...]]

The ends speak valid MSNP, so that it makes no difference how strictly the gateway reads it.
"""
import socket
import sys
import time

from loopback import (accept, eventually, Gateway, in_thread, is_closed, listening, main, message_from_client,
                      message_from_server, messages, pair, receive, receive_all, reset, rule, SB_HELLO, SB_REPLY, sum_of,
                      was_reset)


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


if __name__ == "__main__":
    sys.exit(main())
