/** What the CNI executable and the agent say to each other: Kube-OVN's requests over HTTP on a unix socket. */

export const DEFAULT_SOCKET = '/run/openvswitch/kube-ovn-daemon.sock';
export type Verb = 'add' | 'del' | 'check';

export interface CniRoute {
  readonly dst: string;
  readonly gw?: string;
}

export interface CniRequest {
  readonly cni_type: string;
  readonly pod_name: string;
  readonly pod_namespace: string;
  readonly container_id: string;
  readonly net_ns: string;
  readonly if_name: string;
  readonly provider: string;
  readonly routes?: readonly CniRoute[];
}

export interface CniAddress {
  readonly protocol: 'IPv4' | 'IPv6';
  /** address without length */
  readonly ip: string;
  /** prefix that it is in */
  readonly cidr: string;
  readonly gateway?: string;
}

export interface CniResponse {
  readonly ips: readonly CniAddress[];
  readonly mac_address: string;
  readonly routes: readonly CniRoute[];
  readonly mtu: number;
  readonly nicname: string;
  readonly error?: string;
}
