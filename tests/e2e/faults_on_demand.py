"""The page that a test shares with tests/faults/preload.c, loaded into the gateway."""
import errno
import mmap
import struct
import tempfile

from loopback import BINARY, Gateway

PRELOAD = BINARY.parent / "tests/faults/preload.so"
_WORDS = ("allocations", "first_failing", "failing", "failed", "write_error", "write_room", "sync_error",
          "clock_offset", "speed", "sync_delay", "calls", "failing_call", "call_error", "calls_failed")

_NAME = 32  # bytes behind them: of the system call that failed


class Faults:
    """Its attributes are the words of the page: reading and setting them acts at once."""

    def __init__(self):
        if not PRELOAD.exists():
            raise SystemExit(f"{PRELOAD} is not there: build it first")
        object.__setattr__(self, "file", tempfile.NamedTemporaryFile(prefix="msnpgate-faults-"))
        self.file.write(bytes(8 * len(_WORDS) + _NAME))
        self.file.flush()
        object.__setattr__(self, "page", mmap.mmap(self.file.fileno(), 8 * len(_WORDS) + _NAME))
        self.write_room = -1

    @property
    def environment(self):
        return {"LD_PRELOAD": str(PRELOAD), "FAULTS_PAGE": self.file.name}

    def __getattr__(self, name):
        return struct.unpack_from("<q", self.page, 8 * _WORDS.index(name))[0]

    def __setattr__(self, name, value):
        struct.pack_into("<q", self.page, 8 * _WORDS.index(name), value)

    def failed_call(self):
        return self.page[8 * len(_WORDS):].rstrip(b"\0").decode()

    def fail_allocations(self, first, count):
        """The allocations from number `first` on, counted from now; `count` of them."""
        self.first_failing = 0
        self.failed = self.allocations = 0
        self.failing = count
        self.first_failing = first

    def disk_full(self, room=0, error=errno.ENOSPC):
        """Files take `room` more bytes in all."""
        self.write_room = room
        self.write_error = error

    def none(self):
        self.first_failing = self.write_error = self.sync_error = self.sync_delay = 0
        self.write_room = -1


def faulty_gateway(upstream, faults, **settings):
    return Gateway(upstream, environment=faults.environment, **settings)
