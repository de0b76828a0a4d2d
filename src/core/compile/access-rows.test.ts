import { describe, expect, test } from 'vitest';
import type { SubnetSpec } from '../../kinds/subnet.ts';
import { isClean } from './desired.ts';
import { Compiler } from './engine.ts';
import { RULES } from './rules.ts';
import { type Change, SETTINGS_KEY } from './world.ts';

function subnet(more: SubnetSpec, annotations: Readonly<Record<string, string>> = {}): Change {
  return {
    kind: 'Subnet',
    key: 'net',
    object: {
      apiVersion: 'kubeovn.io/v1',
      kind: 'Subnet',
      metadata: { name: 'net', annotations },
      spec: { vpc: 'red', cidrBlock: '10.0.1.0/24', gateway: '10.0.1.1', ...more },
    },
  };
}

function compiled(more: SubnetSpec, annotations?: Readonly<Record<string, string>>): Compiler {
  const compiler = new Compiler(RULES);
  compiler.apply([
    { kind: 'Settings', key: SETTINGS_KEY, object: { tunnelMtu: 1442 } },
    { kind: 'Vpc', key: 'red', object: { apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata: { name: 'red' } } },
    subnet(more, annotations),
  ]);
  return compiler;
}

type Row = { readonly [K in 'name' | 'severity' | 'meter' | 'match' | 'action' | 'direction']: string } & {
  readonly tier: number;
  readonly priority: number;
  readonly log: boolean;
};

const acls = (compiler: Compiler) =>
  [...compiler.rows.ids()]
    .filter((id) => id.startsWith('ACL/'))
    .map((id) => compiler.rows.columns(id) as unknown as Row);
const found = (compiler: Compiler, name: string) => acls(compiler).filter((acl) => acl.name === name);
const problems = (compiler: Compiler) =>
  compiler.issues('Subnet', 'net').map(({ reason, severity, message }) => [reason, severity, message]);

describe('an edit belongs to its subnet, also when all of it is that something comes or goes', () => {
  test.each<[string, SubnetSpec, SubnetSpec]>([
    ['nothing is private any more', { private: true }, {}],
    [
      'one prefix more',
      { private: true, allowSubnets: ['10.0.2.0/24'] },
      { private: true, allowSubnets: ['10.0.2.0/24', '10.0.3.0/24'] },
    ],
    [
      'one prefix less',
      { private: true, allowSubnets: ['10.0.2.0/24', '10.0.3.0/24'] },
      { private: true, allowSubnets: ['10.0.2.0/24'] },
    ],
  ])('%s', (_, before, after) => {
    const compiler = compiled(before);
    const { dirty, objects } = compiler.apply([subnet(after)]);
    expect(isClean(dirty)).toBe(false);
    expect([...objects]).toEqual(['Subnet/net']);
  });
});

describe('what came past the door', () => {
  const text = (match: string, action: 'allow' | 'drop') =>
    ({ acls: [{ direction: 'to-lport', priority: 7, match, action }] }) as const satisfies SubnetSpec;

  test('text that cannot be read is in no row; a rule that might restrict closes the subnet, the network stays alive', () => {
    const compiler = compiled(text('ip4.src == 10.0.0.0/24 || evil', 'drop'));
    expect(acls(compiler).map(({ match }) => match)).not.toContainEqual(expect.stringContaining('evil'));
    expect(
      found(compiler, 'net/closed').map(({ direction, match, action, tier, priority }) => [
        direction,
        match,
        action,
        tier,
        priority,
      ]),
    ).toEqual([
      ['from-lport', 'ip', 'drop', 0, 32766],
      ['to-lport', 'ip', 'drop', 0, 32766],
    ]);
    expect(found(compiler, 'net/always')).toHaveLength(2);
    expect(problems(compiler)).toEqual([
      [
        'InvalidSpec',
        undefined,
        expect.stringMatching(/^spec\.acls\[0\]\.match: column 27: .*the subnet is closed until this is corrected/),
      ],
    ]);
  });

  test('one that allows is left out, and nothing else changes', () => {
    const compiler = compiled(text('ip4.src = 1', 'allow'));
    expect(acls(compiler)).toEqual([]);
    expect(problems(compiler)).toEqual([['InvalidSpec', undefined, expect.stringContaining('it is left out')]]);
  });

  test.each([
    { direction: 'sideways', priority: 7, match: 'ip', action: 'drop' },
    { direction: 'to-lport', priority: 7, match: 'ip', action: 'refuse' },
    { direction: 'to-lport', priority: -1, match: 'ip', action: 'drop' },
    { direction: 'to-lport', priority: 7, action: 'drop' },
    {},
  ])('%j closes', (acl) => {
    expect(found(compiled({ acls: [acl] } as unknown as SubnetSpec), 'net/closed')).toHaveLength(2);
  });

  test('of two rules that contradict each other the one that restricts is in force', () => {
    const acl = (action: 'allow' | 'drop') => ({ direction: 'to-lport', priority: 7, match: 'ip', action }) as const;
    for (const both of [
      [acl('allow'), acl('drop')],
      [acl('drop'), acl('allow')],
    ]) {
      const compiler = compiled({ acls: both });
      expect(new Set(found(compiler, 'net/acl/7').map(({ action }) => action))).toEqual(new Set(['drop']));
      expect(problems(compiler)).toHaveLength(1);
    }
  });

  test('a prefix that cannot be read is left out of allowSubnets', () => {
    const compiler = compiled({ private: true, allowSubnets: ['10.0.2.0/24', 'nonsense'] });
    expect(compiler.rows.columns('Address_Set/weft_allowed4._.net')?.['addresses']).toEqual(['10.0.2.0/24']);
    expect(problems(compiler)).toEqual([['InvalidSpec', undefined, expect.stringContaining('spec.allowSubnets[1]')]]);
  });
});

describe('the log', () => {
  const both: SubnetSpec = {
    acls: [
      { direction: 'to-lport', priority: 7, match: 'tcp', action: 'drop' },
      { direction: 'to-lport', priority: 8, match: 'udp', action: 'allow' },
    ],
  };
  const on = 'ovn.kubernetes.io/enable_log';
  const logged = (compiler: Compiler) =>
    new Set(
      acls(compiler)
        .filter(({ log }) => log)
        .map(({ name, severity, meter }) => `${name} ${severity} ${meter}`),
    );

  test('is off unless asked for, then about what keeps packets out, with ten packets a second', () => {
    expect(logged(compiled(both))).toEqual(new Set());
    const compiler = compiled(both, { [on]: 'true' });
    expect(logged(compiler)).toEqual(new Set(['net/acl/7 warning net_acl_log']));
    expect(compiler.rows.columns('Meter/net_acl_log')).toMatchObject({ unit: 'pktps', fair: true });
    expect(compiler.rows.columns('Meter_Band/net_acl_log')).toMatchObject({ action: 'drop', rate: 10 });
  });

  test('is about the actions asked for', () => {
    const compiler = compiled(both, { [on]: 'true', 'ovn.kubernetes.io/log_acl_actions': 'allow' });
    expect(logged(compiler)).toEqual(new Set(['net/acl/8 info net_acl_log']));
  });

  test('the name of a rule fits what OVN takes, and is still one of its own', () => {
    const name = `${'x'.repeat(60)}-${'y'.repeat(60)}`;
    const compiler = compiled({});
    const named = (of: string): Change => ({
      kind: 'Subnet',
      key: of,
      object: {
        apiVersion: 'kubeovn.io/v1',
        kind: 'Subnet',
        metadata: { name: of },
        spec: { vpc: 'red', cidrBlock: of === name ? '10.2.0.0/24' : '10.3.0.0/24', gateway: '', ...both },
      },
    });
    compiler.apply([named(name), named(`${name}z`)].map((change) => withGateway(change)));
    const names = [...new Set(acls(compiler).map((acl) => acl.name))].filter((each) => each.endsWith('/7'));
    expect(names).toHaveLength(2);
    for (const each of names) expect(each.length).toBeLessThanOrEqual(63);
  });
});

function withGateway(change: Change): Change {
  const { object } = change as Extract<Change, { kind: 'Subnet' }>;
  const gateway = object!.spec!.cidrBlock!.replace('.0/24', '.1');
  return { kind: 'Subnet', key: change.key, object: { ...object!, spec: { ...object!.spec, gateway } } };
}
