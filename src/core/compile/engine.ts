/**
 * The incremental compiler.
 *
 *   changes -> world -> which instances read what changed? -> run them, rule by rule in order -> diff of their outputs -> desired rows
 *
 * An instance is one rule applied to one object. Laws (property tests hold them): the result equals a compilation from nothing, does not
 * depend on the order or grouping of changes, and compiling the same world again changes nothing.
 */
import { equal } from '../ovn/equal.ts';
import type { RowId } from '../ovn/row.ts';
import { DesiredRows, type Dirty, noDirt } from './desired.ts';
import type { FactName, Facts } from './facts.ts';
import { EMPTY_OUTPUT, type Output, recordOutput } from './output.ts';
import {
  Dependencies,
  type Dependent,
  factDependency,
  indexDependency,
  objectDependency,
  type ReadRecord,
} from './reads.ts';
import type { Issue, Read, Rule } from './rule.ts';
import { seniority } from './seniority.ts';
import { type Change, type IndexName, type KindName, type Kinds, World } from './world.ts';

interface Instance extends Dependent {
  readonly rule: Rule;
  readonly key: string;
  output: Output;
}

/** Work done since the compiler was made; tests assert these instead of time. */
export interface Counters {
  readonly rulesRun: Record<string, number>;
  reads: number;
}

export interface Compiled {
  readonly dirty: Dirty;
  /** `<Kind>/<key>` of the objects whose issues or rows may have changed */
  readonly objects: ReadonlySet<string>;
}

export class Compiler {
  readonly world = new World();
  readonly rows = new DesiredRows();
  readonly counters: Counters;
  readonly #rules: readonly Rule[];
  readonly #instances = new Map<string, Instance>();
  readonly #dependencies = new Dependencies<Instance>();
  readonly #facts = new Map<string, unknown>();

  constructor(rules: readonly Rule[]) {
    checkLayers(rules);
    this.#rules = rules;
    this.counters = { rulesRun: Object.fromEntries(rules.map(({ kind }) => [kind, 0])), reads: 0 };
  }

  /** Takes changes and brings the desired rows up to date with them. */
  apply(changes: Iterable<Change>): Compiled {
    const queues = new Map<Rule, Set<string>>(this.#rules.map((rule) => [rule, new Set()]));
    const enqueue = ({ rule, key }: Pick<Instance, 'rule' | 'key'>) => queues.get(rule)!.add(key);
    for (const change of changes) {
      const touched = this.world.apply(change);
      if (!touched) continue;
      for (const rule of this.#rules) if (rule.kind === touched.kind) enqueue({ rule, key: touched.key });
      this.#dependencies.affected(objectDependency(touched.kind, touched.key), change.object, enqueue);
      for (const { index, value } of touched.indexValues)
        this.#dependencies.affected(indexDependency(touched.kind, index, value), undefined, enqueue);
    }
    const dirty = noDirt();
    const objects = new Set<string>();
    for (const rule of this.#rules) for (const key of queues.get(rule)!) this.#run(rule, key, dirty, objects, enqueue);
    for (const id of dirty.rows) for (const { owner } of this.rows.claims(id)) objects.add(owner);
    return { dirty, objects };
  }

  /** What is wrong with an object, by its rules and by rows that it wants but somebody older has. */
  issues(kind: KindName, key: string): readonly Issue[] {
    const instance = this.#instances.get(`${kind}/${key}`);
    if (!instance) return [];
    return [
      ...instance.output.issues,
      ...[...instance.output.rows.keys()].flatMap((id) => this.#collision(instance.id, id)),
    ];
  }

  /** rows that an object wants */
  rowsOf(kind: KindName, key: string): readonly RowId[] {
    return [...(this.#instances.get(`${kind}/${key}`)?.output.rows.keys() ?? [])];
  }

  #collision(owner: string, id: RowId): Issue[] {
    const claims = this.rows.conflict(id);
    if (!claims) return [];
    const winner = this.rows.claim(id)!.owner;
    const others = claims.map((claim) => claim.owner).filter((other) => other !== owner);
    const has = winner === owner ? 'this object has it' : `${winner} has it`;
    return [
      {
        reason: 'NameCollision',
        message: `row ${id} is also wanted by ${others.join(', ')} with other values; ${has}: rename one of them`,
      },
    ];
  }

  #run(rule: Rule, key: string, dirty: Dirty, objects: Set<string>, enqueue: (instance: Instance) => void): void {
    const id = `${rule.kind}/${key}`;
    const object = this.world.get(rule.kind, key);
    const known = this.#instances.get(id);
    if (object === undefined && !known) return;
    const instance: Instance = known ?? { id, rule, key, reads: [], output: EMPTY_OUTPUT };
    let output = EMPTY_OUTPUT;
    if (object === undefined) {
      this.#dependencies.forget(instance);
      this.#instances.delete(id);
    } else {
      if (!known) this.#instances.set(id, instance);
      const reads: ReadRecord[] = [];
      const recorder = recordOutput(id, precedence(object, id));
      rule.run(object, key, this.#reader(rule, reads), recorder.emit);
      output = recorder.output;
      this.#dependencies.record(instance, reads);
      this.counters.rulesRun[rule.kind]! += 1;
      this.counters.reads += reads.length;
    }
    const rowsDiffer = this.#replace(instance, output, dirty);
    if (rowsDiffer || !equal(instance.output.issues, output.issues) || object === undefined || !known) objects.add(id);
    this.#replaceFacts(instance.output, output, enqueue);
    instance.output = output;
  }

  #reader(rule: Rule, reads: ReadRecord[]): Read {
    const mayRead = (kind: KindName) => {
      if (!rule.reads.kinds.includes(kind))
        throw new Error(`the rule of ${rule.kind} does not declare that it reads ${kind}`);
    };
    return {
      get: <K extends KindName, T>(kind: K, key: string, project?: (object: Kinds[K]) => T) => {
        mayRead(kind);
        const object = this.world.get(kind, key);
        const dependency = objectDependency(kind, key);
        if (!project) {
          reads.push({ dependency });
          return object as unknown as T;
        }
        const seen = object === undefined ? undefined : project(object);
        reads.push({ dependency, project: project as (object: unknown) => unknown, seen });
        return seen as T;
      },
      keys: <K extends KindName>(kind: K, index: IndexName<K>, value: string) => {
        mayRead(kind);
        reads.push({ dependency: indexDependency(kind, index, value) });
        return this.world.keys(kind, index, value);
      },
      fact: <F extends FactName>(fact: F, key: string) => {
        if (!rule.reads.facts.includes(fact))
          throw new Error(`the rule of ${rule.kind} does not declare that it reads fact ${fact}`);
        reads.push({ dependency: factDependency(fact, key) });
        return this.#facts.get(factDependency(fact, key)) as Facts[F] | undefined;
      },
    };
  }

  /**
   * New contributions come before old ones go, so that a row that both want is never seen to vanish.
   * @returns whether anything is different
   */
  #replace(instance: Instance, output: Output, dirty: Dirty): boolean {
    const old = instance.output;
    let differs = false;
    for (const [id, claim] of output.rows) {
      const before = old.rows.get(id);
      if (before && equal(before.columns, claim.columns) && before.precedence === claim.precedence) continue;
      differs = true;
      if (before) this.rows.removeClaim(id, instance.id, dirty);
      this.rows.addClaim(id, claim, dirty);
    }
    for (const [, { id, column, value }] of missing(output.members, old.members)) {
      differs = true;
      this.rows.addMember(id, column, value, dirty);
    }
    for (const [name, { id, column, mapKey, value, precedence: rank }] of output.entries) {
      if (old.entries.get(name)?.value === value) continue;
      differs = true;
      if (old.entries.has(name)) this.rows.removeEntry(id, column, mapKey, instance.id, dirty);
      this.rows.addEntry(id, column, mapKey, { owner: instance.id, precedence: rank, value }, dirty);
    }
    for (const [id] of missing(old.rows, output.rows)) {
      differs = true;
      this.rows.removeClaim(id, instance.id, dirty);
    }
    for (const [, { id, column, value }] of missing(old.members, output.members)) {
      differs = true;
      this.rows.removeMember(id, column, value, dirty);
    }
    for (const [, { id, column, mapKey }] of missing(old.entries, output.entries)) {
      differs = true;
      this.rows.removeEntry(id, column, mapKey, instance.id, dirty);
    }
    return differs;
  }

  #replaceFacts(old: Output, output: Output, enqueue: (instance: Instance) => void): void {
    for (const name of new Set([...old.facts.keys(), ...output.facts.keys()])) {
      const value = output.facts.get(name);
      if (equal(old.facts.get(name), value)) continue;
      if (value === undefined) this.#facts.delete(name);
      else this.#facts.set(name, value);
      this.#dependencies.affected(name, value, enqueue);
    }
  }
}

/** what one has and the other has not */
function* missing<K, V>(of: ReadonlyMap<K, V>, other: ReadonlyMap<K, unknown>): Generator<readonly [K, V]> {
  for (const entry of of) if (!other.has(entry[0])) yield entry;
}

function precedence(object: unknown, id: string): string {
  return seniority((object as { metadata?: { creationTimestamp?: string } }).metadata?.creationTimestamp, id);
}

/** Each fact has one emitter, and is read only by rules after it. @throws when the list breaks that */
function checkLayers(rules: readonly Rule[]): void {
  const emitted = new Set<FactName>();
  for (const { kind, reads, emits } of rules) {
    for (const fact of reads.facts)
      if (!emitted.has(fact)) throw new Error(`the rule of ${kind} reads fact ${fact}, which no earlier rule emits`);
    for (const fact of emits) {
      if (emitted.has(fact)) throw new Error(`fact ${fact} is emitted by two rules`);
      emitted.add(fact);
    }
  }
}
