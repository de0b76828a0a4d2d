#!/bin/sh
# What dhcpcd calls (dhcpcd-run-hooks(8)): its own hooks, and for the NICs after the first the routes by source address that a guest with
# several NICs needs, so that answers leave by the NIC whose address they carry (core/ipam/source-routes.ts does the same for other guests).
/usr/lib/dhcpcd/dhcpcd-run-hooks
index=${interface#eth}
case $reason:$index in
BOUND:[1-9]* | RENEW:[1-9]* | REBIND:[1-9]* | REBOOT:[1-9]*)
  table=$((100 + index))
  ip route replace "$new_network_number/$new_subnet_cidr" dev "$interface" table "$table"
  for router in $new_routers; do ip route replace default via "$router" dev "$interface" table "$table"; done
  ip rule del priority $((1000 + index)) 2>/dev/null
  ip rule add from "$new_ip_address" lookup "$table" priority $((1000 + index))
  ;;
esac
exit 0
