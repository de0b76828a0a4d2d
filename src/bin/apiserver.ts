/** `weft apiserver`: composition root of the embedded API server, with the core's admission at its door. */
import { Command } from 'commander';
import { isIP } from 'node:net';
import { ApiServer, type ListenAddress } from '../services/apiserver/api-server.ts';
import { loadCertificates } from '../services/apiserver/certificates.ts';
import { coreAdmission } from './core-admission.ts';
import { logTo, untilSignal } from './process.ts';

interface Flags {
  readonly data: string;
  readonly pki: string;
  readonly listen: readonly string[];
  readonly listenFd?: string;
  readonly socket?: string;
}

export function command(): Command {
  return new Command('apiserver')
    .description('the embedded Kubernetes API server of the lab')
    .requiredOption('--data <FILE>', 'SQLite file, made if it is missing')
    .requiredOption('--pki <DIR>', 'certificates, made if they are missing')
    .option(
      '--listen <HOST:PORT>',
      'address to listen on, [HOST]:PORT for IPv6 (repeatable)',
      (address: string, all: readonly string[]) => [...all, address],
      [],
    )
    .option('--listen-fd <FD>', 'listen on a socket that was handed over as well')
    .option('--socket <PATH>', 'listen on a unix socket as well')
    .action(async (flags: Flags) => run(flags));
}

async function run(flags: Flags): Promise<void> {
  const log = logTo('apiserver');
  const stop = untilSignal();
  const addresses = flags.listen.map(parseAddress);
  const certificates = await loadCertificates(
    flags.pki,
    addresses.map(({ host }) => host),
  );
  const admission = coreAdmission();
  const server = new ApiServer({
    file: flags.data,
    certificates,
    admit: admission.admit,
    report: (error, what) => log.error(error, what),
  });
  admission.follow(server);
  const sockets: ListenAddress[] = [
    ...addresses,
    ...(flags.listenFd === undefined ? [] : [{ fd: Number(flags.listenFd) }]),
    ...(flags.socket === undefined ? [] : [{ path: flags.socket }]),
  ];
  if (sockets.length === 0) throw new Error('apiserver: give at least one of --listen, --listen-fd and --socket');
  await Promise.all(sockets.map((socket) => server.listen(socket)));
  log.info(`listening on ${[...flags.listen, flags.socket].filter(Boolean).join(', ')}`);
  await stop;
  log.info('stopping');
  await server.close();
}

/** @throws Error that names the text */
function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || (bracketed !== undefined && isIP(bracketed) !== 6) || Number(port) > 65_535)
    throw new Error(`--listen ${text}: give HOST:PORT, or [IPV6]:PORT`);
  return { host, port: Number(port) };
}
