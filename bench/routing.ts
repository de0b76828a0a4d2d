/**
 * Routing and separation in a large installation: VPCs and subnets applied at once, one edit at a time beside 10,000 interfaces, a restart.
 * API server, observer and edits by hand share the bench's process; the controller is a process of its own. No OVN behind the database.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Subnet } from '../src/kinds/subnet.ts';
import type { Vpc } from '../src/kinds/vpc.ts';
import { ControlPlane } from '../test/support/control-plane.ts';
import { ControllerProcess } from '../test/support/controller-process.ts';
import { network, R, subnet, vpc } from '../test/support/objects.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';
import { closeSubnets, editKinds, makeHand, measureEdits } from './routing-edits.ts';
import { RoutingObserver } from './routing-observer.ts';
import { atOnce, countersOf, quiet, total, writesOf } from './under-load.ts';

const INTERFACES = 10_000;

interface Shape {
  /** in the names of results */
  readonly label: string;
  readonly vpcs: number;
  /** of each VPC */
  readonly subnets: number;
}

const SHAPES: readonly Shape[] = [
  { label: '', vpcs: 100, subnets: 10 },
  { label: ' one VPC', vpcs: 1, subnets: 1000 },
];

export async function benchRouting(environment: BenchEnvironment): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const { label, vpcs, subnets } of SHAPES) {
    const small = environment.quick ? { label, vpcs: Math.min(vpcs, 5), subnets: vpcs === 1 ? 50 : 10 } : undefined;
    results.push(...(await benchShape(small ?? { label, vpcs, subnets }, environment)));
  }
  return results;
}

async function benchShape(shape: Shape, { engineRoot, quick, log }: BenchEnvironment): Promise<BenchResult[]> {
  const { label, vpcs, subnets } = shape;
  await using plane = await ControlPlane.start(engineRoot);
  await using observer = await RoutingObserver.start(plane.northbound.remote);
  let controller = await ControllerProcess.start(plane);
  try {
    log(`routing${label}: ${vpcs} VPCs with ${subnets} subnets each, applied at once`);
    const results = await apply(shape, plane, observer, controller, log);

    const interfaces = quick ? 200 : INTERFACES;
    log(`routing${label}: ${interfaces} interfaces`);
    const names = subnetNames(shape);
    await atOnce(names, (name) => plane.client.create(R.attachments, network(name, name)));
    await atOnce(
      Array.from({ length: interfaces }, (_, index) => index),
      (index) => plane.launch(`vm${index}`, names[index % names.length]!, `node${(index % 3) + 1}`),
    );
    await quiet(controller);

    const count = quick ? 5 : 100;
    const targets = {
      vpc: (index: number) => `vpc${index % vpcs}`,
      subnet: (index: number) => names[index % names.length]!,
      nextHop: (index: number) => address((index % vpcs) * subnets, 9),
    };
    await closeSubnets(plane.client, targets, count);
    await quiet(controller);
    for (const kind of editKinds(plane.client, targets, await makeHand(observer))) {
      log(`routing${label}: ${count} times one ${kind.name} more`);
      results.push(...(await measureEdits(label, kind, count, observer, () => countersOf(controller))));
    }
    await quiet(controller);

    log(`routing${label}: restart with everything in place`);
    await controller.stop();
    const started = performance.now();
    controller = await ControllerProcess.start(plane);
    const [seconds, cpu] = [(performance.now() - started) / 1000, controller.cpu];
    await quiet(controller);
    results.push(
      plain(`routing${label} restart`, seconds, 's'),
      plain(`routing${label} restart cpu`, cpu, 's'),
      plain(`routing${label} restart transactions`, (await countersOf(controller)).transactions, 'transactions'),
      plain(`routing${label} restart writes`, total(await writesOf(controller)), 'API writes'),
    );
    return results;
  } finally {
    if (controller.child.exitCode === null) await controller.stop();
  }
}

/** From the first create to the last row, and what the controller sent and wrote for it. */
async function apply(
  { label, vpcs, subnets }: Shape,
  { client }: ControlPlane,
  observer: RoutingObserver,
  controller: ControllerProcess,
  log: (text: string) => void,
): Promise<BenchResult[]> {
  // as in a file: each VPC, and then its subnets
  const objects = Array.from({ length: vpcs }, (_, index) => [
    () => client.create(R.vpcs, vpc(`vpc${index}`)),
    ...Array.from(
      { length: subnets },
      (__, part) => () =>
        client.create(
          R.subnets,
          subnet(`net${index}-${part}`, `vpc${index}`, `${address(index * subnets + part, 0)}/24`),
        ),
    ),
  ]).flat();
  const started = performance.now();
  await atOnce(objects, (create) => create());
  const accepted = (performance.now() - started) / 1000;
  while (
    observer.count('Logical_Router') < vpcs ||
    observer.count('Logical_Switch') < vpcs * subnets ||
    observer.count('Logical_Router_Port') < vpcs * subnets
  )
    await sleep(5);
  const committed = (observer.lastPart - started) / 1000;
  await quiet(controller);
  await allReady(client);
  const writes = await writesOf(controller);
  log([...writes].map(([what, count]) => `  ${what}: ${count}`).join('\n'));
  return [
    {
      name: `routing${label} apply`,
      value: committed,
      unit: 's',
      reference: accepted,
      referenceName: 'until the API server had accepted the last object',
      ratio: accepted / committed,
    },
    plain(`routing${label} apply transactions`, (await countersOf(controller)).transactions, 'transactions'),
    plain(`routing${label} apply writes`, total(writes) / objects.length, 'API writes per object'),
  ];
}

/** @throws Error when a status does not say that its object is in force, or does not list all subnets */
async function allReady(client: ControlPlane['client']): Promise<void> {
  const isReady = ({ status }: Vpc | Subnet) =>
    status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
  const [vpcs, subnets] = [await client.list<Vpc>(R.vpcs), await client.list<Subnet>(R.subnets)];
  const behind = [...vpcs.items, ...subnets.items].filter((object) => !isReady(object));
  const listed = vpcs.items.reduce((sum, { status }) => sum + (status?.subnets?.length ?? 0), 0);
  if (behind.length > 0 || listed !== subnets.items.length)
    throw new Error(`${behind.length} objects are not Ready, ${listed} of ${subnets.items.length} subnets are listed`);
}

function subnetNames({ vpcs, subnets }: Shape): readonly string[] {
  return Array.from({ length: vpcs * subnets }, (_, index) => `net${Math.floor(index / subnets)}-${index % subnets}`);
}

/** @param number of the subnet, below 65,536 */
function address(number: number, host: number): string {
  return `10.${number >> 8}.${number & 255}.${host}`;
}

function plain(name: string, value: number, unit: string): BenchResult {
  return { name, value, unit, reference: 0, referenceName: 'reported', ratio: 1 };
}
