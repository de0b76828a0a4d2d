/** SwitchLBRule -> the VPC that it balances in, and the machines that share its connections. */
import type { SwitchLbRule } from '../../kinds/switch-lb-rule.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { type Family, formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { parseLabels } from '../select/labels.ts';
import { balancedIp } from '../vip/balanced.ts';
import { runningWith } from './chosen-workloads.ts';
import type { Issue, Read } from './rule.ts';
import { subnetCovering } from './vpc-subnets.ts';

export interface Backend {
  readonly address: string;
  /** the interface that has the address; none of an address that no IP object has */
  readonly port?: string;
  readonly subnet?: string;
}

export interface Balanced {
  readonly vip: Ip;
  readonly vpc: string;
  /** the subnet that the address is in */
  readonly subnet: string | undefined;
  readonly backends: readonly Backend[];
  /** parts of spec.endpoints that are no backends */
  readonly problems: readonly Issue[];
}

/** annotation of a SwitchLBRule: the VPC, where it does not follow from its Vip or its machines */
export const ROUTER_ANNOTATION = 'ovn.kubernetes.io/logical_router';

type Reader = Pick<Read, 'get' | 'keys'>;

export function balancedOf(rule: SwitchLbRule, read: Reader): Balanced | Issue {
  const vip = balancedIp(rule);
  if (!vip)
    return {
      reason: 'InvalidSpec',
      field: 'spec.vip',
      message: `spec.vip: ${JSON.stringify(rule.spec?.vip ?? '')} is no address: correct it`,
    };
  const selected = selectedNics(rule, vip.family, read);
  if (!Array.isArray(selected)) return selected as Issue;
  const vpc = vpcOfRule(rule, selected as readonly Nic[], formatIp(vip), read);
  if (typeof vpc !== 'string') return vpc;
  const subnet = subnetCovering(vpc, { family: vip.family, base: vip.value, bits: vip.family === 4 ? 32 : 128 }, read);
  const { backends, problems } = usesEndpoints(rule)
    ? endpointsOf(rule, vip, vpc, read)
    : { backends: ofVpc(selected as readonly Nic[], vpc, subnet), problems: [] };
  return { vip, vpc, subnet, backends, problems };
}

interface Nic {
  readonly workload: string;
  readonly port: string;
  readonly address: string;
  readonly subnet: string;
  readonly vpc: string;
}

function usesEndpoints({ spec }: SwitchLbRule): boolean {
  return (spec?.endpoints ?? []).length > 0;
}

/** interfaces of the machines that run and have the labels; none when the rule names addresses */
function selectedNics(rule: SwitchLbRule, family: Family, read: Reader): readonly Nic[] | Issue {
  const { namespace = '', selector = [] } = rule.spec ?? {};
  if (usesEndpoints(rule) || selector.length === 0) return [];
  const labels = parseLabels(selector);
  if (!labels)
    return {
      reason: 'InvalidSpec',
      field: 'spec.selector',
      message: `spec.selector: ${JSON.stringify(selector)} must be a list of key:value: correct it`,
    };
  return runningWith(namespace, labels, read).flatMap((workload) =>
    read.keys('IP', 'workload', workload).flatMap((port): Nic[] => {
      const found = read.get('IP', port, ({ spec }) => ({
        address: (family === 4 ? spec?.v4IpAddress : spec?.v6IpAddress) ?? '',
        subnet: spec?.subnet ?? '',
      }));
      if (!found || found.address === '') return [];
      const vpc = read.get('Subnet', found.subnet, ({ spec }) => spec?.vpc ?? '');
      return vpc === undefined ? [] : [{ workload, port, ...found, vpc }];
    }),
  );
}

/** The VPC that the annotation names; else that of the Vip with this address; else the one that the machines are in. */
function vpcOfRule({ metadata, spec }: SwitchLbRule, nics: readonly Nic[], vip: string, read: Reader): string | Issue {
  const named = metadata.annotations?.[ROUTER_ANNOTATION];
  if (named) return named;
  const reserved = read.keys('Vip', 'balanced', vip).flatMap((name) => {
    const place = read.get('Vip', name, (object) => ({
      subnet: object.spec?.subnet ?? '',
      namespace: object.spec?.namespace ?? '',
    }));
    const vpc = place && read.get('Subnet', place.subnet, (subnet) => subnet.spec?.vpc ?? '');
    return place && vpc !== undefined ? [{ vpc, namespace: place.namespace }] : [];
  });
  const own = reserved.filter(({ namespace }) => namespace === spec?.namespace);
  const vpcs = [...new Set((own.length > 0 ? own : reserved).map(({ vpc }) => vpc))];
  const candidates = vpcs.length > 0 ? vpcs : [...new Set(nics.map(({ vpc }) => vpc))];
  if (candidates.length === 1) return candidates[0]!;
  const advice = `reserve ${vip} with a Vip of type switch_lb_vip, or name the VPC in the annotation ${ROUTER_ANNOTATION}`;
  return {
    reason: 'VpcNotFound',
    field: 'spec.vip',
    message:
      candidates.length === 0
        ? `spec.vip: no Vip has ${vip} and no machine that runs has the labels, so the VPC is not known: ${advice}`
        : `spec.vip: ${vip} might be of VPC ${candidates.toSorted().join(' or ')}: name the one that is meant in the annotation ${ROUTER_ANNOTATION}`,
  };
}

/** One interface of each machine: the one in the subnet of the address, else the first of the VPC. */
function ofVpc(nics: readonly Nic[], vpc: string, subnet: string | undefined): readonly Backend[] {
  const inside = nics.filter((nic) => nic.vpc === vpc);
  const chosen = [...Map.groupBy(inside, ({ workload }) => workload).values()].map((all) => {
    const sorted = all.toSorted((a, b) => (a.port < b.port ? -1 : 1));
    return sorted.find((nic) => nic.subnet === subnet) ?? sorted[0]!;
  });
  return chosen.map(({ address, port, subnet: of }) => ({ address, port, subnet: of })).toSorted(byAddress);
}

function endpointsOf(
  { spec }: SwitchLbRule,
  vip: Ip,
  vpc: string,
  read: Reader,
): Pick<Balanced, 'backends' | 'problems'> {
  const problems: Issue[] = [];
  const backends = new Map<string, Backend>();
  for (const [index, text] of (spec?.endpoints ?? []).entries()) {
    const ip = attempt(() => parseIp(text.trim()));
    const field = `spec.endpoints[${index}]`;
    if (!ip || ip.family !== vip.family) {
      const why = ip ? `is IPv${ip.family}, the virtual address is IPv${vip.family}` : 'is no address';
      problems.push({
        reason: 'InvalidSpec',
        severity: 'warning',
        field,
        message: `${field}: ${text} ${why}: it is left out`,
      });
      continue;
    }
    const address = formatIp(ip);
    const prefix = { family: ip.family, base: ip.value, bits: ip.family === 4 ? 32 : 128 } as const;
    const subnet = subnetCovering(vpc, prefix, read);
    const [port] = subnet === undefined ? [] : read.keys('IP', 'address', `${subnet}|${address}`).toSorted();
    backends.set(address, { address, ...(subnet !== undefined && port !== undefined ? { subnet, port } : {}) });
  }
  return { backends: [...backends.values()].toSorted(byAddress), problems };
}

function byAddress(a: Backend, b: Backend): number {
  return a.address < b.address ? -1 : a.address > b.address ? 1 : 0;
}
