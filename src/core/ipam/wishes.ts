/**
 * What users ask for on one network interface: addresses, MAC, pool, DHCP options. They say it in annotations of the pod, of the virtual
 * machine's template or of the machine itself, under keys that name the interface in one of several ways; the nearest and most exact one
 * counts.
 */
import { AddressError, attempt } from '../../lib/netaddr/error.ts';
import { type Family, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { isUnicastMac, parseMac } from '../../lib/netaddr/mac.ts';

/** annotations of one object, and where they stand in it */
export interface AnnotationSource {
  /** `metadata.annotations` */
  readonly path: string;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** The interface, by all the names that annotations may use. */
export interface WishPlace {
  /** `<nad>.<namespace>.ovn`, with `.<interface>` if the network is attached more than once */
  readonly provider: string;
  /** network attachment */
  readonly name: string;
  readonly namespace: string;
  /** in the pod */
  readonly interface: string;
  /** name of the network in the machine's spec */
  readonly nic?: string | undefined;
  /** the first interface answers to the keys without a provider too */
  readonly isFirst: boolean;
}

/** Where and what a user wrote. */
export interface WishText {
  readonly path: string;
  readonly text: string;
}

export interface Wishes {
  readonly ips?: { readonly path: string; readonly text: string; readonly values: readonly Ip[] };
  readonly mac?: { readonly path: string; readonly text: string; readonly value: string };
  readonly family?: Family;
  readonly pool?: PoolWish;
  /** name of the Vip whose addresses and MAC the interface has for its own */
  readonly vip?: WishText;
}

export type PoolWish =
  | { readonly path: string; readonly text: string; readonly name: string }
  | { readonly path: string; readonly text: string; readonly choices: readonly (readonly Ip[])[] };

export interface WishProblem {
  readonly path: string;
  readonly value: string;
  /** tail of a sentence */
  readonly problem: string;
}

/** Harvester's annotation of a machine: `static-ip.harvesterhci.io/<nic>` */
const HARVESTER_STATIC_IP = 'static-ip.harvesterhci.io';

/** The annotation that speaks of this interface, the most exact key first. */
export function wishText(sources: readonly AnnotationSource[], place: WishPlace, key: string): WishText | undefined {
  for (const { path, annotations } of sources)
    for (const name of keysOf(place, key)) {
      const text = annotations?.[name];
      if (text !== undefined) return { path: `${path}[${name}]`, text };
    }
  return undefined;
}

function keysOf(
  { provider, name, namespace, interface: face, nic, isFirst }: WishPlace,
  key: string,
): readonly string[] {
  const network = `${name}.${namespace}`;
  const isOfOne = key === 'ip_address' || key === 'mac_address';
  const names = [face, ...(nic === undefined ? [] : [nic])];
  return [
    `${provider}.kubernetes.io/${key}`,
    ...(nic === undefined ? [] : [`${network}.ovn.${nic}.kubernetes.io/${key}`]),
    ...(isOfOne ? names.map((one) => `${network}.kubernetes.io/${key}.${one}`) : []),
    ...(key === 'ip_address' && nic !== undefined ? [`${HARVESTER_STATIC_IP}/${nic}`] : []),
    ...(isFirst ? [`ovn.kubernetes.io/${key}`] : []),
  ];
}

/** what may be asked for on an interface */
const KEYS = [
  'ip_address',
  'mac_address',
  'ip_pool',
  'ip_family',
  'vip',
  'aaps',
  'port_vips',
  'default_route',
  'port_security',
  'routes',
  'dhcp-v4-options',
  'dhcp-v6-options',
] as const;

/** Annotations that look like a wish for an interface, and that none of these interfaces answers to. */
export function unheardWishes(sources: readonly AnnotationSource[], places: readonly WishPlace[]): readonly WishText[] {
  const heard = new Set(places.flatMap((place) => KEYS.flatMap((key) => keysOf(place, key))));
  return sources.flatMap(({ path, annotations = {} }) =>
    Object.entries(annotations)
      .filter(([key]) => LOOKS_LIKE_WISH.test(key) && !heard.has(key))
      .map(([key, text]) => ({ path: `${path}[${key}]`, text })),
  );
}

/** also with a slip of the pen */
const LOOKS_LIKE_WISH =
  /^static-ip\.harvesterhci\.io\/|(^|\.)ovn(\.[^/]+)?\.kubernetes\.io\/(ip_|mac_|dhcp-|vip$|port_vips$|default_route|port_security$)|^[^./]+\.[^./]+\.kubernetes\.io\/(ip|mac)_/;

/**
 * Everything that is asked for of addresses.
 * @param requests what the network selection itself says (`mac`, `ips` of the networks annotation, `macAddress` of the machine's interface)
 */
export function wishesOf(
  sources: readonly AnnotationSource[],
  place: WishPlace,
  requests: { readonly mac?: WishText | undefined; readonly ips?: WishText | undefined },
): Wishes | WishProblem {
  const ips = wishText(sources, place, 'ip_address') ?? requests.ips;
  const mac = wishText(sources, place, 'mac_address') ?? requests.mac;
  const family = wishText(sources, place, 'ip_family');
  const pool = wishText(sources, place, 'ip_pool');
  const vip = wishText(sources, place, 'vip');
  try {
    if (vip && vip.text.trim() !== '')
      return { vip: { ...vip, text: at(vip, nameOfVip) }, ...alone(vip, [ips, mac, pool]) };
    return {
      ...(ips && ips.text.trim() !== '' ? { ips: { ...ips, values: at(ips, oneOfEach) } } : {}),
      ...(mac && mac.text.trim() !== '' ? { mac: { ...mac, value: at(mac, unicastMac) } } : {}),
      ...(family ? { family: at(family, familyOf) } : {}),
      ...(pool && pool.text.trim() !== '' ? { pool: { ...pool, ...at(pool, poolOf) } } : {}),
    };
  } catch (error) {
    if (error instanceof WishError) return error.problem;
    throw error;
  }
}

/** A Vip has its address and its MAC: nothing else can be asked for with it. */
function alone(vip: WishText, others: readonly (WishText | undefined)[]): object {
  const other = others.find((one) => one !== undefined && one.text.trim() !== '');
  if (!other) return {};
  const problem = `names a Vip, which has its own addresses and MAC: leave out ${other.path}`;
  throw new WishError({ path: vip.path, value: vip.text, problem });
}

class WishError extends Error {
  readonly problem: WishProblem;

  constructor(problem: WishProblem) {
    super(problem.problem);
    this.problem = problem;
  }
}

function at<T>({ path, text }: WishText, parse: (text: string) => T): T {
  try {
    return parse(text.trim());
  } catch (error) {
    if (error instanceof AddressError) throw new WishError({ path, value: text, problem: error.message });
    throw error;
  }
}

/** `10.0.0.5`, `10.0.0.5/16` or one of each family */
function oneOfEach(text: string): readonly Ip[] {
  const ips = text.split(',').map((part) => parseIp(part.trim().split('/')[0]!));
  if (ips.length > 2 || (ips.length === 2 && ips[0]!.family === ips[1]!.family))
    throw new AddressError(text, 'has several addresses of one family: one of each is possible');
  return ips;
}

function nameOfVip(text: string): string {
  if (!OBJECT_NAME.test(text)) throw new AddressError(text, 'is not the name of a Vip');
  return text;
}

function unicastMac(text: string): string {
  const mac = parseMac(text);
  if (!isUnicastMac(mac)) throw new AddressError(text, 'is no unicast MAC address');
  return mac;
}

function familyOf(text: string): Family {
  if (/^ipv4$/i.test(text)) return 4;
  if (/^ipv6$/i.test(text)) return 6;
  throw new AddressError(text, 'must be ipv4 or ipv6');
}

/** RFC 1123 subdomain, as names of objects are */
const OBJECT_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** the name of an IPPool; or addresses, `ip,ip,...`; or pairs of both families, `v4,v6;v4,v6` */
function poolOf(text: string): { readonly name: string } | { readonly choices: readonly (readonly Ip[])[] } {
  if (!/[,;]/.test(text) && !attempt(() => parseIp(text))) {
    if (!OBJECT_NAME.test(text))
      throw new AddressError(text, 'is neither the name of an IPPool nor a list of addresses');
    return { name: text };
  }
  const groups = text.includes(';') ? text.split(';') : text.split(',');
  return { choices: groups.map(oneOfEach) };
}
