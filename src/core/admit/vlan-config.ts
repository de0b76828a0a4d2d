/** What a VlanConfig must be to be let in: NICs that a node gives to one cluster network only. The rules are Harvester's. */
import { MANAGEMENT_NETWORK } from '../../kinds/cluster-network.ts';
import type { VlanConfig } from '../../kinds/vlan-config.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { isDeviceName } from '../underlay/device-name.ts';
import { hasLabels } from '../underlay/node-selection.ts';
import { checkClusterNetwork } from './cluster-network.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

/** bytes; Harvester's limits */
const MTU = { least: 576, most: 9000 } as const;

export function admitVlanConfig({ object, neighbours }: Review<VlanConfig>): Verdict<VlanConfig> {
  const findings = new Findings();
  const { clusterNetwork = '' } = object.spec ?? {};
  if (clusterNetwork === MANAGEMENT_NETWORK)
    findings.forbidden(
      'spec.clusterNetwork',
      `${MANAGEMENT_NETWORK} is made by the cluster itself: choose another one`,
    );
  else checkClusterNetwork(clusterNetwork, neighbours, findings);
  checkNics(object, findings);
  checkMtu(object, neighbours, findings);
  checkOthers(object, neighbours, findings);
  return { object, warnings: findings.warnings, errors: findings.errors };
}

function checkNics({ spec }: VlanConfig, findings: Findings): void {
  const nics = spec?.uplink?.nics ?? [];
  if (nics.length === 0) findings.required('spec.uplink.nics', 'the NICs that the cluster network has on these nodes');
  for (const [index, nic] of nics.entries()) {
    const path = `spec.uplink.nics[${index}]`;
    if (!isDeviceName(nic))
      findings.invalid(path, nic, 'is no name of a NIC: at most 15 letters, digits, dots, dashes and underscores');
    else if (nics.indexOf(nic) !== index) findings.duplicate(path, nic, 'is there already');
  }
}

function checkMtu({ metadata, spec }: VlanConfig, neighbours: ReadonlyWorld, findings: Findings): void {
  const mtu = spec?.uplink?.linkAttributes?.mtu ?? 0;
  const path = 'spec.uplink.linkAttributes.mtu';
  if (mtu !== 0 && (mtu < MTU.least || mtu > MTU.most))
    findings.invalid(path, mtu, `must be 0 (as the NIC has it), or from ${MTU.least} to ${MTU.most}`);
  for (const key of neighbours.keys('VlanConfig', 'clusterNetwork', spec?.clusterNetwork ?? '')) {
    const other = neighbours.get('VlanConfig', key)?.spec?.uplink?.linkAttributes?.mtu ?? 0;
    if (key === metadata.name || other === mtu) continue;
    findings.warn(
      path,
      `VlanConfig ${key} of the same cluster network has ${other}, and this one ${mtu}: guests get what the smaller one leaves; change both`,
    );
    return;
  }
}

/** One VlanConfig per node and cluster network; one cluster network per NIC. */
function checkOthers({ metadata, spec }: VlanConfig, neighbours: ReadonlyWorld, findings: Findings): void {
  const nics = spec?.uplink?.nics ?? [];
  for (const key of neighbours.keys('VlanConfig', 'all', '')) {
    if (key === metadata.name) continue;
    const other = neighbours.get('VlanConfig', key)?.spec;
    const isSame = other?.clusterNetwork === spec?.clusterNetwork;
    const shared = nics.findIndex((nic) => other?.uplink?.nics?.includes(nic));
    if (!isSame && shared < 0) continue;
    const node = neighbours.keys('Node', 'all', '').find((name) => {
      const labels = neighbours.get('Node', name)?.metadata.labels ?? {};
      return hasLabels(spec?.nodeSelector, labels) && hasLabels(other?.nodeSelector, labels);
    });
    if (node === undefined) continue;
    if (isSame)
      findings.invalid(
        'spec.nodeSelector',
        spec?.nodeSelector ?? {},
        `chooses node ${node}, which VlanConfig ${key} gives uplinks of ${spec?.clusterNetwork} already: choose other nodes, or change that one`,
      );
    else
      findings.invalid(
        `spec.uplink.nics[${shared}]`,
        nics[shared],
        `is an uplink of cluster network ${other?.clusterNetwork} on node ${node} (VlanConfig ${key}): choose another NIC`,
      );
  }
}
