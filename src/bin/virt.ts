/** `weft virt controller` and `weft virt node`: composition roots of what makes guests of virtual machines in the lab. */
import { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { KubeClient } from '../lib/kube/client.ts';
import { VirtController } from '../services/virt/virt-controller.ts';
import { VirtNode } from '../services/virt/virt-node.ts';
import { clusterAccess, logTo, untilSignal } from './process.ts';

const KUBECONFIG = [
  '--kubeconfig <FILE>',
  'the cluster; default: $KUBECONFIG, else the pod’s service account',
] as const;
const READY_FILE = ['--ready-file <FILE>', 'made when objects that come from now on are acted upon at once'] as const;

export function command(): Command {
  const virt = new Command('virt').description('lab only: makes guests of VirtualMachines, as KubeVirt presents them');
  virt
    .command('controller')
    .description('VirtualMachine -> VirtualMachineInstance -> launcher pod on a node')
    .option(...KUBECONFIG)
    .option(...READY_FILE)
    .action(runController);
  virt
    .command('node')
    .description('pods of this node -> guests with the interfaces that they ask for')
    .requiredOption('--node <NAME>', 'name of this node in Kubernetes')
    .option(...KUBECONFIG)
    .option('--node-ip <IP...>', 'register the Node with these addresses when there is none', [])
    .option('--cni-bin <DIR>', 'where the CNI executables are', '/opt/cni/bin')
    .option('--run <DIR>', 'where guests are remembered until the node boots again', '/run/weft')
    .option(...READY_FILE)
    .action(runNode);
  return virt;
}

interface Flags {
  readonly kubeconfig?: string;
  readonly readyFile?: string;
}

async function runController({ kubeconfig, readyFile }: Flags): Promise<void> {
  const log = logTo('virt-controller');
  const stop = untilSignal();
  const client = new KubeClient(clusterAccess(kubeconfig), { userAgent: 'weft-virt-controller' });
  const controller = new VirtController({ client, log: (text) => log.info(text) });
  await controller.start();
  log.info('ready');
  if (readyFile !== undefined) await writeFile(readyFile, '');
  await stop;
  await controller.stop();
  await client.close();
}

interface NodeFlags extends Flags {
  readonly node: string;
  readonly nodeIp: readonly string[];
  readonly cniBin: string;
  readonly run: string;
}

async function runNode({ node, nodeIp, kubeconfig, readyFile, cniBin, run }: NodeFlags): Promise<void> {
  const log = logTo('virt-node');
  const stop = untilSignal();
  const client = new KubeClient(clusterAccess(kubeconfig), { userAgent: `weft-virt/${node}` });
  const virt = new VirtNode({ client, node, addresses: nodeIp, cniBin, run, log: (text) => log.info(text) });
  await virt.start();
  log.info('ready');
  if (readyFile !== undefined) await writeFile(readyFile, '');
  await stop;
  await virt.stop();
  await client.close();
}
