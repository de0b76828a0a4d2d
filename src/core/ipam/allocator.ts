/**
 * Who has which address. A pure structure in memory: it is rebuilt from stored objects at start, and an address counts as given only when its
 * object is stored; until then it is held here, so that nobody else gets it.
 */
import type { Cidr } from '../../lib/netaddr/cidr.ts';
import { type Family, formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import { eui64 } from '../../lib/netaddr/mac.ts';
import type { IpRange } from '../../lib/netaddr/range.ts';
import { macFor } from '../ovn/mac.ts';
import { AllocationError } from './allocation-error.ts';
import { FormerAddresses } from './former-addresses.ts';
import { NamedPools, type NamedPool } from './named-pools.ts';
import { Pool, type PoolUsage } from './pool.ts';

export interface SubnetPlan {
  /** one prefix, or an IPv4 and an IPv6 one */
  readonly cidrs: readonly Cidr[];
  readonly gateways: readonly Ip[];
  readonly excluded: readonly IpRange[];
  /** MAC addresses that nobody may have: the router's */
  readonly routerMac: string;
  /** guests make their IPv6 addresses from their MAC (RFC 4862): no other would pass */
  readonly slaac: boolean;
}

export interface Request {
  /** addresses that are wanted, at most one per family; the other families get the next free one */
  readonly ips?: readonly Ip[];
  readonly mac?: string;
  /** families that are wanted; all that the subnet has if absent */
  readonly families?: readonly Family[];
  /** sets of addresses, of which the first that is wholly free is taken */
  readonly choices?: readonly (readonly Ip[])[];
  /** names of pools, of which the first with a free address gives it; nobody else gets addresses of a pool */
  readonly pools?: readonly string[];
  /** who asks: pools may be for some namespaces only */
  readonly namespace?: string;
}

export interface Allocation {
  /** IPv4 first */
  readonly ips: readonly Ip[];
  readonly mac: string;
}

interface SubnetState {
  readonly plan: SubnetPlan;
  readonly pools: readonly Pool[];
  readonly named: NamedPools;
  readonly macs: Map<string, string>;
  readonly allocations: Map<string, Allocation>;
}

export class Allocator {
  readonly #subnets = new Map<string, SubnetState>();
  readonly #former = new FormerAddresses();

  plan(subnet: string): SubnetPlan | undefined {
    return this.#subnets.get(subnet)?.plan;
  }

  /** Makes or changes a subnet. Addresses that are in use and still fit stay in use. */
  setSubnet(subnet: string, plan: SubnetPlan): void {
    const old = this.#subnets.get(subnet);
    const state = emptyState(plan, old?.named);
    this.#subnets.set(subnet, state);
    for (const [nic, allocation] of old?.allocations ?? []) this.restore(subnet, nic, allocation);
  }

  removeSubnet(subnet: string): void {
    this.#subnets.delete(subnet);
  }

  /** Sets addresses of a subnet aside under a name. @throws AllocationError when another pool has some of them */
  setPool(subnet: string, name: string, pool: NamedPool): void {
    this.#state(subnet).named.set(name, pool);
  }

  /** Its addresses belong to everybody again. */
  removePool(subnet: string, name: string): void {
    this.#subnets.get(subnet)?.named.delete(name);
  }

  /** names of the pools of a subnet that a namespace is bound to, in order */
  poolsOf(subnet: string, namespace: string): readonly string[] {
    return this.#subnets.get(subnet)?.named.boundTo(namespace) ?? [];
  }

  /**
   * Takes addresses and a MAC for a network interface. The same interface asking again gets what it has.
   * @throws AllocationError with what is in the way; nothing is taken then
   */
  allocate(subnet: string, nic: string, request: Request = {}): Allocation {
    const state = this.#state(subnet);
    const own = state.allocations.get(nic);
    if (own) return own;
    const wanted = request.choices ? firstFree(state, subnet, request.choices) : request.ips;
    for (const ip of wanted ?? []) checkWanted(state, subnet, ip, request);
    const taken: { pool: Pool; value: bigint }[] = [];
    const mac = takeMac(state, subnet, nic, request.mac);
    try {
      for (const pool of poolsFor(state, subnet, request)) {
        const ip =
          wanted?.find(({ family }) => family === pool.family) ??
          this.#preferred(state, subnet, nic, mac, pool, request);
        taken.push({ pool, value: takeFrom(state, pool, subnet, nic, ip, request) });
      }
      const allocation = { ips: taken.map(({ pool, value }) => ({ family: pool.family, value })), mac };
      state.allocations.set(nic, allocation);
      return allocation;
    } catch (error) {
      for (const { pool, value } of taken) pool.release(value, nic);
      if (state.macs.get(mac) === nic) state.macs.delete(mac);
      throw error;
    }
  }

  /** The address that an interface should have though it did not ask for one: made from its MAC, or the one that it had before. */
  #preferred(
    state: SubnetState,
    subnet: string,
    nic: string,
    mac: string,
    pool: Pool,
    request: Request,
  ): Ip | undefined {
    if (state.plan.slaac && pool.family === 6) return { family: 6, value: pool.cidr.base + eui64(mac) };
    const value = request.pools ? undefined : this.#former.of(subnet, nic, pool.family);
    const isFree = value !== undefined && pool.isFree(value) && !state.named.has(pool.family, value);
    return isFree ? { family: pool.family, value } : undefined;
  }

  /** Takes what an object says that an interface has. Addresses that do not fit or belong to another are left out (the compiler says so). */
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
    this.#former.remember(subnet, nic, allocation.ips);
  }

  allocation(subnet: string, nic: string): Allocation | undefined {
    return this.#subnets.get(subnet)?.allocations.get(nic);
  }

  /** whether what an interface has is what is asked for now */
  fits(subnet: string, nic: string, { ips = [], mac, families, choices, pools }: Request): boolean {
    const state = this.#subnets.get(subnet);
    const own = state?.allocations.get(nic);
    if (!state || !own) return false;
    const has = (ip: Ip) => own.ips.some(({ family, value }) => family === ip.family && value === ip.value);
    const isPooled = ({ family, value }: Ip) => {
      const sets =
        pools?.flatMap((name) => state.named.addresses(name, family) ?? []).filter((set) => !set.isEmpty) ?? [];
      return sets.length === 0 || sets.some((set) => set.has(value));
    };
    return (
      ips.every(has) &&
      (mac === undefined || mac === own.mac) &&
      (!families || own.ips.every(({ family }) => families.includes(family))) &&
      (!choices || choices.some((choice) => choice.every(has))) &&
      (!pools || own.ips.every(isPooled))
    );
  }

  usage(subnet: string, family: Family): PoolUsage | undefined {
    return this.#subnets
      .get(subnet)
      ?.pools.find((pool) => pool.family === family)
      ?.usage();
  }

  /** of one named pool */
  poolUsage(subnet: string, name: string, family: Family): PoolUsage | undefined {
    const state = this.#subnets.get(subnet);
    const within = state?.named.addresses(name, family);
    return within && state?.pools.find((pool) => pool.family === family)?.usage(within);
  }

  #state(subnet: string): SubnetState {
    const state = this.#subnets.get(subnet);
    if (!state) throw new AllocationError('SubnetNotFound', `subnet ${subnet} does not exist: create it`);
    return state;
  }
}

function emptyState(plan: SubnetPlan, named = new NamedPools()): SubnetState {
  const pools = plan.cidrs
    .toSorted((a, b) => a.family - b.family)
    .map((cidr) => new Pool(cidr, plan.gateways.find((ip) => ip.family === cidr.family)?.value, plan.excluded));
  return { plan, pools, named, macs: new Map(), allocations: new Map() };
}

/** the pools, one for each family that is asked for */
function poolsFor({ pools }: SubnetState, subnet: string, { families }: Request): readonly Pool[] {
  const missing = families?.find((family) => !pools.some((pool) => pool.family === family));
  if (missing !== undefined)
    throw new AllocationError(
      'AddressOutOfRange',
      `IPv${missing} is asked for, subnet ${subnet} has none: ask for another family, or use another subnet`,
    );
  return families ? pools.filter(({ family }) => families.includes(family)) : pools;
}

/** @throws AllocationError when the address cannot be asked for, whether or not it is free */
function checkWanted({ pools, named }: SubnetState, subnet: string, ip: Ip, { families, namespace }: Request): void {
  if (!pools.some(({ family }) => family === ip.family) || (families && !families.includes(ip.family)))
    throw new AllocationError(
      'AddressOutOfRange',
      `${formatIp(ip)} is IPv${ip.family}, ${families ? 'which is not asked for (ip_family)' : `subnet ${subnet} is not`}: choose an address of its family`,
    );
  const foreign = named.closedTo(ip, namespace);
  if (foreign !== undefined)
    throw new AllocationError(
      'AddressReserved',
      `${formatIp(ip)} belongs to IPPool ${foreign.name}, which is for namespaces ${foreign.namespaces.join(', ')}: choose another address, or add the namespace to the pool`,
    );
}

function firstFree({ pools }: SubnetState, subnet: string, choices: readonly (readonly Ip[])[]): readonly Ip[] {
  const isFree = (ip: Ip) => pools.some((pool) => pool.family === ip.family && pool.owner(ip.value) === undefined);
  const free = choices.find((ips) => ips.every(isFree));
  if (free) return free;
  const texts = choices.map((ips) => ips.map(formatIp).join(','));
  throw new AllocationError(
    'NoAvailableAddress',
    `none of ${texts.slice(0, 10).join('; ')}${texts.length > 10 ? ' ...' : ''} (ip_pool) is free in subnet ${subnet}: list more addresses, or delete an interface that has one`,
  );
}

function takeFrom(
  state: SubnetState,
  pool: Pool,
  subnet: string,
  nic: string,
  wanted: Ip | undefined,
  { pools: names }: Request,
): bigint {
  if (!wanted) {
    const value = nextAddress(state, pool, subnet, names);
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

function nextAddress({ named }: SubnetState, pool: Pool, subnet: string, names: readonly string[] | undefined): bigint {
  const unknown = names?.find((name) => named.addresses(name, pool.family) === undefined);
  if (unknown !== undefined)
    throw new AllocationError(
      'PoolNotFound',
      `IPPool ${unknown} is none of subnet ${subnet} (or is not Ready): create it, or correct the annotation ip_pool`,
    );
  // pools of one family: the other is taken from where everybody's is
  const sets = names?.map((name) => named.addresses(name, pool.family)!).filter((set) => !set.isEmpty) ?? [];
  if (sets.length === 0) return nextUnnamed(named, pool, subnet);
  for (const within of sets) {
    const value = pool.next({ within });
    if (value !== undefined) return value;
  }
  throw new AllocationError(
    'NoAvailableAddress',
    `IPPool ${names?.join(', ')} of subnet ${subnet} ${sets.length > 1 ? 'have' : 'has'} no free IPv${pool.family} address: add addresses to spec.ips, or delete interfaces`,
  );
}

function nextUnnamed(named: NamedPools, pool: Pool, subnet: string): bigint {
  const value = pool.next({ without: named.all(pool.family) });
  if (value !== undefined) return value;
  const { using, available } = pool.usage();
  const rest = available > 0n ? 'the rest is in IPPools or excluded' : 'the rest is excluded (spec.excludeIps)';
  throw new AllocationError(
    'NoAvailableAddress',
    `subnet ${subnet} has no free IPv${pool.family} address: ${using} are in use, ${rest}: delete interfaces, exclude less, or use a larger subnet`,
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
