/**
 * The process behind a lab: makes its boxes, starts and restarts its processes, answers the commands. It lives on the host,
 * outside of all boxes; when it dies, everything else goes on running, and `weft lab up` makes the lab anew from its state.
 */
import { KubeClient } from '../../lib/kube/client.ts';
import { readKubeconfig } from '../../lib/kube/kubeconfig.ts';
import { BoxSet, type Credentials } from './box-set.ts';
import { LabError } from './errors.ts';
import { type Cut, Fabric } from './fabric.ts';
import type { LoopbackSocket } from './loopback-socket.ts';
import { cutLinks } from './network.ts';
import { applyCluster, applyNode } from './cluster.ts';
import { type LabState, MAX_NODES, writeState } from './options.ts';
import { Observation } from './observation.ts';
import type { LabPaths } from './paths.ts';
import { ProcessSet } from './process-set.ts';
import { type Handover, nodeProcesses, type Plan, processTable, type ProcessSpec } from './process-table.ts';
import { type LabStatus, labStatus } from './status.ts';
import { Steps } from './steps.ts';
import { boxNames, CENTRAL, FABRIC, fabricPort, nodeIndex, nodeName, TOR, wiresOf } from './topology.ts';
import { until } from './until.ts';

export interface SupervisorOptions {
  readonly paths: LabPaths;
  readonly state: LabState;
  readonly repository: string;
  /** absolute path of the Node.js program */
  readonly node: string;
  /** the command of Weft inside a box */
  readonly weft: readonly string[];
  readonly tso: boolean;
  readonly crdDirectory: string;
  readonly credentials: Promise<Credentials>;
  readonly sockets: Readonly<Record<Handover, LoopbackSocket>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: (sentence: string) => void;
}

/** seconds */
const START_DEADLINE = 60;
/** milliseconds */
const STOP_GRACE = 5000;

export class Supervisor {
  readonly steps = new Steps();
  readonly #options: SupervisorOptions;
  readonly #boxes: BoxSet;
  readonly #processes: ProcessSet;
  readonly #fabric: Fabric;
  readonly #client: KubeClient;
  /** nodes that were stopped or killed on purpose -> by which command */
  readonly #downNodes = new Map<string, 'stop' | 'kill'>();
  #state: LabState;
  #observation: Observation | undefined;
  #started: Promise<void> | undefined;
  #isUp = false;

  constructor(options: SupervisorOptions) {
    const { paths, sockets, environment, log } = options;
    this.#options = options;
    this.#state = options.state;
    this.#boxes = new BoxSet(options);
    this.#fabric = new Fabric({
      lab: paths.name,
      families: options.state.options.ip,
      boxes: this.#boxes,
      tso: options.tso,
    });
    const handovers = { api: sockets.api.fd, metrics: sockets.metrics.fd };
    this.#processes = new ProcessSet({ paths, boxes: this.#boxes, handovers, environment, log });
    this.#client = new KubeClient(readKubeconfig(paths.kubeconfig), { userAgent: 'weft-lab' });
  }

  /** The start has come to a good end. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Resolves when the lab is whole; all callers get the same start. @throws LabError */
  start(): Promise<void> {
    this.#started ??= this.#bringUp();
    return this.#started;
  }

  async status(): Promise<LabStatus> {
    const { paths, sockets } = this.#options;
    return labStatus({
      paths,
      state: this.#state,
      metricsPort: sockets.metrics.port,
      processes: this.#processes.all(),
      downNodes: this.#downNodes,
      deadBoxes: boxNames(this.#state.options.nodes).filter((box) => !this.#boxes.isAlive(box)),
      cutLinks: await cutLinks(paths.name),
      silentLinks: this.#fabric.silentLinks,
      observation: this.#observation,
    });
  }

  /** A new node, with the next free number. @returns its name */
  async addNode(): Promise<string> {
    await this.start();
    const { options } = this.#state;
    if (options.nodes >= MAX_NODES)
      throw new LabError(
        'bad-node',
        'no node can be added',
        `a lab has at most ${MAX_NODES}, the addresses of a /24`,
        'start a second lab with --name',
      );
    const node = nodeName(options.nodes + 1);
    this.#state = { ...this.#state, options: { ...options, nodes: options.nodes + 1 } };
    await writeState(this.#options.paths, this.#state);
    await this.#boxes.add([node]);
    await this.#boxes.writeTorConfig(options.nodes + 1);
    await Promise.all([this.#fabric.plug([node]), this.#fabric.introduce(node)]);
    await applyNode(this.#client, node, options.ip);
    await this.#startNode(node);
    return node;
  }

  /** Ends all that runs on a node, in order (`stop`) or at once (`kill`), and keeps it down. */
  async stopNode(node: string, how: 'stop' | 'kill'): Promise<void> {
    this.#checkNode(node);
    this.#downNodes.set(node, how);
    await this.#processes.stop(node, how === 'stop' ? STOP_GRACE : 0);
    if (how === 'stop' && this.#boxes.signalAll(node, 'SIGTERM') > 0)
      await until(() => this.#boxes.signalAll(node, 'SIGTERM') === 0, STOP_GRACE / 1000);
    await until(() => this.#boxes.signalAll(node, 'SIGKILL') === 0, STOP_GRACE / 1000);
  }

  async startNode(node: string): Promise<void> {
    this.#checkNode(node);
    this.#downNodes.delete(node);
    await this.#startNode(node);
  }

  /** @param how of a link that goes down: what its node sees of it; of one that comes up: which cut is undone, all by default */
  async setLink(node: string, device: string, up: boolean, how?: Cut): Promise<void> {
    this.#checkNode(node);
    const devices = wiresOf(node, this.#state.options.ip).map((wire) => wire.device);
    if (!devices.includes(device))
      throw new LabError(
        'bad-link',
        `${node}:${device} is no link`,
        `${node} has ${devices.join(', ')}`,
        `name one of them, such as ${node}:eth2`,
      );
    if (up) await this.#fabric.heal(node, device, how);
    else await this.#fabric.cut(node, device, how ?? 'carrier');
    this.#options.log(`link ${fabricPort({ box: node, device })} ${up ? 'up' : `down, ${how ?? 'carrier'}`}`);
  }

  async #bringUp(): Promise<void> {
    const plan = this.#plan();
    const boxes = boxNames(this.#state.options.nodes);
    await this.steps.run('boxes', () => this.#boxes.add(boxes));
    const launched = processTable(plan).map((spec) => ({ spec, ready: this.#processes.launch(spec) }));
    const ready = (...wanted: readonly ((spec: ProcessSpec) => boolean)[]) =>
      Promise.all(launched.filter(({ spec }) => wanted.every((test) => test(spec))).map((process) => process.ready));
    const named =
      (...names: readonly string[]) =>
      (spec: ProcessSpec) =>
        names.includes(spec.name);
    await Promise.all([
      this.steps.run('central', async () => {
        await ready(named('ovsdb-nb', 'ovsdb-sb', 'ovn-northd'));
        this.#observe();
      }),
      this.steps.run('api', () => this.#untilApi()).then(() => this.steps.run('cluster', () => this.#applyCluster())),
      this.steps.run('fabric', async () => {
        await ready(({ box, name }) => box === FABRIC && name === 'ovsdb-server');
        await Promise.all([this.#fabric.plug(boxes), ready(({ box }) => box === TOR)]);
      }),
      this.steps.run('nodes', async () => {
        await ready(({ box }) => nodeIndex(box) !== undefined);
        await this.#untilChassis();
      }),
      this.steps.run('controller', async () => {
        await ready((spec) => spec.box === CENTRAL);
        await this.#untilController();
      }),
    ]);
    this.#isUp = true;
  }

  #plan(): Plan {
    const { weft, tso } = this.#options;
    return { options: this.#state.options, weft, tso };
  }

  #observe(): void {
    const { paths, sockets } = this.#options;
    this.#observation = new Observation(this.#client, sockets.metrics.port, paths.sb);
  }

  async #untilApi(): Promise<void> {
    const answers = () =>
      this.#client.list({ group: '', version: 'v1', plural: 'namespaces', namespaced: false }).then(() => true);
    if (!(await until(answers, START_DEADLINE)))
      throw this.#late('central/apiserver', 'the Kubernetes API does not answer');
    this.#processes.reached('api');
  }

  async #applyCluster(): Promise<void> {
    await applyCluster(this.#client, this.#options.crdDirectory, this.#state.options);
    this.#processes.reached('cluster');
  }

  async #untilChassis(): Promise<void> {
    const nodes = Array.from({ length: this.#state.options.nodes }, (_, index) => nodeName(index + 1));
    const missing = () => nodes.filter((node) => this.#observation?.chassis().has(node) !== true);
    if (await until(() => missing().length === 0, START_DEADLINE)) return;
    throw this.#late(
      `${missing()[0]}/ovn-controller`,
      `${missing().join(', ')} did not register in the Southbound database`,
    );
  }

  async #untilController(): Promise<void> {
    if (await until(() => this.#observation?.controllerReady() ?? false, START_DEADLINE)) return;
    throw this.#late('central/controller', 'the controller does not get in sync');
  }

  #late(process: string, what: string): LabError {
    const { logs } = this.#options.paths;
    const tail = this.#processes.get(process)?.logTail(2) ?? '';
    return new LabError(
      'start-failed',
      what,
      `not within ${START_DEADLINE} s; the last it said: ${tail}`,
      `read ${logs}/${process}.log`,
    );
  }

  async #startNode(node: string): Promise<void> {
    await Promise.all(nodeProcesses(this.#plan(), node).map((spec) => this.#processes.launch(spec)));
    const registered = () => this.#observation?.chassis().has(node) ?? false;
    if (!(await until(registered, START_DEADLINE)))
      throw this.#late(`${node}/ovn-controller`, `${node} did not register in the Southbound database`);
  }

  #checkNode(node: string): void {
    const { nodes } = this.#state.options;
    const index = nodeIndex(node);
    if (index === undefined || index > nodes)
      throw new LabError(
        'bad-node',
        `there is no node ${JSON.stringify(node)}`,
        `the lab has node1 to node${nodes}`,
        'name one of them, or add one with `weft lab node add`',
      );
  }
}
