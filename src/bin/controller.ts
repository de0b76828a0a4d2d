/** `weft controller`: composition root of the controller. */
import { Command } from 'commander';
import { parseEncaps, tunnelMtu } from '../core/ovn/encap.ts';
import { followedColumns } from '../core/ovn/tables.ts';
import type { NorthboundTables } from '../core/ovn/generated/nb.ts';
import { KubeClient } from '../lib/kube/client.ts';
import { formatIp, parseIp } from '../lib/netaddr/ip.ts';
import { OvsdbSession } from '../lib/ovsdb/session.ts';
import type { MonitorOptions } from '../lib/ovsdb/monitor.ts';
import { Controller } from '../services/controller/controller.ts';
import { southboundSession } from '../services/controller/port-bindings.ts';
import { SupersededError } from '../services/controller/epoch.ts';
import { serveHealth } from '../services/controller/http.ts';
import { Metrics } from '../services/controller/metrics.ts';
import { clusterAccess, logTo, untilSignal } from './process.ts';

interface Flags {
  readonly kubeconfig?: string;
  readonly nb: string;
  readonly sb?: string;
  readonly encap: string;
  readonly underlayMtu: string;
  readonly underlayIpv6?: boolean;
  readonly dnsServer: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly metricsPort?: string;
  readonly metricsFd?: string;
}

export function command(): Command {
  return new Command('controller')
    .description('compiles what users declared into the Northbound database')
    .option('--kubeconfig <FILE>', 'the cluster; default: $KUBECONFIG, else the pod’s service account')
    .option('--nb <REMOTE>', 'Northbound database, unix:PATH or tcp:HOST:PORT', 'unix:/run/ovn/ovnnb_db.sock')
    .option(
      '--sb <REMOTE>',
      'Southbound database, read only: where OVN has the ports of machines that move; default: none',
    )
    .option('--encap <TYPES>', 'encapsulation between nodes: geneve, vxlan, or geneve,vxlan during a change', 'geneve')
    .option('--underlay-mtu <BYTES>', 'largest packet between nodes, until the nodes say theirs', '1500')
    .option('--underlay-ipv6', 'tunnels run over IPv6')
    .option('--dns-server <ADDRESS...>', 'DNS servers for guests of VPCs and subnets that name none', [])
    .option('--dns-search <DOMAIN...>', 'domains in which such guests look up names', [])
    .option('--metrics-port <PORT>', 'serve /metrics, /healthz and /readyz there')
    .option('--metrics-fd <FD>', 'the same on a socket that was handed over')
    .action(async (flags: Flags) => run(flags));
}

async function run(flags: Flags): Promise<void> {
  const log = logTo('controller');
  const stop = untilSignal();
  const encaps = parseEncaps(flags.encap);
  const mtu = tunnelMtu(encaps, Number(flags.underlayMtu), flags.underlayIpv6 === true);
  const monitor = {
    ...followedColumns(),
    NB_Global: ['external_ids'],
  };
  const session = new OvsdbSession<NorthboundTables>({
    remote: flags.nb,
    database: 'OVN_Northbound',
    monitor: monitor as MonitorOptions<NorthboundTables>,
    log: (text) => log.info(text),
  });
  const southbound =
    flags.sb === undefined ? undefined : southboundSession(flags.sb, (text) => log.info(`Southbound: ${text}`));
  const client = new KubeClient(clusterAccess(flags.kubeconfig), { userAgent: 'weft-controller' });
  const metrics = new Metrics();
  const controller = new Controller({
    client,
    session,
    ...(southbound ? { southbound } : {}),
    settings: {
      tunnelMtu: mtu,
      encaps,
      dnsServers: flags.dnsServer.map((text) => formatIp(parseIp(text))),
      searchDomains: flags.dnsSearch,
    },
    metrics,
    log: (text) => log.info(text),
    onFatal: (error) => {
      log.fatal(error instanceof SupersededError ? error.message : error);
      process.exit(error instanceof SupersededError ? 0 : 1);
    },
  });
  let ready = false;
  const listen =
    flags.metricsFd !== undefined
      ? { fd: Number(flags.metricsFd) }
      : flags.metricsPort !== undefined
        ? { port: Number(flags.metricsPort) }
        : undefined;
  const health = listen && (await serveHealth({ registry: metrics.registry, isReady: () => ready, listen }));
  const started = performance.now();
  await controller.start();
  ready = true;
  log.info(`in sync after ${Math.round(performance.now() - started)} ms, epoch ${controller.epoch.own}`);
  await stop;
  log.info('stopping');
  await controller.stop();
  health?.close();
  await Promise.all([session.close(), southbound?.close(), client.close()]);
}
