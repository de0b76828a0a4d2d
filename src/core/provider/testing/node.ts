/** A node that does what plans say, as kernel and switch would: a line, or a transaction, at a time, so that it can be cut off after any. */
import { withoutMapping } from '../mappings.ts';
import type { Step } from '../plan.ts';
import { addressKey, type Bridge, type Device, type NodeState, type Route } from '../state.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const family = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4);

export class SimulatedNode {
  readonly devices = new Map<string, Mutable<Device>>();
  routes: Route[] = [];
  readonly bridges = new Map<string, Mutable<Bridge>>();
  bridgeMappings = '';
  macMappings = '';
  #index = 10;

  nic(name: string, changes: Partial<Device> = {}): void {
    this.devices.set(name, {
      name,
      index: this.#index++,
      mac: `02:00:00:00:00:${String(this.#index)}`,
      mtu: 1500,
      up: true,
      carrier: true,
      kind: '',
      answers: 'yes',
      addresses: [],
      ...changes,
    });
    for (const address of changes.addresses ?? []) this.#connect(address, name);
  }

  state(): NodeState {
    const { devices, routes, bridges, bridgeMappings, macMappings } = this;
    return { devices: new Map(devices), routes: [...routes], bridges: new Map(bridges), bridgeMappings, macMappings };
  }

  /** The parts of a step, each of which happens as a whole or not at all. */
  parts(step: Step): readonly (() => void)[] {
    return step.do === 'ip' ? step.lines.map((line) => () => this.#line(line)) : [() => this.#apply(step)];
  }

  /** The switch dies and comes back: with a userspace datapath its devices are new ones. */
  restartSwitch(): void {
    for (const name of this.bridges.keys()) {
      this.#removeDevice(name);
      this.#bridgeDevice(name, undefined);
    }
  }

  /** what an administrator would look at: addresses and routes by device, and the mappings */
  shown(): unknown {
    return {
      devices: [...this.devices.values()].map(({ name, addresses, answers, mtu }) => [
        name,
        mtu,
        answers,
        ...addresses.toSorted(),
      ]),
      routes: this.routes.map(({ family: version, device, text }) => `${version} ${device} ${text}`).toSorted(),
      mappings: [this.bridgeMappings, this.macMappings],
      bridges: [...this.bridges.keys()],
    };
  }

  #apply(step: Exclude<Step, { readonly do: 'ip' }>): void {
    switch (step.do) {
      case 'make-bridge': {
        const { bridge: name, provider, uplink, saved, mac } = step;
        this.bridges.set(name, { name, ports: new Map(), provider, uplink, saved });
        return this.#bridgeDevice(name, mac);
      }
      case 'add-port': {
        const bridge = this.bridges.get(step.bridge)!;
        bridge.ports = new Map([...bridge.ports, [step.port, step.interfaces]]);
        return;
      }
      case 'save':
        this.bridges.get(step.bridge)!.saved = step.saved;
        return;
      case 'map':
        this.bridgeMappings = step.bridgeMappings;
        this.macMappings = step.macMappings;
        return;
      case 'remove-bridge':
        this.bridges.delete(step.bridge);
        this.#removeDevice(step.bridge);
        this.bridgeMappings = withoutMapping(this.bridgeMappings, step.provider);
        this.macMappings = withoutMapping(this.macMappings, step.provider);
        return;
      case 'answers': {
        const device = this.#device(step.device);
        device.answers = step.answers ? 'yes' : 'no';
        if (step.answers) return;
        device.addresses = device.addresses.filter((address) => family(address) === 4);
        this.routes = this.routes.filter((route) => route.device !== step.device || route.family === 4);
      }
    }
  }

  #line(line: string): void {
    const words = line.split(' ');
    const after = (word: string) => words[words.indexOf(word) + 1]!;
    if (line.startsWith('link set') && words[3] === 'up') this.#device(words[2]!).up = true;
    else if (line.startsWith('link set') && words[3] === 'mtu') this.#device(words[2]!).mtu = Number(words[4]);
    else if (line.startsWith('link set') && words[3] === 'master') this.#device(words[2]!).master = words[4];
    else if (line.startsWith('link add'))
      for (const name of [words[2]!, after('name')]) this.nic(name, { kind: 'veth', up: false });
    else if (line.startsWith('link del'))
      for (const name of ['s', 'b'].map((end) => end + words[2]!.slice(1))) this.#removeDevice(name);
    else if (line.startsWith('addr replace')) this.#addAddress(line.slice('addr replace '.length), after('dev'));
    else if (line.startsWith('addr del')) this.#removeAddress(words[2]!, after('dev'));
    else if (line.startsWith('route replace')) this.#replaceRoute(line, after('dev'));
    else throw new Error(`what is ${line}?`);
  }

  #addAddress(rest: string, name: string): void {
    const device = this.#device(name);
    const address = rest.slice(0, rest.indexOf(' dev '));
    if (device.addresses.some((own) => addressKey(own) === addressKey(address))) return;
    device.addresses = [...device.addresses, address];
    this.#connect(address, name);
  }

  #connect(address: string, device: string): void {
    const key = addressKey(address);
    this.routes.push({
      family: family(address),
      device,
      text: `net-of-${key} dev % proto kernel src ${key.split('/')[0]}`,
    });
  }

  #removeAddress(key: string, name: string): void {
    const device = this.#device(name);
    if (!device.addresses.some((address) => addressKey(address) === key)) throw new Error(`${name} has no ${key}`);
    device.addresses = device.addresses.filter((address) => addressKey(address) !== key);
    const left = device.addresses.filter((address) => family(address) === family(key)).length;
    const source = `src ${key.split('/')[0]}`;
    this.routes = this.routes.filter(
      (route) => route.device !== name || route.family !== family(key) || (left > 0 && !route.text.endsWith(source)),
    );
  }

  /** takes the place of the same route over another device */
  #replaceRoute(line: string, name: string): void {
    const version = family(line.split(' ')[2]!);
    if (!this.#device(name).up) throw new Error(`${name} is down`);
    const text = line.slice('route replace '.length).replaceAll(`dev ${name}`, 'dev %');
    if (this.routes.some((route) => route.device === name && route.text === text && route.family === version))
      throw new Error('File exists');
    const has = this.#device(name).addresses.some((address) => family(address) === version);
    if (/ via /.test(text) && !has) throw new Error(`the next hop of ${text} is not in reach`);
    this.routes = [
      ...this.routes.filter((route) => route.text !== text || route.family !== version),
      { family: version, device: name, text },
    ];
  }

  #device(name: string): Mutable<Device> {
    const device = this.devices.get(name);
    if (!device) throw new Error(`there is no ${name}`);
    return device;
  }

  #bridgeDevice(name: string, mac: string | undefined): void {
    this.nic(name, { kind: 'tun', up: false, ...(mac === undefined ? {} : { mac }) });
  }

  #removeDevice(name: string): void {
    this.devices.delete(name);
    this.routes = this.routes.filter(({ device }) => device !== name);
  }
}
