#!/usr/bin/env python3
"""What asking the admin server costs those who chat: latency and throughput through a gateway that nobody asks, through
one that is flooded with questions, and, as a control, beside the same flood of somebody else.

    admin.py BUILD_DIRECTORY [ROUNDS]

The gateway has one core for all its threads, load and flood share the other. The flood: two who search 100,000 records
for what is in none, one who wants the summary of them, all without a pause; 100 scrapes of the metrics a second;
16 listeners to the stream of events. The control: the same questions in the same time, answered with the same bytes by a
program that only waits, so that what the flood itself takes from the load is apart. NOTES.md tells more.
"""
import asyncio
import collections
import contextlib
import json
import os
import pathlib
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import run

RECORDS = 100_000
SCRAPES_PER_SECOND = 100
LISTENERS = 16
SEARCH = '/api/v1/events?name=*.nothing&limit=100'
SUMMARY, METRICS, STREAM, STATUS = '/api/v1/summary', '/metrics', '/api/v1/events/stream', '/api/v1/status'
STILL, CONTROL, FLOOD = 'still', 'control', 'flood'


def connect(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(str(path))
    return connection


def request(connection, target):
    """One answer, head and body, on a connection that stays."""
    connection.sendall(f'GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode())
    answer = b''
    while b'\r\n\r\n' not in answer:
        piece = connection.recv(1 << 18)
        if not piece:
            raise ConnectionError('no answer')
        answer += piece
    head, _, body = answer.partition(b'\r\n\r\n')
    size = next(int(line.split(b':')[1]) for line in head.split(b'\r\n') if line.lower().startswith(b'content-length:'))
    pieces, left = [body], size - len(body)
    while left > 0:
        pieces.append(connection.recv(min(left, 1 << 18)))
        left -= len(pieces[-1])
    return head + b'\r\n\r\n' + b''.join(pieces)


def flood(path):
    """Asks until it is told to end; then says how often, how long an answer took, and what that cost itself."""
    asked, waited, ending = collections.Counter(), collections.Counter(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())

    def keep_asking(target, pause):
        with connect(path) as connection:
            due = time.monotonic()
            while not ending.is_set():
                began = time.monotonic()
                request(connection, target)
                asked[target] += 1
                waited[target] += time.monotonic() - began
                due = max(due + pause, time.monotonic())
                time.sleep(max(0, due - time.monotonic()))

    listeners = [connect(path) for _ in range(LISTENERS)]
    for one in listeners:
        one.sendall(f'GET {STREAM} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode())
    def listen():
        with selectors.DefaultSelector() as ready:
            for one in listeners:
                ready.register(one, selectors.EVENT_READ)
            while not ending.is_set():
                for key, _ in ready.select(0.5):
                    if not key.fileobj.recv(1 << 18):
                        ready.unregister(key.fileobj)

    asking = [threading.Thread(target=listen)] + [threading.Thread(target=keep_asking, args=of)
              for of in ((SEARCH, 0), (SEARCH, 0), (SUMMARY, 0), (METRICS, 1 / SCRAPES_PER_SECOND))]
    for thread in asking:
        thread.start()
    print('asking', flush=True)
    for thread in asking:
        thread.join()
    print(json.dumps({'asked': asked, 'seconds': {target: waited[target] / asked[target] for target in asked},
                      'cpu': time.process_time()}), flush=True)


def stub(path, recorded):
    """Answers as the gateway did, after as long a time."""
    answers = {target: (bytes.fromhex(text), delay) for target, (text, delay) in json.loads(recorded.read_text()).items()}

    async def serve(reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b'\r\n\r\n')
                answer, delay = answers.get(head.split(b' ')[1].decode(), (b'', 0))
                await asyncio.sleep(delay)
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def listen():
        async with await asyncio.start_unix_server(serve, path) as server:
            print('listening', flush=True)
            await server.serve_forever()

    asyncio.run(listen())


@contextlib.contextmanager
def beside(core, *words):
    """This program in another process, once it is ready; yields it."""
    with subprocess.Popen([sys.executable, '-B', __file__, *map(str, words)], stdout=subprocess.PIPE, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, [core])) as process:
        try:
            process.stdout.readline()
            yield process
        finally:
            process.terminate()


def worker_seconds(pid):
    """What the threads that carry connections have run."""
    return sum(int((task / 'schedstat').read_text().split()[0]) / 1e9
               for task in pathlib.Path(f'/proc/{pid}/task').iterdir()
               if (task / 'comm').read_text().startswith('worker-'))


class Rounds:
    def __init__(self, bench, relay, folder):
        self.bench, self.relay, self.folder = bench, relay, folder
        self.socket, self.stub_socket = folder / 'admin.sock', folder / 'stub.sock'
        self.found = collections.defaultdict(dict)  # (figure, condition): {round: value}
        self.floods = []

    def fill(self):
        """Until the log has as many records; of how many it is."""
        while True:
            with connect(self.socket) as connection:
                records = json.loads(request(connection, STATUS).partition(b'\r\n\r\n')[2])['audit']['seq']
            if records >= RECORDS:
                return records
            self.bench.load('refusals', self.relay)

    def load(self, test, beside_it=None):
        before = worker_seconds(self.relay.process.pid)
        result = self.bench.load(test, self.relay)
        result['worker_seconds'] = worker_seconds(self.relay.process.pid) - before
        if beside_it:
            beside_it.terminate()
            self.floods.append(json.loads(beside_it.stdout.readline()))
        return result

    def record(self):
        """What the stub is to answer, and how slowly: as the gateway does under the flood and beside chat."""
        with beside(self.bench.load_core, '--flood', self.socket) as asking:
            self.load('latency', asking)
        seconds = self.floods.pop()['seconds']
        with connect(self.socket) as connection:
            answers = {target: (request(connection, target).hex(), seconds[target]) for target in seconds}
        (self.folder / 'recorded').write_text(json.dumps(answers))

    def measure(self, number, test, condition):
        if condition == STILL:
            result = self.load(test)
        else:
            with beside(self.bench.load_core, '--flood', self.socket if condition == FLOOD else self.stub_socket) as asking:
                result = self.load(test, asking)
            self.floods[-1]['condition'] = condition
        def keep(figure, value):
            self.found[figure, condition][number] = value
        if test == 'latency':
            keep('latency p50, us', result['p50_us'])
            keep('latency p99, us', result['p99_us'])
            keep('CPU of the data path, us a message', result['worker_seconds'] * 1e6 / result['messages'])
        else:
            keep('throughput, k frames/s', result['frames'] * 1e6 / result['wall_ns'])

    def run(self, rounds):
        conditions = [STILL, CONTROL, FLOOD]
        with beside(self.bench.relay_core, '--stub', self.stub_socket, self.folder / 'recorded'):
            for number in range(rounds):
                for test in ('latency', 'text'):
                    turn = number % 3
                    for condition in conditions[turn:] + conditions[:turn]:
                        self.measure(number, test, condition)
                print(f'round {number + 1} of {rounds}', file=sys.stderr)

    def ratio(self, figure, condition, base):
        ours, theirs = self.found[figure, condition], self.found[figure, base]
        return statistics.median(ours[number] / theirs[number] for number in ours)

    def show(self):
        print(f'{"":36}{"still":>10}{"control":>10}{"flood":>10}{"control/still":>15}{"flood/control":>15}')
        for figure in dict.fromkeys(figure for figure, _ in self.found):
            values = [statistics.median(self.found[figure, condition].values()) for condition in (STILL, CONTROL, FLOOD)]
            print(f'{figure:36}' + ''.join(f'{value:10.1f}' for value in values) +
                  f'{self.ratio(figure, CONTROL, STILL):15.3f}{self.ratio(figure, FLOOD, CONTROL):15.3f}')
        for condition in (CONTROL, FLOOD):
            asked = collections.Counter()
            for one in self.floods:
                if one['condition'] == condition:
                    asked.update(one['asked'])
            print(f'{condition}: ' + ', '.join(f'{count} {target.split("?")[0]}' for target, count in asked.items()))


def main():
    if sys.argv[1:2] == ['--flood']:
        return flood(sys.argv[2])
    if sys.argv[1:2] == ['--stub']:
        return stub(sys.argv[2], pathlib.Path(sys.argv[3]))
    if len(sys.argv) not in (2, 3):
        sys.exit('usage: admin.py BUILD_DIRECTORY [ROUNDS]')
    bench = run.Bench(sys.argv[1], quick=False)
    bench.seconds = 2.0
    with tempfile.TemporaryDirectory(prefix='msnpgate-admin-bench-') as directory:
        folder = pathlib.Path(directory)
        relay = bench.relay(run.GATE, run.FIRST_RELAY_PORT + 40, directory)
        config = folder / f'{relay.port}.conf'
        config.write_text(f'{config.read_text()}[admin]\nsocket = "{folder}/admin.sock"\n')
        with relay:
            rounds = Rounds(bench, relay, folder)
            print(f'{rounds.fill()} records')
            rounds.record()
            rounds.run(int(sys.argv[2]) if len(sys.argv) == 3 else 5)
            rounds.show()
    return 0


if __name__ == '__main__':
    sys.exit(main())
