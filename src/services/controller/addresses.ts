/** Keeps the allocator in step with subnets, pools, IP objects and Vips: what is stored is what is given. */
import { AllocationError } from '../../core/ipam/allocation-error.ts';
import { Allocator } from '../../core/ipam/allocator.ts';
import { takenVip } from '../../core/vip/port-annotations.ts';
import { equal } from '../../core/ovn/equal.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { IpPool } from '../../kinds/ip-pool.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { Vip } from '../../kinds/vip.ts';
import type { VpcNatGateway } from '../../kinds/vpc-nat-gateway.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { parseRange } from '../../lib/netaddr/range.ts';
import { type AnyEip, eipTexts } from '../../core/external/families.ts';
import { externalSubnetOf } from '../../core/external/names.ts';
import { lanIpsOf } from '../../core/external/nat-gateway.ts';
import { macFor } from '../../core/ovn/mac.ts';
import { eipHolder } from './external-addresses.ts';
import { vipHolder } from './reservations.ts';
import { subnetPlan } from './subnet-plan.ts';

/** no IP object has a slash in its name */
function gatewayHolder(name: string): string {
  return `gateway/${name}`;
}

/** what is stored of one subnet */
export interface Stored {
  ips(subnet: string): Iterable<IpObject>;
  pools(subnet: string): Iterable<IpPool>;
  vips(subnet: string): Iterable<Vip>;
  eips(subnet: string): Iterable<AnyEip>;
  gateways(subnet: string): Iterable<VpcNatGateway>;
}

export class Addresses {
  readonly allocator = new Allocator();
  readonly #stored: Stored;

  constructor(stored: Stored) {
    this.#stored = stored;
  }

  followSubnet(name: string, subnet: Subnet | undefined): void {
    const plan = subnet && subnetPlan(subnet);
    if (!plan) {
      this.allocator.removeSubnet(name);
    } else if (!equal(plan, this.allocator.plan(name))) {
      this.allocator.setSubnet(name, plan);
      this.refill(name);
    }
  }

  /** Takes in all that is stored of a subnet. */
  refill(subnet: string): void {
    for (const pool of this.#stored.pools(subnet)) this.#setPool(pool);
    for (const ip of this.#stored.ips(subnet)) this.#restoreIp(ip);
    for (const vip of this.#stored.vips(subnet)) this.#restoreVip(vip);
    for (const eip of this.#stored.eips(subnet)) this.#restoreEip(eip);
    for (const gateway of this.#stored.gateways(subnet)) this.#restoreGateway(gateway);
  }

  /** An IP object says all that an interface needs: of a subnet without prefixes that is a MAC address. */
  isComplete({ spec }: IpObject): boolean {
    const isMacOnly = this.allocator.plan(spec?.subnet ?? '')?.cidrs.length === 0;
    return Boolean(spec?.macAddress) && (isMacOnly || Boolean(spec?.v4IpAddress || spec?.v6IpAddress));
  }

  followPool(name: string, old: IpPool | undefined, now: IpPool | undefined): void {
    if (equal(old?.spec, now?.spec)) return;
    const subnet = (old ?? now)?.spec?.subnet ?? '';
    this.allocator.removePool(subnet, name);
    // one that was in the way may be so no longer
    for (const pool of this.#stored.pools(subnet)) this.#setPool(pool);
  }

  followIp(name: string, old: IpObject | undefined, now: IpObject | undefined): void {
    if (old && (!now || !equal(old.spec, now.spec))) this.allocator.release(old.spec?.subnet ?? '', name);
    if (now) this.#restoreIp(now);
  }

  followVip(name: string, old: Vip | undefined, now: Vip | undefined): void {
    if (old && (!now || !equal(old.spec, now.spec))) this.allocator.release(old.spec?.subnet ?? '', vipHolder(name));
    if (now) this.#restoreVip(now);
  }

  followEip(old: AnyEip | undefined, now: AnyEip | undefined): void {
    if (old && (!now || !equal(old.spec, now.spec))) this.allocator.release(externalSubnetOf(old), eipHolder(old));
    if (now) this.#restoreEip(now);
  }

  /** Nobody gets the lanIp of a VpcNatGateway. */
  followGateway(old: VpcNatGateway | undefined, now: VpcNatGateway | undefined): void {
    if (old && (!now || !equal(old.spec, now.spec)))
      this.allocator.release(old.spec?.subnet ?? '', gatewayHolder(old.metadata.name));
    if (now) this.#restoreGateway(now);
  }

  #restoreEip(eip: AnyEip): void {
    this.#restore(externalSubnetOf(eip), eipHolder(eip), eipTexts(eip), eip.spec?.macAddress);
  }

  #restoreGateway(gateway: VpcNatGateway): void {
    const holder = gatewayHolder(gateway.metadata.name);
    if (gateway.spec?.lanIp)
      this.#restore(gateway.spec.subnet, holder, lanIpsOf(gateway).map(formatIp), macFor(holder));
  }

  #restoreIp({ metadata, spec }: IpObject): void {
    // the address is the Vip's
    if (takenVip(metadata.annotations).length > 0) return;
    this.#restore(spec?.subnet, metadata.name, [spec?.v4IpAddress, spec?.v6IpAddress], spec?.macAddress);
  }

  #restoreVip({ metadata, spec }: Vip): void {
    this.#restore(spec?.subnet, vipHolder(metadata.name), [spec?.v4ip, spec?.v6ip], spec?.macAddress);
  }

  /** what is not complete yet is given by who completes it */
  #restore(
    subnet: string | undefined,
    holder: string,
    texts: readonly (string | undefined)[],
    mac: string | undefined,
  ): void {
    if (!subnet || !mac) return;
    // most interfaces have no address of one family: an exception for each of them would be a twentieth of a start
    const ips = texts.flatMap((text) => (text ? (attempt(() => parseIp(text)) ?? []) : []));
    this.allocator.restore(subnet, holder, { ips, mac });
  }

  #setPool({ metadata, spec }: IpPool): void {
    const ranges = (spec?.ips ?? []).flatMap((text) => attempt(() => parseRange(text)) ?? []);
    try {
      this.allocator.setPool(spec?.subnet ?? '', metadata.name, { ranges, namespaces: spec?.namespaces ?? [] });
    } catch (error) {
      // no such subnet, or an older pool has some of the addresses: the condition of the pool says so
      if (!(error instanceof AllocationError)) throw error;
    }
  }
}
