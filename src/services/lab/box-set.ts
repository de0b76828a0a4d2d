/** The boxes of one lab: made together, filled with what their processes need, remembered by their pause processes. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { isRunning, type ProcessId, signalProcess } from '../../lib/proc/process-id.ts';
import { type Boxes, COMPILE_CACHE, inBox, type Mount, NODE_IN_BOX, startBox } from './box.ts';
import { emptyDatabases } from './databases.ts';
import { processesOfLab } from './lab-processes.ts';
import { connectBoxes } from './network.ts';
import { type LabState, writeJson } from './options.ts';
import type { LabPaths } from './paths.ts';
import { API_PORT, KUBECONFIG } from './process-table.ts';
import { CENTRAL, FABRIC, managementAddresses } from './topology.ts';

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
    if (box !== FABRIC) await this.#fill(box, `/proc/${pause.pid}/root`);
  }

  #mounts(box: string): readonly Mount[] {
    const { paths, repository } = this.#options;
    const source: Mount = { source: repository, target: repository, writable: false };
    const data: Mount = { source: paths.directory, target: '/var/lib/weft', writable: true };
    const cache: Mount = { source: `${paths.home}/compile-cache`, target: COMPILE_CACHE, writable: true };
    return box === CENTRAL ? [source, cache, data] : [source, cache];
  }

  async #fill(box: string, root: string): Promise<void> {
    const [empty, credentials] = await Promise.all([this.#databases, this.#options.credentials]);
    const copy = (file: string, folder: string) => copyFile(`${empty}/${file}`, `${root}${folder}/${file}`);
    const [address] = managementAddresses(CENTRAL, this.#options.state.options.ip);
    const server = `https://${address!.includes(':') ? `[${address}]` : address}:${API_PORT}`;
    await Promise.all([
      writeFile(root + KUBECONFIG, credentials.kubeconfig(server), { mode: 0o600 }),
      ...(box === CENTRAL
        ? [copy('ovnnb_db.db', '/var/lib/ovn'), copy('ovnsb_db.db', '/var/lib/ovn')]
        : [copy('conf.db', '/var/lib/openvswitch'), this.#installCni(root)]),
    ]);
  }

  /** The container runtime looks for an executable named like the type of the network. */
  async #installCni(root: string): Promise<void> {
    const program = `${this.#options.repository}/src/cni/kube-ovn.ts`.replaceAll("'", `'\\''`);
    const text = `#!/bin/sh\nexec ${NODE_IN_BOX} --disable-warning=ExperimentalWarning '${program}'\n`;
    await writeFile(`${root}/opt/cni/bin/kube-ovn`, text, { mode: 0o755 });
  }
}
