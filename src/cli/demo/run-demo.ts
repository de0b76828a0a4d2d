/** The demo from beginning to end: lab up, manifests, machines, checks, table. The lab stays. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { virtualMachineInstanceKind, type VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import { readKubeconfig } from '../../lib/kube/kubeconfig.ts';
import { parseEncaps, tunnelMtu } from '../../core/ovn/encap.ts';
import { readState } from '../../services/lab/options.ts';
import { startLab } from '../lab/start-lab.ts';
import { print, table } from '../terminal/output.ts';
import { runInGuest } from '../vm/run-in-guest.ts';
import { readManifests } from '../manifest/read-manifests.ts';
import { apply } from './apply.ts';
import { type Check, CHECKS } from './checks.ts';
import type { DemoFlags } from './demo.ts';
import { probe, type Result } from './probe.ts';

const EXAMPLES = new URL('../../../examples/', import.meta.url);

/** in the order in which somebody would apply them by hand */
const MANIFESTS = [
  'demo/1-namespaces.yaml',
  'proposal/story-2-vpc.yaml',
  'proposal/story-2-subnet.yaml',
  'demo/2-networks.yaml',
  'demo/3-attachments.yaml',
  'proposal/story-6-vpc-external.yaml',
  'proposal/story-6-subnet-external.yaml',
  'proposal/story-3-nad.yaml',
  'proposal/story-3-vm.yaml',
  'demo/4-machines.yaml',
] as const;

/** seconds for all machines to run */
const PATIENCE = 60;
/** checks at a time */
const AT_ONCE = 6;

export interface DemoResult {
  readonly ok: boolean;
  readonly checks: readonly Result[];
}

export async function runDemo({ name: asked, encap, engine, output }: DemoFlags): Promise<DemoResult> {
  const name = asked ?? (process.env['WEFT_LAB'] || 'lab');
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const paths = await startLab(name, { ...(encap && { encap }), ...(engine && { engine }) });
  const client = new KubeClient(readKubeconfig(paths.kubeconfig), { userAgent: 'weft-demo' });
  try {
    say('apply the manifests of examples/proposal and examples/demo');
    for (const file of MANIFESTS) {
      const text = await readFile(new URL(file, EXAMPLES), 'utf8');
      for (const object of readManifests(text, `examples/${file}`)) await apply(client, object);
    }
    const guests = new Set(CHECKS.flatMap(({ from, to }) => [from, to]));
    say(`wait for ${guests.size} machines`);
    const addresses = await waitForGuests(client, guests);
    say(`make ${CHECKS.length} checks with real packets`);
    const state = await readState(paths);
    const mtu = tunnelMtu(parseEncaps(state?.options.encap ?? 'geneve'), 1500, state?.options.ip === '6');
    const make = (check: Check) =>
      probe(check, addressOf(addresses, check), (guest, command) => runInGuest(paths, guest, command));
    const fitted = CHECKS.map((check) => fitting(check, mtu));
    // what must not pass is tried when everything else does: silence right after a start would prove nothing
    const reaching = await inParallel(
      fitted.filter((check) => check.expect === 'reach'),
      make,
    );
    const blocked = await inParallel(
      fitted.filter((check) => check.expect === 'blocked'),
      make,
    );
    const checks = [...reaching, ...blocked];
    const result = { ok: checks.every(({ ok }) => ok), checks };
    await print(result, output, () => summary(result, name));
    return result;
  } finally {
    await client.close();
  }
}

/** the largest packet depends on the encapsulation */
function fitting(check: Check, mtu: number): Check {
  return 'bytes' in check.probe ? { ...check, probe: { what: `ping ${mtu} bytes`, bytes: mtu } } : check;
}

type Addresses = ReadonlyMap<string, readonly string[]>;

async function waitForGuests(client: KubeClient, guests: ReadonlySet<string>): Promise<Addresses> {
  const addresses = new Map<string, readonly string[]>();
  const end = Date.now() + PATIENCE * 1000;
  let waiting = [...guests];
  for (;;) {
    for (const guest of waiting) {
      const found = await addressesOf(client, guest);
      if (found) addresses.set(guest, found);
    }
    waiting = waiting.filter((guest) => !addresses.has(guest));
    if (waiting.length === 0) return addresses;
    if (Date.now() > end)
      throw new Error(
        `${waiting.join(', ')} did not start within ${PATIENCE} s: \`kubectl -n NAMESPACE describe vmi,pods\` says why`,
      );
    await sleep(50);
  }
}

async function addressesOf(client: KubeClient, guest: string): Promise<readonly string[] | undefined> {
  const [namespace = '', name = ''] = guest.split('/');
  try {
    const { status } = await client.get<VirtualMachineInstance>(virtualMachineInstanceKind, namespace, name);
    const [face] = status?.interfaces ?? [];
    return status?.phase === 'Running' ? face?.ipAddresses : undefined;
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

function addressOf(addresses: Addresses, { to, family }: Check): string {
  const found = addresses.get(to)?.find((address) => address.includes(':') === (family === 6));
  if (found === undefined)
    throw new Error(`${to} has no IPv${family} address: it has ${addresses.get(to)?.join(', ') ?? 'none'}`);
  return found;
}

/** results in the order of the items */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const worker = async () => {
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

function summary({ ok, checks }: DemoResult, name: string): string {
  const rows = checks.map((check) => [
    check.from,
    `${check.to} (${check.address})`,
    check.what,
    check.expect,
    check.got,
    check.ok ? 'ok' : 'WRONG',
    check.why,
  ]);
  const wrong = checks.filter((check) => !check.ok).length;
  const next = [
    `eval "$(./weft lab env --name ${name})"`,
    'kubectl get vpc,subnet,ips,vm,vmi -A',
    './weft vm list',
    './weft vm exec -n demo web-1 -- ping -c 3 10.1.0.2',
    './weft lab exec node1 -- ovs-vsctl show',
    `./weft lab down --name ${name}`,
  ];
  return [
    table([['FROM', 'TO', 'WHAT', 'EXPECTED', 'GOT', 'VERDICT', 'WHY'], ...rows]),
    '',
    ok
      ? `all ${checks.length} checks are as they should be`
      : `${wrong} of ${checks.length} checks are not as they should be`,
    '',
    'The lab is running. Try:',
    ...next.map((command) => `  ${command}`),
  ].join('\n');
}
