/** What became of objects on their way into OVN: compiled, committed or refused; whoever has to say so is told. */
import type { Compiler } from '../../core/compile/engine.ts';
import type { Issue } from '../../core/compile/rule.ts';
import type { KindName } from '../../core/compile/world.ts';
import type { RowId } from '../../core/ovn/row.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { EventRecorder } from './events.ts';
import { splitObject } from './object-key.ts';
import { Progress } from './progress.ts';
import { Rejections } from './rejections.ts';

export interface OutcomesOptions {
  readonly compiler: Compiler;
  readonly events: EventRecorder;
  /** UUID of a row in the Northbound database */
  uuidOf(row: RowId): string | undefined;
  ip(name: string): IpObject | undefined;
  /** the pod or machine that has an interface */
  ownerOf(ip: IpObject): KubeObject | undefined;
  /** the object's status may be another now */
  judge(kind: string, key: string): void;
  onInterfaceCommitted(ip: string): void;
  log(sentence: string): void;
}

export class Outcomes {
  readonly #options: OutcomesOptions;
  readonly #progress = new Progress();
  readonly #rejections: Rejections;

  constructor(options: OutcomesOptions) {
    this.#options = options;
    this.#rejections = new Rejections((id) => options.uuidOf(id) !== undefined);
  }

  isCommitted(object: string): boolean {
    return this.#progress.isCommitted(object);
  }

  /** rows of an object that OVN refused */
  rejections(kind: KindName, key: string): readonly Issue[] {
    return this.#rejections.issues(this.#options.compiler.rowsOf(kind, key));
  }

  /** `objects` were compiled and are sent with transaction number `sequence`; what OVN refused of `rows` is tried again. */
  submitted(sequence: number, objects: ReadonlySet<string>, rows: ReadonlySet<RowId>): void {
    this.#rejections.forget(rows);
    this.#progress.submit(sequence, objects, (object) => {
      const [kind, key] = splitObject(object);
      return this.#options.compiler.world.get(kind as KindName, key) !== undefined;
    });
    for (const object of objects) {
      const [kind, key] = splitObject(object);
      this.#options.judge(kind, key);
      if (kind === 'IP') this.#complain(key);
    }
  }

  committed(sequence: number): void {
    for (const object of this.#progress.commit(sequence)) {
      const [kind, key] = splitObject(object);
      this.#options.judge(kind, key);
      if (kind === 'IP') this.#options.onInterfaceCommitted(key);
    }
    for (const id of this.#rejections.takeArrived()) this.#options.judge(...splitObject(this.#ownerOf(id)));
  }

  rejected(rows: readonly RowId[], why: string): void {
    const options = this.#options;
    for (const id of rows) {
      this.#rejections.add(id, why);
      const owner = this.#ownerOf(id);
      const [kind, key] = splitObject(owner);
      options.log(`row ${id} of ${owner} is not in OVN: ${why}`);
      options.judge(kind, key);
      const interfaceOf = kind === 'IP' ? options.ip(key) : undefined;
      if (interfaceOf)
        options.events.record(interfaceOf, 'Warning', 'RejectedByOvn', `row ${id} is not in OVN: ${why}`);
    }
  }

  #ownerOf(id: RowId): string {
    return this.#options.compiler.rows.claim(id)?.owner ?? '';
  }

  /** an interface has no status: what is wrong with it is an event of its IP object, and of whose it is */
  #complain(name: string): void {
    const ip = this.#options.ip(name);
    const issue = this.#options.compiler.issues('IP', name).find(({ severity }) => severity === undefined);
    if (!ip || !issue) return;
    for (const object of [ip, this.#options.ownerOf(ip)])
      if (object) this.#options.events.record(object, 'Warning', issue.reason, issue.message);
  }
}
