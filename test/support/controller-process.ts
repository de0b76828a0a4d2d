/** `weft controller` as a process of its own, for what only a process has: signals, CPU time, memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type ControlPlane, eventually } from './control-plane.ts';

/** clock ticks per second of /proc/PID/stat (USER_HZ) */
const TICKS = 100;

export class ControllerProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly #port: number;

  private constructor(plane: ControlPlane, port: number) {
    this.#port = port;
    const main = new URL('../../src/bin/controller.ts', import.meta.url).href;
    const args = ['--kubeconfig', plane.kubeconfig, '--nb', plane.northbound.remote, '--metrics-port', String(port)];
    const script = `import(${JSON.stringify(main)}).then((m) => m.command().parseAsync(${JSON.stringify(args)}, { from: 'user' }))`;
    this.child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', script], { stdio: 'ignore' });
    this.ended = new Promise((resolve) => this.child.once('exit', (code) => resolve(code)));
  }

  /** Starts one and waits until it is in sync. */
  static async start(plane: ControlPlane): Promise<ControllerProcess> {
    const started = new ControllerProcess(plane, await freePort());
    await eventually(async () => {
      if (!(await fetch(`http://127.0.0.1:${started.#port}/readyz`)).ok) throw new Error('not ready');
    }, 120);
    return started;
  }

  async metric(name: string): Promise<number> {
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await this.#metrics())?.[1]);
  }

  /** What a metric counts, by its labels as they are printed. */
  async metrics(name: string): Promise<ReadonlyMap<string, number>> {
    const lines = (await this.#metrics()).matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, 'gm'));
    return new Map([...lines].map(([, labels, count]) => [labels!, Number(count)]));
  }

  async #metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.#port}/metrics`)).text();
  }

  /** seconds of CPU so far */
  get cpu(): number {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  }

  /** resident memory in bytes */
  get memory(): number {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))![1]) * 1024;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.child.kill(signal);
    await this.ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
