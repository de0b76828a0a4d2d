/** What an OvnEip must be to be let in: addresses of its external subnet that nobody has. */
import type { OvnEip, OvnEipSpec } from '../../kinds/ovn-eip.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { isUnicastMac, parseMac } from '../../lib/netaddr/mac.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { externalSubnetOf } from '../external/names.ts';
import { isOnVlan, isRouted } from '../vlan/vlan-subnet.ts';
import { addressHolder, macHolder, placeProblem } from './address-holders.ts';
import { Findings, type Review, type Verdict, withFinalizer } from './verdict.ts';

const FIELDS = ['v4Ip', 'v6Ip'] as const;

export function admitOvnEip({ object, old, neighbours }: Review<OvnEip>): Verdict<OvnEip> {
  const findings = new Findings();
  const externalSubnet = externalSubnetOf(object);
  const moved = old !== undefined && externalSubnetOf(old) !== externalSubnet;
  const spec: OvnEipSpec = { ...kept(object.spec ?? {}, moved ? undefined : old?.spec), externalSubnet };
  const eip = withFinalizer({ ...object, spec });
  const subnet = neighbours.get('Subnet', externalSubnet);
  if (!subnet && (!old || moved))
    findings.errors.push({
      path: 'spec.externalSubnet',
      type: 'NotFound',
      value: externalSubnet,
      detail: 'create the subnet first, on a VLAN',
    });
  else if (subnet && !isOnVlan(subnet.spec))
    findings.invalid('spec.externalSubnet', externalSubnet, 'is not on a VLAN: name a subnet that has spec.vlan');
  else if (subnet && isRouted(subnet.spec) && (!old || moved))
    findings.invalid(
      'spec.externalSubnet',
      externalSubnet,
      `is a part of VPC ${subnet.spec?.vpc} (logicalGateway or u2oInterconnection): name a subnet outside of VPCs`,
    );
  if (old && (old.spec?.type || 'nat') !== (spec.type || 'nat'))
    findings.forbidden(
      'spec.type',
      `cannot change from ${old.spec?.type || 'nat'} to ${spec.type || 'nat'}: make a new object`,
    );
  if (spec.type === 'lsp')
    findings.warn('spec.type', 'lsp only reserves the address: Weft needs no ports of nodes in external subnets');
  const self = `OvnEip ${object.metadata.name}`;
  for (const field of FIELDS) {
    const text = spec[field] ?? '';
    if (text === '' || (!moved && text === old?.spec?.[field])) continue;
    const path = `spec.${field}`;
    const ip = findings.parsed(path, text, () => parseIp(text));
    if (!ip) continue;
    if (formatIp(ip) !== text) findings.invalid(path, text, `must be spelled ${formatIp(ip)}`);
    if ((ip.family === 4) !== (field === 'v4Ip')) findings.invalid(path, text, `is IPv${ip.family}`);
    const problem = subnet && placeProblem(ip, subnet);
    if (problem !== undefined) findings.invalid(path, text, problem.replace(/, or reserve it for this machine.*$/, ''));
    const holder = addressHolder(externalSubnet, text, self, neighbours) ?? nodeWith(text, neighbours);
    if (holder !== undefined) findings.duplicate(path, text, `it is in use by ${holder}: choose another address`);
  }
  checkMac(eip, old, self, neighbours, findings);
  return { object: eip, warnings: findings.warnings, errors: findings.errors };
}

/** What was given stays, also when somebody replaces the object by what he wrote once. */
function kept(spec: OvnEipSpec, old: OvnEipSpec | undefined): OvnEipSpec {
  const fields = ['v4Ip', 'v6Ip', 'macAddress', 'type'] as const;
  return {
    ...spec,
    ...Object.fromEntries(
      fields.flatMap((field) => (!spec[field] && old?.[field] ? [[field, old[field]] as const] : [])),
    ),
  };
}

function checkMac(
  { spec }: OvnEip,
  old: OvnEip | undefined,
  self: string,
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const text = spec?.macAddress ?? '';
  if (text === '' || text === old?.spec?.macAddress) return;
  const mac = findings.parsed('spec.macAddress', text, () => parseMac(text));
  if (mac === undefined) return;
  if (!isUnicastMac(mac)) findings.invalid('spec.macAddress', text, 'is no unicast MAC address');
  const subnet = neighbours.get('Subnet', spec!.externalSubnet!);
  const holder = subnet && macHolder(subnet, mac, self, neighbours);
  if (holder !== undefined)
    findings.duplicate('spec.macAddress', text, `it is in use by ${holder}: choose another one`);
}

/** The node that has an address itself. */
function nodeWith(text: string, neighbours: ReadonlyWorld): string | undefined {
  const node = neighbours.keys('Node', 'all', '').find((name) => {
    const { addresses = [] } = (neighbours.get('Node', name)?.status ?? {}) as {
      readonly addresses?: readonly { readonly address?: string }[];
    };
    return addresses.some(({ address }) => address === text);
  });
  return node && `node ${node}`;
}
