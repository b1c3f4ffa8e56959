#!/usr/bin/env python3
"""Measures msnpgate against HAProxy and prints the figures beside must, goal and stretch.

    run.py BUILD_DIRECTORY [quick]

Relays are pinned to one core, load and fake server to another. In every round each test runs through
each relay, in rotated order, and ratios are taken within the round: only they are the result. How and
why: NOTES.md.
"""
import collections
import contextlib
import json
import os
import pathlib
import platform
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import plot

SERVER_PORT = 7500
FIRST_RELAY_PORT = 7600
SESSIONS = (1, 1000, 3000, 6000, 9000)  # silent ones beside those that speak
POLLING = 4000  # sessions of the HTTP gateway, each with a poll every two seconds
MOST_FOREIGN = 0.15  # cores; a measurement with more is repeated once, then dropped
HAPROXY, HAPROXY_AGAIN, GATE, GATE_ALLOW, GATE_BLIND = (
    'haproxy', 'haproxy again', 'msnpgate', 'msnpgate allow', 'msnpgate blind')

HAPROXY_CONFIG = """\
global
  nbthread 1{limit}
defaults
  mode {mode}{limit}{reuse}
  timeout connect 5000
  timeout client 50000
  timeout server 50000
listen relay
  bind 127.0.0.1:{port}
  server upstream 127.0.0.1:{server}
"""
HAPROXY_TCP = {'mode': 'tcp', 'limit': '', 'reuse': ''}
HAPROXY_HTTP = {'mode': 'http', 'limit': '\n  maxconn 6000', 'reuse': '\n  http-reuse never'}

GATE_CONFIG = """\
threads = {threads}
[[listener]]
bind = "127.0.0.1:{port}"
mode = "fixed"
upstream = "127.0.0.1:{server}"
[limits]
sessions = 20000
sessions_per_source = 20000
[audit]
path = "{directory}/audit-{port}.jsonl"
[failure]
not-msnp = "{not_msnp}"
[policy]
default = "{default}"
notice = false
[[rule]]
name = "archives"
action = "allow"
users = ["*@example.com"]
kinds = ["file-transfer"]
names = ["*.zip"]
"""

# What a test measures: the key of a value, and how it is made of what `load` printed.
VALUES = {
    'pair': {'pair CPU s/GB': lambda r: r['relay_ns'] / r['bytes']},
    'picture': {'picture CPU s/GB': lambda r: r['relay_ns'] / r['bytes']},
    'latbg': {'latency beside bulk p50 us': lambda r: r['p50_us']},
    'refusals': {'CPU us/refusal': lambda r: r['relay_ns'] / r['refusals'] / 1e3,
                 'refusals/s': lambda r: r['refusals'] * 1e9 / r['wall_ns']},
    'p2p': {'p2p CPU s/GB': lambda r: r['relay_ns'] / r['bytes'],
            'p2p MB/s': lambda r: r['bytes'] * 1e3 / r['wall_ns']},
    'text': {'text CPU us/frame': lambda r: r['relay_ns'] / r['frames'] / 1e3,
             'text k frames/s': lambda r: r['frames'] * 1e6 / r['wall_ns']},
    'p2p1': {'p2p1 CPU us/frame': lambda r: r['relay_ns'] / r['frames'] / 1e3},
    'text1': {'text1 CPU us/frame': lambda r: r['relay_ns'] / r['frames'] / 1e3},
    'latency': {'latency CPU us/message': lambda r: r['relay_ns'] / r['messages'] / 1e3,
                'latency p50 us': lambda r: r['p50_us'],
                'latency p99 us': lambda r: r['p99_us']},
    'http': {'http CPU us/poll': lambda r: r['relay_ns'] / r['polls'] / 1e3,
             'http bytes/session': lambda r: r['bytes_per_session']},
    'churn': {'churn CPU us/connection': lambda r: r['relay_ns'] / r['connections'] / 1e3,
              'churn connections/s': lambda r: r['connections'] * 1e9 / r['wall_ns']},
}
# Bulk is also measured with a gate that lets everything pass, and with one that does not look at all.
RELAYS = {test: [HAPROXY, HAPROXY_AGAIN, GATE] for test in VALUES}
for _test in ('p2p', 'text'):
    RELAYS[_test] += [GATE_ALLOW, GATE_BLIND]
for _test in ('pair', 'p2p1', 'text1', 'latency', 'latbg', 'churn'):
    RELAYS[_test] += [GATE_BLIND]
RELAYS['refusals'] = [GATE]
HTTP_RELAYS = RELAYS.pop('http')

Row = collections.namedtuple('Row', 'name value relay base goals')
ROWS = [  # goals: must, goal, stretch; none: for information
    Row('CPU per GB, P2P bulk: a file', 'p2p CPU s/GB', GATE, HAPROXY, (0.85, 0.65, 0.50)),
    Row('CPU per GB, P2P bulk both ways', 'pair CPU s/GB', GATE, HAPROXY, (0.90, 0.75, 0.60)),
    Row('CPU per GB, pictures and their SHA-1', 'picture CPU s/GB', GATE, HAPROXY, None),
    Row('CPU per frame, pipelined chat', 'text CPU us/frame', GATE, HAPROXY, (1.00, 0.80, 0.65)),
    Row('CPU per message, one a wake-up: P2P', 'p2p1 CPU us/frame', GATE, HAPROXY, (1.00, 0.92, 0.85)),
    Row('CPU per message, one a wake-up: chat', 'text1 CPU us/frame', GATE, HAPROXY, (1.00, 0.92, 0.85)),
    Row('CPU per message, echoed', 'latency CPU us/message', GATE, HAPROXY, (1.00, 0.92, 0.85)),
    Row('latency p50', 'latency p50 us', GATE, HAPROXY, (1.10, 1.00, 0.95)),
    Row('latency p50 beside bulk', 'latency beside bulk p50 us', GATE, HAPROXY, (1.15, 1.07, 1.00)),
    Row('latency p99 (stall alarm)', 'latency p99 us', GATE, HAPROXY, (2.0, None, None)),
    Row('CPU per connection, login to close', 'churn CPU us/connection', GATE, HAPROXY, (1.10, 0.95, 0.85)),
    Row('HTTP gateway polls, CPU', 'http CPU us/poll', GATE, HAPROXY, (1.10, 1.00, 0.90)),
    Row('HTTP gateway session that polls, memory', 'http bytes/session', GATE, HAPROXY, None),
    Row('inspection on against off, P2P', 'p2p CPU s/GB', GATE, GATE_BLIND, (1.10, 1.03, 1.01)),
    Row('inspection on against off, both ways', 'pair CPU s/GB', GATE, GATE_BLIND, None),
    Row('inspection on against off, chat', 'text CPU us/frame', GATE, GATE_BLIND, None),
    Row('inspection on against off, one a wake-up', 'text1 CPU us/frame', GATE, GATE_BLIND, None),
    Row('inspection on against off, echoed', 'latency CPU us/message', GATE, GATE_BLIND, None),
    Row('inspection on against off, p50', 'latency p50 us', GATE, GATE_BLIND, None),
    Row('inspection on against off, beside bulk', 'latency beside bulk p50 us', GATE, GATE_BLIND, None),
    Row('inspection on against off, connection', 'churn CPU us/connection', GATE, GATE_BLIND, None),
    Row('block against allow, P2P', 'p2p CPU s/GB', GATE, GATE_ALLOW, None),
    Row('block against allow, chat', 'text CPU us/frame', GATE, GATE_ALLOW, None),
    Row('P2P bulk MB/s (higher)', 'p2p MB/s', GATE, HAPROXY, None),
    Row('chat k frames/s (higher)', 'text k frames/s', GATE, HAPROXY, None),
    Row('connections/s (higher)', 'churn connections/s', GATE, HAPROXY, None),
]
# Figures of the gateway alone.
ALONE = [('CPU of a refused offer', 'CPU us/refusal'), ('refusals a second (higher)', 'refusals/s')]


class Relay:
    """A process that relays one port to the server; pinned, and stopped with the context."""

    def __init__(self, name, port, program, directory, cores, threads=1, haproxy=HAPROXY_TCP):
        self.name, self.port, self.cores = name, port, cores
        config = pathlib.Path(directory) / f'{port}.conf'
        if name in (HAPROXY, HAPROXY_AGAIN):
            config.write_text(HAPROXY_CONFIG.format(port=port, server=SERVER_PORT, **haproxy))
            self.command = [program, '-db', '-f', str(config)]
        else:
            config.write_text(GATE_CONFIG.format(
                port=port, server=SERVER_PORT, directory=directory, threads=threads,
                not_msnp='pass' if name == GATE_BLIND else 'close',
                default='allow' if name == GATE_ALLOW else 'block'))
            self.command = [program, 'run', '-c', str(config)]
        self.log = open(pathlib.Path(directory) / f'{port}.log', 'w+')

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log,
                                        preexec_fn=lambda: os.sched_setaffinity(0, self.cores))
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                return self
            time.sleep(0.05)
        said = pathlib.Path(self.log.name).read_text()
        self.__exit__()
        sys.exit(f'{self.name} does not start: {said}')

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Bench:
    def __init__(self, build, quick):
        self.build = pathlib.Path(build).resolve()
        self.rounds, self.seconds = (2, 0.6) if quick else (5, 1.0)
        # What a busy machine may cost in all: seconds of waiting for quiet, and repeated measurements.
        self.patience, self.most_repeated = (10, 8) if quick else (60, 30)
        cores = sorted(os.sched_getaffinity(0))
        self.relay_core, self.load_core = cores[0], cores[-1]
        self.haproxy = shutil.which('haproxy') or '/usr/sbin/haproxy'
        self.raw = []  # every measurement, disturbed ones too
        self.repeated = self.dropped = 0

    def relay(self, name, port, directory, cores=None, threads=1, **more):
        program = self.haproxy if name in (HAPROXY, HAPROXY_AGAIN) else str(self.build / 'msnpgate')
        return Relay(name, port, program, directory, cores or [self.relay_core], threads, **more)

    def load(self, test, relay, *more):
        return self.run(relay, 'load', test, str(relay.port), str(SERVER_PORT), str(relay.process.pid),
                        str(self.seconds), str(self.load_core), *more)

    def run(self, relay, program, *arguments):
        done = subprocess.run([str(self.build / 'tests/bench' / program), *arguments], capture_output=True,
                              text=True, timeout=120, check=False)
        if done.returncode != 0:
            sys.exit(f'{program} {arguments[0]} through {relay.name}: {done.stderr.strip()}')
        return json.loads(done.stdout)

    def wait_for_quiet(self):
        while self.patience > 0:
            began, idle = time.monotonic(), idle_seconds()
            time.sleep(0.2)
            spent = time.monotonic() - began
            if os.cpu_count() - (idle_seconds() - idle) / spent < MOST_FOREIGN:
                return
            self.patience -= spent

    def measure(self, number, test, relay):
        opaque = '-opaque' if relay.name == GATE_BLIND else ''
        for last in (False, True):
            self.wait_for_quiet()
            if self.note(number, test, relay.name, self.load(test + opaque, relay), last):
                return

    def compare(self, directory):
        names = [HAPROXY, HAPROXY_AGAIN, GATE, GATE_ALLOW, GATE_BLIND]
        with contextlib.ExitStack() as running:
            relays = {name: running.enter_context(self.relay(name, FIRST_RELAY_PORT + i, directory))
                      for i, name in enumerate(names)}
            for number in range(self.rounds):
                for test, through in RELAYS.items():
                    turn = number % len(through)
                    for name in through[turn:] + through[:turn]:
                        self.measure(number, test, relays[name])
                print(f'round {number + 1} of {self.rounds}', file=sys.stderr)

    def http(self, directory):
        """Sessions of the HTTP gateway that poll, against HAProxy in HTTP mode; every time through a new process, whose
        memory is that of these sessions alone."""
        for number in range(max(self.rounds - 2, 1)):
            turn = number % len(HTTP_RELAYS)
            for name in HTTP_RELAYS[turn:] + HTTP_RELAYS[:turn]:
                for last in (False, True):
                    self.wait_for_quiet()
                    with self.relay(name, FIRST_RELAY_PORT + 40, directory,
                                    haproxy=HAPROXY_HTTP) as relay:
                        result = self.run(relay, 'http_load', str(relay.port), str(SERVER_PORT),
                                          str(relay.process.pid), str(POLLING), str(6 * self.seconds),
                                          str(self.load_core))
                    if self.note(number, 'http', name, result, last):
                        break
            print(f'polls, round {number + 1}', file=sys.stderr)

    def note(self, number, test, name, result, last):
        """True if that is the measurement of this round, or none can be had."""
        quiet = result['foreign_cores'] <= MOST_FOREIGN
        self.raw.append({'round': number, 'test': test, 'relay': name, 'quiet': quiet, **result})
        if quiet:
            return True
        if last or self.repeated >= self.most_repeated:
            self.dropped += 1
            return True
        self.repeated += 1
        return False

    def idle(self, directory):
        found = {}
        for i, name in enumerate((HAPROXY, GATE)):
            with self.relay(name, FIRST_RELAY_PORT + 10 + i, directory) as relay:
                found[name] = self.load('idle', relay)
        return found

    def growth(self, directory):
        """Cost of one chat message a wake-up beside more and more silent sessions; and memory of what is slow."""
        with self.relay(GATE, FIRST_RELAY_PORT + 20, directory) as relay:
            sessions = [(count, self.load('text1', relay, str(count))) for count in SESSIONS]
            slow, bytewise = self.load('slow', relay), self.load('bytes', relay)
        return {'sessions': [(count, r['relay_ns'] / r['frames'] / 1e3) for count, r in sessions],
                'slow reader, bytes held a connection': slow['held_bytes_per_connection'],
                'CPU us of a segment of one byte': bytewise['relay_ns'] / bytewise['bytes'] / 1e3,
                'resident bytes after that': bytewise['resident_bytes']}

    def scaling(self, directory):
        """Chat from eight addresses, and from one, through one thread and through two that share both cores with the
        load: what each thread ran, and what a frame cost."""
        found = {}
        for i, (threads, test) in enumerate(((1, 'text-sources'), (2, 'text-sources'), (2, 'text'))):
            with self.relay(GATE, FIRST_RELAY_PORT + 30 + i, directory, [self.relay_core, self.load_core],
                            threads) as relay:
                before = thread_seconds(relay.process.pid)
                result = self.load(test, relay)
                after = thread_seconds(relay.process.pid)
            ran = sorted((after[t] - before.get(t, 0) for t in after), reverse=True)[:threads]
            found[f'{threads} threads, {"eight addresses" if "sources" in test else "one address"}'] = {
                'us a frame': result['relay_ns'] / result['frames'] / 1e3,
                'k frames/s': result['frames'] * 1e6 / result['wall_ns'],
                'share of threads': [r / sum(ran) for r in ran]}
        return found

    def micro(self):
        """Medians of what the micro benches counted: million items a second, or nanoseconds, by name."""
        found = {}
        for program in ('framer_bench', 'parts_bench', 'filter_bench', 'audit_bench', 'growth_bench'):
            command = [str(self.build / 'tests/bench' / program), '--benchmark_format=json',
                       '--benchmark_min_time=0.05', '--benchmark_repetitions=3']
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True,
                                  preexec_fn=lambda: os.sched_setaffinity(0, [self.relay_core]))
            runs = collections.defaultdict(list)
            for run in json.loads(done.stdout)['benchmarks']:
                if run.get('run_type') == 'iteration':
                    runs[run['name']].append(run)
            for name, several in runs.items():
                middle = sorted(several, key=lambda run: run['cpu_time'])[len(several) // 2]
                found[name] = {key: value for key, value in middle.items()
                               if key in ('cpu_time', 'items_per_second', 'allocations/frame', 'ns/frame',
                                          'allocations')}
        return found

    def values(self, value, relay, quiet):
        """By round. The last measurement of a round counts: the earlier one was disturbed."""
        test, make = next((t, v[value]) for t, v in VALUES.items() if value in v)
        return {r['round']: make(r) for r in self.raw
                if r['test'] == test and r['relay'] == relay and (r['quiet'] or not quiet)}

    def ratio(self, value, relay, base, quiet=True):
        ours, theirs = self.values(value, relay, quiet), self.values(value, base, quiet)
        ratios = [ours[number] / theirs[number] for number in ours if number in theirs]
        return (statistics.median(ratios), len(ratios)) if ratios else (None, 0)

    def row(self, row):
        ratio, kept = self.ratio(row.value, row.relay, row.base)
        quiet = kept > 0
        if not quiet:  # better than nothing, and marked as such
            ratio, _ = self.ratio(row.value, row.relay, row.base, quiet=False)
        floor, _ = self.ratio(row.value, HAPROXY_AGAIN, HAPROXY, quiet)
        base = statistics.median(self.values(row.value, row.base, quiet).values())
        ours = statistics.median(self.values(row.value, row.relay, quiet).values())
        return {'figure': row.name, 'unit': row.value, 'against': row.base, 'base': base, 'msnpgate': ours,
                'result': ratio, 'noise_floor': floor, 'goals': row.goals, 'rounds': kept, 'quiet': quiet,
                'higher': False}


def thread_seconds(pid):
    return {task.name: int((task / 'schedstat').read_text().split()[0]) / 1e9
            for task in pathlib.Path(f'/proc/{pid}/task').iterdir()}


def idle_seconds():
    fields = pathlib.Path('/proc/stat').read_text().split('\n', 1)[0].split()
    return (int(fields[4]) + int(fields[5])) / os.sysconf('SC_CLK_TCK')


def reached(row):
    """The best of must, goal and stretch that the result keeps."""
    if not row['goals']:
        return ''
    kept = [name for name, limit in zip(('must', 'goal', 'stretch'), row['goals']) if limit is not None and
            (row['result'] >= limit if row['higher'] else row['result'] <= limit)]
    verdict = kept[-1] if kept else 'MISSED'
    return verdict if row['quiet'] else f'({verdict})'


def plain(name, unit, result, goals, base=None, higher=False):
    return {'figure': name, 'unit': unit, 'against': None, 'base': base, 'msnpgate': result, 'result': result,
            'noise_floor': None, 'goals': goals, 'rounds': 1, 'quiet': True, 'higher': higher}


def show(rows):
    def number(value):
        return '-' if value is None else f'{value:.4g}'
    lines = [('figure', 'unit', 'base', 'msnpgate', 'result', 'noise', 'must', 'goal', 'stretch', 'rounds',
              'reached')]
    for row in rows:
        result = number(row['result']) + ('' if row['quiet'] else '~')
        goals = [number(goal) for goal in row['goals'] or (None, None, None)]
        lines.append((row['figure'], row['unit'], number(row['base']), number(row['msnpgate']), result,
                      number(row['noise_floor']), *goals, str(row['rounds']), reached(row)))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print('  '.join(word.ljust(width) if i < 2 or i == 10 else word.rjust(width)
                        for i, (word, width) in enumerate(zip(line, widths))).rstrip())


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ['quick']):
        sys.exit('usage: run.py BUILD_DIRECTORY [quick]')
    began = time.monotonic()
    bench = Bench(sys.argv[1], quick=len(sys.argv) == 3)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)  # relays and load alike: other jobs disturb less
    with tempfile.TemporaryDirectory(prefix='msnpgate-bench-') as directory:
        micro = bench.micro()
        sizes = json.loads(subprocess.run([bench.build / 'tests/bench/session_size'], capture_output=True,
                                          check=True).stdout)
        idle = bench.idle(directory)
        growth = bench.growth(directory)
        scaling = bench.scaling(directory)
        bench.compare(directory)
        bench.http(directory)

    rows = [bench.row(row) for row in ROWS]
    memory = (3000, 1600, 800)
    for name, key in (('RSS per idle pair', 'cold_bytes_per_pair'), ('RSS per pair after 20 kB each way',
                                                                     'warm_bytes_per_pair')):
        rows.append(plain(name, 'bytes', idle[GATE][key], memory, idle[HAPROXY][key]))
    for name, value in ALONE:
        ours = bench.values(value, GATE, True) or bench.values(value, GATE, False)
        rows.append(plain(name, value, statistics.median(ours.values()), None))
    for name, counted in micro.items():
        if name.startswith('run/chat') and name.endswith('/64'):
            rows.append(plain(f'framer {name.split("/")[1]} (higher)', 'M frames/s',
                              counted['items_per_second'] / 1e6, (20, 50, 90), higher=True))
        if name.startswith('feed/'):
            rows.append(plain(f'filter, {name.split("/")[1]}', 'ns/frame', counted['ns/frame'], None))
            rows.append(plain(f'allocations, {name.split("/")[1]}', 'per frame', counted['allocations/frame'], None))
        if name in ('audit_record/session', 'judge/rules:10000'):
            rows.append(plain(f'{name} (higher)', 'M/s', counted['items_per_second'] / 1e6, None, higher=True))

    show(rows)
    print(f'\nRatios within a round, their median; noise: HAProxy against a second HAProxy. {bench.repeated} '
          f'measurements repeated, {bench.dropped} dropped, because other jobs took more than {MOST_FOREIGN} '
          'core.')
    if not all(row['quiet'] for row in rows):
        print('~ and (...): no round without disturbance; orientation only.')
    print('Beside silent sessions, CPU us of a chat message: ' +
          ', '.join(f'{count}: {cost:.1f}' for count, cost in growth['sessions']))
    print(f"A reader that does not read: {growth['slow reader, bytes held a connection']:.0f} bytes held; a segment of "
          f"one byte: {growth['CPU us of a segment of one byte']:.1f} us")
    for name, figures in scaling.items():
        shares = ', '.join(f'{share:.0%}' for share in figures['share of threads'])
        print(f"{name}: {figures['k frames/s']:.0f} k frames/s, {figures['us a frame']:.3f} us a frame; "
              f'threads {shares}')
    print('Bytes of one object: ' + ', '.join(f'{name} {size}' for name, size in sizes.items()))
    print(f'{time.monotonic() - began:.0f} s')

    results = {'time': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()), 'kernel': platform.release(),
               'cores': os.cpu_count(), 'rounds': bench.rounds, 'seconds': bench.seconds,
               'repeated': bench.repeated, 'dropped': bench.dropped,
               'rows': [{**row, 'reached': reached(row)} for row in rows], 'sizes': sizes, 'idle': idle,
               'micro': micro, 'growth': growth, 'scaling': scaling, 'measurements': bench.raw}
    path = bench.build / 'results.json'
    path.write_text(json.dumps(results, indent=1) + '\n')
    print(path)
    for name, drawing in (('results.svg', plot.goals(rows)), ('growth.svg', plot.growth(growth, micro))):
        (bench.build / name).write_text(drawing)
        print(bench.build / name)
    sys.exit(1 if any(reached(row) == 'MISSED' for row in rows) else 0)


if __name__ == '__main__':
    main()
