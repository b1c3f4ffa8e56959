#!/usr/bin/env python3
"""The Debian package on a bare Debian machine with systemd: README's chapter on a real gateway, command by command,
with people in the network behind it; then crash, restart and upgrade under load, and the purge.

usage: package_test.py BUILD-DIRECTORY     (root; default: build/release)
"""

import asyncio
import hashlib
import json
import shutil
import subprocess
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

import readme  # noqa: E402
from lab import namespaces  # noqa: E402
from lab.client import LIBPURPLE, Client  # noqa: E402
from lab.crossing import HELLO, Telling, read_line  # noqa: E402
from lab.namespaces import WIRES  # noqa: E402
from lab.refusal import offer_refused  # noqa: E402
from lab.report import Report  # noqa: E402
from lab.slp import Picture  # noqa: E402
from lab.stage import Stage  # noqa: E402
from machine import Machine, bare_root  # noqa: E402

ROOT = HERE.parents[1]
BUILD = Path(sys.argv[1] if len(sys.argv) > 1 else "build/release")
SERVER = (WIRES["server"].machine4, 1863)


def bracketed(host):
    return f"[{host}]" if ":" in host else host


def build_package():
    done = subprocess.run([str(ROOT / "deploy/package"), str(BUILD)], capture_output=True, text=True, timeout=1500)
    if done.returncode != 0:
        raise RuntimeError("deploy/package: " + done.stderr[-3000:])
    return (ROOT / done.stdout.splitlines()[-1]).resolve()


def materials(package):
    """The bill of materials as it is in the package."""
    files = subprocess.run(f"dpkg-deb --fsys-tarfile '{package}' | tar -xO ./usr/share/doc/msnpgate/msnpgate.spdx.json",
                           shell=True, capture_output=True, check=True).stdout
    return json.loads(files)


def field(package, name):
    return subprocess.run(["dpkg-deb", "-f", str(package), name], capture_output=True, text=True, check=True).stdout.strip()


def newer(package, folder):
    """The same program in a package that is an upgrade."""
    tree, upgrade = folder / "tree", folder / "msnpgate_0.1.1_amd64.deb"
    subprocess.run(["dpkg-deb", "-R", str(package), str(tree)], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(control.read_text().replace("Version: 0.1.0", "Version: 0.1.1"))
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", str(tree), str(upgrade)], check=True,
                   capture_output=True)
    shutil.rmtree(tree)
    return upgrade


class Load:
    """Connections to the server without a pause, from the network behind the gateway."""

    def __init__(self, place, ways=4):
        self.served, self.refused, self.cut, self.longest = 0, [], 0, 0.0
        self._place, self._stop = place, False
        self._tasks = [asyncio.create_task(self._work()) for _ in range(ways)]

    async def _work(self):
        loop = asyncio.get_running_loop()
        while not self._stop:
            began = time.monotonic()
            made = self._place.socket(namespaces.family_of(SERVER[0]))
            try:
                await asyncio.wait_for(loop.sock_connect(made, SERVER), 20)
            except ConnectionResetError:
                self.cut += 1  # who is refused hears another error: this one was let in, and met the end of a process
            except (OSError, asyncio.TimeoutError) as error:
                self.refused.append(repr(error))
            else:
                try:
                    await loop.sock_sendall(made, b"VER 1 MSNP12 CVR0\r\n")
                    answer = await asyncio.wait_for(loop.sock_recv(made, 4096), 20)
                except (OSError, asyncio.TimeoutError):
                    answer = b""
                if answer.startswith(b"VER 1 MSNP12"):
                    self.served += 1
                else:
                    self.cut += 1
            made.close()
            self.longest = max(self.longest, time.monotonic() - began)
            await asyncio.sleep(0.002)

    async def over(self):
        self._stop = True
        await asyncio.gather(*self._tasks)

    def __str__(self):
        return (f"{self.served} served, {len(self.refused)} refused, {self.cut} cut short, the longest took "
                f"{self.longest * 1000:.0f} ms {self.refused[:3]}")


class Tour:
    def __init__(self, package, stage, machine, report):
        self.package, self.stage, self.machine, self.report = package, stage, machine, report
        self.place = stage.internet.places["a"]

    async def on_machine(self, command, check=True):
        """Not in this thread: the server and the clients live in it."""
        return await asyncio.to_thread(self.machine.run, command, check)

    async def runs(self, what, command):
        done = await self.on_machine(command, check=False)
        return self.report.check(what, done.returncode == 0, f"{done.returncode}\n{done.stdout}{done.stderr}")

    async def readme_block(self, block):
        """Line by line would break what belongs together; a failing command ends the block."""
        first = block.strip().splitlines()[0].split("#")[0].strip()
        await self.runs(f"README: {first}{' ...' if len(block.strip().splitlines()) > 1 else ''}", "cd /root\n" + block)

    def audit(self):
        path = self.machine.root / "var/log/msnpgate/audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    async def people(self):
        """Ann in the office, Bob elsewhere, in a conversation."""
        both = []
        for account, place in (("ann@corp.example", "a"), ("bob@agency.example", "b")):
            client = Client(self.stage.internet.places[place], account, 15, LIBPURPLE,
                            Picture(account, self.stage.random.randbytes(9_000)), "accept")
            self.stage.people.append(client)
            await client.sign_in(SERVER[0])
            await client.go_online()
            both.append(client)
        return await self.stage.conversation(*both)

    async def tour(self):
        report, blocks = self.report, readme.blocks()
        report.check("README's first block builds the package", blocks[0].startswith("deploy/package"), blocks[0])
        shutil.copy(self.package, self.machine.root / "root/msnpgate_0.1.0_amd64.deb")
        before = self.machine.files()
        began = time.monotonic()
        await self.readme_block(blocks[1])
        await self.installed()
        chat, answered = await self.people()
        await offer_refused(self.stage, chat, answered, "p2p-v1", "plan.doc", 48_231, True)
        report.check(f"the first file was stopped {time.monotonic() - began:.0f} s after the installation began",
                     time.monotonic() - began < 600)
        await self.readme_block(blocks[2])
        await self.readme_block(blocks[3])
        data, mark = self.stage.random.randbytes(30_000), answered.client.mark()
        chat.p2p.offer_file("allowed.png", data)
        got = await answered.client.wait_for("file", mark, 20.0, name="allowed.png")
        report.check("after the reload the file that is allowed arrives, in the open conversation",
                     got is not None and hashlib.sha256(got.data).digest() == hashlib.sha256(data).digest(),
                     (await self.on_machine("journalctl -u msnpgate -n 20 --no-pager")).stdout)
        await self.stage.settle(chat, answered)
        await self.bad_reload()
        await self.stage.leave(*self.stage.people)
        await self.under_load()
        await self.upgrade()
        for address in ("10.77.0.3/24", "fd77::3/64"):
            self.stage.internet.places["server"].run("ip", "address", "add", address, "dev", "eth0",
                                                     *(["nodad"] if ":" in address else []))
        await self.following()
        await self.transparent(blocks[5])
        await self.readme_block(blocks[4])  # to end it
        await self.gone(before)

    async def installed(self):
        report = self.report
        await self.runs("the socket and the service are up",
                        "systemctl is-active msnpgate.socket && systemctl is-active msnpgate.service")
        await self.runs("and will be after the next boot, the rules too",
                        "systemctl is-enabled msnpgate.socket msnpgate.service msnpgate-rules.service")
        log = (await self.on_machine("journalctl -u msnpgate -u msnpgate-rules --no-pager -o verbose")).stdout
        report.check("the journal has it with priorities", "listening on [::]:11863" in log and "PRIORITY=5" in log, log[-1500:])
        user = (await self.on_machine("ps -o user= -C msnpgate")).stdout.split()
        report.check("it runs as its own user", set(user) == {"msnpgate"}, user)
        status = (await self.on_machine("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/$(pidof msnpgate)/status")).stdout
        report.check("without any capability, new privileges or free system calls",
                     all(f"{name}:\t0000000000000000" in status for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb"))
                     and "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status, status)
        modes = (await self.on_machine("stat -c '%n %U:%G %a' /etc/msnpgate /etc/msnpgate/msnpgate.toml "
                                       "/var/log/msnpgate /var/log/msnpgate/audit.jsonl")).stdout
        report.check("the policy and the log are for root and the gateway",
                     modes.splitlines() == ["/etc/msnpgate root:msnpgate 750", "/etc/msnpgate/msnpgate.toml root:msnpgate 640",
                                            "/var/log/msnpgate msnpgate:msnpgate 750",
                                            "/var/log/msnpgate/audit.jsonl msnpgate:msnpgate 640"], modes)
        await self.runs("manual pages, completion and examples are there",
                        "cd /usr/share; test -s man/man1/msnpgate.1.gz -a -s man/man5/msnpgate.toml.5.gz "
                        "-a -s man/man1/msnpgate-audit.1.gz -a -s man/man7/msnpgate.metrics.7.gz "
                        "-a -s bash-completion/completions/msnpgate -a -s zsh/vendor-completions/_msnpgate || "
                        "grep -q path-exclude /etc/dpkg/dpkg.cfg.d/*")
        await self.runs("the examples are valid", "f=/usr/share/doc/msnpgate/examples/minimal.toml; test ! -e $f || "
                        "msnpgate check -c $f")

    async def bad_reload(self):
        toml = "/etc/msnpgate/allow.d/ann.toml"
        await self.on_machine(f"echo nonsense >>{toml}")
        done = await self.on_machine("systemctl reload msnpgate", check=False)
        still = await self.on_machine("systemctl is-active msnpgate", check=False)
        self.report.check("a reload of a file with a fault fails, and the gateway goes on",
                          done.returncode != 0 and still.stdout.strip() == "active", done.stderr)
        await self.on_machine(f"sed -i '/^nonsense/d' {toml}; systemctl reload msnpgate")

    async def under_load(self):
        """A restart, a crash, and a process that hangs, while people connect."""
        for what, command in (("a restart", "systemctl restart msnpgate"),
                              ("a crash", "kill -KILL $(pidof msnpgate); sleep 3")):
            load = Load(self.place)
            await asyncio.sleep(0.5)
            await self.on_machine(command)
            await asyncio.sleep(0.5)
            await load.over()
            self.report.check(f"{what} under load refuses nobody: {load}", not load.refused and load.served > 20, load)
            await self.runs(f"after {what} the service is up", "systemctl is-active msnpgate")

    async def upgrade(self):
        report, upgrade = self.report, newer(self.package, self.stage.directory)
        shutil.copy(upgrade, self.machine.root / "root/newer.deb")
        toml = "/etc/msnpgate/msnpgate.toml"
        await self.on_machine(f"echo '# ours' >>{toml}")
        old = (await self.on_machine("pidof msnpgate")).stdout
        load = Load(self.place)
        await asyncio.sleep(0.5)
        await self.runs("the upgrade installs", "apt-get install -y /root/newer.deb")
        await asyncio.sleep(0.5)
        await load.over()
        report.check(f"the upgrade under load refuses nobody: {load}", not load.refused and load.served > 20, load)
        report.check("the new version runs", (await self.on_machine("pidof msnpgate")).stdout != old)
        await self.runs("the configuration is kept",
                        f"grep -q '^interfaces = ..eth1' {toml} && grep -qx '# ours' {toml} && test -e /etc/msnpgate/allow.d/ann.toml")
        await self.runs("the rules are still loaded", "nft list table inet msnpgate")

    def seen_by_server(self):
        """The address from which the server was reached last."""
        return self.stage.server.connections[-1].tape.remote.rpartition(":")[0]

    async def served(self, what):
        load = Load(self.place)
        await asyncio.sleep(1)
        await load.over()
        self.report.check(f"{what} people are served: {load}", not load.refused and load.served > 20,
                          (await self.on_machine("journalctl -u msnpgate -n 20 --no-pager")).stdout)

    async def one_capability(self):
        status = (await self.on_machine("grep -E '^Cap(Eff|Prm|Bnd)' /proc/$(pidof msnpgate)/status")).stdout
        self.report.check("its one capability is CAP_NET_ADMIN, and not in effect",
                          status.split() == ["CapPrm:", "0000000000001000", "CapEff:", "0000000000000000", "CapBnd:",
                                             "0000000000001000"], status)

    def send_elsewhere(self, host):
        """A server of two addresses sends its client to port 5555: what the client reads, and whom it meets there."""
        there = self.stage.internet.places["server"]
        line = f"XFR 15 SB {bracketed(host)}:5555 CKI 17262740.1050826919.32308 U messenger.msn.com 1"
        notification, switchboard = Telling(there, host, 1863, line.encode() + b"\r\n"), Telling(there, host, 5555)
        try:
            told, read = [], ""
            for port in (1863, 5555):
                with self.place.socket(namespaces.family_of(host)) as link:
                    link.settimeout(20)
                    link.connect((host, port))
                    link.sendall(HELLO)
                    told.append(read_line(link).split(" ")[4])
                    if port == 1863:
                        read = read_line(link)
            return read == line, told[1]
        finally:
            notification.close()
            switchboard.close()

    async def followed(self, transparent):
        """With a set of the kernel: the line is left alone, and what comes of it goes through the gateway."""
        wire, server = WIRES["a"], WIRES["server"]
        for host, client, gateway in (("10.77.0.3", wire.machine4, server.gateway4), ("fd77::3", wire.machine6, server.gateway6)):
            untouched, seen = await asyncio.to_thread(self.send_elsewhere, host)
            expected = bracketed(client if transparent else gateway)
            self.report.check(f"{host} sends its client to port 5555, and its line is left alone", untouched)
            self.report.check("there it sees " + ("the client itself" if transparent else "the gateway"),
                              seen.rpartition(":")[0] == expected, seen)
            record = None
            for _ in range(100):
                record = next((row for row in self.audit() if row["event"] == "session" and
                               row["server"] == f"{bracketed(host)}:5555"), None)
                if record:
                    break
                await asyncio.sleep(0.1)
            self.report.check("and the gateway was on the way", record is not None, self.audit()[-3:])

    async def following(self):
        """follow = "set" with redirect: the drop-in that its first lines and README name."""
        await self.on_machine("sed -i '/^.intercept.$/a follow = \"set\"' /etc/msnpgate/msnpgate.toml")
        done = await self.on_machine("systemctl restart msnpgate.service", check=False)
        self.report.check("without its drop-in follow = \"set\" does not start", done.returncode != 0)
        said = (await self.on_machine("journalctl -u msnpgate -n 20 --no-pager")).stdout
        self.report.check("and says which capability it takes", 'intercept.follow = "set" takes the capability CAP_NET_ADMIN' in said,
                          said)
        await self.runs("the unit takes the drop-in for following", """
            install -Dm 644 -t /etc/systemd/system/msnpgate.service.d /usr/share/doc/msnpgate/examples/systemd/net-admin.conf
            systemctl daemon-reload
            systemctl restart msnpgate.socket msnpgate.service
            systemctl reload msnpgate-rules""")
        await self.served("with follow = \"set\"")
        await self.one_capability()
        await self.followed(transparent=False)
        await self.on_machine("rm -r /etc/systemd/system/msnpgate.service.d; sed -i '/^follow = /d' /etc/msnpgate/msnpgate.toml")

    async def transparent(self, block):
        self.report.check("with redirect the server sees the gateway", self.seen_by_server() == WIRES["server"].gateway4,
                          self.seen_by_server())
        await self.readme_block(block)
        await self.served("with tproxy")
        self.report.check("and the server sees the client itself", self.seen_by_server() == WIRES["a"].machine4,
                          self.seen_by_server())
        await self.one_capability()
        await self.followed(transparent=True)

    async def gone(self, before):
        left = sorted(name for name in self.machine.files() - before if "60-gateway.conf" not in name and not name.startswith("root"))
        self.report.check("the purge leaves no file", left == [], left)
        self.report.check("and no user, rule or unit", (await self.on_machine(
            "! getent passwd msnpgate && ! getent group msnpgate && test -z \"$(nft list ruleset)\" && "
            "test -z \"$(systemctl list-units --all --no-legend 'msnpgate*')\"", check=False)).returncode == 0)


async def run(report):
    package = build_package()
    needed = [one.split()[0] for one in field(package, "Depends").split(",")]
    listed = {one["name"] for one in materials(package)["packages"]}
    libraries = {name for name in needed if name.startswith("lib")}
    report.check("the bill of materials has every library the package depends on", libraries <= listed,
                 sorted(libraries - listed))
    tarball = bare_root(needed)
    stage = Stage("/bin/true", report)
    machine = None
    try:
        gateway = stage.internet.gateway
        gateway.run("ip", "link", "set", WIRES["a"].interface, "down")
        gateway.run("ip", "link", "set", WIRES["a"].interface, "name", "eth1")
        gateway.run("ip", "link", "set", "eth1", "up")
        gateway.run("ip", "address", "add", WIRES["a"].gateway6 + "/64", "dev", "eth1", "nodad")  # lost while it was down
        gateway.write("/proc/sys/net/ipv4/ip_forward", "0")
        machine = await asyncio.to_thread(Machine, tarball, gateway)
        stage.gateway.audit_path = machine.root / "var/log/msnpgate/audit.jsonl"
        await stage.open_server()
        await Tour(package, stage, machine, report).tour()
    finally:
        await stage.close()
        if machine:
            machine.close()


def main():
    report = Report()
    namespaces.own_mounts()
    try:
        asyncio.run(run(report))
    except Exception:
        report.check("the test itself ran to the end", False, traceback.format_exc())
        traceback.print_exc()
    report.summary()
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
