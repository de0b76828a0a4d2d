/** The boxes of one lab: made together, filled with what their processes need, remembered by their pause processes. */
import { chown, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { isRunning, type ProcessId, signalProcess } from '../../lib/proc/process-id.ts';
import { type Boxes, COMPILE_CACHE, inBox, type Mount, NODE_IN_BOX, startBox } from './box.ts';
import { emptyDatabases } from './databases.ts';
import { processesOfLab } from './lab-processes.ts';
import { connectBoxes } from './network.ts';
import { type LabState, writeJson } from './options.ts';
import type { LabPaths } from './paths.ts';
import { API_PORT, FRR_CONFIG, FRR_RUN, KUBECONFIG } from './process-table.ts';
import { torConfig } from './tor-config.ts';
import { CENTRAL, FABRIC, managementAddresses, nodeIndex, nodeName, TOR } from './topology.ts';

export interface Credentials {
  /** text of a kubeconfig for a server's URL */
  kubeconfig(server: string): string;
}

export interface BoxSetOptions {
  readonly paths: LabPaths;
  readonly state: LabState;
  /** root of Weft's source, and the Node.js program that runs it */
  readonly repository: string;
  readonly node: string;
  readonly tso: boolean;
  readonly credentials: Promise<Credentials>;
}

export class BoxSet {
  readonly #options: BoxSetOptions;
  readonly #databases: Promise<string>;
  #boxes: Record<string, ProcessId> = {};

  constructor(options: BoxSetOptions) {
    this.#options = options;
    this.#databases = emptyDatabases(options.paths.home, options.state.engineRoot, options.tso);
  }

  get all(): Boxes {
    return this.#boxes;
  }

  /** Makes boxes with their wires; the fabric must be among the first ones. */
  async add(names: readonly string[]): Promise<void> {
    await mkdir(`${this.#options.paths.home}/compile-cache`, { recursive: true });
    const { paths, state } = this.#options;
    await connectBoxes(paths.name, names, state.options.ip);
    await Promise.all(names.map((name) => this.#make(name)));
    await writeJson(paths.boxes, this.#boxes);
  }

  isAlive(box: string): boolean {
    const pause = this.#boxes[box];
    return pause !== undefined && isRunning(pause);
  }

  /** The command that runs another one inside. @throws LabError `not-running` */
  command(box: string, command: readonly string[]): readonly string[] {
    return inBox(this.#boxes, box, command);
  }

  /** Signals all that runs in a box and in guests of it, except the pause process. @returns how many there were */
  signalAll(box: string, signal: NodeJS.Signals): number {
    const pause = this.#boxes[box]?.pid;
    const found = processesOfLab(this.#options.paths.directory).filter((id) => id.box === box && id.pid !== pause);
    return found.filter((id) => signalProcess(id, signal)).length;
  }

  async #make(box: string): Promise<void> {
    const { paths, state, node } = this.#options;
    const pause = await startBox({ paths, box, engineRoot: state.engineRoot, node, mounts: this.#mounts(box) });
    this.#boxes[box] = pause;
    await this.#fill(box, `/proc/${pause.pid}/root`);
  }

  #mounts(box: string): readonly Mount[] {
    const { paths, repository } = this.#options;
    const source: Mount = { source: repository, target: repository, writable: false };
    const data: Mount = { source: paths.directory, target: '/var/lib/weft', writable: true };
    const cache: Mount = { source: `${paths.home}/compile-cache`, target: COMPILE_CACHE, writable: true };
    return box === CENTRAL ? [source, cache, data] : [source, cache];
  }

  async #fill(box: string, root: string): Promise<void> {
    if (box === TOR)
      await Promise.all([this.#fillRouter(root), this.writeTorConfig(this.#options.state.options.nodes)]);
    else if (box === FABRIC) await this.#copyDatabases(root, 'openvswitch', ['conf.db']);
    else if (box === CENTRAL || nodeIndex(box) !== undefined) await this.#fillMember(box, root);
  }

  /** a box that is part of the cluster */
  async #fillMember(box: string, root: string): Promise<void> {
    const credentials = await this.#options.credentials;
    const [address] = managementAddresses(CENTRAL, this.#options.state.options.ip);
    const server = `https://${address!.includes(':') ? `[${address}]` : address}:${API_PORT}`;
    await Promise.all([
      writeFile(root + KUBECONFIG, credentials.kubeconfig(server), { mode: 0o600 }),
      ...(box === CENTRAL
        ? [this.#copyDatabases(root, 'ovn', ['ovnnb_db.db', 'ovnsb_db.db'])]
        : [this.#copyDatabases(root, 'openvswitch', ['conf.db']), this.#installCni(root), this.#fillRouter(root)]),
    ]);
  }

  async #copyDatabases(root: string, of: 'ovn' | 'openvswitch', files: readonly string[]): Promise<void> {
    const empty = await this.#databases;
    await Promise.all(files.map((file) => copyFile(`${empty}/${file}`, `${root}/var/lib/${of}/${file}`)));
  }

  /** FRR's daemons are nobody special: they make their sockets there. */
  async #fillRouter(root: string): Promise<void> {
    const { uid, gid } = await userOf(root, 'frr');
    await mkdir(root + FRR_RUN, { recursive: true });
    await chown(root + FRR_RUN, uid, gid);
    // each daemon has a file of its own
    await writeFile(`${root}${FRR_CONFIG}/vtysh.conf`, 'no service integrated-vtysh-config\n');
  }

  /** What tor's daemons read when they start. */
  async writeTorConfig(count: number): Promise<void> {
    const nodes = Array.from({ length: count }, (_, index) => nodeName(index + 1));
    const folder = `/proc/${this.#boxes[TOR]!.pid}/root${FRR_CONFIG}`;
    const files = Object.entries(torConfig(nodes, this.#options.state.options.ip));
    await Promise.all(files.map(([daemon, text]) => writeFile(`${folder}/${daemon}.conf`, text)));
  }

  /** The container runtime looks for an executable named like the type of the network. */
  async #installCni(root: string): Promise<void> {
    const program = `${this.#options.repository}/src/cni/kube-ovn.ts`.replaceAll("'", `'\\''`);
    const text = `#!/bin/sh\nexec ${NODE_IN_BOX} --disable-warning=ExperimentalWarning '${program}'\n`;
    await writeFile(`${root}/opt/cni/bin/kube-ovn`, text, { mode: 0o755 });
  }
}

/** passwd(5) of a root directory */
async function userOf(root: string, name: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const line = (await readFile(`${root}/etc/passwd`, 'utf8')).split('\n').find((text) => text.startsWith(`${name}:`));
  if (line === undefined) throw new Error(`the engine has no user ${name}: its FRR is missing`);
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}
