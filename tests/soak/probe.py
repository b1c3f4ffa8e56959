"""One chat message after the other, through the gateway and directly: how long each took. A process of its own.

usage: probe.py PORT   (prints `seconds through direct` for each pair, in microseconds; ends with its parent)
"""
import socket
import sys
import time

HELLO, REPLY = b"USR 1 probe@test.example 1.2\r\n", b"USR 1 OK probe@test.example Probe\r\n"
BODY = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nhow long does this take"
MESSAGE = b"MSG 5 N %d\r\n" % len(BODY) + BODY


def pair(port, listening):
    client = socket.create_connection(("127.0.0.1", port), 60)
    server, _ = listening.accept()
    for connection in (client, server):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(60)
    return client, server


def exchange(sender, receiver, data):
    began = time.perf_counter_ns()
    sender.sendall(data)
    left = len(data)
    while left:
        left -= len(receiver.recv(left))
    return (time.perf_counter_ns() - began) / 1000


def main():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        gateway_port = int(sys.stdin.readline())
        through, direct = pair(gateway_port, listening), pair(listening.getsockname()[1], listening)
        for client, server in (through, direct):
            exchange(client, server, HELLO)
            exchange(server, client, REPLY)
        while True:
            took = [exchange(*way, MESSAGE) for way in (through, direct)]
            print(f"{time.monotonic():.3f} {took[0]:.0f} {took[1]:.0f}", flush=True)
            time.sleep(0.05)


if __name__ == "__main__":
    main()
