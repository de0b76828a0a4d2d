/**
 * Asks other nodes whether they are there, and answers them: a small UDP datagram from one tunnel address to another, so that the answer comes the
 * way that tunnels take. An answer is as long as its question and asks for nothing.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { canonicalIp } from '../../lib/netaddr/ip.ts';

const MAGIC = 0x57465431;
const QUESTION = 1;
const ANSWER = 2;
/** magic 4, kind 1, number 8, rest zero */
const LENGTH = 16;

export interface ProbeSocketOptions {
  readonly address: string;
  readonly port: number;
  /** a node answered that was asked with this number */
  readonly onAnswer: (address: string, number: bigint) => void;
  readonly log: (sentence: string) => void;
}

export class ProbeSocket {
  readonly #options: ProbeSocketOptions;
  readonly #socket: Socket;
  #ready = false;
  #closed = false;

  constructor(options: ProbeSocketOptions) {
    this.#options = options;
    const isIpv6 = options.address.includes(':');
    this.#socket = createSocket({ type: isIpv6 ? 'udp6' : 'udp4', ipv6Only: isIpv6 });
    this.#socket.on('message', (message, from) => this.#onMessage(message, from));
    this.#socket.on('error', (error) => {
      options.log(`probe on ${options.address}: ${error.message}`);
      this.close();
    });
    this.#socket.bind({ address: options.address, port: options.port, exclusive: true }, () => {
      this.#ready = true;
    });
    this.#socket.unref();
  }

  /** the address was not there, or went: make another one */
  get isClosed(): boolean {
    return this.#closed;
  }

  ask(address: string, number: bigint): void {
    if (this.#ready && !this.#closed) this.#send(QUESTION, number, address, this.#options.port);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #onMessage(message: Buffer, { address, port }: RemoteInfo): void {
    if (message.length !== LENGTH || message.readUInt32BE(0) !== MAGIC) return;
    const number = message.readBigUInt64BE(5);
    if (message[4] === QUESTION) this.#send(ANSWER, number, address, port);
    else if (message[4] === ANSWER) this.#options.onAnswer(canonicalIp(address), number);
  }

  #send(kind: number, number: bigint, address: string, port: number): void {
    const message = Buffer.alloc(LENGTH);
    message.writeUInt32BE(MAGIC, 0);
    message[4] = kind;
    message.writeBigUInt64BE(number, 5);
    // what cannot be sent is not answered: that is what is measured
    this.#socket.send(message, port, address, () => undefined);
  }
}

/** A number that nobody outside can guess, so that nobody answers for another node. */
export function probeNumber(): bigint {
  return randomBytes(8).readBigUInt64BE();
}
