#!/usr/bin/env python3
"""The packaged unit allows all that the gateway does: the real binary behind the very filter of system calls that the
unit asks systemd for, with drop-ins left out.

usage: system_calls_test.py [MSNPGATE [WORD...]]
"""
import ctypes
import errno
import os
import pathlib
import re
import signal
import subprocess
import sys

from audit_support import Chat
from lab import admin
from loopback import ROOT, Gateway, eventually, listening, main, ping, rule

UNIT = ROOT / "deploy/systemd/msnpgate.service"
ALLOW, DENY = 0x7FFF0000, 0x00050001  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM)
FORBIDDEN = b"mbind"  # by the unit


def calls_of(group):
    """All system calls of one of systemd's groups."""
    if not group.startswith("@"):
        return {group}
    said = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", group], check=True, capture_output=True,
                          text=True).stdout
    members = re.findall(r"^ {4}([@a-z0-9_-]+)$", said, re.MULTILINE)
    assert members, said
    return set().union(*map(calls_of, members))


def allowed():
    """As systemd.exec(5) says: the first line decides between a list of what may be and one of what may not; the
    others add or take away."""
    calls = set()
    lines = re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(), re.MULTILINE)
    assert lines and not lines[0].startswith("~"), lines
    for line in lines:
        named = set().union(*map(calls_of, line.lstrip("~").split()))
        calls = calls - named if line.startswith("~") else calls | named
    return calls | calls_of("@default")


CALLS = allowed()
PR_CAPBSET_DROP = 24
LIBC = ctypes.CDLL(None)
SECCOMP = ctypes.CDLL("libseccomp.so.2")
SECCOMP.seccomp_init.restype = ctypes.c_void_p


def confine():
    """This process, and what becomes of it; without capabilities, as the unit starts it."""
    for capability in range(64):
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    context = ctypes.c_void_p(SECCOMP.seccomp_init(DENY))
    for name in CALLS:
        number = SECCOMP.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # other machines have more
            assert SECCOMP.seccomp_rule_add(context, ALLOW, number, 0) == 0, name
    assert SECCOMP.seccomp_load(context) == 0


def scheduling(gateway):
    """Niceness and policy of each thread, those of one name together."""
    found = {}
    for task in pathlib.Path(f"/proc/{gateway.process.pid}/task").iterdir():
        name, _, rest = (task / "stat").read_text().partition("(")[2].rpartition(")")
        fields = rest.split()
        found.setdefault(name, set()).add((int(fields[16]), int(fields[38])))
    return found


@rule
def the_filter_forbids_what_the_unit_forbids():
    number = SECCOMP.seccomp_syscall_resolve_name(FORBIDDEN)
    calling = ("import ctypes, sys; libc = ctypes.CDLL(None, use_errno=True);"
               f"libc.syscall({number}, 0, 0, 0, 0, 0, 0); sys.exit(ctypes.get_errno())")
    assert subprocess.run([sys.executable, "-c", calling], preexec_fn=confine, check=False).returncode == errno.EPERM
    assert subprocess.run([sys.executable, "-c", calling], check=False).returncode != errno.EPERM


@rule
def a_gateway_does_all_it_does_within_it():
    log = 'rotate_size = "64KiB"\nfsync = "interval"\nfsync_interval = "50ms"\n'
    with listening() as server, Gateway(server.getsockname()[1], threads=2, audit_keys=log, preexec=confine) as gateway:
        ann = Chat(gateway, server)
        for number in range(120):  # more than one file holds
            ann.offer(b"plan %d.doc" % number)
        for target in "/metrics", "/api/v1/status", "/api/v1/sessions", "/api/v1/events", "/api/v1/summary", "/":
            assert admin.ask(gateway.admin_path, "GET", target)[0] == 200, target
        gateway.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(gateway.policies()) == 1, "a reload")
        ping(gateway, server)
        ann.close()
        assert list(gateway.audit_path.parent.glob("audit.jsonl.*")), "no file was closed"
        assert gateway.stop() == 0
        assert "not permitted" not in gateway.log_text() and "give way" not in gateway.log_text(), gateway.log_text()


@rule
def threads_of_the_admin_server_give_way():
    with listening() as server, Gateway(server.getsockname()[1], threads=2, preexec=confine) as gateway:
        assert admin.ask(gateway.admin_path, "GET", "/api/v1/events")[0] == 200
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        nice = max(10, usual)
        found = scheduling(gateway)
        assert found["worker-1"] == found["worker-2"] == {(usual, os.SCHED_OTHER)}, found
        assert {(nice, os.SCHED_OTHER), (nice, os.SCHED_IDLE)} <= found["msnpgate"], found


if __name__ == "__main__":
    sys.exit(main())
