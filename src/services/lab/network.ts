/** Makes the namespaces and wires of boxes, with as few `ip` processes as there are namespaces. */
import { run } from '../../lib/proc/run.ts';
import { namespaceOf } from './lab-name.ts';
import { boxLines, FABRIC, fabricLines, fabricPort, type Families, namespaceLines } from './topology.ts';

/** Makes boxes (the fabric first, if it is among them), their wires and addresses. */
export async function connectBoxes(lab: string, boxes: readonly string[], families: Families): Promise<void> {
  await batch([], namespaceLines(lab, boxes, families));
  const inside = boxes.filter((box) => box !== FABRIC);
  await Promise.all([
    batch(['-n', namespaceOf(lab, FABRIC)], fabricLines(boxes, families, boxes.includes(FABRIC))),
    ...inside.map((box) => batch(['-n', namespaceOf(lab, box)], boxLines(box, families))),
  ]);
}

/** Cuts a wire at the fabric, so that the box sees its carrier go, or heals it. */
export async function setLink(lab: string, box: string, device: string, up: boolean): Promise<void> {
  await run(['ip', '-n', namespaceOf(lab, FABRIC), 'link', 'set', fabricPort({ box, device }), up ? 'up' : 'down']);
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
