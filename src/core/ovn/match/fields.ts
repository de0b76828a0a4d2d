/**
 * The symbols that a match may name, as data: ovn-sb(5) "Symbols", widths and maskability from ovs-fields(7). A field that Open vSwitch cannot mask is
 * nominal: it can be tested for equality only. Fields of OVN 25.03; a field that an older OVN lacks is OVN's own to refuse.
 * icmp4.frag_mtu and icmp6.frag_mtu are missing on purpose: they exist for actions only. OVN's parser takes them in a match, and then the program that
 * uses the match ends with a segmentation fault.
 */
export type Level = 'nominal' | 'boolean' | 'ordinal';

export interface MatchSymbol {
  readonly name: string;
  /** bits; 0 for a string */
  readonly width: number;
  readonly level: Level;
  /** a match that must be true wherever the symbol is compared */
  readonly prerequisite?: string;
  /** the symbol is bits of another one, from `low` up */
  readonly parent?: { readonly name: string; readonly low: number };
  /** the symbol is true where this match is */
  readonly predicate?: string;
}

const nominal = (name: string, width: number, prerequisite?: string): MatchSymbol =>
  field('nominal', name, width, prerequisite);
const ordinal = (name: string, width: number, prerequisite?: string): MatchSymbol =>
  field('ordinal', name, width, prerequisite);

function field(level: Level, name: string, width: number, prerequisite: string | undefined): MatchSymbol {
  return { name, width, level, ...(prerequisite === undefined ? {} : { prerequisite }) };
}

function bits(name: string, parent: string, low: number, high = low, prerequisite?: string): MatchSymbol {
  return { ...ordinal(name, high - low + 1, prerequisite), parent: { name: parent, low } };
}

/** another name of the whole of a field */
function alias(name: string, width: number, level: Level, parent: string, prerequisite: string): MatchSymbol {
  return { name, width, level, prerequisite, parent: { name: parent, low: 0 } };
}

const predicate = (name: string, level: Level, text: string): MatchSymbol => ({
  name,
  width: 1,
  level,
  predicate: text,
});

/** xxreg0 is xreg0, xreg1 and reg0 to reg3, most significant first */
function registers(): MatchSymbol[] {
  const words = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => {
    const low = 32 * (3 - (n % 4));
    return bits(`reg${n}`, `xxreg${n >> 2}`, low, low + 31);
  });
  const doubles = [0, 1, 2, 3].map((n) => {
    const low = 64 * (1 - (n % 2));
    return bits(`xreg${n}`, `xxreg${n >> 1}`, low, low + 63);
  });
  return [
    ordinal('xxreg0', 128),
    ordinal('xxreg1', 128),
    ordinal('xreg4', 64),
    ...doubles,
    ...words,
    bits('reg8', 'xreg4', 32, 63),
    bits('reg9', 'xreg4', 0, 31),
  ];
}

const FLAGS: readonly (readonly [name: string, bit: number])[] = [
  ['loopback', 0],
  ['force_snat_for_dnat', 2],
  ['force_snat_for_lb', 3],
  ['skip_snat_for_lb', 9],
  ['use_snat_zone', 11],
  ['localnet', 15],
  ['tunnel_rx', 16],
  ['icmp_snat', 17],
  ['from_ctrl', 19],
  ['unsnat_new', 20],
  ['unsnat_not_tracked', 21],
];

const CT_STATES = ['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat'];

const logical = (): MatchSymbol[] => [
  nominal('inport', 0),
  nominal('outport', 0),
  ...registers(),
  ordinal('flags', 32),
  ...FLAGS.map(([name, bit]) => bits(`flags.${name}`, 'flags', bit)),
  ordinal('pkt.mark', 32),
];

const conntrack = (): MatchSymbol[] => [
  ordinal('ct_mark', 32),
  bits('ct_mark.blocked', 'ct_mark', 0),
  bits('ct_mark.natted', 'ct_mark', 1),
  bits('ct_mark.skip_snat', 'ct_mark', 2),
  bits('ct_mark.force_snat', 'ct_mark', 3),
  bits('ct_mark.obs_stage', 'ct_mark', 4, 5),
  bits('ct_mark.allow_established', 'ct_mark', 6),
  bits('ct_mark.obs_collector_id', 'ct_mark', 16, 23),
  bits('ct_mark.ecmp_reply_port', 'ct_mark', 16, 31),
  ordinal('ct_label', 128),
  bits('ct_label.obs_unused', 'ct_label', 0, 95),
  bits('ct_label.ecmp_reply_eth', 'ct_label', 32, 79),
  bits('ct_label.acl_id', 'ct_label', 80, 95),
  bits('ct_label.label', 'ct_label', 96, 127),
  bits('ct_label.obs_point_id', 'ct_label', 96, 127),
  ordinal('ct_state', 32),
  ...CT_STATES.map((name, bit) => bits(`ct.${name}`, 'ct_state', bit, bit, name === 'trk' ? undefined : 'ct.trk')),
];

const ethernet = (): MatchSymbol[] => [
  ordinal('eth.src', 48),
  ordinal('eth.dst', 48),
  nominal('eth.type', 16),
  predicate('eth.bcast', 'boolean', 'eth.dst == ff:ff:ff:ff:ff:ff'),
  bits('eth.mcast', 'eth.dst', 40),
  predicate('eth.mcastv6', 'boolean', 'eth.dst[32..47] == 0x3333'),
  ordinal('vlan.tci', 16),
  predicate('vlan.present', 'boolean', 'vlan.tci[12]'),
  bits('vlan.pcp', 'vlan.tci', 13, 15, 'vlan.present'),
  bits('vlan.vid', 'vlan.tci', 0, 11, 'vlan.present'),
];

const ARP_FIELDS = ['spa', 'sha', 'tpa', 'tha'].map((name) => [name, name.endsWith('pa') ? 32 : 48] as const);

const arp = (): MatchSymbol[] => [
  predicate('arp', 'nominal', 'eth.type == 0x806'),
  nominal('arp.op', 16, 'arp'),
  ...ARP_FIELDS.map(([name, width]) => ordinal(`arp.${name}`, width, 'arp')),
  predicate('rarp', 'nominal', 'eth.type == 0x8035'),
  alias('rarp.op', 16, 'nominal', 'arp.op', 'rarp'),
  ...ARP_FIELDS.map(([name, width]) => alias(`rarp.${name}`, width, 'ordinal', `arp.${name}`, 'rarp')),
];

const internet = (): MatchSymbol[] => [
  predicate('ip4', 'nominal', 'eth.type == 0x800'),
  predicate('ip6', 'nominal', 'eth.type == 0x86dd'),
  predicate('ip', 'nominal', 'ip4 || ip6'),
  nominal('ip.proto', 8, 'ip'),
  nominal('ip.dscp', 6, 'ip'),
  nominal('ip.ecn', 2, 'ip'),
  nominal('ip.ttl', 8, 'ip'),
  ordinal('ip.frag', 2, 'ip'),
  predicate('ip.is_frag', 'boolean', 'ip.frag[0]'),
  predicate('ip.later_frag', 'boolean', 'ip.frag[1]'),
  predicate('ip.first_frag', 'boolean', 'ip.is_frag && !ip.later_frag'),
  ordinal('ip4.src', 32, 'ip4'),
  ordinal('ip4.dst', 32, 'ip4'),
  predicate('ip4.src_mcast', 'boolean', 'ip4.src[28..31] == 0xe'),
  predicate('ip4.mcast', 'boolean', 'eth.mcast && ip4.dst[28..31] == 0xe'),
  ordinal('ip6.src', 128, 'ip6'),
  ordinal('ip6.dst', 128, 'ip6'),
  ordinal('ip6.label', 20, 'ip6'),
];

/** groups of RFC 4291 section 2.7.1 */
const multicast6 = (): MatchSymbol[] => [
  predicate(
    'ip6.mcast_rsvd',
    'boolean',
    'ip6.dst == {ff00::, ff01::, ff02::, ff03::, ff04::, ff05::, ff06::, ff07::, ff08::, ff09::, ff0a::, ff0b::, ff0c::, ff0d::, ff0e::, ff0f::}',
  ),
  predicate('ip6.mcast_all_nodes', 'boolean', 'ip6.dst == {ff01::1, ff02::1}'),
  predicate('ip6.mcast_all_rtrs', 'boolean', 'ip6.dst == {ff01::2, ff02::2, ff05::2}'),
  predicate('ip6.mcast_sol_node', 'boolean', 'ip6.dst == ff02::1:ff00:0/104'),
  predicate(
    'ip6.mcast_flood',
    'boolean',
    'eth.mcastv6 && (ip6.mcast_rsvd || ip6.mcast_all_nodes || ip6.mcast_all_rtrs || ip6.mcast_sol_node)',
  ),
  predicate('ip6.mcast', 'boolean', 'eth.mcastv6 && ip6.dst[120..127] == 0xff'),
];

const neighbour = (name: string, type: string) =>
  predicate(name, 'nominal', `icmp6.type == ${type} && icmp6.code == 0 && ip.ttl == 255`);

const control = (): MatchSymbol[] => [
  predicate('icmp4', 'nominal', 'ip4 && ip.proto == 1'),
  nominal('icmp4.type', 8, 'icmp4'),
  nominal('icmp4.code', 8, 'icmp4'),
  predicate('icmp6', 'nominal', 'ip6 && ip.proto == 58'),
  nominal('icmp6.type', 8, 'icmp6'),
  nominal('icmp6.code', 8, 'icmp6'),
  predicate('icmp', 'nominal', 'icmp4 || icmp6'),
  predicate('igmp', 'nominal', 'ip4.mcast && ip.proto == 2'),
  neighbour('nd', '{135, 136}'),
  neighbour('nd_ns', '135'),
  predicate('nd_ns_mcast', 'nominal', 'ip6.mcast && icmp6.type == 135 && icmp6.code == 0 && ip.ttl == 255'),
  neighbour('nd_na', '136'),
  neighbour('nd_rs', '133'),
  neighbour('nd_ra', '134'),
  ordinal('nd.target', 128, 'nd'),
  ordinal('nd.sll', 48, 'nd_ns'),
  ordinal('nd.tll', 48, 'nd_na'),
  predicate('mldv1', 'nominal', 'eth.mcastv6 && ip6.src == fe80::/10 && icmp6.type == {130, 131, 132}'),
  predicate('mldv2', 'nominal', 'eth.mcastv6 && ip6.dst == ff02::16 && icmp6.type == 143'),
];

const transport = (): MatchSymbol[] => [
  ...(
    [
      ['tcp', 6],
      ['udp', 17],
      ['sctp', 132],
    ] as const
  ).flatMap(([name, number]) => [
    predicate(name, 'nominal', `ip.proto == ${number}`),
    ordinal(`${name}.src`, 16, name),
    ordinal(`${name}.dst`, 16, name),
  ]),
  ordinal('tcp.flags', 12, 'tcp'),
];

export const MATCH_SYMBOLS: ReadonlyMap<string, MatchSymbol> = new Map(
  [
    ...logical(),
    ...conntrack(),
    ...ethernet(),
    ...arp(),
    ...internet(),
    ...multicast6(),
    ...control(),
    ...transport(),
  ].map((symbol) => [symbol.name, symbol]),
);
