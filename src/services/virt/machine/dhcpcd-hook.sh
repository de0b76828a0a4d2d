#!/bin/sh
# What dhcpcd calls (dhcpcd-run-hooks(8)): its own hooks, and the routes by source address that a guest with several NICs needs, so that answers
# leave by the NIC whose address they carry (core/ipam/source-routes.ts does the same for other guests).
# one at a time: each of its hooks builds the resolver file in a place that the next one clears, and one that is overtaken leaves it empty
exec 9>/run/dhcpcd-hook.lock
flock 9
/usr/lib/dhcpcd/dhcpcd-run-hooks
index=${interface#eth}
case $index in
[0-9]*) ;;
*) exit 0 ;;
esac
table=$((100 + index))
priority=$((1000 + index))

# leave FAMILY ADDRESS [ROUTER]
leave() {
  [ -z "$3" ] || ip "$1" route replace default via "$3" dev "$interface" table "$table"
  ip "$1" rule del priority "$priority" 2>/dev/null
  ip "$1" rule add from "$2" lookup "$table" priority "$priority"
}

case $reason in
BOUND | RENEW | REBIND | REBOOT)
  ip route replace "$new_network_number/$new_subnet_cidr" dev "$interface" table "$table"
  # the router, or the one that leads to other networks: PREFIX ROUTER ...
  # shellcheck disable=SC2086
  set -- ${new_routers:+x $new_routers} $new_classless_static_routes
  router=$2
  leave -4 "$new_ip_address" "$router"
  # what another router leads to: PREFIX ROUTER ...
  # shellcheck disable=SC2086
  set -- $new_classless_static_routes
  while [ $# -ge 2 ]; do
    [ "$2" = "$router" ] || [ "$1" = 0.0.0.0/0 ] || ip route replace "$1" via "$2" dev "$interface" table "$table"
    shift 2
  done
  ;;
BOUND6 | RENEW6 | REBIND6 | REBOOT6)
  # shellcheck disable=SC2046
  set -- $(ip -6 route show default dev "$interface")
  leave -6 "$new_dhcp6_ia_na1_ia_addr1" "$3"
  ;;
esac
exit 0
