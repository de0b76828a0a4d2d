/** Makes the namespaces and wires of boxes, with as few `ip` processes as there are namespaces. */
import { run } from '../../lib/proc/run.ts';
import { namespaceOf } from './lab-name.ts';
import { boxLines, FABRIC, fabricLines, fabricPort, type Families, namespaceLines, TOR } from './topology.ts';

/** a router: forwards both families, whatever way the answer takes, and answers ARP for the address of the network alone that it is asked in */
const TOR_SETTINGS = [
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.all.arp_ignore=1',
];

/** Makes boxes (the fabric first, if it is among them), their wires and addresses. */
export async function connectBoxes(lab: string, boxes: readonly string[], families: Families): Promise<void> {
  await batch([], namespaceLines(lab, boxes, families));
  const inside = boxes.filter((box) => box !== FABRIC);
  await Promise.all([
    batch(['-n', namespaceOf(lab, FABRIC)], fabricLines(boxes, families, boxes.includes(FABRIC))),
    ...inside.map((box) => batch(['-n', namespaceOf(lab, box)], boxLines(box, families))),
    ...(boxes.includes(TOR)
      ? [run(['ip', 'netns', 'exec', namespaceOf(lab, TOR), 'sysctl', '-qw', ...TOR_SETTINGS])]
      : []),
  ]);
}

/** Cuts a wire at the fabric, so that the box sees its carrier go, or heals it. */
export async function setLink(lab: string, box: string, device: string, up: boolean): Promise<void> {
  await run(['ip', '-n', namespaceOf(lab, FABRIC), 'link', 'set', fabricPort({ box, device }), up ? 'up' : 'down']);
}

/** Takes the fabric's end of a wire off its bridge, or puts it on one: the carrier stays as it is. */
export async function setMaster(lab: string, port: string, bridge: string | undefined): Promise<void> {
  const master = bridge === undefined ? ['nomaster'] : ['master', bridge];
  await run(['ip', '-n', namespaceOf(lab, FABRIC), 'link', 'set', port, ...master]);
}

/** Ports of the fabric that are cut. */
export async function cutLinks(lab: string): Promise<readonly string[]> {
  const { stdout } = await run(['ip', '-j', '-n', namespaceOf(lab, FABRIC), 'link', 'show', 'type', 'veth']);
  const links = JSON.parse(stdout) as readonly { readonly ifname: string; readonly flags: readonly string[] }[];
  return links.filter(({ flags }) => !flags.includes('UP')).map(({ ifname }) => ifname);
}

async function batch(args: readonly string[], lines: readonly string[]): Promise<void> {
  await run(['ip', ...args, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
