#!/usr/bin/env python3
"""The audit log sent on: to a real rsyslog by UDP, TCP and TLS, also while that is down or killed, to a journal and to a file.

usage: audit_export_test.py [MSNPGATE]
"""
import contextlib
import json
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

from audit_support import Chat, Gateway, command, lines_of, listening
from loopback import dies_with_us, eventually, free_port

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/bin")
# The message as it came, its structured data and severity.
TEMPLATE = 'template(name="t" type="string" string="%pri% %structured-data% %msg:::drop-last-lf%\\n")\n'
LINE = re.compile(r'^(\d+) \[msnpgate@32473 seq="(\d+)" id="([0-9A-Z]{26})"( resent="1")?\] ?(\{.*\})$')


class Rsyslog:
    """One of our own, on loopback, with nothing of the machine's configuration."""

    def __init__(self, home, kind, port):
        self.home, self.out = home, home / "received"
        tls = ""
        if kind == "tls":
            tls = (f'global(defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="{home}/ca.pem" '
                   f'defaultNetstreamDriverCertFile="{home}/server.pem" defaultNetstreamDriverKeyFile="{home}/server.key")\n')
        mode = ' streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon"' if kind == "tls" else ""
        module = "imudp" if kind == "udp" else "imtcp"
        (home / "rsyslog.conf").write_text(
            f'global(workDirectory="{home}" maxMessageSize="300k")\n{tls}module(load="{module}"{mode})\n{TEMPLATE}'
            f'input(type="{module}" port="{port}" address="127.0.0.1")\n'
            f'action(type="omfile" file="{self.out}" template="t" asyncWriting="off")\n')
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([RSYSLOGD, "-n", "-f", self.home / "rsyslog.conf", "-i", self.home / "pid"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=dies_with_us())

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(20)
        with contextlib.suppress(FileNotFoundError):
            (self.home / "pid").unlink()

    def received(self):
        """(seq, resent, record) of every line."""
        if not self.out.exists():
            return []
        rows = []
        for line in self.out.read_text(encoding="utf-8").splitlines():
            found = LINE.match(line)
            assert found, f"not as RFC 5424 wants it: {line!r}"
            rows.append((int(found[2]), bool(found[4]), found[5]))
        return rows


def export_to(kind, port, more=""):
    return f'[[audit.export]]\nto = "syslog-{kind}"\naddress = "127.0.0.1:{port}"\n{more}'


def complete(gateway, rsyslog):
    """Everything that is in the log has come, as it is there, and what came twice says so."""
    wanted = {json.loads(line)["seq"]: line.decode().rstrip("\n") for line in lines_of(gateway.audit_path)}
    eventually(lambda: {seq for seq, _, _ in rsyslog.received()} >= set(wanted), "everything arrives", 40)
    seen = set()
    for seq, resent, record in rsyslog.received():
        assert record == wanted[seq], f"record {seq} is another"
        assert resent or seq not in seen, f"record {seq} came twice and does not say so"
        seen.add(seq)


@contextlib.contextmanager
def stage(kind, more=""):
    with tempfile.TemporaryDirectory(prefix="msnpgate-export-") as scratch, listening() as server:
        home, port = pathlib.Path(scratch), free_port()
        if kind == "tls":
            certificates(home)
        rsyslog = Rsyslog(home, kind, port)
        try:
            with Gateway(server.getsockname()[1], policy=export_to(kind, port, more.format(home=home))) as gateway:
                yield gateway, rsyslog, Chat(gateway, server)
        finally:
            if rsyslog.process.poll() is None:
                rsyslog.end(signal.SIGKILL)


def offer_some(chat, count, name=b"plan"):
    for number in range(count):
        chat.offer(b"%s-%d.doc" % (name, number))


def certificates(home):
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=home)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out",
            "ca.pem", "-days", "2", "-subj", "/CN=lab CA")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key", "-out",
            "server.csr", "-subj", "/CN=logs.lab.example")
    (home / "san").write_text("subjectAltName=DNS:logs.lab.example")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
            "server.pem", "-days", "2", "-extfile", "san")


def udp_arrives_as_rfc_5424():
    with stage("udp") as (gateway, rsyslog, chat):
        time.sleep(1)
        offer_some(chat, 20)
        complete(gateway, rsyslog)
        assert rsyslog.out.read_text().startswith("133 "), "local0.notice"


def tcp_loses_nothing_while_the_collector_is_down():
    with stage("tcp") as (gateway, rsyslog, chat):
        offer_some(chat, 20)
        complete(gateway, rsyslog)
        rsyslog.end()
        offer_some(chat, 50, b"down")
        time.sleep(1)
        rsyslog.start()
        offer_some(chat, 20, b"up")
        complete(gateway, rsyslog)


def tcp_loses_nothing_when_the_collector_is_killed():
    with stage("tcp") as (gateway, rsyslog, chat):
        for _ in range(3):
            offer_some(chat, 60)
            rsyslog.end(signal.SIGKILL)
            offer_some(chat, 10)
            rsyslog.start()
        complete(gateway, rsyslog)


def a_killed_gateway_sends_the_rest_after_its_next_start():
    with stage("tcp") as (gateway, rsyslog, chat):
        offer_some(chat, 100)
        gateway.process.kill()
        gateway.process.wait()
        gateway.start()
        complete(gateway, rsyslog)


def tls_checks_who_the_collector_is():
    trust = 'ca = "{home}/ca.pem"\n'
    with stage("tls", trust + 'server_name = "logs.lab.example"\n') as (gateway, rsyslog, chat):
        offer_some(chat, 20)
        complete(gateway, rsyslog)
        rsyslog.end()
        offer_some(chat, 20, b"down")
        rsyslog.start()
        complete(gateway, rsyslog)
    with stage("tls", trust + 'server_name = "evil.lab.example"\n') as (gateway, rsyslog, chat):
        offer_some(chat, 3)
        eventually(lambda: "hostname mismatch" in gateway.log_text(), "the name is refused")
        assert not rsyslog.received()
    with stage("tls", 'server_name = "logs.lab.example"\n') as (gateway, rsyslog, chat):
        eventually(lambda: "certificate" in gateway.log_text(), "the certificate is refused")
        assert not rsyslog.received()


def fields(datagram):
    """The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL)."""
    found, at = {}, 0
    while at < len(datagram):
        end = datagram.index(b"\n", at)
        line = datagram[at:end]
        if b"=" in line:
            name, value = line.split(b"=", 1)
            at = end + 1
        else:
            size = struct.unpack_from("<Q", datagram, end + 1)[0]
            name, value = line, datagram[end + 9:end + 9 + size]
            at = end + 10 + size
        found.setdefault(name.decode(), []).append(value.decode())
    return found


def the_journal_gets_fields():
    with tempfile.TemporaryDirectory(prefix="msnpgate-export-") as scratch, listening() as server:
        path = pathlib.Path(scratch, "journal")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
            journal.bind(str(path))
            journal.settimeout(20)
            with Gateway(server.getsockname()[1], policy=f'[[audit.export]]\nto = "journald"\npath = "{path}"\n') as gateway:
                Chat(gateway, server).offer(b"a\xe2\x80\xaefdp.exe")
                got = fields(journal.recv(1 << 18))
                while got["MSNPGATE_EVENT"] != ["transfer"]:
                    got = fields(journal.recv(1 << 18))
        assert got["MSNPGATE_USER"] == ["ann@corp.example"] and got["MSNPGATE_PEER"] == ["ben@agency.example"], got
        assert got["MSNPGATE_ACTION"] == ["block"] and got["PRIORITY"] == ["5"], got
        assert got["MSNPGATE_FILE"] == ["a\\u{202e}fdp.exe"] and len(got["MSNPGATE_HASH"][0]) == 64, got
        assert got["SYSLOG_IDENTIFIER"] == ["msnpgate"] and "MSNPGATE_RESENT" not in got, got


def a_file_is_written_on_after_a_crash():
    with tempfile.TemporaryDirectory(prefix="msnpgate-export-") as scratch, listening() as server:
        path = pathlib.Path(scratch, "shipped.jsonl")
        more = f'[[audit.export]]\nto = "file"\npath = "{path}"\nformat = "ecs"\n'
        with Gateway(server.getsockname()[1], policy=more) as gateway:
            offer_some(Chat(gateway, server), 30)
            gateway.process.kill()
            gateway.process.wait()
            with open(path, "ab") as file:
                file.write(b'{"@timestamp":"torn')
            gateway.start()
            offer_some(Chat(gateway, server), 30)

            def all_there():
                numbers = [json.loads(line)["event.sequence"] for line in path.read_bytes().splitlines(keepends=True)
                           if line.endswith(b"\n")]
                return numbers == [json.loads(line)["seq"] for line in lines_of(gateway.audit_path)]
            eventually(all_there, "every record once, in order")


def an_address_that_cannot_be_is_told():
    with tempfile.TemporaryDirectory(prefix="msnpgate-export-") as scratch:
        config = pathlib.Path(scratch, "bad.toml")
        config.write_text('[[audit.export]]\nto = "syslog-tcp"\n')
        assert "address" in command("check", "-c", config, code=78).stderr
        config.write_text('[[audit.export]]\nto = "syslog-tcp"\naddress = "logs:99999"\n')
        assert "logs.corp.example:6514" in command("check", "-c", config, code=78).stderr


def a_collector_that_is_not_there_delays_nobody():
    with listening() as server, Gateway(server.getsockname()[1], policy=export_to("tcp", free_port())) as gateway:
        chat = Chat(gateway, server)
        offer_some(chat, 50)  # each waits for its answer
        eventually(lambda: "tried again" in gateway.log_text(), "the collector that is not there is told of")
        offer_some(chat, 50)
        assert gateway.stop() == 0


def main():
    if RSYSLOGD is None:
        print("rsyslogd is needed (deploy/install-packages test)\n0 passed, 1 failed")
        return 1
    rules = (udp_arrives_as_rfc_5424, tcp_loses_nothing_while_the_collector_is_down,
             tcp_loses_nothing_when_the_collector_is_killed, a_killed_gateway_sends_the_rest_after_its_next_start,
             tls_checks_who_the_collector_is, the_journal_gets_fields, a_file_is_written_on_after_a_crash,
             an_address_that_cannot_be_is_told, a_collector_that_is_not_there_delays_nobody)
    passed = failed = 0
    for rule in rules:
        try:
            rule()
            passed += 1
            print("ok      " + rule.__name__.replace("_", " "), flush=True)
        except Exception:  # the others are still worth running
            failed += 1
            print("FAILED  " + rule.__name__.replace("_", " ") + "\n" + traceback.format_exc(), flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
