#!/bin/sh
# Becomes the pause process of a sandbox, in network, mount and UTS namespaces of its own:
#   sandbox-init.sh HOSTNAME [NETWORK]
#
# NETWORK is a file below /run that becomes another network namespace, which lives as long as this one's mount namespace does.
#
# It says `ready` and goes on only when it is told that it has been written down. If whoever started it dies before that,
# its standard input ends and so does it: no guest is ever left that nobody knows of.
set -eu
# -n: mount(8) itself leaves nothing behind in /run
# sysfs shows the network namespace in which it was mounted
mount -n -t sysfs weft-guest /sys
# the sockets of the node are not the guest's
mount -n -t tmpfs -o mode=755 weft-guest /run
mount -n -t tmpfs -o mode=1777 weft-guest /tmp
# what its DHCP client learns is its own
[ ! -d /var/lib/dhcpcd ] || mount -n -t tmpfs -o mode=755 weft-guest /var/lib/dhcpcd
touch /run/resolv.conf
[ ! -f /etc/resolv.conf ] || mount -n --bind /run/resolv.conf /etc/resolv.conf
ip link set lo up
if [ $# -gt 1 ]; then
  touch "/run/$2"
  # whatever is made there is a wire: nothing of it speaks for itself
  unshare --net="/run/$2" sysctl -q -w net.ipv6.conf.default.disable_ipv6=1
fi
echo "$1" >/proc/sys/kernel/hostname
echo ready
read -r _
exec sleep infinity </dev/null >/dev/null 2>&1
