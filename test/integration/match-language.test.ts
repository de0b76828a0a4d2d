/**
 * The match language held against OVN: ovn-trace reads all logical flows of a Southbound database and complains about each match that it does not take,
 * and says which flow a packet matched. The flows are written straight into the database, one per match.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANYWHERE, type EvaluationContext, evaluateMatch, type Packet } from '../../src/core/ovn/match/evaluate.ts';
import { MATCH_SYMBOLS } from '../../src/core/ovn/match/fields.ts';
import { parseMatch } from '../../src/core/ovn/match/parse.ts';
import { parseSetValue, unusableSet } from '../../src/core/ovn/match/sets.ts';
import {
  ADDRESS_SETS,
  matchText,
  mutatedText,
  packet,
  PORT_GROUPS,
} from '../../src/core/ovn/match/testing/generated.ts';
import type { SouthboundTables } from '../../src/core/ovn/generated/sb.ts';
import { formatIp } from '../../src/lib/netaddr/ip.ts';
import { operations } from '../../src/lib/ovsdb/operations.ts';
import { OvsdbSession } from '../../src/lib/ovsdb/session.ts';
import { engineCommand, engineRoot, TestServer } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';

const execute = promisify(execFile);
const sb = operations<SouthboundTables>();
/** matches of one datapath, each in a table of its own */
const TABLES = 24;
/** key of a datapath without flows: a trace there only reads the flows of all others */
const EMPTY = 9999;

let server: TestServer;
let session: OvsdbSession<SouthboundTables>;

beforeAll(async () => {
  server = await TestServer.start({ root: engineRoot(), schema: 'ovn-sb.ovsschema' });
  session = new OvsdbSession<SouthboundTables>({
    remote: server.remote,
    database: 'OVN_Southbound',
    monitor: { Datapath_Binding: ['tunnel_key'] },
  });
  await session.ready();
  await session.transact(
    Object.entries(ADDRESS_SETS).map(([name, addresses]) =>
      sb.insert('Address_Set', { name, addresses: [...addresses] }),
    ),
  );
});

afterAll(async () => {
  await session.close();
  await server[Symbol.asyncDispose]();
});

/** a datapath of its own for these matches; a port group's name there has the datapath's key */
async function datapath(key: number, matches: readonly string[], spread: boolean): Promise<void> {
  const flow = (match: string, table: number, priority: number, stage: string) =>
    sb.insert('Logical_Flow', {
      logical_datapath: 'network',
      pipeline: 'ingress',
      table_id: table,
      priority,
      match,
      // ovn-trace leaves flows out that do nothing but go on
      actions: 'pkt.mark = 0; next;',
      external_ids: { 'stage-name': stage },
    });
  await session.transact([
    sb.insert(
      'Datapath_Binding',
      { tunnel_key: key, external_ids: { name: `dp${key}`, 'logical-switch': '' } },
      'network',
    ),
    ...['p1', 'p2', 'p3'].map((port, index) =>
      sb.insert('Port_Binding', { logical_port: `dp${key}-${port}`, tunnel_key: index + 1, datapath: 'network' }),
    ),
    ...Object.entries(PORT_GROUPS).map(([name, ports]) =>
      sb.insert('Port_Group', { name: `${key}_${name}`, ports: ports.map((port) => `dp${key}-${port}`) }),
    ),
    ...matches.map((match, index) => flow(match, spread ? index : 0, 100, `match${index}`)),
    ...(spread ? matches.map((_, index) => flow('1', index, 0, 'else')) : []),
  ]);
}

async function trace(key: number, microflow: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const [command, args] = engineCommand(engineRoot(), 'usr/bin/ovn-trace', [
    `--db=${server.remote}`,
    '--no-friendly-names',
    '-vPATTERN:console:%m',
    `dp${key}`,
    microflow,
  ]);
  return execute(command, args, { maxBuffer: 64 * 1024 * 1024 });
}

/** which of these texts ovn-trace complains about */
async function refusedByOvn(key: number, matches: readonly string[]): Promise<ReadonlySet<string>> {
  await datapath(key, matches, false);
  const { stderr } = await trace(EMPTY, `inport == "dp${EMPTY}-p1"`);
  const words = ': parsing expression failed (';
  return new Set(
    stderr
      .split('\n')
      .filter((line) => line.includes(words))
      .map((line) => line.slice(0, line.lastIndexOf(words))),
  );
}

/** where we are stricter on purpose: the text that OVN takes, and what we say of it */
const STRICTER: readonly (readonly [text: RegExp, message: RegExp])[] = [
  // octets are read modulo 256 and with leading zeros, groups of a MAC address with any number of digits
  [/\b0\d+\.|\.0\d|(?:25[6-9]|2[6-9]\d|[3-9]\d\d|\d{4,})/, /neither a number nor/],
  [/[0-9a-f:]{17}/i, /neither a number nor/],
  // what these mean, and whether they are taken, depends on what is in the set
  [/[$@]/, /a set can be compared with == and != only|do not fit|either strings or numbers/],
];

function stricter(text: string): boolean {
  const result = parseMatch(text);
  if ('expression' in result) return false;
  return STRICTER.some(([pattern, message]) => pattern.test(text) && message.test(result.problem.message));
}

/** OVN looks into the sets as it parses; whoever knows the sets can say it beforehand. */
function takes(text: string): boolean {
  const result = parseMatch(text);
  return 'expression' in result && unusableSet(result.expression, sets(0)) === undefined;
}

async function agree(
  key: number,
  matches: readonly string[],
): Promise<{ readonly accepted: number; readonly refused: number }> {
  const texts = [...new Set(matches)];
  const complaints = await refusedByOvn(key, texts);
  const refused = new Set(texts.filter((text) => complaints.has(text)));
  const ours = new Set(texts.filter((text) => !takes(text)));
  const differing = texts.filter((text) => ours.has(text) !== refused.has(text));
  expect(differing.filter((text) => !stricter(text)).map((text) => [text, parseMatch(text)])).toEqual([]);
  return { accepted: texts.length - refused.size, refused: refused.size };
}

test('every symbol of the table is one of OVN', async () => {
  const texts = [...MATCH_SYMBOLS.values()].map(({ name, width }) =>
    width === 0 ? `${name} == "p1"` : `${name} == 1`,
  );
  const { refused } = await agree(1, texts);
  expect(refused).toBe(0);
});

test('levels and widths of the symbols are those of OVN', async () => {
  const texts = [...MATCH_SYMBOLS.values()].flatMap(({ name, width }) => [
    `${name} != 1`,
    `${name} > 0`,
    `!${name}`,
    `${name} == 0x1${'0'.repeat(Math.ceil(width / 4))}`,
    ...[0, width - 1, width].map((bit) => `${name}[${bit}] == 1`),
    `${name}[0..${width - 1}] == 1`,
    `${name}[0..${width}] == 1`,
  ]);
  const { accepted, refused } = await agree(2, texts);
  expect(Math.min(accepted, refused)).toBeGreaterThan(200);
});

/** one match a line; those of nothing but depth are made here */
const CORPUS = [
  ...readFileSync(join(import.meta.dirname, 'match-language.txt'), 'utf8').split('\n'),
  ...[100, 101].map((depth) => `${'('.repeat(depth)}ip4${')'.repeat(depth)}`),
];

test('OVN and we accept and refuse the same of a collection of hard cases', async () => {
  const { accepted, refused } = await agree(3, CORPUS);
  expect(Math.min(accepted, refused)).toBeGreaterThan(70);
});

test('OVN and we accept and refuse the same of generated matches and of mutations of them', async () => {
  // an address set with a prefix in it, compared with "<", ends ovn-trace: a failed assertion
  const printable = (text: string) => !/[\n\r^]|[<>]=?\s*\$|\$\w+\s*[<>]/.test(text);
  const generated = fc.sample(matchText, 2400).filter(printable);
  const mutated = fc.sample(mutatedText, 1200).filter(printable);
  const { accepted, refused } = await agree(4, [...generated, ...mutated]);
  expect(accepted).toBeGreaterThan(400);
  expect(refused).toBeGreaterThan(400);
});

/** Fields in the words of ovn-trace; registers are named as the microflow names them. */
function microflow(fields: Packet): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} == ${typeof value === 'string' ? JSON.stringify(value) : printed(name, value)}`)
    .join(' && ');
}

function printed(name: string, value: bigint): string {
  return name.startsWith('ip6.') ? formatIp({ family: 6, value }) : `0x${value.toString(16)}`;
}

function sets(key: number): EvaluationContext {
  return {
    ...ANYWHERE,
    addressSet: (name) =>
      Object.hasOwn(ADDRESS_SETS, name) ? ADDRESS_SETS[name]!.map((value) => parseSetValue(value)!) : undefined,
    portGroup: (name) =>
      Object.hasOwn(PORT_GROUPS, name) ? PORT_GROUPS[name]!.map((port) => `dp${key}-${port}`) : undefined,
  };
}

test('a packet matches here what it matches for ovn-trace', { timeout: 240_000 }, async () => {
  const hits = { yes: 0, no: 0 };
  for (let key = 100; key < 120; key += 1) {
    const texts = [...new Set(fc.sample(matchText, 400))]
      .map((text) => text.replaceAll(/"p(?=\d")/g, `"dp${key}-p`))
      .filter((text) => takes(text) && !/[\n\r^]/.test(text))
      .slice(0, TABLES);
    await datapath(key, texts, true);
    for (const fields of fc.sample(packet, 6)) {
      const frame = { ...fields, inport: `dp${key}-${fields['inport']}` };
      const { stdout } = await trace(key, microflow(frame));
      const matched = new Set([...stdout.matchAll(/^ *\d+\. match(\d+): /gm)].map(([, index]) => Number(index)));
      const ours = texts.map((text) => {
        const result = parseMatch(text);
        return 'expression' in result && evaluateMatch(result.expression, frame, sets(key));
      });
      expect(
        texts.map((text, index) => [text, matched.has(index)]),
        microflow(frame),
      ).toEqual(texts.map((text, index) => [text, ours[index]]));
      for (const hit of ours) hits[hit ? 'yes' : 'no'] += 1;
    }
  }
  expect(hits.yes).toBeGreaterThan(200);
  expect(hits.no).toBeGreaterThan(1000);
});
