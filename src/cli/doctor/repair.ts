/** Carries out what the examination proposes. */
import type { Repair } from '../../core/doctor/address-findings.ts';
import type { NorthboundTables } from '../../core/ovn/generated/nb.ts';
import { ipKind } from '../../kinds/ip.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import { operations } from '../../lib/ovsdb/operations.ts';
import type { LabPaths } from '../../services/lab/paths.ts';
import { withNorthbound } from './books.ts';

/** @returns whether it is repaired: an object that went meanwhile is @throws KubeError when the API refuses */
export async function repair(client: KubeClient, paths: LabPaths, wish: Repair): Promise<boolean> {
  switch (wish.act) {
    case 'delete-ip':
      await client
        .delete(ipKind, { name: wish.name }, wish.uid === undefined ? {} : { uid: wish.uid })
        .catch((error: unknown) => {
          if (!isReason(error, 'NotFound')) throw error;
        });
      return true;
    case 'delete-port':
      return withNorthbound(paths, async (session) => {
        // a port lives as long as its switch refers to it
        const nb = operations<NorthboundTables>();
        await session.transact([
          nb.mutate('Logical_Switch', [['name', '==', wish.switch]], [['ports', 'delete', [wish.uuid]]]),
        ]);
        return true;
      });
  }
}
