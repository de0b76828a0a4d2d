import { describe, expect, test } from 'vitest';
import type { SubnetSpec } from '../../kinds/subnet.ts';
import { noDirt } from '../compile/desired.ts';
import { Compiler } from '../compile/engine.ts';
import { RULES } from '../compile/rules.ts';
import { largeWorld, nicChange } from '../compile/testing/scale.ts';
import { ObservedRows } from './observed.ts';
import { everything, plan } from './plan.ts';
import { ModelDatabase } from './testing/database.ts';

/** the observed rows that a plan would lead to, without a database between */
function carriedOut(compiler: Compiler): ObservedRows {
  const observed = new ObservedRows();
  const inserts = plan(everything(compiler.rows, observed), compiler.rows, observed).operations.filter(
    (operation) => operation.op === 'insert',
  );
  for (const operation of inserts)
    observed.apply(
      [[operation.table, [{ uuid: operation.uuidName!, old: undefined, new: operation.row as never }]]],
      noDirt(),
    );
  return observed;
}

describe.each([10, 10_000])('one more virtual machine beside %i', (count) => {
  const compiler = new Compiler(RULES);
  compiler.apply(largeWorld(count, 10));
  const observed = carriedOut(compiler);

  test('the world is in place', () => {
    expect(plan(everything(compiler.rows, observed), compiler.rows, observed).operations).toEqual([]);
  });

  test('runs one rule with a handful of reads and sends two operations', () => {
    const before = { rules: { ...compiler.counters.rulesRun }, reads: compiler.counters.reads };
    const { dirty, objects } = compiler.apply([nicChange(count, 10)]);
    const { operations } = plan(dirty, compiler.rows, observed);
    expect(compiler.counters.rulesRun).toEqual({ ...before.rules, IP: before.rules['IP']! + 1 });
    expect(compiler.counters.reads - before.reads).toBe(4);
    expect(operations.map(({ op }) => op)).toEqual(['insert', 'mutate']);
    expect([...objects]).toEqual([`IP/${nicChange(count, 10).key}`]);
  });

  test('one that goes runs no rule and sends one operation', () => {
    const before = { ...compiler.counters.rulesRun };
    const { dirty } = compiler.apply([{ kind: 'IP', key: nicChange(0, 10).key, object: undefined }]);
    expect(compiler.counters.rulesRun).toEqual(before);
    expect(plan(dirty, compiler.rows, observed).operations.map(({ op }) => op)).toEqual(['mutate']);
  });

  test('an edit of a subnet that its machines do not see does not run their rules', () => {
    const before = { ...compiler.counters.rulesRun };
    const subnet = compiler.world.get('Subnet', 'net1')!;
    compiler.apply([{ kind: 'Subnet', key: 'net1', object: { ...subnet, spec: { ...subnet.spec!, mtu: 1300 } } }]);
    expect(compiler.counters.rulesRun).toEqual({ ...before, Subnet: before['Subnet']! + 1 });
  });
});

describe.each([10, 10_000])('who may talk, beside %i virtual machines', (count) => {
  const compiler = new Compiler(RULES);
  compiler.apply(largeWorld(count, 10));
  const database = new ModelDatabase();
  const observed = new ObservedRows();
  observed.apply(
    database.transact(plan(everything(compiler.rows, observed), compiler.rows, observed).operations),
    noDirt(),
  );

  test('one rule of who may talk, or one prefix of allowSubnets, is one rule run and as many operations as it is long', () => {
    const edit = (spec: SubnetSpec) => {
      const subnet = compiler.world.get('Subnet', 'net2')!;
      const before = { ...compiler.counters.rulesRun };
      const object = { ...subnet, spec: { vpc: 'vpc2', cidrBlock: '10.0.0.0/16', gateway: '10.0.0.1', ...spec } };
      const { dirty, objects } = compiler.apply([{ kind: 'Subnet', key: 'net2', object }]);
      expect(compiler.counters.rulesRun).toEqual({ ...before, Subnet: before['Subnet']! + 1 });
      expect([...objects]).toEqual(['Subnet/net2']);
      const { operations } = plan(dirty, compiler.rows, observed);
      observed.apply(database.transact(operations), noDirt());
      return operations.map(({ op }) => op);
    };
    const acl = (priority: number) => ({ direction: 'to-lport', priority, match: 'tcp', action: 'drop' }) as const;
    edit({ private: true, allowSubnets: ['10.1.0.0/16'], acls: [acl(1), acl(2)] });
    // the rule, its part for the router's port, and their places in the switch
    expect(edit({ private: true, allowSubnets: ['10.1.0.0/16'], acls: [acl(1), acl(2), acl(3)] })).toEqual([
      'insert',
      'insert',
      'mutate',
    ]);
    expect(
      edit({ private: true, allowSubnets: ['10.1.0.0/16', '10.2.0.0/16'], acls: [acl(1), acl(2), acl(3)] }),
    ).toEqual(['mutate']);
    expect(edit({ private: true, allowSubnets: ['10.1.0.0/16'], acls: [acl(2), acl(3)] })).toEqual([
      'mutate',
      'mutate',
    ]);
  });
});
