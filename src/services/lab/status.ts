/** The answer of `weft lab status`: what runs, where, with what memory, and what is not well. */
import { residentBytes } from '../../lib/proc/process-id.ts';
import type { ManagedProcess, ProcessState } from './managed-process.ts';
import type { Observation } from './observation.ts';
import type { LabState } from './options.ts';
import type { LabPaths } from './paths.ts';
import { nodeName } from './topology.ts';
import { messageOf } from '../../lib/error/message.ts';

interface Problem {
  readonly what: string;
  readonly why: string;
  readonly todo: string;
}

export interface ProcessStatus {
  readonly name: string;
  readonly box: string;
  /** 0 while it does not run */
  readonly pid: number;
  readonly state: ProcessState;
  readonly rssBytes: number;
  readonly restarts: number;
  /** URL, for processes that serve metrics */
  readonly metrics?: string;
}

export interface LabStatus {
  readonly name: string;
  readonly healthy: boolean;
  readonly kubeconfig: string;
  readonly problems: readonly Problem[];
  readonly processes: readonly ProcessStatus[];
  readonly ovn: { readonly nb: string; readonly sb: string; readonly version: string };
  /** package -> version */
  readonly engine: Readonly<Record<string, string>>;
  readonly nodes: number;
}

export interface Facts {
  readonly paths: LabPaths;
  readonly state: LabState;
  readonly metricsPort: number;
  readonly processes: readonly ManagedProcess[];
  readonly downNodes: ReadonlyMap<string, 'stop' | 'kill'>;
  readonly deadBoxes: readonly string[];
  /** names of fabric ports, `node1-eth2` */
  readonly cutLinks: readonly string[];
  /** names of fabric ports that carry nothing, though the node sees a carrier */
  readonly silentLinks: readonly string[];
  /** undefined while the lab starts */
  readonly observation: Observation | undefined;
}

export async function labStatus(facts: Facts): Promise<LabStatus> {
  const problems = [...boxProblems(facts), ...processProblems(facts), ...(await clusterProblems(facts))];
  return {
    ...describeLab(facts.paths, facts.state),
    healthy: problems.length === 0,
    problems,
    processes: [supervisorStatus(), ...facts.processes.map((process) => processStatus(process, facts))],
  };
}

/** The status of a lab whose supervisor has died: what it leaves cannot be vouched for. */
export function unsupervisedStatus(paths: LabPaths, state: LabState): LabStatus {
  const problem = {
    what: `lab ${paths.name} has no supervisor`,
    why: 'it has died, or the machine was restarted',
    todo: `\`weft lab up --name ${paths.name}\` starts it again with the same objects, \`weft lab down --name ${paths.name}\` removes it`,
  };
  return { ...describeLab(paths, state), healthy: false, problems: [problem], processes: [] };
}

function describeLab({ name, kubeconfig, nb, sb }: LabPaths, { versions, options }: LabState) {
  const version = versions['ovn-central'] ?? 'unknown';
  return {
    name,
    kubeconfig,
    ovn: { nb: `unix:${nb}`, sb: `unix:${sb}`, version },
    engine: versions,
    nodes: options.nodes,
  };
}

function supervisorStatus(): ProcessStatus {
  const { pid } = process;
  return { name: 'supervisor', box: 'host', pid, state: 'running', rssBytes: residentBytes(pid), restarts: 0 };
}

function processStatus({ name, box, pid, state, restarts }: ManagedProcess, { metricsPort }: Facts): ProcessStatus {
  const rssBytes = pid === undefined ? 0 : residentBytes(pid);
  const metrics = name === 'controller' ? { metrics: `http://127.0.0.1:${metricsPort}/metrics` } : {};
  return { name, box, pid: pid ?? 0, state, rssBytes, restarts, ...metrics };
}

function boxProblems({ deadBoxes, downNodes, cutLinks, silentLinks, paths }: Facts): readonly Problem[] {
  return [
    ...deadBoxes.map((box) => ({
      what: `box ${box} is gone`,
      why: 'its first process has ended',
      todo: `\`weft lab down --name ${paths.name}\`, then \`weft lab up --name ${paths.name}\``,
    })),
    ...[...downNodes].map(([node, how]) => ({
      what: `${node} is down`,
      why: `\`weft lab node ${how} ${node}\` was run`,
      todo: `\`weft lab node start ${node}\``,
    })),
    ...cutLinks.map((port) => ({
      what: `link ${port.replace('-', ':')} is cut`,
      why: '`weft lab link down` was run',
      todo: `\`weft lab link up ${port.replace('-', ':')}\``,
    })),
    ...silentLinks.map((port) => ({
      what: `link ${port.replace('-', ':')} carries nothing`,
      why: '`weft lab link down --silent` was run',
      todo: `\`weft lab link up ${port.replace('-', ':')}\``,
    })),
  ];
}

function processProblems({ processes, downNodes, paths }: Facts): readonly Problem[] {
  return processes
    .filter(({ state, box }) => state !== 'running' && !downNodes.has(box))
    .map((process) => ({
      what: `${process.name} in box ${process.box} does not run`,
      why: process.logTail(1) || 'it ended without a word',
      todo: `it is started again by itself; if it does not stay, read ${paths.logs}/${process.box}/${process.name}.log`,
    }));
}

async function clusterProblems({ observation, state, downNodes, paths }: Facts): Promise<readonly Problem[]> {
  if (!observation)
    return [
      {
        what: 'the lab is not up yet',
        why: 'its start has not come to an end',
        todo: `\`weft lab up --name ${paths.name}\` waits for it`,
      },
    ];
  const expected = Array.from({ length: state.options.nodes }, (_, index) => nodeName(index + 1)).filter(
    (node) => !downNodes.has(node),
  );
  const [nodes, controllerReady] = await Promise.all([
    observation.nodes().catch((error: unknown) => messageOf(error)),
    observation.controllerReady().catch((error: unknown) => messageOf(error)),
  ]);
  const chassis = observation.chassis();
  const see = (file: string) => `read ${paths.logs}/${file}.log`;
  return [
    ...(typeof nodes === 'string'
      ? [{ what: 'the Kubernetes API does not answer', why: nodes, todo: see('central/apiserver') }]
      : notReady(nodes, expected, see)),
    ...(controllerReady === true
      ? []
      : [{ what: 'the controller is not ready', why: controllerReady, todo: see('central/controller') }]),
    ...expected
      .filter((node) => !chassis.has(node))
      .map((node) => ({
        what: `${node} is no chassis`,
        why: 'its ovn-controller is not registered in the Southbound database',
        todo: see(`${node}/ovn-controller`),
      })),
  ];
}

function notReady(
  nodes: readonly { readonly name: string; readonly ready: boolean }[],
  expected: readonly string[],
  see: (file: string) => string,
): readonly Problem[] {
  const ready = new Set(nodes.filter((node) => node.ready).map(({ name }) => name));
  return expected
    .filter((node) => !ready.has(node))
    .map((node) => ({
      what: `Node ${node} is not Ready`,
      why: 'its condition Ready is not True, or the object is missing',
      todo: `${see(`${node}/virt-node`)} and \`kubectl describe node ${node}\``,
    }));
}
