/** Two machines that share an address by keepalived: whoever has it is reached from its subnet, from another one, and from outside by a floating IP. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InternetLab } from '../support/internet-lab.ts';
import { endKeepalived, keepalived } from '../support/keepalived.ts';
import { machineOn, network, subnet, vpc } from '../support/objects.ts';

const SHARED = '10.1.1.150';

let at: InternetLab;
/** address outside */
let floating = '';

const sharing = (name: string, node: string) => {
  const made = machineOn(name, 'red-a', node);
  const annotations = { ...made.metadata.annotations, 'ovn.kubernetes.io/aaps': 'front' };
  return { ...made, metadata: { ...made.metadata, annotations } };
};

beforeAll(async () => {
  at = await InternetLab.make('ka');
  await at.lab.declare(
    vpc('red', { enableExternal: true }),
    subnet('red-a', 'red', '10.1.1.0/24'),
    subnet('red-b', 'red', '10.1.2.0/24'),
    network('red-a', 'red-a'),
    sharing('first', 'node1'),
    sharing('second', 'node2'),
  );
  await at.declare('Vip', 'front', { subnet: 'red-a', namespace: 'default', v4ip: SHARED });
  await at.machines({ near: ['red-a', 'node3'], far: ['red-b', 'node3'] });
  for (const name of ['first', 'second']) {
    await at.lab.running(`default/${name}`);
    await at.tells(name);
  }
  floating = (await at.eip('front')).v4;
  await at.declare('OvnFip', 'front', { ovnEip: 'front', ipType: 'vip', ipName: 'front' });
  await keepalived(at, 'first', 120, [`${SHARED}/32`]);
  await keepalived(at, 'second', 100, [`${SHARED}/32`]);
}, 120_000);

afterAll(() => at?.lab.remove());

async function isWith(machine: string): Promise<void> {
  for (const [from, address] of [
    ['near', SHARED],
    ['far', SHARED],
    ['internet', floating],
  ] as const)
    await at.answers(from, address, new RegExp(`^${machine} `));
}

test('the first has it', async () => {
  await isWith('first');
});

test('it hands it over, everywhere, and takes it back', async () => {
  await endKeepalived(at, 'first');
  await isWith('second');
  await keepalived(at, 'first', 120, [`${SHARED}/32`]);
  await isWith('first');
  expect(await at.field('vip', 'front', '{.status.conditions[?(@.type=="Ready")].status}')).toBe('True');
});

test('it dies with its node: the other one has it, everywhere', async () => {
  await at.lab.ok('lab', 'node', 'kill', 'node1');
  await isWith('second');
});
