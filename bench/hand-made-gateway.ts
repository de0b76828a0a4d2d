/**
 * The reference of gateways: a router with SNAT made by ovn-nbctl and by hand in the same lab, whose gateway the same node carries. OVN's own BFD and
 * announcements work for it; nobody watches its uplink. Its second guest address is not translated: tor knows the way back.
 */
import type { GatewayLab } from '../test/support/gateway-lab.ts';

const ADDRESS = '172.20.100.251';
const MAC = '02:00:00:00:09:01';
const PREFIX = '10.9.9';
/** addresses of the guest */
export const TRANSLATED = `${PREFIX}.2`;
export const PLAIN = `${PREFIX}.3`;
const NAMESPACE = 'hand';

export class HandMadeGateway {
  readonly #lab: GatewayLab;
  readonly #node: string;

  private constructor(lab: GatewayLab, node: string) {
    this.#lab = lab;
    this.#node = node;
  }

  /** @param node of its guest */
  static async make(lab: GatewayLab, node: string): Promise<HandMadeGateway> {
    const hand = new HandMadeGateway(lab, node);
    const [second = '', third = ''] = lab.others;
    const commands = [
      ['lr-add', 'hand'],
      ['ls-add', 'hand-in'],
      ['ls-add', 'hand-out'],
      ['lrp-add', 'hand', 'hand-port', '02:00:00:00:09:02', `${PREFIX}.1/24`],
      ['lsp-add', 'hand-in', 'in-router'],
      ['lsp-set-type', 'in-router', 'router'],
      ['lsp-set-addresses', 'in-router', 'router'],
      ['lsp-set-options', 'in-router', 'router-port=hand-port'],
      ['lsp-add', 'hand-in', 'hand-vm'],
      ['lsp-set-addresses', 'hand-vm', `02:00:00:00:09:03 ${TRANSLATED} ${PLAIN}`],
      ['lrp-add', 'hand', 'hand-ext', MAC, `${ADDRESS}/24`],
      ['lsp-add', 'hand-out', 'out-router'],
      ['lsp-set-type', 'out-router', 'router'],
      ['lsp-set-addresses', 'out-router', 'router'],
      ['lsp-set-options', 'out-router', 'router-port=hand-ext', 'nat-addresses=router'],
      ['lsp-add', 'hand-out', 'out-net', '', '100'],
      ['lsp-set-type', 'out-net', 'localnet'],
      ['lsp-set-addresses', 'out-net', 'unknown'],
      ['lsp-set-options', 'out-net', 'network_name=phys'],
      ['lrp-set-gateway-chassis', 'hand-ext', lab.gateway, '30'],
      ['lrp-set-gateway-chassis', 'hand-ext', second, '20'],
      ['lrp-set-gateway-chassis', 'hand-ext', third, '10'],
      ['lr-route-add', 'hand', '0.0.0.0/0', '172.20.100.1'],
      ['lr-nat-add', 'hand', 'snat', ADDRESS, TRANSLATED],
    ];
    // all of it at once
    await lab.at.lab.nbctl(...commands.flatMap((command) => ['--', ...command]).slice(1));
    await hand.#guest();
    await lab.at.run('tor', 'ip', 'route', 'replace', `${PREFIX}.0/24`, 'via', ADDRESS);
    return hand;
  }

  run(...command: readonly string[]) {
    return this.#lab.at.run(this.#node, 'ip', 'netns', 'exec', NAMESPACE, ...command);
  }

  async #guest(): Promise<void> {
    const { at } = this.#lab;
    const bridge = ['ovs-vsctl', 'add-port', 'br-int', 'hand0', '--', 'set', 'interface', 'hand0', 'type=internal'];
    await at.run(this.#node, ...bridge, 'external_ids:iface-id=hand-vm', 'mac="02:00:00:00:09:03"');
    await at.run(this.#node, 'ip', 'netns', 'add', NAMESPACE);
    await at.run(this.#node, 'ip', 'link', 'set', 'hand0', 'netns', NAMESPACE);
    await this.run('ip', 'link', 'set', 'hand0', 'address', '02:00:00:00:09:03', 'mtu', '1400', 'up');
    for (const address of [TRANSLATED, PLAIN]) await this.run('ip', 'addr', 'add', `${address}/24`, 'dev', 'hand0');
    await this.run('ip', 'route', 'add', 'default', 'via', `${PREFIX}.1`, 'src', TRANSLATED);
  }
}
