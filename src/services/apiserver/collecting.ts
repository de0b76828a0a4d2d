import type { Stored } from './model/objects.ts';
import type { WriteContext } from './writes.ts';

/** What the parts of the collector (collector.ts) work with. */
export interface Collecting {
  readonly context: WriteContext;
  /** Deletes the object, as a client would. A refusal is reported and tried again. */
  collect(stored: Stored): void;
  /** Something is left to do about the object with this uid: look again later. */
  later(uid: string): void;
}
