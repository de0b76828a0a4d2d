import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ManifestError, readManifests } from './read-manifests.ts';

const PROPOSAL = new URL('../../../examples/proposal/', import.meta.url);

test('every manifest of the proposal, whose attachment has a quoted text that is not indented', () => {
  const objects = readdirSync(PROPOSAL).flatMap((name) =>
    readManifests(readFileSync(new URL(name, PROPOSAL), 'utf8'), name),
  );
  expect(objects.map(({ kind }) => kind).toSorted()).toEqual([
    'NetworkAttachmentDefinition',
    'Subnet',
    'Subnet',
    'VirtualMachine',
    'Vpc',
    'Vpc',
    'Vpc',
    'Vpc',
  ]);
  const config = objects.find(({ kind }) => kind === 'NetworkAttachmentDefinition')?.spec as { config: string };
  expect(JSON.parse(config.config)).toEqual({
    cniVersion: '0.3.1',
    type: 'kube-ovn',
    ipam: { type: 'kube-ovn', subnet: 'my-subnet' },
  });
});

const head = 'apiVersion: v1\nkind: K\nmetadata: { name: n }\n';

test('values are YAML 1.2: a MAC address is text', () => {
  expect(readManifests(`${head}spec: { mac: 02:00:00:00:00:02, no: no }\n---\n`, 'f')[0]?.spec).toEqual({
    mac: '02:00:00:00:00:02',
    no: 'no',
  });
});

test('quotes inside quotes, and quotes in other places, are left alone', () => {
  const text = `${head}spec:\n  a: 'it''s\nfine'\n  b: "say \\"\nyes\\""\n  c: plain ' text\n  d: |\n    it's "raw\n`;
  expect(readManifests(text, 'f')[0]?.spec).toEqual({
    a: "it's fine",
    b: 'say " yes"',
    c: "plain ' text",
    d: 'it\'s "raw\n',
  });
});

describe('mistakes say where', () => {
  test.each([
    ['a: [1', /^f: .*at line 1/],
    [`${head}spec: 'open`, /^f: Missing closing/],
    ['just text', /no Kubernetes object/],
    ['kind: K', /needs apiVersion, kind and metadata\.name/],
  ])('%j', (text, error) => {
    expect(() => readManifests(text, 'f')).toThrow(ManifestError);
    expect(() => readManifests(text, 'f')).toThrow(error);
  });
});
