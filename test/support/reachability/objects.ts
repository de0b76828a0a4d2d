/** The objects that say what a world of the model is. */
import { machine as machineObject, network, subnet as subnetObject, vpc as vpcObject } from '../objects.ts';
import type { Condition, LinkModel, Machine, SubnetModel, WorldModel } from './model.ts';

/** text in OVN's match language */
function matchText({ family, source, destination, protocol }: Condition): string {
  const ip = `ip${family}`;
  return [
    ...(source === undefined ? [] : [`${ip}.src == ${source}`]),
    ...(destination === undefined ? [] : [`${ip}.dst == ${destination}`]),
    protocol === undefined ? ip : protocol === 'icmp' ? `icmp${family}` : `${ip} && ${protocol}`,
  ].join(' && ');
}

export function subnetOf({
  name,
  vpc,
  cidr,
  routeTable,
  private: isPrivate,
  allowSubnets,
  allowEWTraffic,
  acls,
}: SubnetModel) {
  return subnetObject(name, vpc, `${cidr[4]},${cidr[6]}`, {
    routeTable,
    private: isPrivate,
    allowSubnets: [...allowSubnets],
    allowEWTraffic,
    acls: acls.map(({ direction, priority, action, on }) => ({ direction, priority, action, match: matchText(on) })),
  });
}

export function vpcsOf({ vpcs, links }: WorldModel) {
  return vpcs.map(({ name, routes, policies }) =>
    vpcObject(name, {
      namespaces: ['default'],
      staticRoutes: routes.map(({ by, prefix, nextHop, table }) => ({
        cidr: prefix,
        nextHopIP: nextHop,
        policy: by === 'source' ? 'policySrc' : 'policyDst',
        ...(table === '' ? {} : { routeTable: table }),
      })),
      policyRoutes: policies.map(({ priority, on, action, nextHop }) => ({
        priority,
        match: matchText(on),
        action,
        ...(nextHop === undefined ? {} : { nextHopIP: nextHop }),
      })),
      vpcPeerings: links
        .filter(({ ends, shown }) => !shown && ends.some(({ vpc }) => vpc === name))
        .map(({ ends }) => {
          const own = ends.find(({ vpc }) => vpc === name)!.address;
          return {
            remoteVpc: ends.find(({ vpc }) => vpc !== name)!.vpc,
            localConnectIP: `${own[4]}/30,${own[6]}/126`,
          };
        }),
    }),
  );
}

/** name of the VpcPeering of a link */
export const peeringName = ({ ends }: LinkModel) => ends.map(({ vpc }) => vpc).join('-');

export function peeringsOf({ links }: WorldModel) {
  return links.flatMap((link) => {
    const [local, remote] = link.ends.map(({ vpc }) => vpc) as [string, string];
    if (!link.shown) return [];
    return [
      {
        apiVersion: 'network.harvesterhci.io/v1beta1',
        kind: 'VpcPeering',
        metadata: { name: peeringName(link), namespace: 'default' },
        spec: {
          localVpc: local,
          remoteVpc: remote,
          localSubnets: link.shown[local],
          remoteSubnets: link.shown[remote],
        },
      },
    ];
  });
}

export function networkOf({ name }: SubnetModel) {
  return network(name, name);
}

export function machineOf({ name, subnet, address, beyond }: Machine) {
  const { metadata, ...rest } = machineObject(name, subnet);
  const prefix = `${subnet}.default.ovn.kubernetes.io`;
  const annotations = {
    ...metadata.annotations,
    [`${prefix}/ip_address`]: `${address[4]},${address[6]}`,
    ...(beyond ? { [`${prefix}/port_security`]: 'false' } : {}),
  };
  return { ...rest, metadata: { ...metadata, annotations } };
}
