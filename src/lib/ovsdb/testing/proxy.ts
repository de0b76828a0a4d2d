// A proxy between client and server, to lose what travels: for tests of what a client makes of it.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

export class Proxy implements AsyncDisposable {
  /** When true, what the server sends is thrown away. */
  dropReplies = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  private constructor(target: string) {
    this.#server = createServer((client) => {
      const server = connect(target);
      this.#join(client, server);
      client.on('data', (chunk) => server.write(chunk));
      server.on('data', (chunk) => {
        if (!this.dropReplies) client.write(chunk);
      });
    });
  }

  /** Listens on a free TCP port of the loopback, for the server behind the unix socket `target`. */
  static async start(target: string): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get remote(): string {
    return `tcp:127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #join(client: Socket, server: Socket): void {
    for (const [socket, peer] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => peer.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        peer.destroy();
      });
    }
  }

  /** Ends all connections and refuses new ones until `resume`. */
  async pause(): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    this.#port = port;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  async resume(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
  }

  /** Ends all connections; new ones are accepted. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
