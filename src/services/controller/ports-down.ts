/** Which of our ports OVN has on no node, from the Northbound database (Logical_Switch_Port.up): one observation for each such port. */
import type { Change } from '../../core/compile/world.ts';
import type { NorthboundTables } from '../../core/ovn/generated/nb.ts';
import { ownedKey } from '../../core/ovn/tables.ts';
import type { OvsdbSession } from '../../lib/ovsdb/session.ts';

export class PortsDown {
  readonly #down = new Set<string>();

  /** @param take is told what differs from what it was told before */
  constructor(session: OvsdbSession<NorthboundTables>, take: (changes: readonly Change[]) => void) {
    session.onUpdate(({ Logical_Switch_Port: rows = [] }) => {
      const changes = rows.flatMap(({ old, new: row }) => {
        const port = ownedKey('Logical_Switch_Port', (row ?? old) as never);
        return port === undefined ? [] : this.#change(port, row !== undefined && row.type === '' && row.up !== true);
      });
      if (changes.length > 0) take(changes);
    });
  }

  #change(port: string, down: boolean): readonly Change[] {
    if (this.#down.has(port) === down) return [];
    if (down) this.#down.add(port);
    else this.#down.delete(port);
    return [{ kind: 'PortDown', key: port, object: down ? { down: true } : undefined }];
  }
}
