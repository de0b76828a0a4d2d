/** What guests do with addresses that they share: announce them, tell who they are, ask who answers. */
import { expect, vi } from 'vitest';
import type { TestLab } from './test-lab.ts';

/** gratuitous ARP as request and as answer (RFC 5227), unsolicited neighbour advertisement (RFC 4861, 7.2.6); arguments: device, addresses */
const ANNOUNCE = `
import socket, struct, sys
device, *addresses = sys.argv[1:]
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((device, 0))
mac = wire.getsockname()[4]
for text in addresses:
    if ':' in text:
        ip = socket.inet_pton(socket.AF_INET6, text)
        group = socket.inet_pton(socket.AF_INET6, 'ff02::1')
        body = struct.pack('!BBHI16sBB6s', 136, 0, 0, 0x20000000, ip, 2, 1, mac)
        pseudo = ip + group + struct.pack('!I3xB', len(body), 58) + body
        total = sum(struct.unpack('!%dH' % (len(pseudo) // 2), pseudo))
        while total >> 16:
            total = (total & 0xffff) + (total >> 16)
        body = body[:2] + struct.pack('!H', ~total & 0xffff) + body[4:]
        header = struct.pack('!IHBB', 0x60000000, len(body), 58, 255) + ip + group
        wire.send(b'\\x33\\x33\\0\\0\\0\\1' + mac + b'\\x86\\xdd' + header + body)
    else:
        ip = socket.inet_aton(text)
        for operation in (1, 2):
            arp = struct.pack('!HHBBH6s4s6s4s', 1, 0x800, 6, 4, operation, mac, ip, b'\\xff' * 6, ip)
            wire.send(b'\\xff' * 6 + mac + b'\\x08\\x06' + arp)
`;

/** arguments: name; tells it and the address of who asks, to everybody on port 80 */
export const TELL = `
import socket, sys
server = socket.socket(socket.AF_INET6)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(('::', 80))
server.listen(64)
while True:
    peer, address = server.accept()
    try:
        peer.sendall((sys.argv[1] + ' ' + address[0].removeprefix('::ffff:')).encode())
    except OSError:
        pass
    peer.close()
`;

/** arguments: address, how often; one line for each answer */
export const ASK = `
import socket, sys
for _ in range(int(sys.argv[2])):
    try:
        with socket.create_connection((sys.argv[1], 80), 2) as peer:
            print(peer.recv(100).decode())
    except OSError as error:
        print('nobody', type(error).__name__)
`;

/** waits for one VRRP advertisement; prints who sent it */
const HEAR_VRRP = `
import socket, struct, sys
heard = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
own = socket.inet_aton(sys.argv[1])
heard.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton('224.0.0.18') + own)
heard.settimeout(10)
try:
    while True:
        _, (sender, _) = heard.recvfrom(200)
        if sender != sys.argv[1]:
            print(sender)
            break
except TimeoutError:
    print('nobody')
`;

/** VRRP version 3 advertisements, one every 100 ms for ten seconds; arguments: own address, shared address */
const SAY_VRRP = `
import socket, struct, sys, time
said = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
own, shared = map(socket.inet_aton, sys.argv[1:3])
said.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
said.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
for _ in range(100):
    said.sendto(struct.pack('!BBBBHH4s', 0x31, 7, 100, 1, 100, 0, shared), ('224.0.0.18', 0))
    time.sleep(0.1)
`;

export const DEVICE = 'eth0';

export class VipGuests {
  readonly #lab: TestLab;

  constructor(lab: TestLab) {
    this.#lab = lab;
  }

  /** the machine takes addresses over: it has them, and says so */
  async takesOver(name: string, ...addresses: readonly string[]): Promise<void> {
    for (const address of addresses) {
      const prefix = address.includes(':') ? [`${address}/128`, 'nodad'] : [`${address}/32`];
      expect((await this.#in(name, 'ip', 'addr', 'replace', ...prefix, 'dev', DEVICE)).code).toBe(0);
    }
    expect((await this.#in(name, 'python3', '-c', ANNOUNCE, DEVICE, ...addresses)).code).toBe(0);
  }

  async letsGo(name: string, ...addresses: readonly string[]): Promise<void> {
    for (const address of addresses)
      await this.#in(name, 'ip', 'addr', 'del', `${address}/${address.includes(':') ? 128 : 32}`, 'dev', DEVICE);
  }

  /** @returns what ends it */
  async tells(name: string): Promise<() => Promise<void>> {
    const start = 'python3 -c "$0" "$1" >/dev/null 2>&1 </dev/null & echo $!';
    const { stdout } = await this.#in(name, 'sh', '-c', start, TELL, name);
    return async () => void (await this.#in(name, 'kill', stdout.trim()));
  }

  /** who answers, and as whom they saw the asking one, e.g. `a 10.1.2.9` */
  async answers(from: string, address: string, times = 1): Promise<readonly string[]> {
    const { stdout } = await this.#in(from, 'python3', '-c', ASK, address, `${times}`);
    return stdout.trim().split('\n');
  }

  /** names of those who answer, each once, in order */
  async names(from: string, address: string, times: number): Promise<readonly string[]> {
    const answers = await this.answers(from, address, times);
    return [...new Set(answers.map((line) => line.split(' ')[0]!))].toSorted();
  }

  async isAnsweredBy(from: string, address: string, names: readonly string[], times = 12): Promise<void> {
    await vi.waitFor(async () => expect(await this.names(from, address, times)).toEqual(names), {
      timeout: 20_000,
      interval: 200,
    });
  }

  /** @returns address of the one of whom `listener` hears that it has the shared address */
  async hearsVrrp(listener: string, sender: string, own: readonly [string, string], shared: string): Promise<string> {
    const heard = this.#in(listener, 'python3', '-c', HEAR_VRRP, own[0]);
    const said = this.#in(sender, 'python3', '-c', SAY_VRRP, own[1], shared);
    const [{ stdout }] = await Promise.all([heard, said]);
    return stdout.trim();
  }

  #in(name: string, ...command: readonly string[]) {
    return this.#lab.guest(`default/${name}`, ...command);
  }
}
