// Generated from the schema of OVN_Southbound 20.41.0 by tools/ovsdb-types.ts. Do not edit; to regenerate:
//   node tools/ovsdb-types.ts

/** A row of ACL_ID. */
export interface ACLID {
  readonly id: number;
}

/** A row of Address_Set. */
export interface AddressSet {
  readonly addresses: readonly string[];
  readonly name: string;
}

/** A row of Advertised_Route. */
export interface AdvertisedRoute {
  /** strong reference: Datapath_Binding */
  readonly datapath: string;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly ip_prefix: string;
  /** strong reference: Port_Binding */
  readonly logical_port: string;
  /** strong reference: Port_Binding */
  readonly tracked_port?: string | undefined;
}

/** A row of BFD. */
export interface BFD {
  readonly chassis_name: string;
  readonly detect_mult: number;
  readonly disc: number;
  readonly dst_ip: string;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly logical_port: string;
  readonly min_rx: number;
  readonly min_tx: number;
  readonly options: Readonly<Record<string, string>>;
  readonly src_port: number;
  readonly status: 'down' | 'init' | 'up' | 'admin_down';
}

/** A row of Chassis. */
export interface Chassis {
  /** strong reference: Encap */
  readonly encaps: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly name: string;
  readonly nb_cfg: number;
  readonly other_config: Readonly<Record<string, string>>;
  readonly transport_zones: readonly string[];
  readonly vtep_logical_switches: readonly string[];
}

/** A row of Chassis_Private. */
export interface ChassisPrivate {
  /** weak reference: Chassis */
  readonly chassis?: string | undefined;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly name: string;
  readonly nb_cfg: number;
  readonly nb_cfg_timestamp: number;
}

/** A row of Chassis_Template_Var. */
export interface ChassisTemplateVar {
  readonly chassis: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** A row of Connection. */
export interface Connection {
  readonly external_ids: Readonly<Record<string, string>>;
  readonly inactivity_probe?: number | undefined;
  readonly is_connected: boolean;
  readonly max_backoff?: number | undefined;
  readonly other_config: Readonly<Record<string, string>>;
  readonly read_only: boolean;
  readonly role: string;
  readonly status: Readonly<Record<string, string>>;
  readonly target: string;
}

/** A row of Controller_Event. */
export interface ControllerEvent {
  /** weak reference: Chassis */
  readonly chassis?: string | undefined;
  readonly event_info: Readonly<Record<string, string>>;
  readonly event_type: 'empty_lb_backends';
  readonly seq_num: number;
}

/** A row of DHCP_Options. */
export interface DHCPOptions {
  readonly code: number;
  readonly name: string;
  readonly type: 'bool' | 'uint8' | 'uint16' | 'uint32' | 'ipv4' | 'static_routes' | 'str' | 'host_id' | 'domains';
}

/** A row of DHCPv6_Options. */
export interface DHCPv6Options {
  readonly code: number;
  readonly name: string;
  readonly type: 'ipv6' | 'str' | 'mac' | 'domain';
}

/** A row of DNS. */
export interface DNS {
  /** strong reference: Datapath_Binding */
  readonly datapaths: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly records: Readonly<Record<string, string>>;
}

/** A row of Datapath_Binding. */
export interface DatapathBinding {
  readonly external_ids: Readonly<Record<string, string>>;
  readonly load_balancers: readonly string[];
  readonly tunnel_key: number;
}

/** A row of ECMP_Nexthop. */
export interface ECMPNexthop {
  /** strong reference: Datapath_Binding */
  readonly datapath: string;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly mac: string;
  readonly nexthop: string;
  /** strong reference: Port_Binding */
  readonly port: string;
}

/** A row of Encap. */
export interface Encap {
  readonly chassis_name: string;
  readonly ip: string;
  readonly options: Readonly<Record<string, string>>;
  readonly type: 'geneve' | 'stt' | 'vxlan';
}

/** A row of FDB. */
export interface FDB {
  readonly dp_key: number;
  readonly mac: string;
  readonly port_key: number;
  readonly timestamp: number;
}

/** A row of Gateway_Chassis. */
export interface GatewayChassis {
  /** weak reference: Chassis */
  readonly chassis?: string | undefined;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
  readonly priority: number;
}

/** A row of HA_Chassis. */
export interface HAChassis {
  /** weak reference: Chassis */
  readonly chassis?: string | undefined;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly priority: number;
}

/** A row of HA_Chassis_Group. */
export interface HAChassisGroup {
  readonly external_ids: Readonly<Record<string, string>>;
  /** strong reference: HA_Chassis */
  readonly ha_chassis: readonly string[];
  readonly name: string;
  /** weak reference: Chassis */
  readonly ref_chassis: readonly string[];
}

/** A row of IGMP_Group. */
export interface IGMPGroup {
  readonly address: string;
  /** weak reference: Chassis */
  readonly chassis?: string | undefined;
  readonly chassis_name: string;
  /** weak reference: Datapath_Binding */
  readonly datapath?: string | undefined;
  /** weak reference: Port_Binding */
  readonly ports: readonly string[];
  readonly protocol: string;
}

/** A row of IP_Multicast. */
export interface IPMulticast {
  /** weak reference: Datapath_Binding */
  readonly datapath: string;
  readonly enabled?: boolean | undefined;
  readonly eth_src: string;
  readonly idle_timeout?: number | undefined;
  readonly ip4_src: string;
  readonly ip6_src: string;
  readonly querier?: boolean | undefined;
  readonly query_interval?: number | undefined;
  readonly query_max_resp?: number | undefined;
  readonly seq_no: number;
  readonly table_size?: number | undefined;
}

/** A row of Learned_Route. */
export interface LearnedRoute {
  /** strong reference: Datapath_Binding */
  readonly datapath: string;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly ip_prefix: string;
  /** strong reference: Port_Binding */
  readonly logical_port: string;
  readonly nexthop: string;
}

/** A row of Load_Balancer. */
export interface LoadBalancer {
  /** strong reference: Logical_DP_Group */
  readonly datapath_group?: string | undefined;
  /** strong reference: Datapath_Binding */
  readonly datapaths: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
  /** strong reference: Logical_DP_Group */
  readonly lr_datapath_group?: string | undefined;
  /** strong reference: Logical_DP_Group */
  readonly ls_datapath_group?: string | undefined;
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
  readonly protocol?: 'tcp' | 'udp' | 'sctp' | undefined;
  readonly vips: Readonly<Record<string, string>>;
}

/** A row of Logical_DP_Group. */
export interface LogicalDPGroup {
  /** weak reference: Datapath_Binding */
  readonly datapaths: readonly string[];
}

/** A row of Logical_Flow. */
export interface LogicalFlow {
  readonly actions: string;
  readonly controller_meter?: string | undefined;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly flow_desc?: string | undefined;
  /** strong reference: Datapath_Binding */
  readonly logical_datapath?: string | undefined;
  /** strong reference: Logical_DP_Group */
  readonly logical_dp_group?: string | undefined;
  readonly match: string;
  readonly pipeline: 'ingress' | 'egress';
  readonly priority: number;
  readonly table_id: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** A row of MAC_Binding. */
export interface MACBinding {
  /** strong reference: Datapath_Binding */
  readonly datapath: string;
  readonly ip: string;
  readonly logical_port: string;
  readonly mac: string;
  readonly timestamp: number;
}

/** A row of Meter. */
export interface Meter {
  /** strong reference: Meter_Band */
  readonly bands: readonly string[];
  readonly name: string;
  readonly unit: 'kbps' | 'pktps';
}

/** A row of Meter_Band. */
export interface MeterBand {
  readonly action: 'drop';
  readonly burst_size: number;
  readonly rate: number;
}

/** A row of Mirror. */
export interface Mirror {
  readonly external_ids: Readonly<Record<string, string>>;
  readonly filter: 'from-lport' | 'to-lport' | 'both';
  readonly index: number;
  readonly name: string;
  readonly sink: string;
  readonly type: 'gre' | 'erspan' | 'local';
}

/** A row of Multicast_Group. */
export interface MulticastGroup {
  /** strong reference: Datapath_Binding */
  readonly datapath: string;
  readonly name: string;
  /** weak reference: Port_Binding */
  readonly ports: readonly string[];
  readonly tunnel_key: number;
}

/** A row of Port_Binding. */
export interface PortBinding {
  /** weak reference: Chassis */
  readonly additional_chassis: readonly string[];
  /** weak reference: Encap */
  readonly additional_encap: readonly string[];
  /** weak reference: Chassis */
  readonly chassis?: string | undefined;
  /** strong reference: Datapath_Binding */
  readonly datapath: string;
  /** weak reference: Encap */
  readonly encap?: string | undefined;
  readonly external_ids: Readonly<Record<string, string>>;
  /** strong reference: Gateway_Chassis */
  readonly gateway_chassis: readonly string[];
  /** strong reference: HA_Chassis_Group */
  readonly ha_chassis_group?: string | undefined;
  readonly logical_port: string;
  readonly mac: readonly string[];
  /** weak reference: Mirror */
  readonly mirror_rules: readonly string[];
  readonly nat_addresses: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly parent_port?: string | undefined;
  readonly port_security: readonly string[];
  /** weak reference: Chassis */
  readonly requested_additional_chassis: readonly string[];
  /** weak reference: Chassis */
  readonly requested_chassis?: string | undefined;
  readonly tag?: number | undefined;
  readonly tunnel_key: number;
  readonly type: string;
  readonly up?: boolean | undefined;
  readonly virtual_parent?: string | undefined;
}

/** A row of Port_Group. */
export interface PortGroup {
  readonly name: string;
  readonly ports: readonly string[];
}

/** A row of RBAC_Permission. */
export interface RBACPermission {
  readonly authorization: readonly string[];
  readonly insert_delete: boolean;
  readonly table: string;
  readonly update: readonly string[];
}

/** A row of RBAC_Role. */
export interface RBACRole {
  readonly name: string;
  /** weak reference: RBAC_Permission */
  readonly permissions: Readonly<Record<string, string>>;
}

/** A row of SB_Global. */
export interface SBGlobal {
  /** strong reference: Connection */
  readonly connections: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
  readonly ipsec: boolean;
  readonly nb_cfg: number;
  readonly options: Readonly<Record<string, string>>;
  /** strong reference: SSL */
  readonly ssl?: string | undefined;
}

/** A row of SSL. */
export interface SSL {
  readonly bootstrap_ca_cert: boolean;
  readonly ca_cert: string;
  readonly certificate: string;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly private_key: string;
  readonly ssl_ciphers: string;
  readonly ssl_ciphersuites: string;
  readonly ssl_protocols: string;
}

/** A row of Service_Monitor. */
export interface ServiceMonitor {
  readonly chassis_name: string;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly ip: string;
  readonly logical_port: string;
  readonly options: Readonly<Record<string, string>>;
  readonly port: number;
  readonly protocol?: 'tcp' | 'udp' | undefined;
  readonly src_ip: string;
  readonly src_mac: string;
  readonly status?: 'online' | 'offline' | 'error' | undefined;
}

/** A row of Static_MAC_Binding. */
export interface StaticMACBinding {
  /** strong reference: Datapath_Binding */
  readonly datapath: string;
  readonly ip: string;
  readonly logical_port: string;
  readonly mac: string;
  readonly override_dynamic_mac: boolean;
}

/** The rows of OVN_Southbound, by table name. */
export interface SouthboundTables {
  readonly ACL_ID: ACLID;
  readonly Address_Set: AddressSet;
  readonly Advertised_Route: AdvertisedRoute;
  readonly BFD: BFD;
  readonly Chassis: Chassis;
  readonly Chassis_Private: ChassisPrivate;
  readonly Chassis_Template_Var: ChassisTemplateVar;
  readonly Connection: Connection;
  readonly Controller_Event: ControllerEvent;
  readonly DHCP_Options: DHCPOptions;
  readonly DHCPv6_Options: DHCPv6Options;
  readonly DNS: DNS;
  readonly Datapath_Binding: DatapathBinding;
  readonly ECMP_Nexthop: ECMPNexthop;
  readonly Encap: Encap;
  readonly FDB: FDB;
  readonly Gateway_Chassis: GatewayChassis;
  readonly HA_Chassis: HAChassis;
  readonly HA_Chassis_Group: HAChassisGroup;
  readonly IGMP_Group: IGMPGroup;
  readonly IP_Multicast: IPMulticast;
  readonly Learned_Route: LearnedRoute;
  readonly Load_Balancer: LoadBalancer;
  readonly Logical_DP_Group: LogicalDPGroup;
  readonly Logical_Flow: LogicalFlow;
  readonly MAC_Binding: MACBinding;
  readonly Meter: Meter;
  readonly Meter_Band: MeterBand;
  readonly Mirror: Mirror;
  readonly Multicast_Group: MulticastGroup;
  readonly Port_Binding: PortBinding;
  readonly Port_Group: PortGroup;
  readonly RBAC_Permission: RBACPermission;
  readonly RBAC_Role: RBACRole;
  readonly SB_Global: SBGlobal;
  readonly SSL: SSL;
  readonly Service_Monitor: ServiceMonitor;
  readonly Static_MAC_Binding: StaticMACBinding;
}

/** The tables and columns of OVN_Southbound. */
export const southboundSchema = {
  name: 'OVN_Southbound',
  version: '20.41.0',
  tables: {
    ACL_ID: {
      isRoot: true,
      indexes: [],
      columns: {
        id: { kind: 'scalar', key: 'integer' },
      },
    },
    Address_Set: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        addresses: { kind: 'set', key: 'string' },
        name: { kind: 'scalar', key: 'string' },
      },
    },
    Advertised_Route: {
      isRoot: true,
      indexes: [['datapath', 'logical_port', 'ip_prefix', 'tracked_port']],
      columns: {
        datapath: { kind: 'scalar', key: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        ip_prefix: { kind: 'scalar', key: 'string' },
        logical_port: { kind: 'scalar', key: 'uuid', refTable: 'Port_Binding', refType: 'strong' },
        tracked_port: { kind: 'optional', key: 'uuid', refTable: 'Port_Binding', refType: 'strong' },
      },
    },
    BFD: {
      isRoot: true,
      indexes: [['logical_port', 'dst_ip', 'src_port', 'disc']],
      columns: {
        chassis_name: { kind: 'scalar', key: 'string' },
        detect_mult: { kind: 'scalar', key: 'integer' },
        disc: { kind: 'scalar', key: 'integer' },
        dst_ip: { kind: 'scalar', key: 'string' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        logical_port: { kind: 'scalar', key: 'string' },
        min_rx: { kind: 'scalar', key: 'integer' },
        min_tx: { kind: 'scalar', key: 'integer' },
        options: { kind: 'map', key: 'string', value: 'string' },
        src_port: { kind: 'scalar', key: 'integer' },
        status: { kind: 'scalar', key: 'string', enum: ['down', 'init', 'up', 'admin_down'] },
      },
    },
    Chassis: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        encaps: { kind: 'set', key: 'uuid', refTable: 'Encap', refType: 'strong', min: 1 },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        hostname: { kind: 'scalar', key: 'string' },
        name: { kind: 'scalar', key: 'string' },
        nb_cfg: { kind: 'scalar', key: 'integer' },
        other_config: { kind: 'map', key: 'string', value: 'string' },
        transport_zones: { kind: 'set', key: 'string' },
        vtep_logical_switches: { kind: 'set', key: 'string' },
      },
    },
    Chassis_Private: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        chassis: { kind: 'optional', key: 'uuid', refTable: 'Chassis', refType: 'weak' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        name: { kind: 'scalar', key: 'string' },
        nb_cfg: { kind: 'scalar', key: 'integer' },
        nb_cfg_timestamp: { kind: 'scalar', key: 'integer' },
      },
    },
    Chassis_Template_Var: {
      isRoot: true,
      indexes: [['chassis']],
      columns: {
        chassis: { kind: 'scalar', key: 'string' },
        variables: { kind: 'map', key: 'string', value: 'string' },
      },
    },
    Connection: {
      isRoot: false,
      indexes: [['target']],
      columns: {
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        inactivity_probe: { kind: 'optional', key: 'integer' },
        is_connected: { kind: 'scalar', key: 'boolean', ephemeral: true },
        max_backoff: { kind: 'optional', key: 'integer' },
        other_config: { kind: 'map', key: 'string', value: 'string' },
        read_only: { kind: 'scalar', key: 'boolean' },
        role: { kind: 'scalar', key: 'string' },
        status: { kind: 'map', key: 'string', value: 'string', ephemeral: true },
        target: { kind: 'scalar', key: 'string' },
      },
    },
    Controller_Event: {
      isRoot: true,
      indexes: [],
      columns: {
        chassis: { kind: 'optional', key: 'uuid', refTable: 'Chassis', refType: 'weak' },
        event_info: { kind: 'map', key: 'string', value: 'string' },
        event_type: { kind: 'scalar', key: 'string', enum: ['empty_lb_backends'] },
        seq_num: { kind: 'scalar', key: 'integer' },
      },
    },
    DHCP_Options: {
      isRoot: true,
      indexes: [],
      columns: {
        code: { kind: 'scalar', key: 'integer' },
        name: { kind: 'scalar', key: 'string' },
        type: { kind: 'scalar', key: 'string', enum: ['bool', 'uint8', 'uint16', 'uint32', 'ipv4', 'static_routes', 'str', 'host_id', 'domains'] },
      },
    },
    DHCPv6_Options: {
      isRoot: true,
      indexes: [],
      columns: {
        code: { kind: 'scalar', key: 'integer' },
        name: { kind: 'scalar', key: 'string' },
        type: { kind: 'scalar', key: 'string', enum: ['ipv6', 'str', 'mac', 'domain'] },
      },
    },
    DNS: {
      isRoot: true,
      indexes: [],
      columns: {
        datapaths: { kind: 'set', key: 'uuid', refTable: 'Datapath_Binding', refType: 'strong', min: 1 },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        records: { kind: 'map', key: 'string', value: 'string' },
      },
    },
    Datapath_Binding: {
      isRoot: true,
      indexes: [['tunnel_key']],
      columns: {
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        load_balancers: { kind: 'set', key: 'uuid' },
        tunnel_key: { kind: 'scalar', key: 'integer' },
      },
    },
    ECMP_Nexthop: {
      isRoot: true,
      indexes: [['nexthop', 'port']],
      columns: {
        datapath: { kind: 'scalar', key: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        mac: { kind: 'scalar', key: 'string' },
        nexthop: { kind: 'scalar', key: 'string' },
        port: { kind: 'scalar', key: 'uuid', refTable: 'Port_Binding', refType: 'strong' },
      },
    },
    Encap: {
      isRoot: false,
      indexes: [['type', 'ip']],
      columns: {
        chassis_name: { kind: 'scalar', key: 'string' },
        ip: { kind: 'scalar', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        type: { kind: 'scalar', key: 'string', enum: ['geneve', 'stt', 'vxlan'] },
      },
    },
    FDB: {
      isRoot: true,
      indexes: [['mac', 'dp_key']],
      columns: {
        dp_key: { kind: 'scalar', key: 'integer' },
        mac: { kind: 'scalar', key: 'string' },
        port_key: { kind: 'scalar', key: 'integer' },
        timestamp: { kind: 'scalar', key: 'integer' },
      },
    },
    Gateway_Chassis: {
      isRoot: false,
      indexes: [['name']],
      columns: {
        chassis: { kind: 'optional', key: 'uuid', refTable: 'Chassis', refType: 'weak' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        name: { kind: 'scalar', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        priority: { kind: 'scalar', key: 'integer' },
      },
    },
    HA_Chassis: {
      isRoot: false,
      indexes: [],
      columns: {
        chassis: { kind: 'optional', key: 'uuid', refTable: 'Chassis', refType: 'weak' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        priority: { kind: 'scalar', key: 'integer' },
      },
    },
    HA_Chassis_Group: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        ha_chassis: { kind: 'set', key: 'uuid', refTable: 'HA_Chassis', refType: 'strong' },
        name: { kind: 'scalar', key: 'string' },
        ref_chassis: { kind: 'set', key: 'uuid', refTable: 'Chassis', refType: 'weak' },
      },
    },
    IGMP_Group: {
      isRoot: true,
      indexes: [['address', 'datapath', 'chassis']],
      columns: {
        address: { kind: 'scalar', key: 'string' },
        chassis: { kind: 'optional', key: 'uuid', refTable: 'Chassis', refType: 'weak' },
        chassis_name: { kind: 'scalar', key: 'string' },
        datapath: { kind: 'optional', key: 'uuid', refTable: 'Datapath_Binding', refType: 'weak' },
        ports: { kind: 'set', key: 'uuid', refTable: 'Port_Binding', refType: 'weak' },
        protocol: { kind: 'scalar', key: 'string' },
      },
    },
    IP_Multicast: {
      isRoot: true,
      indexes: [['datapath']],
      columns: {
        datapath: { kind: 'scalar', key: 'uuid', refTable: 'Datapath_Binding', refType: 'weak' },
        enabled: { kind: 'optional', key: 'boolean' },
        eth_src: { kind: 'scalar', key: 'string' },
        idle_timeout: { kind: 'optional', key: 'integer' },
        ip4_src: { kind: 'scalar', key: 'string' },
        ip6_src: { kind: 'scalar', key: 'string' },
        querier: { kind: 'optional', key: 'boolean' },
        query_interval: { kind: 'optional', key: 'integer' },
        query_max_resp: { kind: 'optional', key: 'integer' },
        seq_no: { kind: 'scalar', key: 'integer' },
        table_size: { kind: 'optional', key: 'integer' },
      },
    },
    Learned_Route: {
      isRoot: true,
      indexes: [['datapath', 'logical_port', 'ip_prefix', 'nexthop']],
      columns: {
        datapath: { kind: 'scalar', key: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        ip_prefix: { kind: 'scalar', key: 'string' },
        logical_port: { kind: 'scalar', key: 'uuid', refTable: 'Port_Binding', refType: 'strong' },
        nexthop: { kind: 'scalar', key: 'string' },
      },
    },
    Load_Balancer: {
      isRoot: true,
      indexes: [],
      columns: {
        datapath_group: { kind: 'optional', key: 'uuid', refTable: 'Logical_DP_Group', refType: 'strong' },
        datapaths: { kind: 'set', key: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        lr_datapath_group: { kind: 'optional', key: 'uuid', refTable: 'Logical_DP_Group', refType: 'strong' },
        ls_datapath_group: { kind: 'optional', key: 'uuid', refTable: 'Logical_DP_Group', refType: 'strong' },
        name: { kind: 'scalar', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        protocol: { kind: 'optional', key: 'string', enum: ['tcp', 'udp', 'sctp'] },
        vips: { kind: 'map', key: 'string', value: 'string' },
      },
    },
    Logical_DP_Group: {
      isRoot: false,
      indexes: [],
      columns: {
        datapaths: { kind: 'set', key: 'uuid', refTable: 'Datapath_Binding', refType: 'weak' },
      },
    },
    Logical_Flow: {
      isRoot: true,
      indexes: [],
      columns: {
        actions: { kind: 'scalar', key: 'string' },
        controller_meter: { kind: 'optional', key: 'string' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        flow_desc: { kind: 'optional', key: 'string' },
        logical_datapath: { kind: 'optional', key: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' },
        logical_dp_group: { kind: 'optional', key: 'uuid', refTable: 'Logical_DP_Group', refType: 'strong' },
        match: { kind: 'scalar', key: 'string' },
        pipeline: { kind: 'scalar', key: 'string', enum: ['ingress', 'egress'] },
        priority: { kind: 'scalar', key: 'integer' },
        table_id: { kind: 'scalar', key: 'integer' },
        tags: { kind: 'map', key: 'string', value: 'string' },
      },
    },
    MAC_Binding: {
      isRoot: true,
      indexes: [['logical_port', 'ip']],
      columns: {
        datapath: { kind: 'scalar', key: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' },
        ip: { kind: 'scalar', key: 'string' },
        logical_port: { kind: 'scalar', key: 'string' },
        mac: { kind: 'scalar', key: 'string' },
        timestamp: { kind: 'scalar', key: 'integer' },
      },
    },
    Meter: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        bands: { kind: 'set', key: 'uuid', refTable: 'Meter_Band', refType: 'strong', min: 1 },
        name: { kind: 'scalar', key: 'string' },
        unit: { kind: 'scalar', key: 'string', enum: ['kbps', 'pktps'] },
      },
    },
    Meter_Band: {
      isRoot: false,
      indexes: [],
      columns: {
        action: { kind: 'scalar', key: 'string', enum: ['drop'] },
        burst_size: { kind: 'scalar', key: 'integer' },
        rate: { kind: 'scalar', key: 'integer' },
      },
    },
    Mirror: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        filter: { kind: 'scalar', key: 'string', enum: ['from-lport', 'to-lport', 'both'] },
        index: { kind: 'scalar', key: 'integer' },
        name: { kind: 'scalar', key: 'string' },
        sink: { kind: 'scalar', key: 'string' },
        type: { kind: 'scalar', key: 'string', enum: ['gre', 'erspan', 'local'] },
      },
    },
    Multicast_Group: {
      isRoot: true,
      indexes: [['datapath', 'tunnel_key'], ['datapath', 'name']],
      columns: {
        datapath: { kind: 'scalar', key: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' },
        name: { kind: 'scalar', key: 'string' },
        ports: { kind: 'set', key: 'uuid', refTable: 'Port_Binding', refType: 'weak' },
        tunnel_key: { kind: 'scalar', key: 'integer' },
      },
    },
    Port_Binding: {
      isRoot: true,
      indexes: [['datapath', 'tunnel_key'], ['logical_port']],
      columns: {
        additional_chassis: { kind: 'set', key: 'uuid', refTable: 'Chassis', refType: 'weak' },
        additional_encap: { kind: 'set', key: 'uuid', refTable: 'Encap', refType: 'weak' },
        chassis: { kind: 'optional', key: 'uuid', refTable: 'Chassis', refType: 'weak' },
        datapath: { kind: 'scalar', key: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' },
        encap: { kind: 'optional', key: 'uuid', refTable: 'Encap', refType: 'weak' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        gateway_chassis: { kind: 'set', key: 'uuid', refTable: 'Gateway_Chassis', refType: 'strong' },
        ha_chassis_group: { kind: 'optional', key: 'uuid', refTable: 'HA_Chassis_Group', refType: 'strong' },
        logical_port: { kind: 'scalar', key: 'string' },
        mac: { kind: 'set', key: 'string' },
        mirror_rules: { kind: 'set', key: 'uuid', refTable: 'Mirror', refType: 'weak' },
        nat_addresses: { kind: 'set', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        parent_port: { kind: 'optional', key: 'string' },
        port_security: { kind: 'set', key: 'string' },
        requested_additional_chassis: { kind: 'set', key: 'uuid', refTable: 'Chassis', refType: 'weak' },
        requested_chassis: { kind: 'optional', key: 'uuid', refTable: 'Chassis', refType: 'weak' },
        tag: { kind: 'optional', key: 'integer' },
        tunnel_key: { kind: 'scalar', key: 'integer' },
        type: { kind: 'scalar', key: 'string' },
        up: { kind: 'optional', key: 'boolean' },
        virtual_parent: { kind: 'optional', key: 'string' },
      },
    },
    Port_Group: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        name: { kind: 'scalar', key: 'string' },
        ports: { kind: 'set', key: 'string' },
      },
    },
    RBAC_Permission: {
      isRoot: true,
      indexes: [],
      columns: {
        authorization: { kind: 'set', key: 'string' },
        insert_delete: { kind: 'scalar', key: 'boolean' },
        table: { kind: 'scalar', key: 'string' },
        update: { kind: 'set', key: 'string' },
      },
    },
    RBAC_Role: {
      isRoot: true,
      indexes: [],
      columns: {
        name: { kind: 'scalar', key: 'string' },
        permissions: { kind: 'map', key: 'string', value: 'uuid', valueRefTable: 'RBAC_Permission', valueRefType: 'weak' },
      },
    },
    SB_Global: {
      isRoot: true,
      indexes: [],
      maxRows: 1,
      columns: {
        connections: { kind: 'set', key: 'uuid', refTable: 'Connection', refType: 'strong' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        ipsec: { kind: 'scalar', key: 'boolean' },
        nb_cfg: { kind: 'scalar', key: 'integer' },
        options: { kind: 'map', key: 'string', value: 'string' },
        ssl: { kind: 'optional', key: 'uuid', refTable: 'SSL', refType: 'strong' },
      },
    },
    SSL: {
      isRoot: false,
      indexes: [],
      maxRows: 1,
      columns: {
        bootstrap_ca_cert: { kind: 'scalar', key: 'boolean' },
        ca_cert: { kind: 'scalar', key: 'string' },
        certificate: { kind: 'scalar', key: 'string' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        private_key: { kind: 'scalar', key: 'string' },
        ssl_ciphers: { kind: 'scalar', key: 'string' },
        ssl_ciphersuites: { kind: 'scalar', key: 'string' },
        ssl_protocols: { kind: 'scalar', key: 'string' },
      },
    },
    Service_Monitor: {
      isRoot: true,
      indexes: [['logical_port', 'ip', 'port', 'protocol']],
      columns: {
        chassis_name: { kind: 'scalar', key: 'string' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        ip: { kind: 'scalar', key: 'string' },
        logical_port: { kind: 'scalar', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        port: { kind: 'scalar', key: 'integer' },
        protocol: { kind: 'optional', key: 'string', enum: ['tcp', 'udp'] },
        src_ip: { kind: 'scalar', key: 'string' },
        src_mac: { kind: 'scalar', key: 'string' },
        status: { kind: 'optional', key: 'string', enum: ['online', 'offline', 'error'] },
      },
    },
    Static_MAC_Binding: {
      isRoot: true,
      indexes: [['logical_port', 'ip']],
      columns: {
        datapath: { kind: 'scalar', key: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' },
        ip: { kind: 'scalar', key: 'string' },
        logical_port: { kind: 'scalar', key: 'string' },
        mac: { kind: 'scalar', key: 'string' },
        override_dynamic_mac: { kind: 'scalar', key: 'boolean' },
      },
    },
  },
} as const;
