/** Generated Vips, load balancers and labels, with what interfaces say of them: few names, so that they meet. */
import fc from 'fast-check';
import type { SwitchLbRule } from '../../../kinds/switch-lb-rule.ts';
import type { Vip } from '../../../kinds/vip.ts';
import type { Change } from '../world.ts';

/** what an interface may use beside its own addresses */
export const portVips = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  {},
  { 'ovn.kubernetes.io/aaps': 'v1' },
  { 'ovn.kubernetes.io/aaps': 'v1, v2,nowhere' },
  { 'ovn.kubernetes.io/port_vips': '10.0.0.40,fd00:1::40,10.0.0.41' },
  { 'ovn.kubernetes.io/vip': 'v2' },
);

const vipName = fc.constantFrom('v1', 'v2', 'n1', 'vm1.ns', 'v1.v6');
const ruleName = fc.constantFrom('lb1', 'lb2');
const owners = fc.constantFrom('Pod/ns/vm1', 'Pod/ns/vm2', 'VirtualMachine/ns/vm1', 'VirtualMachine/ns/vm3');

const vip = (created: fc.Arbitrary<string>, subnetName: fc.Arbitrary<string>) =>
  fc
    .record({
      name: vipName,
      created,
      subnet: subnetName,
      namespace: fc.constantFrom('ns', 'ns', '', 'other'),
      type: fc.constantFrom('', '', '', 'switch_lb_vip', 'kube_host_vm_vip', 'nonsense'),
      selector: fc.constantFrom<readonly string[]>([], ['app:web'], ['nonsense']),
      given: fc.constantFrom(
        {},
        { v4ip: '10.0.0.30', macAddress: '02:00:00:00:01:30' },
        { v4ip: '10.2.0.30', v6ip: 'fd00:2::30', macAddress: '00:00:5e:00:01:07' },
        { v6ip: 'fd00:1::30', macAddress: '02:00:00:00:01:31' },
      ),
    })
    .map(
      ({ name, created: at, subnet, namespace, type, selector, given }): Vip => ({
        apiVersion: 'kubeovn.io/v1',
        kind: 'Vip',
        metadata: { name, creationTimestamp: at },
        spec: { subnet, namespace, type, selector, ...given },
      }),
    );

const rule = (created: fc.Arbitrary<string>) =>
  fc
    .record({
      name: ruleName,
      created,
      vip: fc.constantFrom('10.0.0.30', '10.0.0.3', '192.0.2.80', 'fd00:1::30', 'nonsense'),
      selector: fc.constantFrom<readonly string[]>([], ['app:web'], ['app:web', 'tier:front'], ['nonsense']),
      endpoints: fc.constantFrom<readonly string[]>([], [], ['10.0.0.2', '10.0.0.99', 'fd00:1::5', 'nonsense']),
      ports: fc.subarray([
        { port: 80, protocol: 'TCP' },
        { port: 80, targetPort: 8080, protocol: 'udp' },
        { port: 443, protocol: 'SCTP' },
        { port: 81, protocol: 'nonsense' },
      ]),
      sessionAffinity: fc.constantFrom('', 'ClientIP'),
      annotations: fc.constantFrom<Readonly<Record<string, string>>>(
        {},
        { 'ovn.kubernetes.io/logical_router': 'a' },
        { 'ovn.kubernetes.io/service_health_check': 'false' },
      ),
    })
    .map(
      ({ name, created: at, annotations, ...spec }): SwitchLbRule => ({
        apiVersion: 'kubeovn.io/v1',
        kind: 'SwitchLBRule',
        metadata: { name, creationTimestamp: at, annotations },
        spec: { ...spec, namespace: 'ns' } as NonNullable<SwitchLbRule['spec']>,
      }),
    );

const workload = fc
  .record({
    key: owners,
    labels: fc.constantFrom<readonly Readonly<Record<string, string>>[]>(
      [{}],
      [{ app: 'web' }],
      [{ app: 'web', tier: 'front' }],
      [],
    ),
    runs: fc.boolean(),
  })
  .map(
    ({ key, labels: [labels], runs }): Change => ({
      kind: 'Workload',
      key,
      object: labels && { namespace: 'ns', labels, runs },
    }),
  );

export function vipChanges(created: fc.Arbitrary<string>, subnetName: fc.Arbitrary<string>) {
  return [
    {
      weight: 4,
      arbitrary: vip(created, subnetName).map((object): Change => ({ kind: 'Vip', key: object.metadata.name, object })),
    },
    { weight: 1, arbitrary: vipName.map((key): Change => ({ kind: 'Vip', key, object: undefined })) },
    {
      weight: 4,
      arbitrary: rule(created).map((object): Change => ({ kind: 'SwitchLBRule', key: object.metadata.name, object })),
    },
    { weight: 1, arbitrary: ruleName.map((key): Change => ({ kind: 'SwitchLBRule', key, object: undefined })) },
    { weight: 3, arbitrary: workload },
  ];
}
