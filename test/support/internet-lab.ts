/** A lab with the outside: who reaches whom through translation, and with which address. */
import { expect } from 'vitest';
import { eventually } from './control-plane.ts';
import { machineOn, network } from './objects.ts';
import { TestLab } from './test-lab.ts';
import { ASK, TELL } from './vip-guests.ts';

/** seconds */
const SOON = 20;

/** boxes of the lab; every other name is a machine of namespace `default` */
const BOXES = ['internet', 'tor', 'phys1', 'central'];

/** arguments: port; sends back what it gets, with the address of who sent it */
const UDP_TELL = `
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(('', int(sys.argv[1])))
while True:
    data, peer = s.recvfrom(100)
    s.sendto(data + b' ' + peer[0].removeprefix('::ffff:').encode(), peer)
`;

/** arguments: address, port */
const UDP_ASK = `
import socket, sys
s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
try:
    s.sendto(b'udp', (sys.argv[1], int(sys.argv[2])))
    print(s.recvfrom(100)[0].decode())
except OSError as error:
    print('nobody', type(error).__name__)
`;

/** arguments: name, port; as TELL does on port 80 */
const tellOn = (port: number) => TELL.replace("('::', 80)", `('::', ${port})`);
const askOn = (port: number) => ASK.replace('(sys.argv[1], 80)', `(sys.argv[1], ${port})`);

export class InternetLab {
  readonly lab: TestLab;
  readonly #ends = new Map<string, () => Promise<void>>();

  private constructor(lab: TestLab) {
    this.lab = lab;
  }

  static async make(prefix: string, ...options: readonly string[]): Promise<InternetLab> {
    const lab = await TestLab.make(prefix);
    await lab.up(...options);
    const at = new InternetLab(lab);
    await at.tells('internet');
    await at.tells('phys1');
    return at;
  }

  /** machines by name: network and node */
  async machines(all: Readonly<Record<string, readonly [network: string, node: string]>>): Promise<void> {
    for (const name of new Set(Object.values(all).map(([net]) => net))) await this.lab.declare(network(name, name));
    await this.lab.declare(...Object.entries(all).map(([name, [net, node]]) => machineOn(name, net, node)));
    for (const name of Object.keys(all)) await this.lab.running(`default/${name}`);
    for (const name of Object.keys(all)) this.#ends.set(name, await this.tells(name));
  }

  run(where: string, ...command: readonly string[]) {
    return BOXES.includes(where) || where.startsWith('node')
      ? this.lab.exec(where, ...command)
      : this.lab.guest(`default/${where}`, ...command);
  }

  /** Answers everybody with its name and the address that it saw. @returns what ends it */
  async tells(where: string, port = 80): Promise<() => Promise<void>> {
    const start = 'python3 -c "$0" "$1" >/dev/null 2>&1 </dev/null & echo $!';
    const { stdout } = await this.run(where, 'sh', '-c', start, tellOn(port), where);
    return async () => void (await this.run(where, 'kill', stdout.trim()));
  }

  /** a machine tells nobody any more on port 80 */
  async fallsSilent(name: string): Promise<void> {
    await this.#ends.get(name)?.();
  }

  async tellsUdp(where: string, port: number): Promise<void> {
    await this.run(where, 'sh', '-c', 'python3 -c "$0" "$1" >/dev/null 2>&1 </dev/null &', UDP_TELL, `${port}`);
  }

  /** who answers at an address, and the source address that it saw, e.g. `internet 172.20.100.20` */
  async ask(from: string, address: string, port = 80): Promise<string> {
    return (await this.run(from, 'python3', '-c', askOn(port), address, '1')).stdout.trim();
  }

  async askUdp(from: string, address: string, port: number): Promise<string> {
    return (await this.run(from, 'python3', '-c', UDP_ASK, address, `${port}`)).stdout.trim();
  }

  /** What is declared takes some milliseconds to be in force. */
  async answers(from: string, address: string, answer: string | RegExp, port = 80): Promise<void> {
    await eventually(async () => expect(await this.ask(from, address, port)).toMatch(answer), SOON);
  }

  async silent(from: string, address: string, port = 80): Promise<void> {
    expect(await this.ask(from, address, port)).toMatch(/^nobody/);
  }

  async pings(from: string, address: string): Promise<boolean> {
    return (await this.run(from, 'ping', '-c', '1', '-W', '1', address)).code === 0;
  }

  async field(kind: string, name: string, path: string): Promise<string> {
    return (await this.lab.kubectl('get', kind, name, '-o', `jsonpath=${path}`)).stdout;
  }

  /** the Ready condition, `status reason: message` */
  async says(kind: string, name: string, text: RegExp): Promise<void> {
    const ready = (field: string) => `{.status.conditions[?(@.type=="Ready")].${field}}`;
    const path = `${ready('status')} ${ready('reason')}: ${ready('message')}`;
    await eventually(async () => expect(await this.field(kind, name, path)).toMatch(text), SOON);
  }

  async declare(
    kind: string,
    name: string,
    spec: object,
    annotations?: Readonly<Record<string, string>>,
  ): Promise<void> {
    const metadata = { name, ...(annotations ? { annotations } : {}) };
    await this.lab.declare({ apiVersion: 'kubeovn.io/v1', kind, metadata, spec });
  }

  /** an OvnEip, and its addresses when it has them */
  async eip(name: string, spec: object = {}): Promise<{ readonly v4: string; readonly v6: string }> {
    await this.declare('OvnEip', name, spec);
    return this.addressesOf(name);
  }

  /** of an OvnEip that waits for its users */
  async addressesOfLeaving(eip: string): Promise<{ readonly v4: string }> {
    return { v4: await this.field('oeip', eip, '{.spec.v4Ip}') };
  }

  async addressesOf(eip: string): Promise<{ readonly v4: string; readonly v6: string }> {
    const text = await eventually(async () => {
      const found = await this.field('oeip', eip, '{.status.v4Ip} {.status.v6Ip} {.status.ready}');
      expect(found).toMatch(/true$/);
      return found;
    }, SOON);
    const [v4 = '', v6 = ''] = text.split(' ');
    return { v4, v6 };
  }
}
