/**
 * ovn-trace as daemons on a live Southbound database, asked over their control sockets (ovn-trace(8), Daemon Mode). A daemon reads the database once, when it
 * starts, and what connection tracking finds is said then, too: so there is one for requests and one for answers, and both live as long as nothing changes.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { engineCommand } from '../../../src/lib/ovsdb/testing/ovsdb-server.ts';

const execute = promisify(execFile);

const STATES = { request: 'new', answer: 'est,rpl' } as const;
export type Side = keyof typeof STATES;

export class Tracer implements AsyncDisposable {
  readonly #sockets: Readonly<Record<Side, string>>;
  readonly #pids: readonly number[];

  private constructor(sockets: Readonly<Record<Side, string>>, pids: readonly number[]) {
    this.#sockets = sockets;
    this.#pids = pids;
  }

  static async start(root: string, southbound: string, directory: string): Promise<Tracer> {
    const start = async (side: Side) => {
      const pidfile = `${directory}/${side}.pid`;
      const [command, args] = engineCommand(root, 'usr/bin/ovn-trace', [
        `--db=${southbound}`,
        `--unixctl=${directory}/${side}.ctl`,
        `--pidfile=${pidfile}`,
        // one for each look into a connection, of all packets that it will be asked about
        ...Array.from({ length: 20_000 }, () => `--ct=${STATES[side]}`),
        '--no-chdir',
        '--detach',
      ]);
      await execute(command, args, { timeout: 20_000 });
      return Number(await readFile(pidfile, 'utf8'));
    };
    const pids = [await start('request'), await start('answer')];
    return new Tracer({ request: `${directory}/request.ctl`, answer: `${directory}/answer.ctl` }, pids);
  }

  /** The ports that a packet leaves by. */
  async outputs(datapath: string, flow: string, side: Side): Promise<readonly string[]> {
    const text = await this.#call(side, 'trace', ['--minimal', datapath, flow]);
    return [...text.matchAll(/^\s*output\("([^"]+)"\);/gm)].map(([, port]) => port!);
  }

  /** one request for one connection: the server frames nothing */
  #call(side: Side, method: string, params: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const connection = connect(this.#sockets[side]);
      let heard = '';
      connection.setTimeout(20_000, () => connection.destroy(new Error('ovn-trace does not answer')));
      connection.on('error', reject);
      connection.on('data', (bytes) => {
        heard += bytes.toString();
        try {
          const { result, error } = JSON.parse(heard) as { readonly result?: string; readonly error?: unknown };
          connection.destroy();
          if (typeof result === 'string') resolve(result);
          else reject(new Error(`ovn-trace ${params.join(' ')}: ${JSON.stringify(error)}`));
        } catch {
          // more is to come
        }
      });
      connection.write(JSON.stringify({ id: 0, method, params }));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.#pids) process.kill(pid, 'SIGTERM');
  }
}
