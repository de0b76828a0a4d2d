/** Keeps the allocator in step with subnets and IP objects: what is stored is what is given. */
import { Allocator } from '../../core/ipam/allocator.ts';
import { equal } from '../../core/ovn/equal.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { parseIp } from '../../lib/netaddr/ip.ts';
import { subnetPlan } from './subnet-plan.ts';

export class Addresses {
  readonly allocator = new Allocator();
  readonly #ipsOf: (subnet: string) => Iterable<IpObject>;

  /** @param ipsOf IP objects of a subnet */
  constructor(ipsOf: (subnet: string) => Iterable<IpObject>) {
    this.#ipsOf = ipsOf;
  }

  followSubnet(name: string, subnet: Subnet | undefined): void {
    const plan = subnet && subnetPlan(subnet);
    if (!plan) {
      this.allocator.removeSubnet(name);
    } else if (!equal(plan, this.allocator.plan(name))) {
      this.allocator.setSubnet(name, plan);
      for (const ip of this.#ipsOf(name)) this.restore(ip);
    }
  }

  followIp(name: string, old: IpObject | undefined, now: IpObject | undefined): void {
    if (old && (!now || !equal(old.spec, now.spec))) this.allocator.release(old.spec?.subnet ?? '', name);
    if (now) this.restore(now);
  }

  /** takes what an IP object says for its interface */
  restore({ metadata, spec }: IpObject): void {
    if (!spec?.subnet || !spec.macAddress) return;
    const ips = [spec.v4IpAddress, spec.v6IpAddress].flatMap((text) => attempt(() => parseIp(text ?? '')) ?? []);
    this.allocator.restore(spec.subnet, metadata.name, { ips, mac: spec.macAddress });
  }
}
