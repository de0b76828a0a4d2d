/** Kinds that are only kept and shown: service accounts, services, endpoints, leases. */
import { isObject } from '../../../lib/schema/structural-schema.ts';
import { at, listAt, plainText, textAt, type KubeObject } from '../model/objects.ts';
import { builtIn, textColumn } from './define.ts';

export const serviceAccounts = builtIn({
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  namespaced: true,
  columns: [textColumn('Secrets')],
  cells: (account) => [listAt(account, 'secrets').length],
});

function ports(service: KubeObject): string {
  const texts = listAt(service, 'spec', 'ports').map((port) => {
    const nodePort = at(port, 'nodePort');
    return `${plainText(at(port, 'port'))}${nodePort === undefined ? '' : `:${plainText(nodePort)}`}/${textAt(port, 'protocol') || 'TCP'}`;
  });
  return texts.join(',') || '<none>';
}

export const services = builtIn({
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  status: true,
  columns: [textColumn('Type'), textColumn('Cluster-IP'), textColumn('External-IP'), textColumn('Port(s)')],
  cells: (service) => [
    textAt(service, 'spec', 'type'),
    textAt(service, 'spec', 'clusterIP') || '<none>',
    listAt(service, 'spec', 'externalIPs').map(plainText).join(',') || '<none>',
    ports(service),
  ],
  wideColumns: [textColumn('Selector', { wide: true })],
  wideCells: (service) => {
    const selector = at(service, 'spec', 'selector');
    const pairs = isObject(selector)
      ? Object.entries(selector).map(([key, value]) => `${key}=${plainText(value)}`)
      : [];
    return [pairs.join(',') || '<none>'];
  },
  strategy: {
    nameRule: 'label',
    prepareForCreate(service) {
      service.spec = { type: 'ClusterIP', sessionAffinity: 'None', ...(isObject(service.spec) ? service.spec : {}) };
      service.status = { loadBalancer: {} };
    },
    fields: (service) => ({
      'spec.clusterIP': textAt(service, 'spec', 'clusterIP'),
      'spec.type': textAt(service, 'spec', 'type'),
    }),
  },
});

export const endpoints = builtIn({
  kind: 'Endpoints',
  plural: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  columns: [textColumn('Endpoints')],
  cells: (object) => {
    const addresses = listAt(object, 'subsets').flatMap((subset) =>
      listAt(subset, 'addresses').flatMap((address) => {
        const numbers = listAt(subset, 'ports').map((port) => plainText(at(port, 'port')));
        const ip = textAt(address, 'ip');
        return numbers.length > 0 ? numbers.map((port) => `${ip}:${port}`) : [ip];
      }),
    );
    return [
      addresses.slice(0, 3).join(',') + (addresses.length > 3 ? ` + ${addresses.length - 3} more...` : '') || '<none>',
    ];
  },
});

export const leases = builtIn({
  group: 'coordination.k8s.io',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  columns: [textColumn('Holder')],
  cells: (lease) => [textAt(lease, 'spec', 'holderIdentity')],
});
