/** One value of an option: read from what a user wrote, printed for a user, printed for OVN. */
import { formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import { AddressError, attempt } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { isUnicastMac, parseMac } from '../../lib/netaddr/mac.ts';
import type { OptionType } from './option-types.ts';

export interface StaticRoute {
  /** prefix without host bits */
  readonly dst: string;
  readonly gw: string;
}

export type OptionValue =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'flag'; readonly value: boolean; readonly spelling: 'digit' | 'word' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'domains'; readonly names: readonly string[] }
  | { readonly kind: 'routes'; readonly routes: readonly StaticRoute[] }
  | { readonly kind: 'preferredRoutes'; readonly routes: readonly string[] }
  | { readonly kind: 'mac'; readonly mac: string }
  | { readonly kind: 'choice'; readonly word: string };

/** what stands behind the `=` */
export type RawValue =
  | { readonly form: 'bare' | 'quoted'; readonly text: string }
  | { readonly form: 'list'; readonly items: readonly string[] };

/** octets of one DHCP option at most (RFC 2132 section 2) */
const LONGEST = 255;
/** RFC 1035: labels of letters, digits and hyphens; an underscore is in wide use */
const DOMAIN =
  /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/;
/** what may stand in a string of OVN's language without doubt */
const PRINTABLE = /^[\x20-\x7e]*$/;

/** @returns the value, or what is wrong with it as the tail of a sentence */
export function readValue(type: OptionType, raw: RawValue): OptionValue | string {
  switch (type.kind) {
    case 'addresses':
      return addresses(type.family, type.most, items(raw));
    case 'integer':
      return integer(type.least, type.greatest, single(raw));
    case 'flag':
      return flag(type.spelling, single(raw));
    case 'choice':
      return choice(type.values, single(raw));
    case 'text':
      return text(single(raw));
    case 'host': {
      const address = attempt(() => parseIp(single(raw) ?? ''));
      if (address?.family === 4) return { kind: 'addresses', addresses: [formatIp(address)] };
      return text(single(raw));
    }
    case 'domains':
      return domains(items(raw).flatMap((item) => item.split(',')));
    case 'routes':
      return routes(items(raw));
    case 'preferredRoutes':
      return preferredRoutes(items(raw).flatMap((item) => item.split(',')));
    case 'mac': {
      const mac = attempt(() => parseMac(single(raw) ?? ''));
      if (mac === undefined || !isUnicastMac(mac)) return 'must be a unicast MAC address such as 02:00:00:00:00:01';
      return { kind: 'mac', mac };
    }
  }
}

function items(raw: RawValue): readonly string[] {
  if (raw.form === 'list') return raw.items;
  return raw.form === 'bare' ? raw.text.split(';').map((part) => part.trim()) : [raw.text];
}

function single(raw: RawValue): string | undefined {
  if (raw.form !== 'list') return raw.text;
  return raw.items.length === 1 ? raw.items[0] : undefined;
}

function addresses(family: 4 | 6, most: number | undefined, texts: readonly string[]): OptionValue | string {
  const found = texts.map((item) => attempt(() => parseIp(item)));
  const wrong = found.findIndex((ip) => ip?.family !== family);
  if (wrong >= 0 || texts.length === 0)
    return `must be IPv${family} addresses ({a,b} or a;b for several), ${JSON.stringify(texts[wrong] ?? '')} is none`;
  if (most !== undefined && texts.length > most) return `takes ${most} address, not ${texts.length}`;
  const size = texts.length * (family === 4 ? 4 : 16);
  if (size > LONGEST) return `is too long: ${size} octets, ${LONGEST} fit into an option`;
  return { kind: 'addresses', addresses: found.map((ip) => formatIp(ip!)) };
}

function integer(least: number, greatest: number, word: string | undefined): OptionValue | string {
  const value = word !== undefined && /^\d{1,10}$/.test(word) ? Number(word) : NaN;
  if (value >= least && value <= greatest) return { kind: 'integer', value };
  return `must be a whole number from ${least} to ${greatest}`;
}

function flag(spelling: 'digit' | 'word', word: string | undefined): OptionValue | string {
  if (word === '1' || word === 'true') return { kind: 'flag', value: true, spelling };
  if (word === '0' || word === 'false') return { kind: 'flag', value: false, spelling };
  return 'must be true or false (or 1 or 0)';
}

function choice(values: readonly string[], word: string | undefined): OptionValue | string {
  const found = values.find((value) => value.toLowerCase() === word?.toLowerCase());
  return found === undefined ? `must be one of ${values.join(', ')}` : { kind: 'choice', word: found };
}

function text(word: string | undefined): OptionValue | string {
  if (word === undefined || word === '') return 'must be a text, in quotes if it has a comma or a brace';
  if (!PRINTABLE.test(word)) return 'must consist of printable ASCII characters';
  if (word.length > LONGEST) return `is too long: ${word.length} characters, ${LONGEST} fit into an option`;
  return { kind: 'text', text: word };
}

function domains(names: readonly string[]): OptionValue | string {
  const trimmed = names.map((name) => name.trim());
  const wrong = trimmed.find((name) => !DOMAIN.test(name));
  if (wrong !== undefined) return `must be domain names ({a,b} for several), ${JSON.stringify(wrong)} is none`;
  const size = trimmed.reduce((sum, name) => sum + name.length + 2, 0);
  if (size > LONGEST) return `is too long: ${size} octets, ${LONGEST} fit into an option`;
  return { kind: 'domains', names: trimmed };
}

function routes(words: readonly string[]): OptionValue | string {
  const expected = 'must be {prefix,router,...} such as {10.1.0.0/16,10.0.0.1,0.0.0.0/0,10.0.0.1}';
  if (words.length === 0 || words.length % 2 === 1) return expected;
  const found: StaticRoute[] = [];
  for (let index = 0; index < words.length; index += 2) {
    const [prefix = '', router = ''] = [words[index], words[index + 1]];
    try {
      const { cidr, ip } = parseInterface(prefix);
      const gateway = parseIp(router);
      if (cidr.family !== 4 || gateway.family !== 4) return `${expected}: IPv4 only`;
      if (ip.value !== cidr.base) return `has host bits in ${prefix}: ${formatCidr(cidr)} is meant`;
      found.push({ dst: formatCidr(cidr), gw: formatIp(gateway) });
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      return `${expected}: ${error.message}`;
    }
  }
  const size = found.reduce((sum, route) => sum + routeOctets(route), 0);
  if (size > LONGEST) return `is too long: ${size} octets, ${LONGEST} fit into an option`;
  return { kind: 'routes', routes: found };
}

function preferredRoutes(words: readonly string[]): OptionValue | string {
  const routeTexts: string[] = [];
  for (const word of words) {
    const [, preference = '', prefix = ''] = /^(HIGH|MEDIUM|LOW)-(.*)$/i.exec(word.trim()) ?? [];
    const cidr = attempt(() => parseInterface(prefix).cidr);
    if (cidr?.family !== 6)
      return `must be preference-prefix such as HIGH-fd00:1::/48, ${JSON.stringify(word)} is none`;
    routeTexts.push(`${preference.toUpperCase()}-${formatCidr(cidr)}`);
  }
  return { kind: 'preferredRoutes', routes: routeTexts };
}

/** octets of one route in option 121 (RFC 3442) */
function routeOctets({ dst }: StaticRoute): number {
  return 1 + Math.ceil(Number(dst.slice(dst.indexOf('/') + 1)) / 8) + 4;
}

/** As many of the routes, from the first, as one option holds. */
export function fittingRoutes(all: readonly StaticRoute[]): readonly StaticRoute[] {
  let size = 0;
  return all.filter((route) => (size += routeOctets(route)) <= LONGEST);
}

/** As a user would write it; `readValue` reads it back. */
export function printValue(value: OptionValue): string {
  switch (value.kind) {
    case 'addresses':
      return braces(value.addresses);
    case 'integer':
      return String(value.value);
    case 'flag':
      return String(value.value);
    case 'text':
      return quote(value.text);
    case 'domains':
      return braces(value.names);
    case 'routes':
      return `{${value.routes.flatMap(({ dst, gw }) => [dst, gw]).join(',')}}`;
    case 'preferredRoutes':
      return braces(value.routes);
    case 'mac':
      return value.mac;
    case 'choice':
      return value.word;
  }
}

/** As the column `options` of DHCP_Options takes it: a constant of OVN's logical flow language, where strings stand in quotes. */
export function dhcpValue(value: OptionValue): string {
  if (value.kind === 'domains') return quote(value.names.join(','));
  if (value.kind === 'flag' && value.spelling === 'digit') return value.value ? '1' : '0';
  return printValue(value);
}

/** As the column `ipv6_ra_configs` of Logical_Router_Port takes it: plain text, lists with commas. */
export function raValue(value: OptionValue): string {
  if (value.kind === 'domains') return value.names.join(',');
  if (value.kind === 'preferredRoutes') return value.routes.join(',');
  return printValue(value);
}

function braces(list: readonly string[]): string {
  return list.length === 1 ? list[0]! : `{${list.join(',')}}`;
}

function quote(word: string): string {
  return `"${word.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
