/** What an OvnEip or IptablesEIP must be to be let in: addresses of its external subnet that nobody has. */
import type { IptablesEip, IptablesEipSpec } from '../../kinds/iptables-nat.ts';
import type { OvnEip, OvnEipSpec } from '../../kinds/ovn-eip.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { isUnicastMac, parseMac } from '../../lib/netaddr/mac.ts';
import { askedExternals } from '../compile/asked-externals.ts';
import { notImplemented } from '../compile/not-implemented.ts';
import { untracked } from '../compile/reads.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { type AnyEip, type EipKind, eipTexts, FAMILIES } from '../external/families.ts';
import { DEFAULT_EXTERNAL_SUBNET, externalSubnetOf } from '../external/names.ts';
import { gatewaySubnetsOf } from '../external/nat-gateway.ts';
import { isOnVlan, isRouted } from '../vlan/vlan-subnet.ts';
import { addressHolder, macHolder, placeProblem } from './address-holders.ts';
import { Findings, type Review, type Verdict, withFinalizer } from './verdict.ts';

export function admitOvnEip({ object, old, neighbours }: Review<OvnEip>): Verdict<OvnEip> {
  const findings = new Findings();
  const externalSubnet = externalSubnetOf(object);
  const fields = [...FAMILIES.OvnEip.addresses, 'macAddress', 'type'] as const;
  const spec: OvnEipSpec = { ...kept(object.spec ?? {}, unmoved(old, externalSubnet), fields), externalSubnet };
  const eip = withFinalizer({ ...object, spec });
  if (old && (old.spec?.type || 'nat') !== (spec.type || 'nat'))
    findings.forbidden(
      'spec.type',
      `cannot change from ${old.spec?.type || 'nat'} to ${spec.type || 'nat'}: make a new object`,
    );
  if (spec.type === 'lsp')
    findings.warn('spec.type', 'lsp only reserves the address: Weft needs no ports of nodes in external subnets');
  checkAddresses('OvnEip', eip, old, neighbours, findings);
  return { object: eip, warnings: findings.warnings, errors: findings.errors };
}

export function admitIptablesEip({ object, old, neighbours }: Review<IptablesEip>): Verdict<IptablesEip> {
  const findings = new Findings();
  const { natGwDp = '' } = object.spec ?? {};
  const gateway = neighbours.get('VpcNatGateway', natGwDp);
  const externalSubnet =
    object.spec?.externalSubnet ||
    old?.spec?.externalSubnet ||
    (gateway && gatewaySubnetsOf(gateway)[0]) ||
    DEFAULT_EXTERNAL_SUBNET;
  const fields = [...FAMILIES.IptablesEIP.addresses, 'macAddress'] as const;
  const spec: IptablesEipSpec = { ...kept(object.spec ?? {}, unmoved(old, externalSubnet), fields), externalSubnet };
  const eip = withFinalizer({ ...object, spec });
  checkGateway(eip, old, neighbours, findings);
  for (const { message } of notImplemented('IptablesEIP', object)) findings.warnings.push(message);
  checkAddresses('IptablesEIP', eip, old, neighbours, findings);
  return { object: eip, warnings: findings.warnings, errors: findings.errors };
}

function checkGateway(
  { spec }: IptablesEip,
  old: IptablesEip | undefined,
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const { natGwDp = '', externalSubnet = '' } = spec ?? {};
  const before = old?.spec?.natGwDp ?? '';
  if (natGwDp === '') return findings.required('spec.natGwDp', 'the VpcNatGateway whose VPC uses the address');
  if (before !== '' && before !== natGwDp)
    return findings.forbidden('spec.natGwDp', `cannot change from ${before} to ${natGwDp}: make a new object`);
  if (before === natGwDp && old?.spec?.externalSubnet === externalSubnet) return;
  const gateway = neighbours.get('VpcNatGateway', natGwDp);
  if (!gateway) return findings.notFound('spec.natGwDp', natGwDp, 'there is no such VpcNatGateway: create it first');
  if (gateway.metadata.deletionTimestamp !== undefined)
    return findings.forbidden('spec.natGwDp', `VpcNatGateway ${natGwDp} is being deleted: use another one`);
  const all = askedExternals(gateway.spec?.vpc ?? '', untracked(neighbours)).map(({ subnet }) => subnet);
  if (!all.includes(externalSubnet))
    findings.invalid(
      'spec.externalSubnet',
      externalSubnet,
      `is none of the external subnets of VpcNatGateway ${natGwDp} and its VPC (${all.join(', ')}): name one of those, or add it to the gateway`,
    );
}

/** the old form, as far as it is of the same external subnet */
function unmoved<T extends AnyEip>(old: T | undefined, externalSubnet: string): T['spec'] | undefined {
  return old && externalSubnetOf(old) === externalSubnet ? old.spec : undefined;
}

/** What was given stays, also when somebody replaces the object by what he wrote once. */
function kept<T extends object>(spec: T, old: T | undefined, fields: readonly (keyof T)[]): T {
  return {
    ...spec,
    ...Object.fromEntries(
      fields.flatMap((field) => (!spec[field] && old?.[field] ? [[field, old[field]] as const] : [])),
    ),
  };
}

function checkAddresses(
  kind: EipKind,
  eip: AnyEip,
  old: AnyEip | undefined,
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const externalSubnet = externalSubnetOf(eip);
  const moved = old !== undefined && externalSubnetOf(old) !== externalSubnet;
  const subnet = neighbours.get('Subnet', externalSubnet);
  if (!subnet && (!old || moved))
    findings.notFound('spec.externalSubnet', externalSubnet, 'create the subnet first, on a VLAN');
  else if (subnet && !isOnVlan(subnet.spec))
    findings.invalid('spec.externalSubnet', externalSubnet, 'is not on a VLAN: name a subnet that has spec.vlan');
  else if (subnet && isRouted(subnet.spec) && (!old || moved))
    findings.invalid(
      'spec.externalSubnet',
      externalSubnet,
      `is a part of VPC ${subnet.spec?.vpc} (logicalGateway or u2oInterconnection): name a subnet outside of VPCs`,
    );
  const self = `${kind} ${eip.metadata.name}`;
  for (const [index, text] of eipTexts(eip).entries()) {
    if (text === '' || (!moved && old && text === eipTexts(old)[index])) continue;
    const path = `spec.${FAMILIES[kind].addresses[index]}`;
    const ip = findings.parsed(path, text, () => parseIp(text));
    if (!ip) continue;
    if (formatIp(ip) !== text) findings.invalid(path, text, `must be spelled ${formatIp(ip)}`);
    if ((ip.family === 4) !== (index === 0)) findings.invalid(path, text, `is IPv${ip.family}`);
    const problem = subnet && placeProblem(ip, subnet);
    if (problem !== undefined) findings.invalid(path, text, problem.replace(/, or reserve it for this machine.*$/, ''));
    const holder = addressHolder(externalSubnet, text, self, neighbours) ?? nodeWith(text, neighbours);
    if (holder !== undefined) findings.duplicate(path, text, `it is in use by ${holder}: choose another address`);
  }
  checkMac(eip, old, self, neighbours, findings);
}

function checkMac(
  eip: AnyEip,
  old: AnyEip | undefined,
  self: string,
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const text = eip.spec?.macAddress ?? '';
  if (text === '' || text === old?.spec?.macAddress) return;
  const mac = findings.parsed('spec.macAddress', text, () => parseMac(text));
  if (mac === undefined) return;
  if (!isUnicastMac(mac)) findings.invalid('spec.macAddress', text, 'is no unicast MAC address');
  const subnet = neighbours.get('Subnet', externalSubnetOf(eip));
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
