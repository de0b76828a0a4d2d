/**
 * Any history of machines, pods, reservations and migrations, with controllers that are cut off in the middle: no address is ever with two
 * interfaces, an interface that lives on keeps what it has, and when all is deleted nothing is left.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IpObject } from '../../src/kinds/ip.ts';
import type { KubeObject } from '../../src/kinds/object.ts';
import type { Subnet } from '../../src/kinds/subnet.ts';
import type { VirtualMachine } from '../../src/kinds/virtual-machine.ts';
import type { KubeObjectLike } from '../../src/lib/kube/client.ts';
import { KubeError } from '../../src/lib/kube/error.ts';
import type { Resource } from '../../src/lib/kube/resource.ts';
import { ControlPlane, eventually, type RunningController } from '../support/control-plane.ts';
import { instance, launcher, network, pod, R, subnet, vpc } from '../support/objects.ts';

let plane: ControlPlane;
let running: RunningController;

beforeAll(async () => {
  plane = await ControlPlane.start(process.env['WEFT_ENGINE_ROOT']!);
  running = await plane.controller();
  await plane.client.create(R.vpcs, vpc('v') as KubeObjectLike);
  // few addresses: they run out, and are given again
  await plane.client.create(R.subnets, subnet('net', 'v', '10.0.0.0/28') as KubeObjectLike);
  await plane.client.create(R.attachments, network('blue', 'net') as KubeObjectLike);
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

const NAMES = ['a', 'b', 'c'] as const;
const HOSTS = ['10.0.0.5', '10.0.0.6'] as const;
type Name = (typeof NAMES)[number];

type Act =
  | { readonly act: 'machine'; readonly name: Name; readonly runs: boolean; readonly wish: string }
  | {
      readonly act: 'no machine' | 'start' | 'stop' | 'move' | 'settle' | 'pod' | 'no pod' | 'reserve' | 'no reserve';
      readonly name: Name;
    }
  | { readonly act: 'crash' };

const name = fc.constantFrom(...NAMES);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant('machine' as const),
      name,
      runs: fc.boolean(),
      wish: fc.constantFrom('', ...HOSTS),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constantFrom(
        'no machine',
        'start',
        'start',
        'stop',
        'move',
        'settle',
        'pod',
        'no pod',
        'reserve',
        'no reserve',
      ),
      name,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ act: 'crash' as const }) },
);

/** refusals are answers: a history may ask for what cannot be had */
async function tried(what: Promise<unknown>): Promise<void> {
  await what.catch((error: unknown) => {
    if (!(error instanceof KubeError)) throw error;
  });
}

const put = (resource: Resource, object: object) => tried(plane.client.create(resource, object as KubeObjectLike));
const drop = (resource: Resource, of: { readonly namespace?: string; readonly name: string }) =>
  tried(plane.client.delete(resource, of));

/** of the instance that owns the launchers; those of none are collected as garbage */
async function uidOf(machine: string): Promise<string> {
  const found = await plane.client.get<KubeObject>(R.vmis, 'default', machine).catch(() => undefined);
  return found?.metadata.uid ?? 'none';
}

async function perform(step: Act): Promise<void> {
  const namespace = 'default';
  switch (step.act) {
    case 'machine':
      return put(R.vms, {
        apiVersion: 'kubevirt.io/v1',
        kind: 'VirtualMachine',
        metadata: {
          name: step.name,
          namespace,
          annotations: {
            'k8s.v1.cni.cncf.io/networks': 'blue',
            ...(step.wish ? { 'ovn.kubernetes.io/ip_address': step.wish } : {}),
          },
        },
        spec: { runStrategy: step.runs ? 'Always' : 'Halted' },
      });
    case 'no machine':
      await drop(R.vms, { namespace, name: step.name });
      return perform({ act: 'stop', name: step.name });
    case 'start':
      await put(R.vmis, instance(step.name));
      return put(R.pods, launcher(step.name, await uidOf(step.name), 'blue', 'node1'));
    case 'stop':
      for (const suffix of ['', '-next'])
        await drop(R.pods, { namespace, name: `virt-launcher-${step.name}${suffix}` });
      return drop(R.vmis, { namespace, name: step.name });
    case 'move': {
      const target = launcher(step.name, await uidOf(step.name), 'blue', 'node2');
      return put(R.pods, {
        ...target,
        metadata: {
          ...target.metadata,
          name: `${target.metadata.name}-next`,
          labels: { 'kubevirt.io/migrationJobUID': 'job' },
        },
      });
    }
    case 'settle':
      return drop(R.pods, { namespace, name: `virt-launcher-${step.name}` });
    case 'pod':
      return put(R.pods, pod(`plain-${step.name}`, 'blue'));
    case 'no pod':
      return drop(R.pods, { namespace, name: `plain-${step.name}` });
    case 'reserve':
      return put(R.ips, {
        apiVersion: 'kubeovn.io/v1',
        kind: 'IP',
        metadata: { name: `reserved-${step.name}.default.blue.default.ovn` },
        spec: { subnet: 'net', namespace, podName: `reserved-${step.name}`, podType: '' },
      });
    case 'no reserve':
      return drop(R.ips, { name: `reserved-${step.name}.default.blue.default.ovn` });
    case 'crash': {
      // the old one goes on for as long as it takes the new one to take over, as a paused process would
      const next = plane.controller();
      await running.stop();
      running = await next;
    }
  }
}

const objects = async () => (await plane.client.list<IpObject>(R.ips)).items;

async function expectNoDoubles(): Promise<void> {
  const addresses = (await objects()).flatMap(({ spec }) => (spec?.v4IpAddress ? [spec.v4IpAddress] : []));
  expect(new Set(addresses).size).toBe(addresses.length);
  expect(addresses).not.toContain('10.0.0.1');
}

function asksForNothing({ metadata }: VirtualMachine): boolean {
  return metadata.annotations?.['ovn.kubernetes.io/ip_address'] === undefined;
}

async function cleared(): Promise<void> {
  for (const each of NAMES) {
    await perform({ act: 'no machine', name: each });
    await perform({ act: 'no pod', name: each });
    await perform({ act: 'no reserve', name: each });
  }
}

test('histories', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 30 }), async (history) => {
      const kept = new Map<string, string>();
      for (const step of history) {
        await perform(step);
        await expectNoDoubles();
        // a machine that asks for nothing keeps what it got, whatever becomes of its launchers
        if (
          'name' in step &&
          step.act !== 'start' &&
          step.act !== 'stop' &&
          step.act !== 'move' &&
          step.act !== 'settle'
        )
          kept.delete(`${step.name}.default.blue.default.ovn`);
        const settled = new Set(
          (await plane.client.list<VirtualMachine>(R.vms)).items
            .filter(asksForNothing)
            .map(({ metadata }) => metadata.name),
        );
        for (const { metadata, spec } of await objects()) {
          if (!settled.has(spec?.podName ?? '') || !spec?.v4IpAddress) continue;
          const before = kept.get(metadata.name) ?? spec.v4IpAddress;
          expect(spec.v4IpAddress, `${metadata.name} after ${JSON.stringify(step)}`).toBe(before);
          kept.set(metadata.name, before);
        }
      }
      await cleared();
      await eventually(async () => {
        expect(await objects()).toEqual([]);
        const { status } = await plane.client.get<Subnet>(R.subnets, undefined, 'net');
        expect([status?.v4usingIPs, status?.v4availableIPs]).toEqual([0, 13]);
        running.expectInSync();
      }, 20);
      expect(running.fatal).toEqual([]);
    }),
    { numRuns: 12, endOnFailure: true },
  );
}, 300_000);
