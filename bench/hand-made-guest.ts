/**
 * The reference of QEMU migrations: a guest of the same image on a switch of its own, made and moved by hand with `ovn-nbctl`, `ovs-vsctl` and QMP
 * in the same lab. Its tap is on the integration bridge itself; Weft does not know of it.
 */
import { randomUUID } from 'node:crypto';
import { AgentHub } from '../src/services/virt/qemu/agent-hub.ts';
import { nicDevices, qemuCommand } from '../src/services/virt/qemu/command-line.ts';
import { findMachine } from '../src/services/virt/qemu/find-machine.ts';
import { GuestCommand } from '../src/services/virt/qemu/guest-command.ts';
import { HubClient } from '../src/services/virt/qemu/hub-client.ts';
import { listen, sendTo, untilArrived } from '../src/services/virt/qemu/migration.ts';
import { Qmp } from '../src/services/virt/qemu/qmp.ts';
import { setupText } from '../src/services/virt/qemu/setup-text.ts';
import type { WeftHome } from '../test/support/weft.ts';
import { SERVE, startTraffic, type Traffic } from './guest-traffic.ts';

const [GUEST, PROBE] = ['10.77.0.2', '10.77.0.3'];
const [GUEST_MAC, PROBE_MAC] = ['02:00:00:77:00:02', '02:00:00:77:00:03'];
const NIC = { index: 0, device: 'eth0', podDevice: '', mac: GUEST_MAC, mtu: 1442, routes: [], dhcp: false };
const DIRECTORY = '/run/hand';
const PROBE_NODE = 'node3';
/** management addresses of the nodes that it moves between */
const NODES = { node1: '172.30.0.11', node2: '172.30.0.12' } as const;
type Node = keyof typeof NODES;

export class HandMadeGuest {
  readonly #home: WeftHome;
  readonly #lab: string;
  #qmp: Qmp | undefined;
  #node: Node = 'node1';
  /** of the QEMU that was started last */
  #id = '';

  constructor(home: WeftHome, lab: string) {
    this.#home = home;
    this.#lab = lab;
  }

  async start(): Promise<void> {
    await this.#nbctl('ls-add', 'hand');
    for (const [name, mac, ip] of [
      ['hand-guest', GUEST_MAC, GUEST],
      ['hand-probe', PROBE_MAC, PROBE],
    ] as const)
      await this.#nbctl('lsp-add', 'hand', name, '--', 'lsp-set-addresses', name, `${mac} ${ip}`);
    await this.#sh(
      PROBE_NODE,
      `ip netns add hand; ip link add hand-probe type veth peer name eth0 netns hand address ${PROBE_MAC};
       ip -n hand addr add ${PROBE}/24 dev eth0; ip -n hand link set eth0 up; ip link set hand-probe up;
       ovs-vsctl add-port br-int hand-probe -- set interface hand-probe external-ids:iface-id=hand-probe`,
    );
    await this.#nbctl('--wait=hv', 'lsp-set-options', 'hand-guest', 'requested-chassis=node1');
    this.#qmp = await this.#launch('node1', false);
    await this.#qmp.execute('cont');
    await this.#probe(['ping', '-c', '1', '-w', '60', GUEST]);
    await this.#serve();
  }

  /** Moves it to the other node. */
  async move(): Promise<Traffic> {
    const from = this.#node;
    const to = from === 'node1' ? 'node2' : 'node1';
    const target = await this.#launch(to, true);
    const address = await listen(target, NODES[to]);
    const both = `requested-chassis=${from},${to}`;
    await this.#nbctl('--wait=hv', 'lsp-set-options', 'hand-guest', both, 'activation-strategy=rarp');
    const { seen } = await startTraffic(GUEST, (...command) => this.#probe(command));
    const arrived = untilArrived(target);
    await sendTo(this.#qmp!, address);
    await arrived;
    await this.#nbctl('--wait=hv', 'lsp-set-options', 'hand-guest', `requested-chassis=${to}`);
    await this.#qmp!.execute('quit');
    this.#qmp!.close();
    [this.#qmp, this.#node] = [target, to];
    return seen;
  }

  async stop(): Promise<void> {
    await this.#qmp?.execute('quit');
    this.#qmp?.close();
  }

  /** Nobody but us speaks with its agent, and nobody does while it moves. */
  async #serve(): Promise<void> {
    const directories = findMachine(this.#id).map(({ directory }) => directory);
    const hub = new AgentHub(directories[0]!);
    const nothing = async () => undefined;
    try {
      const command = new GuestCommand({
        connect: () => HubClient.connect(directories),
        command: ['sh', '-c', SERVE],
        streams: { stdout: nothing, stderr: nothing },
      });
      const code = await command.run();
      if (code !== 0) throw new Error(`the guest made by hand does not serve: ${code}`);
    } finally {
      hub.stop();
    }
  }

  async #launch(node: Node, incoming: boolean): Promise<Qmp> {
    const text = setupText({
      hostname: 'hand',
      machineId: '0'.repeat(32),
      nics: [{ ...NIC, addresses: [`${GUEST}/24`] }],
    });
    await this.#sh(
      node,
      `mkdir -p ${DIRECTORY}; head -c 65536 /dev/zero >${DIRECTORY}/setup; cat | dd of=${DIRECTORY}/setup conv=notrunc`,
      text,
    );
    const image = (await this.#sh(node, 'ls -d /var/cache/weft/guests/*/golden')).trim().replace(/\/golden$/, '');
    const kernel = (await this.#sh(node, 'ls /opt/kernel/boot/vmlinuz-*')).trim();
    const id = randomUUID();
    this.#id = id;
    const files = { kernel, initramfs: `${image}/initramfs`, disk: `${image}/disk`, log: '/var/log/hand.log' };
    await this.#in(node, qemuCommand({ ...files, id, directory: DIRECTORY, generation: randomUUID(), incoming }));
    const [found] = findMachine(id);
    const qmp = await Qmp.connect({ path: `${found!.directory}/qmp` });
    const { netdev, device } = nicDevices(NIC, 'hand-guest');
    await qmp.execute('netdev_add', netdev as Record<string, unknown>);
    await this.#sh(
      node,
      `ip link set hand-guest up; ovs-vsctl --if-exists del-port hand-guest;
       ovs-vsctl add-port br-int hand-guest -- set interface hand-guest external-ids:iface-id=hand-guest`,
    );
    await qmp.execute('device_add', device as Record<string, unknown>);
    return qmp;
  }

  #probe(command: readonly string[]): Promise<string> {
    return this.#in(PROBE_NODE, ['ip', 'netns', 'exec', 'hand', ...command]);
  }

  #nbctl(...words: readonly string[]): Promise<string> {
    return this.#in('central', ['ovn-nbctl', ...words]);
  }

  #sh(box: string, script: string, input = ''): Promise<string> {
    return this.#in(box, ['sh', '-c', script], input);
  }

  async #in(box: string, command: readonly string[], input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.#home.weft(
      ['lab', 'exec', '--name', this.#lab, box, '--', ...command],
      {
        input,
      },
    );
    // what the probe does not hear is measured, and no failure
    if (code !== 0 && !command.includes('netns')) throw new Error(`${command.join(' ')} in ${box}: ${stderr}`);
    return stdout;
  }
}
