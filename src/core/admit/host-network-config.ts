/** What a HostNetworkConfig must be to be let in: addresses that nodes can have, one set of them for tunnels. */
import { MANAGEMENT_NETWORK } from '../../kinds/cluster-network.ts';
import type { HostNetworkConfig } from '../../kinds/host-network-config.ts';
import { formatCidr, parseInterface, specialPurpose, usableBounds } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { isSelected } from '../underlay/node-selection.ts';
import { checkClusterNetwork } from './cluster-network.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function admitHostNetworkConfig({ object, neighbours }: Review<HostNetworkConfig>): Verdict<HostNetworkConfig> {
  const findings = new Findings();
  if (checkClusterNetwork(object.spec?.clusterNetwork, neighbours, findings))
    warnOfUplinks(object, neighbours, findings);
  checkAddresses(object, neighbours, findings);
  checkOthers(object, neighbours, findings);
  return { object, warnings: findings.warnings, errors: findings.errors };
}

function checkAddresses({ metadata, spec }: HostNetworkConfig, neighbours: ReadonlyWorld, findings: Findings): void {
  const { mode = 'static', ips = {} } = spec ?? {};
  if (mode !== 'static') return;
  if (Object.keys(ips).length === 0)
    findings.required('spec.ips', 'an address with prefix length for each node, such as {"node1":"192.168.1.11/24"}');
  const holders = new Map<string, string>();
  for (const key of neighbours.keys('HostNetworkConfig', 'all', ''))
    if (key !== metadata.name)
      for (const [node, text] of Object.entries(neighbours.get('HostNetworkConfig', key)?.spec?.ips ?? {})) {
        const ip = attempt(() => formatIp(parseInterface(text).ip));
        if (ip !== undefined) holders.set(ip, `${node} (HostNetworkConfig ${key})`);
      }
  for (const [node, text] of Object.entries(ips)) {
    const path = `spec.ips[${node}]`;
    const parsed = findings.parsed(path, text, () => parseInterface(text));
    if (!parsed) continue;
    const special = specialPurpose(parsed.cidr);
    const { first, last } = usableBounds(parsed.cidr);
    const address = formatIp(parsed.ip);
    if (special) findings.invalid(path, text, `overlaps ${special}: a node cannot have it`);
    else if (parsed.ip.value < first || parsed.ip.value > last)
      findings.invalid(path, text, `is the network or broadcast address of ${formatCidr(parsed.cidr)}: choose another`);
    const holder = holders.get(address);
    if (holder === undefined) holders.set(address, node);
    else findings.duplicate(path, text, `is the address of ${holder}`);
  }
}

/** One address per node, cluster network and VLAN; one default for tunnels per node. */
function checkOthers({ metadata, spec }: HostNetworkConfig, neighbours: ReadonlyWorld, findings: Findings): void {
  for (const key of neighbours.keys('HostNetworkConfig', 'all', '')) {
    const other = neighbours.get('HostNetworkConfig', key)?.spec;
    if (key === metadata.name || !other) continue;
    const bothCarry = spec?.underlay === true && other.underlay === true;
    const isSame = other.clusterNetwork === spec?.clusterNetwork && (other.vlanID ?? 0) === (spec?.vlanID ?? 0);
    if (!bothCarry && !isSame) continue;
    const node = neighbours.keys('Node', 'all', '').find((name) => {
      const labels = neighbours.get('Node', name)?.metadata.labels ?? {};
      return isSelected(spec?.nodeSelector ?? {}, labels) && isSelected(other.nodeSelector ?? {}, labels);
    });
    if (node === undefined) continue;
    if (isSame)
      findings.invalid(
        'spec.vlanID',
        spec?.vlanID ?? 0,
        `HostNetworkConfig ${key} gives node ${node} an address on ${other.clusterNetwork} with this VLAN: change that one, or choose other nodes`,
      );
    else
      findings.invalid(
        'spec.underlay',
        true,
        `tunnels of node ${node} run over HostNetworkConfig ${key} (${other.clusterNetwork}) by default: set spec.underlay of that one to false first`,
      );
  }
}

function warnOfUplinks({ spec }: HostNetworkConfig, neighbours: ReadonlyWorld, findings: Findings): void {
  const name = spec?.clusterNetwork ?? '';
  if (name === MANAGEMENT_NETWORK || neighbours.keys('VlanConfig', 'clusterNetwork', name).length > 0) return;
  findings.warn(
    'spec.clusterNetwork',
    `no VlanConfig gives ${name} uplinks yet: nodes get the address when there is one`,
  );
}
