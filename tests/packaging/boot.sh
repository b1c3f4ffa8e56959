#!/bin/bash
# Boots systemd in a root directory, as a machine of its own. Called in a mount, PID, UTS and IPC name space
# of its own; the cgroup name space is made here.
#
#   boot.sh ROOT CGROUP      CGROUP: a directory of the cgroup v2 tree, which becomes the machine's tree
set -euo pipefail
root=$1 cgroup=$2

if [ "${3-}" != inside ]; then
  echo $$ >"$cgroup/cgroup.procs"
  exec unshare --cgroup "$0" "$root" "$cgroup" inside
fi
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 none "$root/sys/fs/cgroup" 2>/dev/null || {
  mount -t tmpfs tmpfs "$root/sys/fs" && mkdir "$root/sys/fs/cgroup" && mount -t cgroup2 none "$root/sys/fs/cgroup"
}
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
# Of the kernel's settings only those of its own network are the machine's.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,ro,bind "$root/proc/sys"
mount --bind /proc/sys/net "$root/proc/sys/net"
echo gateway >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 gateway\n' >"$root/etc/hosts"
cd "$root"
mkdir -p run/before
pivot_root . run/before
umount -l /run/before
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=test \
  /lib/systemd/systemd --show-status=no --log-target=journal systemd.unit=multi-user.target
