/** Addresses that machines share and load balancers inside of a VPC, with packets. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { machine, network, subnet, vpc } from '../support/objects.ts';
import { TestLab } from '../support/test-lab.ts';
import { VipGuests } from '../support/vip-guests.ts';

const SHARED = ['10.1.1.150', 'fd00:1:1::150'] as const;
const BALANCED = ['10.1.1.100', 'fd00:1:1::100'] as const;

let lab: TestLab;
let guests: VipGuests;
/** machine b tells nobody any more */
let endB: () => Promise<void>;

/** machine -> network, the rest of its annotations, its labels */
const MACHINES = {
  a: ['web', { 'ovn.kubernetes.io/aaps': 'front' }, { app: 'web' }],
  b: ['web', { 'ovn.kubernetes.io/aaps': 'front' }, { app: 'web' }],
  thief: ['web', {}, {}],
  client: ['far', {}, {}],
  other: ['twin', {}, {}],
} as const;

const vip = (name: string, spec: object) => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'Vip',
  metadata: { name },
  spec: { subnet: 'web', namespace: 'default', ...spec },
});

const rule = (name: string, address: string, more: object = {}) => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'SwitchLBRule',
  metadata: { name },
  spec: {
    vip: address,
    namespace: 'default',
    selector: ['app:web'],
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    ...more,
  },
});

const address = (name: string) => lab.address(`default/${name}`);
const condition = async (kind: string, name: string, type: string) => {
  const path = `{.status.conditions[?(@.type=="${type}")].status} {.status.conditions[?(@.type=="${type}")].message}`;
  return (await lab.kubectl('get', kind, name, '-o', `jsonpath=${path}`)).stdout;
};
const says = (kind: string, name: string, type: string, text: RegExp) =>
  vi.waitFor(async () => expect(await condition(kind, name, type)).toMatch(text), { timeout: 15_000, interval: 200 });

beforeAll(async () => {
  lab = await TestLab.make('v');
  await lab.up();
  guests = new VipGuests(lab);
  await lab.declare(
    vpc('red', { namespaces: ['default'] }),
    vpc('blue', { namespaces: ['default'] }),
    subnet('web', 'red', '10.1.1.0/24,fd00:1:1::/64', { vips: ['10.1.1.170'] }),
    subnet('far', 'red', '10.1.2.0/24,fd00:1:2::/64'),
    subnet('twin', 'blue', '10.1.1.0/24,fd00:1:1::/64'),
    ...['web', 'far', 'twin'].map((name) => network(name, name)),
    vip('front', { v4ip: SHARED[0], v6ip: SHARED[1] }),
    vip('balanced', { type: 'switch_lb_vip', v4ip: BALANCED[0], v6ip: BALANCED[1] }),
    ...Object.entries(MACHINES).map(([name, [net, annotations, labels]]) => {
      const made = machine(name, net);
      return {
        ...made,
        metadata: { ...made.metadata, annotations: { ...made.metadata.annotations, ...annotations } },
        spec: { runStrategy: 'Always', template: { metadata: { labels }, spec: {} } },
      };
    }),
  );
  await Promise.all(Object.keys(MACHINES).map((name) => lab.running(`default/${name}`)));
  [, endB] = await Promise.all([guests.tells('a'), guests.tells('b'), guests.tells('thief')]);
}, 240_000);

afterAll(async () => {
  await lab?.remove();
});

test('a shared address is with whoever announces it, seen from its subnet and from another one, in both families', async () => {
  await says('vip', 'front', 'Ready', /^True 10\.1\.1\.150, fd00:1:1::150 is reserved$/);
  for (const holder of ['a', 'b', 'a']) {
    await guests.takesOver(holder, ...SHARED);
    for (const shared of SHARED)
      for (const from of ['client', 'thief']) await guests.isAnsweredBy(from, shared, [holder], 1);
    await guests.letsGo(holder, ...SHARED);
  }
});

test('a machine that does not list the address cannot have it, and the one that has it keeps it', async () => {
  await guests.takesOver('a', ...SHARED);
  for (const shared of SHARED) await guests.isAnsweredBy('client', shared, ['a'], 1);
  await guests.takesOver('thief', ...SHARED);
  for (const shared of SHARED) expect(await guests.names('client', shared, 5)).toEqual(['a']);
  await guests.letsGo('thief', ...SHARED);
});

test('another VPC does not reach it', async () => {
  for (const shared of SHARED) expect(await guests.names('other', shared, 1)).toEqual(['nobody']);
});

test('who has the address is agreed by VRRP also where rules drop everything else', async () => {
  const drop = { direction: 'to-lport', priority: 1, match: 'ip', action: 'drop' } as const;
  const net = (more: object) => subnet('web', 'red', '10.1.1.0/24,fd00:1:1::/64', { vips: ['10.1.1.170'], ...more });
  await lab.declare(net({ private: true, acls: [drop, { ...drop, direction: 'from-lport' }] }));
  await guests.isAnsweredBy('thief', await address('b'), ['nobody'], 1);
  const own = [await address('b'), await address('a')] as const;
  expect(await guests.hearsVrrp('b', 'a', own, SHARED[0])).toBe(own[1]);
  await lab.kubectl('patch', 'subnet', 'web', '--type=merge', '-p', '{"spec":{"private":false,"acls":[]}}');
  await guests.isAnsweredBy('thief', own[0], ['b'], 1);
});

test('a load balancer: all machines with the labels answer, in the subnet, beyond it, and to themselves; not to another VPC', async () => {
  // else it would speak to itself from the shared address
  await guests.letsGo('a', ...SHARED);
  await lab.declare(rule('four', BALANCED[0]), rule('six', BALANCED[1]));
  for (const name of ['four', 'six']) {
    await says('slr', name, 'Ready', /^True in force/);
    await says('slr', name, 'Healthy', /^True all 2 answer/);
  }
  for (const balanced of BALANCED)
    for (const from of ['client', 'thief', 'a']) await guests.isAnsweredBy(from, balanced, ['a', 'b']);
  // a machine that reaches itself sees the virtual address, everybody else's is kept
  expect(await guests.answers('client', BALANCED[0], 1)).toEqual([
    expect.stringMatching(new RegExp(`^[ab] ${await address('client')}$`)),
  ]);
  expect((await guests.answers('a', BALANCED[0], 12)).filter((line) => line.startsWith('a '))).toContain(
    `a ${BALANCED[0]}`,
  );
  for (const balanced of BALANCED) expect(await guests.names('other', balanced, 1)).toEqual(['nobody']);
  expect((await lab.kubectl('get', 'slr', 'four', '-o', 'jsonpath={.status.ports}')).stdout).toBe('80/TCP');
});

test('a machine that stops to answer is taken out, which the status says, and comes back', async () => {
  await endB();
  await guests.isAnsweredBy('client', BALANCED[0], ['a']);
  await says('slr', 'four', 'Healthy', /^False 10\.1\.1\.\d+:80\/TCP \(b\.default\.web\.default\.ovn\): no answer/);
  endB = await guests.tells('b');
  await guests.isAnsweredBy('client', BALANCED[0], ['a', 'b']);
  await says('slr', 'four', 'Healthy', /^True/);
});

test('ClientIP sends a client to one machine', async () => {
  await lab.declare(rule('four', BALANCED[0], { sessionAffinity: 'ClientIP' }));
  await vi.waitFor(async () => expect(await guests.names('client', BALANCED[0], 12)).toHaveLength(1), {
    timeout: 10_000,
    interval: 300,
  });
  const chosen = await guests.names('client', BALANCED[0], 1);
  expect(await guests.names('client', BALANCED[0], 20)).toEqual(chosen);
});

test('rows that somebody deletes come back', async () => {
  await lab.nbctl('lsp-del', 'front');
  await lab.nbctl('lb-del', 'slr-four/tcp');
  await vi.waitFor(
    async () => {
      expect(await lab.nbctl('get', 'Logical_Switch_Port', 'front', 'options:virtual-ip')).toContain(SHARED[0]);
      expect(await lab.nbctl('--bare', '--columns=name', 'find', 'Load_Balancer', 'name="slr-four/tcp"')).toContain(
        'slr-four/tcp',
      );
    },
    { timeout: 10_000, interval: 200 },
  );
  await vi.waitFor(async () => expect(await guests.names('client', BALANCED[0], 3)).not.toContain('nobody'), {
    timeout: 10_000,
    interval: 200,
  });
});

test('a machine has the address of a Vip for its own; in use it does not go', async () => {
  await lab.declare(vip('own', { namespace: '', v4ip: '10.1.1.60' }));
  await says('vip', 'own', 'Ready', /^True/);
  const made = machine('taker', 'web');
  await lab.declare({
    ...made,
    metadata: { ...made.metadata, annotations: { ...made.metadata.annotations, 'ovn.kubernetes.io/vip': 'own' } },
    spec: { runStrategy: 'Always' },
  });
  expect(await lab.running('default/taker')).toBe('10.1.1.60');
  await lab.reaches('default/client', '10.1.1.60');
  const refused = await lab.kubectl('delete', 'vip', 'own');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/Vip own is in use by interface taker/)]);
  await lab.kubectl('delete', 'vm', 'taker');
  await vi.waitFor(async () => expect((await lab.kubectl('delete', 'vip', 'own')).code).toBe(0), {
    timeout: 15_000,
    interval: 300,
  });
});

test('subnets can name addresses that machines take over', async () => {
  const { metadata } = machine('a', 'web');
  const annotations = { ...metadata.annotations, ...MACHINES.a[1], 'ovn.kubernetes.io/port_vips': '10.1.1.170' };
  await lab.declare({
    ...machine('a', 'web'),
    metadata: { ...metadata, annotations },
    spec: { runStrategy: 'Always', template: { metadata: { labels: MACHINES.a[2] }, spec: {} } },
  });
  await vi.waitFor(
    async () =>
      expect(await lab.nbctl('get', 'Logical_Switch_Port', 'web-vip-10.1.1.170', 'options:virtual-parents')).toContain(
        'a.default.web.default.ovn',
      ),
    { timeout: 10_000, interval: 200 },
  );
  await guests.takesOver('a', '10.1.1.170');
  await guests.isAnsweredBy('client', '10.1.1.170', ['a'], 1);
});
