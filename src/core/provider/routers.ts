/** The routers behind the uplinks of ProviderNetworks: which ones a node asks by BFD whether they are there. Pure. */
import { parseCidr, cidrContains } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { eui64 } from '../../lib/netaddr/mac.ts';
import type { UplinkChoice } from './choice.ts';

/** of a ProviderNetwork: addresses of upstream routers that speak BFD (RFC 5881), with commas */
export const BFD_PEERS_ANNOTATION = 'network.harvesterhci.io/bfd-peers';

/** more than any network has; each of them costs packets */
const MOST_ROUTERS = 8;
const LINK_LOCAL = parseCidr('fe80::/10');
const LINK_LOCAL_PREFIX = 0xfe80n << 112n;

/** One session of BFD. All of it has been parsed: it is safe in a line of configuration. */
export interface RouterSession {
  readonly provider: string;
  readonly router: string;
  /** device of the bridge */
  readonly device: string;
  /** of this node; of link-local sessions alone */
  readonly local: string | undefined;
}

export interface Routers {
  readonly sessions: readonly RouterSession[];
  /** what of the annotation is of no use, and why; a sentence without a full stop */
  readonly problem: string | undefined;
}

/** @param mac of the NIC, which the bridge has too: its link-local address follows from it (RFC 4291, appendix A) */
export function routersOf({ provider, bridge, routers }: UplinkChoice, mac: string | undefined): Routers {
  const words = (routers ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const say = (why: string) => `InvalidRouter: annotation ${BFD_PEERS_ANNOTATION} ${why}`;
  if (words.length > MOST_ROUTERS)
    return { sessions: [], problem: say(`names ${words.length} routers, at most ${MOST_ROUTERS} are asked`) };
  const parsed = words.map((word) => attempt(() => parseIp(word)));
  const wrong = words.find((_, index) => parsed[index] === undefined);
  const local = mac === undefined ? undefined : formatIp({ family: 6, value: LINK_LOCAL_PREFIX | eui64(mac) });
  const sessions = parsed.flatMap((ip): readonly RouterSession[] => {
    if (!ip) return [];
    const session = { provider, router: formatIp(ip), device: bridge };
    if (!cidrContains(LINK_LOCAL, ip)) return [{ ...session, local: undefined }];
    return local === undefined ? [] : [{ ...session, local }];
  });
  return {
    sessions: [...new Map(sessions.map((session) => [sessionKey(session), session])).values()],
    problem:
      wrong === undefined
        ? undefined
        : say(
            `says ${JSON.stringify(wrong.slice(0, 64))}, which is no address: name addresses of routers, with commas`,
          ),
  };
}

export function sessionKey({ router, device }: Pick<RouterSession, 'router' | 'device'>): string {
  return `${router} ${device}`;
}
