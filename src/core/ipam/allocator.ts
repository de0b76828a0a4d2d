/**
 * Who has which address. A pure structure in memory: it is rebuilt from IP objects at start, and an address counts as given only when its
 * IP object is stored; until then it is held here, so that nobody else gets it.
 */
import type { Cidr } from '../../lib/netaddr/cidr.ts';
import { type Family, formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import type { IpRange } from '../../lib/netaddr/range.ts';
import { macFor } from '../ovn/mac.ts';
import { AllocationError } from './allocation-error.ts';
import { Pool, type PoolUsage } from './pool.ts';

export interface SubnetPlan {
  /** one prefix, or an IPv4 and an IPv6 one */
  readonly cidrs: readonly Cidr[];
  readonly gateways: readonly Ip[];
  readonly excluded: readonly IpRange[];
  /** MAC addresses that nobody may have: the router's */
  readonly routerMac: string;
}

export interface Request {
  /** addresses that are wanted, at most one per family; the other families get the next free one */
  readonly ips?: readonly Ip[];
  readonly mac?: string;
}

export interface Allocation {
  /** IPv4 first */
  readonly ips: readonly Ip[];
  readonly mac: string;
}

interface SubnetState {
  readonly plan: SubnetPlan;
  readonly pools: readonly Pool[];
  readonly macs: Map<string, string>;
  readonly allocations: Map<string, Allocation>;
}

export class Allocator {
  readonly #subnets = new Map<string, SubnetState>();

  plan(subnet: string): SubnetPlan | undefined {
    return this.#subnets.get(subnet)?.plan;
  }

  /** Makes or changes a subnet. Addresses that are in use and still fit stay in use. */
  setSubnet(subnet: string, plan: SubnetPlan): void {
    const old = this.#subnets.get(subnet);
    const state = emptyState(plan);
    this.#subnets.set(subnet, state);
    for (const [nic, allocation] of old?.allocations ?? []) this.restore(subnet, nic, allocation);
  }

  removeSubnet(subnet: string): void {
    this.#subnets.delete(subnet);
  }

  /**
   * Takes addresses and a MAC for a network interface. The same interface asking again gets what it has.
   * @throws AllocationError with what is in the way; nothing is taken then
   */
  allocate(subnet: string, nic: string, request: Request = {}): Allocation {
    const state = this.#subnets.get(subnet);
    if (!state) throw new AllocationError('SubnetNotFound', `subnet ${subnet} does not exist: create it`);
    const own = state.allocations.get(nic);
    if (own) return own;
    const wrongFamily = request.ips?.find((ip) => !state.pools.some((pool) => pool.family === ip.family));
    if (wrongFamily)
      throw new AllocationError(
        'AddressOutOfRange',
        `${formatIp(wrongFamily)} is IPv${wrongFamily.family}, subnet ${subnet} is not: choose an address of its family`,
      );
    const taken: { pool: Pool; value: bigint }[] = [];
    try {
      for (const pool of state.pools) {
        const value = takeFrom(
          pool,
          subnet,
          nic,
          request.ips?.find((ip) => ip.family === pool.family),
        );
        taken.push({ pool, value });
      }
      const mac = takeMac(state, subnet, nic, request.mac);
      const allocation = { ips: taken.map(({ pool, value }) => ({ family: pool.family, value })), mac };
      state.allocations.set(nic, allocation);
      return allocation;
    } catch (error) {
      for (const { pool, value } of taken) pool.release(value, nic);
      throw error;
    }
  }

  /** Takes what an IP object says that an interface has. Addresses that do not fit or belong to another are left out (the compiler says so). */
  restore(subnet: string, nic: string, allocation: Allocation): void {
    const state = this.#subnets.get(subnet);
    if (!state) return;
    const ips = allocation.ips.filter((ip) =>
      state.pools.some((pool) => pool.family === ip.family && pool.take(ip, nic) === undefined),
    );
    if (!state.macs.has(allocation.mac)) state.macs.set(allocation.mac, nic);
    state.allocations.set(nic, { ips, mac: allocation.mac });
  }

  release(subnet: string, nic: string): void {
    const state = this.#subnets.get(subnet);
    const allocation = state?.allocations.get(nic);
    if (!state || !allocation) return;
    state.allocations.delete(nic);
    for (const ip of allocation.ips) state.pools.find((pool) => pool.family === ip.family)?.release(ip.value, nic);
    if (state.macs.get(allocation.mac) === nic) state.macs.delete(allocation.mac);
  }

  allocation(subnet: string, nic: string): Allocation | undefined {
    return this.#subnets.get(subnet)?.allocations.get(nic);
  }

  usage(subnet: string, family: Family): PoolUsage | undefined {
    return this.#subnets
      .get(subnet)
      ?.pools.find((pool) => pool.family === family)
      ?.usage();
  }
}

function emptyState(plan: SubnetPlan): SubnetState {
  const pools = plan.cidrs
    .toSorted((a, b) => a.family - b.family)
    .map((cidr) => new Pool(cidr, plan.gateways.find((ip) => ip.family === cidr.family)?.value, plan.excluded));
  return { plan, pools, macs: new Map(), allocations: new Map() };
}

function takeFrom(pool: Pool, subnet: string, nic: string, wanted: Ip | undefined): bigint {
  if (!wanted) {
    const value = pool.next();
    if (value === undefined) throw noAddress(pool, subnet);
    pool.take({ family: pool.family, value }, nic);
    return value;
  }
  const failure = pool.take(wanted, nic);
  if (!failure) return wanted.value;
  const address = formatIp(wanted);
  switch (failure.reason) {
    case 'AddressOutOfRange':
      throw new AllocationError(
        failure.reason,
        `${address} is not a usable address of ${failure.cidr} (subnet ${subnet}): choose one inside it`,
      );
    case 'AddressReserved':
      throw new AllocationError(
        failure.reason,
        `${address} is the gateway of subnet ${subnet}: choose another address`,
      );
    case 'AddressInUse':
      throw new AllocationError(
        failure.reason,
        `${address} of subnet ${subnet} is in use by ${failure.owner}: choose another address, or delete that one`,
      );
  }
}

function noAddress(pool: Pool, subnet: string): AllocationError {
  const { using } = pool.usage();
  return new AllocationError(
    'NoAvailableAddress',
    `subnet ${subnet} has no free IPv${pool.family} address: ${using} are in use, the rest is excluded (spec.excludeIps): delete interfaces, exclude less, or use a larger subnet`,
  );
}

function takeMac(state: SubnetState, subnet: string, nic: string, wanted: string | undefined): string {
  if (wanted !== undefined) {
    const holder = wanted === state.plan.routerMac ? 'the router' : state.macs.get(wanted);
    if (holder !== undefined && holder !== nic)
      throw new AllocationError(
        'MacInUse',
        `MAC ${wanted} in subnet ${subnet} is in use by ${holder}: choose another one`,
      );
    state.macs.set(wanted, nic);
    return wanted;
  }
  for (let attempt = 0; ; attempt += 1) {
    const mac = macFor(`${subnet}/${nic}`, attempt);
    if (mac === state.plan.routerMac || state.macs.has(mac)) continue;
    state.macs.set(mac, nic);
    return mac;
  }
}
