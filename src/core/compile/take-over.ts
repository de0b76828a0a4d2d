/** Which interfaces may take over the address of a Vip: those of its namespace and subnet whose machines list it, and have the labels of its selector. */
import type { IpObject } from '../../kinds/ip.ts';
import { hasLabels, workloadKey } from '../select/workload.ts';
import type { SharedAddress } from '../vip/shared-address.ts';
import type { Read } from './rule.ts';

type Place = Pick<IpObject, 'spec'>;

export function mayTakeOver(ip: Place, shared: SharedAddress, read: Pick<Read, 'get'>): boolean {
  const { namespace, subnet } = ip.spec ?? {};
  if (namespace !== shared.namespace || subnet !== shared.subnet) return false;
  if (shared.labels.length === 0) return true;
  return read.get('Workload', workloadKey(ip as IpObject), (workload) => hasLabels(workload, shared.labels)) === true;
}

/** what of an IP object the answer depends on */
export function placeOf({ spec }: IpObject): Place {
  const { namespace = '', subnet = '', podName = '', podType = '' } = spec ?? {};
  return { spec: { namespace, subnet, podName, podType } };
}
