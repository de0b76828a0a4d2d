/** Results in the form of each version of the CNI specification (0.3.1 to 1.1.0). */
import type { CniResponse, CniRoute } from '../services/agent/cni-protocol.ts';
import { messageOf } from '../lib/error/message.ts';

export const SUPPORTED_VERSIONS = ['0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

/** error codes of the specification that this executable uses */
export const CNI_ERRORS = {
  incompatibleVersion: 1,
  invalidEnvironment: 4,
  ioFailure: 5,
  decodingFailure: 6,
  invalidConfig: 7,
  tryAgainLater: 11,
} as const;

export class CniError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'CniError';
    this.code = code;
  }
}

export function errorResult(cniVersion: string, error: unknown): Record<string, unknown> {
  const code = error instanceof CniError ? error.code : CNI_ERRORS.tryAgainLater;
  return { cniVersion, code, msg: messageOf(error) };
}

/** @throws CniError for versions outside of the list */
export function checkVersion(version: string): string {
  if (!(SUPPORTED_VERSIONS as readonly string[]).includes(version)) {
    throw new CniError(
      CNI_ERRORS.incompatibleVersion,
      `cniVersion ${JSON.stringify(version)} is not supported: use one of ${SUPPORTED_VERSIONS.join(', ')}`,
    );
  }
  return version;
}

/** The result of ADD. Addresses refer to the one interface by its index. */
export function addResult(
  cniVersion: string,
  response: CniResponse,
  ifname: string,
  netns: string,
): Record<string, unknown> {
  const withFamily = cniVersion.startsWith('0.');
  return {
    cniVersion,
    interfaces: [
      {
        name: ifname,
        mac: response.mac_address,
        sandbox: netns,
        ...(cniVersion === '1.1.0' ? { mtu: response.mtu } : {}),
      },
    ],
    ips: response.ips.map(({ protocol, ip, cidr, gateway }) => ({
      ...(withFamily ? { version: protocol === 'IPv4' ? '4' : '6' } : {}),
      address: `${ip}/${cidr.slice(cidr.indexOf('/') + 1)}`,
      ...(gateway === undefined ? {} : { gateway }),
      interface: 0,
    })),
    routes: response.routes.map(({ dst, gw }: CniRoute) => ({ dst, ...(gw === undefined ? {} : { gw }) })),
    dns: {},
  };
}
