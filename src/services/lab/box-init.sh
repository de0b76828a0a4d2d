#!/bin/sh
# Becomes the pause process of a box: builds the box's root in the mount namespace that it was started in (its own), says
# `ready` and sleeps. When the last process of the box ends, the mounts are gone.
#   box-init.sh ENGINE STAGE BOX LAB_DIRECTORY NODE_PROGRAM [ro|rw SOURCE TARGET]...
#
# The root is the engine with a tmpfs over it (overlay): everything is writable, the engine stays as it is.
set -eu
engine=$1 stage=$2 box=$3 lab=$4 node=$5
shift 5
mount -t tmpfs -o mode=755 weft-box "$stage"
mkdir "$stage/upper" "$stage/work" "$stage/root"
mount -t overlay -o "lowerdir=$engine,upperdir=$stage/upper,workdir=$stage/work" weft-box "$stage/root"
cd "$stage/root"
mount --rbind /dev dev
mount --bind /proc proc
mount -t sysfs sysfs sys
mount --bind "$lab/run/$box" run
mount --bind "$lab/logs/$box" var/log
touch usr/local/bin/node
mount --bind "$node" usr/local/bin/node
while [ $# -gt 0 ]; do
  mkdir -p "./$3"
  mount --bind "$2" "./$3"
  [ "$1" = rw ] || mount -o remount,bind,ro "./$3"
  shift 3
done
mkdir -p var/lib/ovn var/lib/openvswitch opt/cni/bin etc/cni/net.d run/ovn run/openvswitch run/weft
printf '%s\n%s\n' "$lab" "$box" >.weft-box
printf '%s\n' "$box" >etc/hostname
printf '127.0.0.1 localhost %s\n::1 localhost\n' "$box" >etc/hosts
echo "$box" >/proc/sys/kernel/hostname
pivot_root . mnt
cd /
umount -l /mnt
echo ready
exec sleep infinity </dev/null >/dev/null 2>&1
