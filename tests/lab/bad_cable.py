"""A cable that loses, repeats and delays packets at random, so that they overtake each other. It works on
kernels that have no netem: two TUN devices, and this process between them."""

import fcntl
import heapq
import os
import random
import select
import struct
import threading
import time

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x0001 | 0x1000
MTU = 1400


class BadCable:
    """Between two namespaces: `near` has `address`.1 on it, `far` `address`.2, such as 10.88.0.

    `loss` and `repeat` are shares of the packets; each is delayed by up to `delay` seconds."""

    def __init__(self, near, far, address, loss=0.0, repeat=0.0, delay=0.0, seed=1):
        self.loss, self.repeat, self.delay = loss, repeat, delay
        self.lost = self.repeated = self.carried = 0
        self._random = random.Random(seed)
        self._ends = [self._plug(near, f"{address}.1"), self._plug(far, f"{address}.2")]
        self._stopped = False
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    @staticmethod
    def _plug(namespace, address):
        name = "bad" + address.replace(".", "")
        with namespace.inside():
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN_NO_PI))
        namespace.run("ip", "address", "add", f"{address}/24", "dev", name)
        namespace.run("ip", "link", "set", name, "mtu", str(MTU), "up")
        return fd

    def _carry(self):
        waiting, number = [], 0      # (when it is due, number, end it goes to, packet)
        while not self._stopped:
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                _, _, to, packet = heapq.heappop(waiting)
                try:
                    os.write(to, packet)
                    self.carried += 1
                except BlockingIOError:
                    self.lost += 1
            pause = min(0.05, max(0.0, waiting[0][0] - now)) if waiting else 0.05
            ready, _, _ = select.select(self._ends, [], [], pause)
            for fd in ready:
                packet = os.read(fd, 65536)
                if self._random.random() < self.loss:
                    self.lost += 1
                    continue
                for _ in range(2 if self._random.random() < self.repeat else 1):
                    number += 1
                    due = time.monotonic() + self._random.random() * self.delay
                    heapq.heappush(waiting, (due, number, self._ends[1 - self._ends.index(fd)], packet))
                    self.repeated += 1
                self.repeated -= 1

    def close(self):
        self._stopped = True
        self._thread.join()
        for fd in self._ends:
            os.close(fd)
