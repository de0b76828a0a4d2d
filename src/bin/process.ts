/** What all of Weft's long-running processes do alike: log, find their cluster, end on a signal. */
import { type Logger, pino } from 'pino';
import { type ClusterAccess, inClusterAccess, readKubeconfig } from '../lib/kube/kubeconfig.ts';

/** JSON lines on standard error */
export function logTo(name: string): Logger {
  return pino(
    { name, base: null, level: process.env['WEFT_DEBUG'] ? 'debug' : 'info' },
    pino.destination({ fd: 2, sync: true }),
  );
}

export function clusterAccess(kubeconfig: string | undefined): ClusterAccess {
  const file = kubeconfig ?? process.env['KUBECONFIG'];
  return file ? readKubeconfig(file) : inClusterAccess(process.env);
}

/** Resolves at SIGTERM or SIGINT. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
