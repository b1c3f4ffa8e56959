"""A Debian machine with systemd as its first process, in name spaces on this one. Made from the machine's own
package sources; the unpacked root is kept between runs, outside the repository."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What a bare gateway has besides the essential packages.
BARE = ["systemd-sysv", "iproute2", "procps", "sudo", "apt"]


def sources():
    """What apt reads here, for the machine to be made from."""
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("debian*.sources")),
             *sorted((folder / "sources.list.d").glob("debian*.list"))]
    return [str(file) for file in files if file.exists() and file.read_text().strip()]


def bare_root(packages):
    """A tar file with a Debian root and `packages`, from the cache or made now."""
    wanted = sorted({*BARE, *packages})
    name = "bookworm-" + hashlib.sha256(" ".join(wanted).encode()).hexdigest()[:12] + ".tar"
    cache = Path(os.environ.get("MSNPGATE_TEST_CACHE", "/var/cache/msnpgate-tests"))
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / name
    if not kept.exists():
        for old in cache.glob("bookworm-*.tar"):
            old.unlink()
        fresh = cache / ("new-" + name)
        made = subprocess.run(["mmdebstrap", "--variant=minbase", "--quiet", "--include=" + ",".join(wanted), "bookworm",
                               str(fresh), *sources()], capture_output=True, text=True, timeout=600)
        if made.returncode != 0:
            raise RuntimeError("mmdebstrap: " + made.stderr[-2000:])
        fresh.rename(kept)
    return kept


class Machine:
    """`network` is a lab.namespaces.Namespace: the machine's network is that one."""

    def __init__(self, tarball, network):
        self.directory = Path(tempfile.mkdtemp(prefix="msnpgate-machine-"))
        self.root = self.directory / "root"
        self.root.mkdir()
        self._cgroups = self.directory / "cgroups"
        self._cgroups.mkdir()
        self._unshare = None
        try:
            subprocess.run(["tar", "-C", self.root, "--numeric-owner", "-xf", tarball], check=True)
            subprocess.run(["mount", "-t", "cgroup2", "none", self._cgroups], check=True)
            self._cgroup = self._cgroups / self.directory.name
            self._cgroup.mkdir()
            with open(self.directory / "console", "wb") as console:
                self._unshare = network.start("unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child",
                                              "bash", str(HERE / "boot.sh"), str(self.root), str(self._cgroup),
                                              stdout=console, stderr=console)
            self._wait_until_up()
        except BaseException:
            self.close()
            raise

    def _wait_until_up(self, patience=60):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self._unshare.poll() is not None:
                raise RuntimeError("no machine: " + (self.directory / "console").read_text(errors="replace")[-2000:])
            with contextlib.suppress(RuntimeError, IndexError):
                state = self.run("systemctl is-system-running", check=False).stdout.strip()
                if state in ("running", "degraded"):
                    return
            time.sleep(0.2)
        raise RuntimeError("the machine does not come up: " + self.console())

    def console(self):
        return (self.directory / "console").read_text(errors="replace")[-2000:]

    def _first_process(self):
        """The machine's process 1, seen from here."""
        task = Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children")
        return task.read_text().split()[0]

    def run(self, command, check=True, timeout=120):
        """A shell command on the machine, as root; its result, output as text."""
        done = subprocess.run(
            ["nsenter", "--target", self._first_process(), "--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--root",
             "--wd", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb",
             "DEBIAN_FRONTEND=noninteractive", "bash", "-euo", "pipefail", "-c", command],
            capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise RuntimeError(f"{command}: exit code {done.returncode}\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
        return done

    def files(self):
        """Everything on its disk but what apt, dpkg and systemd keep for themselves."""
        own = ("var/lib/dpkg", "var/lib/apt", "var/cache", "var/log/apt", "var/log/dpkg.log", "var/log/journal", "var/lib/systemd",
               "var/log/alternatives.log", "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/subuid-", "etc/subgid-",
               "run", "proc", "sys", "dev", "tmp", "var/tmp")
        found = set()
        for folder, directories, names in os.walk(self.root):
            here = os.path.relpath(folder, self.root)
            directories[:] = [name for name in directories if os.path.normpath(os.path.join(here, name)) not in own]
            found.update(os.path.normpath(os.path.join(here, name)) for name in (*names, *directories))
        return {name for name in found if name not in own}

    def close(self):
        if self._unshare and self._unshare.poll() is None:
            with contextlib.suppress(Exception):
                os.kill(int(self._first_process()), 9)
            self._unshare.kill()
            self._unshare.wait()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            left = subprocess.run(["find", str(self._cgroups / self.directory.name), "-depth", "-type", "d", "-exec", "rmdir",
                                   "{}", "+"], capture_output=True)
            if left.returncode == 0 or b"No such file" in left.stderr:
                break
            time.sleep(0.1)
        subprocess.run(["umount", str(self._cgroups)], capture_output=True)
        shutil.rmtree(self.directory, ignore_errors=True)
