// Generated from the schema of OVN_Northbound 7.11.0 by tools/ovsdb-types.ts. Do not edit; to regenerate:
//   node tools/ovsdb-types.ts

/** A row of ACL. */
export interface ACL {
  readonly action: 'allow' | 'allow-related' | 'allow-stateless' | 'drop' | 'reject' | 'pass';
  readonly direction: 'from-lport' | 'to-lport';
  readonly external_ids: Readonly<Record<string, string>>;
  readonly label: number;
  readonly log: boolean;
  readonly match: string;
  readonly meter?: string | undefined;
  readonly name?: string | undefined;
  readonly options: Readonly<Record<string, string>>;
  readonly priority: number;
  /** strong reference: Sample */
  readonly sample_est?: string | undefined;
  /** strong reference: Sample */
  readonly sample_new?: string | undefined;
  readonly severity?: 'alert' | 'warning' | 'notice' | 'info' | 'debug' | undefined;
  readonly tier: number;
}

/** A row of Address_Set. */
export interface AddressSet {
  readonly addresses: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
  readonly name: string;
}

/** A row of BFD. */
export interface BFD {
  readonly detect_mult?: number | undefined;
  readonly dst_ip: string;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly logical_port: string;
  readonly min_rx?: number | undefined;
  readonly min_tx?: number | undefined;
  readonly options: Readonly<Record<string, string>>;
  readonly status?: 'down' | 'init' | 'up' | 'admin_down' | undefined;
}

/** A row of Chassis_Template_Var. */
export interface ChassisTemplateVar {
  readonly chassis: string;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
}

/** A row of Connection. */
export interface Connection {
  readonly external_ids: Readonly<Record<string, string>>;
  readonly inactivity_probe?: number | undefined;
  readonly is_connected: boolean;
  readonly max_backoff?: number | undefined;
  readonly other_config: Readonly<Record<string, string>>;
  readonly status: Readonly<Record<string, string>>;
  readonly target: string;
}

/** A row of Copp. */
export interface Copp {
  readonly external_ids: Readonly<Record<string, string>>;
  readonly meters: Readonly<Record<string, string>>;
  readonly name: string;
}

/** A row of DHCP_Options. */
export interface DHCPOptions {
  readonly cidr: string;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

/** A row of DHCP_Relay. */
export interface DHCPRelay {
  readonly external_ids: Readonly<Record<string, string>>;
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
  readonly servers?: string | undefined;
}

/** A row of DNS. */
export interface DNS {
  readonly external_ids: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly records: Readonly<Record<string, string>>;
}

/** A row of Forwarding_Group. */
export interface ForwardingGroup {
  readonly child_port: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
  readonly liveness: boolean;
  readonly name: string;
  readonly vip: string;
  readonly vmac: string;
}

/** A row of Gateway_Chassis. */
export interface GatewayChassis {
  readonly chassis_name: string;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
  readonly priority: number;
}

/** A row of HA_Chassis. */
export interface HAChassis {
  readonly chassis_name: string;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly priority: number;
}

/** A row of HA_Chassis_Group. */
export interface HAChassisGroup {
  readonly external_ids: Readonly<Record<string, string>>;
  /** strong reference: HA_Chassis */
  readonly ha_chassis: readonly string[];
  readonly name: string;
}

/** A row of Load_Balancer. */
export interface LoadBalancer {
  readonly external_ids: Readonly<Record<string, string>>;
  /** strong reference: Load_Balancer_Health_Check */
  readonly health_check: readonly string[];
  readonly ip_port_mappings: Readonly<Record<string, string>>;
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
  readonly protocol?: 'tcp' | 'udp' | 'sctp' | undefined;
  readonly selection_fields: readonly ('eth_src' | 'eth_dst' | 'ip_src' | 'ip_dst' | 'ipv6_src' | 'ipv6_dst' | 'tp_src' | 'tp_dst')[];
  readonly vips: Readonly<Record<string, string>>;
}

/** A row of Load_Balancer_Group. */
export interface LoadBalancerGroup {
  /** weak reference: Load_Balancer */
  readonly load_balancer: readonly string[];
  readonly name: string;
}

/** A row of Load_Balancer_Health_Check. */
export interface LoadBalancerHealthCheck {
  readonly external_ids: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly vip: string;
}

/** A row of Logical_Router. */
export interface LogicalRouter {
  /** weak reference: Copp */
  readonly copp?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly external_ids: Readonly<Record<string, string>>;
  /** weak reference: Load_Balancer */
  readonly load_balancer: readonly string[];
  /** strong reference: Load_Balancer_Group */
  readonly load_balancer_group: readonly string[];
  readonly name: string;
  /** strong reference: NAT */
  readonly nat: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  /** strong reference: Logical_Router_Policy */
  readonly policies: readonly string[];
  /** strong reference: Logical_Router_Port */
  readonly ports: readonly string[];
  /** strong reference: Logical_Router_Static_Route */
  readonly static_routes: readonly string[];
}

/** A row of Logical_Router_Policy. */
export interface LogicalRouterPolicy {
  readonly action: 'allow' | 'drop' | 'reroute' | 'jump';
  /** weak reference: BFD */
  readonly bfd_sessions: readonly string[];
  readonly chain?: string | undefined;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly jump_chain?: string | undefined;
  readonly match: string;
  readonly nexthop?: string | undefined;
  readonly nexthops: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly priority: number;
}

/** A row of Logical_Router_Port. */
export interface LogicalRouterPort {
  /** strong reference: DHCP_Relay */
  readonly dhcp_relay?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly external_ids: Readonly<Record<string, string>>;
  /** strong reference: Gateway_Chassis */
  readonly gateway_chassis: readonly string[];
  /** strong reference: HA_Chassis_Group */
  readonly ha_chassis_group?: string | undefined;
  readonly ipv6_prefix: readonly string[];
  readonly ipv6_ra_configs: Readonly<Record<string, string>>;
  readonly mac: string;
  readonly name: string;
  readonly networks: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly peer?: string | undefined;
  readonly status: Readonly<Record<string, string>>;
}

/** A row of Logical_Router_Static_Route. */
export interface LogicalRouterStaticRoute {
  /** weak reference: BFD */
  readonly bfd?: string | undefined;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly ip_prefix: string;
  readonly nexthop: string;
  readonly options: Readonly<Record<string, string>>;
  readonly output_port?: string | undefined;
  readonly policy?: 'src-ip' | 'dst-ip' | undefined;
  readonly route_table: string;
  readonly selection_fields: readonly ('eth_src' | 'eth_dst' | 'ip_proto' | 'ip_src' | 'ip_dst' | 'ipv6_src' | 'ipv6_dst' | 'tp_src' | 'tp_dst')[];
}

/** A row of Logical_Switch. */
export interface LogicalSwitch {
  /** strong reference: ACL */
  readonly acls: readonly string[];
  /** weak reference: Copp */
  readonly copp?: string | undefined;
  /** weak reference: DNS */
  readonly dns_records: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
  /** strong reference: Forwarding_Group */
  readonly forwarding_groups: readonly string[];
  /** weak reference: Load_Balancer */
  readonly load_balancer: readonly string[];
  /** strong reference: Load_Balancer_Group */
  readonly load_balancer_group: readonly string[];
  readonly name: string;
  readonly other_config: Readonly<Record<string, string>>;
  /** strong reference: Logical_Switch_Port */
  readonly ports: readonly string[];
  /** strong reference: QoS */
  readonly qos_rules: readonly string[];
}

/** A row of Logical_Switch_Port. */
export interface LogicalSwitchPort {
  readonly addresses: readonly string[];
  /** weak reference: DHCP_Options */
  readonly dhcpv4_options?: string | undefined;
  /** weak reference: DHCP_Options */
  readonly dhcpv6_options?: string | undefined;
  readonly dynamic_addresses?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly external_ids: Readonly<Record<string, string>>;
  /** strong reference: HA_Chassis_Group */
  readonly ha_chassis_group?: string | undefined;
  /** weak reference: Mirror */
  readonly mirror_rules: readonly string[];
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
  readonly parent_name?: string | undefined;
  readonly peer?: string | undefined;
  readonly port_security: readonly string[];
  readonly tag?: number | undefined;
  readonly tag_request?: number | undefined;
  readonly type: string;
  readonly up?: boolean | undefined;
}

/** A row of Meter. */
export interface Meter {
  /** strong reference: Meter_Band */
  readonly bands: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
  readonly fair?: boolean | undefined;
  readonly name: string;
  readonly unit: 'kbps' | 'pktps';
}

/** A row of Meter_Band. */
export interface MeterBand {
  readonly action: 'drop';
  readonly burst_size: number;
  readonly external_ids: Readonly<Record<string, string>>;
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

/** A row of NAT. */
export interface NAT {
  /** strong reference: Address_Set */
  readonly allowed_ext_ips?: string | undefined;
  /** strong reference: Address_Set */
  readonly exempted_ext_ips?: string | undefined;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly external_ip: string;
  readonly external_mac?: string | undefined;
  readonly external_port_range: string;
  /** weak reference: Logical_Router_Port */
  readonly gateway_port?: string | undefined;
  readonly logical_ip: string;
  readonly logical_port?: string | undefined;
  readonly match: string;
  readonly options: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly type: 'dnat' | 'snat' | 'dnat_and_snat';
}

/** A row of NB_Global. */
export interface NBGlobal {
  /** strong reference: Connection */
  readonly connections: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
  readonly hv_cfg: number;
  readonly hv_cfg_timestamp: number;
  readonly ipsec: boolean;
  readonly name: string;
  readonly nb_cfg: number;
  readonly nb_cfg_timestamp: number;
  readonly options: Readonly<Record<string, string>>;
  readonly sb_cfg: number;
  readonly sb_cfg_timestamp: number;
  /** strong reference: SSL */
  readonly ssl?: string | undefined;
}

/** A row of Port_Group. */
export interface PortGroup {
  /** strong reference: ACL */
  readonly acls: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
  readonly name: string;
  /** weak reference: Logical_Switch_Port */
  readonly ports: readonly string[];
}

/** A row of QoS. */
export interface QoS {
  readonly action: Readonly<Record<string, number>>;
  readonly bandwidth: Readonly<Record<string, number>>;
  readonly direction: 'from-lport' | 'to-lport';
  readonly external_ids: Readonly<Record<string, string>>;
  readonly match: string;
  readonly priority: number;
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

/** A row of Sample. */
export interface Sample {
  /** strong reference: Sample_Collector */
  readonly collectors: readonly string[];
  readonly metadata: number;
}

/** A row of Sample_Collector. */
export interface SampleCollector {
  readonly external_ids: Readonly<Record<string, string>>;
  readonly id: number;
  readonly name: string;
  readonly probability: number;
  readonly set_id: number;
}

/** A row of Sampling_App. */
export interface SamplingApp {
  readonly external_ids: Readonly<Record<string, string>>;
  readonly id: number;
  readonly type: 'drop' | 'acl-new' | 'acl-est';
}

/** A row of Static_MAC_Binding. */
export interface StaticMACBinding {
  readonly ip: string;
  readonly logical_port: string;
  readonly mac: string;
  readonly override_dynamic_mac: boolean;
}

/** The rows of OVN_Northbound, by table name. */
export interface NorthboundTables {
  readonly ACL: ACL;
  readonly Address_Set: AddressSet;
  readonly BFD: BFD;
  readonly Chassis_Template_Var: ChassisTemplateVar;
  readonly Connection: Connection;
  readonly Copp: Copp;
  readonly DHCP_Options: DHCPOptions;
  readonly DHCP_Relay: DHCPRelay;
  readonly DNS: DNS;
  readonly Forwarding_Group: ForwardingGroup;
  readonly Gateway_Chassis: GatewayChassis;
  readonly HA_Chassis: HAChassis;
  readonly HA_Chassis_Group: HAChassisGroup;
  readonly Load_Balancer: LoadBalancer;
  readonly Load_Balancer_Group: LoadBalancerGroup;
  readonly Load_Balancer_Health_Check: LoadBalancerHealthCheck;
  readonly Logical_Router: LogicalRouter;
  readonly Logical_Router_Policy: LogicalRouterPolicy;
  readonly Logical_Router_Port: LogicalRouterPort;
  readonly Logical_Router_Static_Route: LogicalRouterStaticRoute;
  readonly Logical_Switch: LogicalSwitch;
  readonly Logical_Switch_Port: LogicalSwitchPort;
  readonly Meter: Meter;
  readonly Meter_Band: MeterBand;
  readonly Mirror: Mirror;
  readonly NAT: NAT;
  readonly NB_Global: NBGlobal;
  readonly Port_Group: PortGroup;
  readonly QoS: QoS;
  readonly SSL: SSL;
  readonly Sample: Sample;
  readonly Sample_Collector: SampleCollector;
  readonly Sampling_App: SamplingApp;
  readonly Static_MAC_Binding: StaticMACBinding;
}

/** The tables and columns of OVN_Northbound. */
export const northboundSchema = {
  name: 'OVN_Northbound',
  version: '7.11.0',
  tables: {
    ACL: {
      isRoot: false,
      indexes: [],
      columns: {
        action: { kind: 'scalar', key: 'string', enum: ['allow', 'allow-related', 'allow-stateless', 'drop', 'reject', 'pass'] },
        direction: { kind: 'scalar', key: 'string', enum: ['from-lport', 'to-lport'] },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        label: { kind: 'scalar', key: 'integer' },
        log: { kind: 'scalar', key: 'boolean' },
        match: { kind: 'scalar', key: 'string' },
        meter: { kind: 'optional', key: 'string' },
        name: { kind: 'optional', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        priority: { kind: 'scalar', key: 'integer' },
        sample_est: { kind: 'optional', key: 'uuid', refTable: 'Sample', refType: 'strong' },
        sample_new: { kind: 'optional', key: 'uuid', refTable: 'Sample', refType: 'strong' },
        severity: { kind: 'optional', key: 'string', enum: ['alert', 'warning', 'notice', 'info', 'debug'] },
        tier: { kind: 'scalar', key: 'integer' },
      },
    },
    Address_Set: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        addresses: { kind: 'set', key: 'string' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        name: { kind: 'scalar', key: 'string' },
      },
    },
    BFD: {
      isRoot: true,
      indexes: [['logical_port', 'dst_ip']],
      columns: {
        detect_mult: { kind: 'optional', key: 'integer' },
        dst_ip: { kind: 'scalar', key: 'string' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        logical_port: { kind: 'scalar', key: 'string' },
        min_rx: { kind: 'optional', key: 'integer' },
        min_tx: { kind: 'optional', key: 'integer' },
        options: { kind: 'map', key: 'string', value: 'string' },
        status: { kind: 'optional', key: 'string', enum: ['down', 'init', 'up', 'admin_down'] },
      },
    },
    Chassis_Template_Var: {
      isRoot: true,
      indexes: [['chassis']],
      columns: {
        chassis: { kind: 'scalar', key: 'string' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
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
        status: { kind: 'map', key: 'string', value: 'string', ephemeral: true },
        target: { kind: 'scalar', key: 'string' },
      },
    },
    Copp: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        meters: { kind: 'map', key: 'string', value: 'string' },
        name: { kind: 'scalar', key: 'string' },
      },
    },
    DHCP_Options: {
      isRoot: true,
      indexes: [],
      columns: {
        cidr: { kind: 'scalar', key: 'string' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
      },
    },
    DHCP_Relay: {
      isRoot: true,
      indexes: [],
      columns: {
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        name: { kind: 'scalar', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        servers: { kind: 'optional', key: 'string' },
      },
    },
    DNS: {
      isRoot: true,
      indexes: [],
      columns: {
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        records: { kind: 'map', key: 'string', value: 'string' },
      },
    },
    Forwarding_Group: {
      isRoot: false,
      indexes: [],
      columns: {
        child_port: { kind: 'set', key: 'string', min: 1 },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        liveness: { kind: 'scalar', key: 'boolean' },
        name: { kind: 'scalar', key: 'string' },
        vip: { kind: 'scalar', key: 'string' },
        vmac: { kind: 'scalar', key: 'string' },
      },
    },
    Gateway_Chassis: {
      isRoot: false,
      indexes: [['name']],
      columns: {
        chassis_name: { kind: 'scalar', key: 'string' },
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
        chassis_name: { kind: 'scalar', key: 'string' },
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
      },
    },
    Load_Balancer: {
      isRoot: true,
      indexes: [],
      columns: {
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        health_check: { kind: 'set', key: 'uuid', refTable: 'Load_Balancer_Health_Check', refType: 'strong' },
        ip_port_mappings: { kind: 'map', key: 'string', value: 'string' },
        name: { kind: 'scalar', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        protocol: { kind: 'optional', key: 'string', enum: ['tcp', 'udp', 'sctp'] },
        selection_fields: { kind: 'set', key: 'string', enum: ['eth_src', 'eth_dst', 'ip_src', 'ip_dst', 'ipv6_src', 'ipv6_dst', 'tp_src', 'tp_dst'] },
        vips: { kind: 'map', key: 'string', value: 'string' },
      },
    },
    Load_Balancer_Group: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        load_balancer: { kind: 'set', key: 'uuid', refTable: 'Load_Balancer', refType: 'weak' },
        name: { kind: 'scalar', key: 'string' },
      },
    },
    Load_Balancer_Health_Check: {
      isRoot: false,
      indexes: [],
      columns: {
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        vip: { kind: 'scalar', key: 'string' },
      },
    },
    Logical_Router: {
      isRoot: true,
      indexes: [],
      columns: {
        copp: { kind: 'optional', key: 'uuid', refTable: 'Copp', refType: 'weak' },
        enabled: { kind: 'optional', key: 'boolean' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        load_balancer: { kind: 'set', key: 'uuid', refTable: 'Load_Balancer', refType: 'weak' },
        load_balancer_group: { kind: 'set', key: 'uuid', refTable: 'Load_Balancer_Group', refType: 'strong' },
        name: { kind: 'scalar', key: 'string' },
        nat: { kind: 'set', key: 'uuid', refTable: 'NAT', refType: 'strong' },
        options: { kind: 'map', key: 'string', value: 'string' },
        policies: { kind: 'set', key: 'uuid', refTable: 'Logical_Router_Policy', refType: 'strong' },
        ports: { kind: 'set', key: 'uuid', refTable: 'Logical_Router_Port', refType: 'strong' },
        static_routes: { kind: 'set', key: 'uuid', refTable: 'Logical_Router_Static_Route', refType: 'strong' },
      },
    },
    Logical_Router_Policy: {
      isRoot: false,
      indexes: [],
      columns: {
        action: { kind: 'scalar', key: 'string', enum: ['allow', 'drop', 'reroute', 'jump'] },
        bfd_sessions: { kind: 'set', key: 'uuid', refTable: 'BFD', refType: 'weak' },
        chain: { kind: 'optional', key: 'string' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        jump_chain: { kind: 'optional', key: 'string' },
        match: { kind: 'scalar', key: 'string' },
        nexthop: { kind: 'optional', key: 'string' },
        nexthops: { kind: 'set', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        priority: { kind: 'scalar', key: 'integer' },
      },
    },
    Logical_Router_Port: {
      isRoot: false,
      indexes: [['name']],
      columns: {
        dhcp_relay: { kind: 'optional', key: 'uuid', refTable: 'DHCP_Relay', refType: 'strong' },
        enabled: { kind: 'optional', key: 'boolean' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        gateway_chassis: { kind: 'set', key: 'uuid', refTable: 'Gateway_Chassis', refType: 'strong' },
        ha_chassis_group: { kind: 'optional', key: 'uuid', refTable: 'HA_Chassis_Group', refType: 'strong' },
        ipv6_prefix: { kind: 'set', key: 'string' },
        ipv6_ra_configs: { kind: 'map', key: 'string', value: 'string' },
        mac: { kind: 'scalar', key: 'string' },
        name: { kind: 'scalar', key: 'string' },
        networks: { kind: 'set', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        peer: { kind: 'optional', key: 'string' },
        status: { kind: 'map', key: 'string', value: 'string' },
      },
    },
    Logical_Router_Static_Route: {
      isRoot: false,
      indexes: [],
      columns: {
        bfd: { kind: 'optional', key: 'uuid', refTable: 'BFD', refType: 'weak' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        ip_prefix: { kind: 'scalar', key: 'string' },
        nexthop: { kind: 'scalar', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        output_port: { kind: 'optional', key: 'string' },
        policy: { kind: 'optional', key: 'string', enum: ['src-ip', 'dst-ip'] },
        route_table: { kind: 'scalar', key: 'string' },
        selection_fields: { kind: 'set', key: 'string', enum: ['eth_src', 'eth_dst', 'ip_proto', 'ip_src', 'ip_dst', 'ipv6_src', 'ipv6_dst', 'tp_src', 'tp_dst'] },
      },
    },
    Logical_Switch: {
      isRoot: true,
      indexes: [],
      columns: {
        acls: { kind: 'set', key: 'uuid', refTable: 'ACL', refType: 'strong' },
        copp: { kind: 'optional', key: 'uuid', refTable: 'Copp', refType: 'weak' },
        dns_records: { kind: 'set', key: 'uuid', refTable: 'DNS', refType: 'weak' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        forwarding_groups: { kind: 'set', key: 'uuid', refTable: 'Forwarding_Group', refType: 'strong' },
        load_balancer: { kind: 'set', key: 'uuid', refTable: 'Load_Balancer', refType: 'weak' },
        load_balancer_group: { kind: 'set', key: 'uuid', refTable: 'Load_Balancer_Group', refType: 'strong' },
        name: { kind: 'scalar', key: 'string' },
        other_config: { kind: 'map', key: 'string', value: 'string' },
        ports: { kind: 'set', key: 'uuid', refTable: 'Logical_Switch_Port', refType: 'strong' },
        qos_rules: { kind: 'set', key: 'uuid', refTable: 'QoS', refType: 'strong' },
      },
    },
    Logical_Switch_Port: {
      isRoot: false,
      indexes: [['name']],
      columns: {
        addresses: { kind: 'set', key: 'string' },
        dhcpv4_options: { kind: 'optional', key: 'uuid', refTable: 'DHCP_Options', refType: 'weak' },
        dhcpv6_options: { kind: 'optional', key: 'uuid', refTable: 'DHCP_Options', refType: 'weak' },
        dynamic_addresses: { kind: 'optional', key: 'string' },
        enabled: { kind: 'optional', key: 'boolean' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        ha_chassis_group: { kind: 'optional', key: 'uuid', refTable: 'HA_Chassis_Group', refType: 'strong' },
        mirror_rules: { kind: 'set', key: 'uuid', refTable: 'Mirror', refType: 'weak' },
        name: { kind: 'scalar', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        parent_name: { kind: 'optional', key: 'string' },
        peer: { kind: 'optional', key: 'string' },
        port_security: { kind: 'set', key: 'string' },
        tag: { kind: 'optional', key: 'integer' },
        tag_request: { kind: 'optional', key: 'integer' },
        type: { kind: 'scalar', key: 'string' },
        up: { kind: 'optional', key: 'boolean' },
      },
    },
    Meter: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        bands: { kind: 'set', key: 'uuid', refTable: 'Meter_Band', refType: 'strong', min: 1 },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        fair: { kind: 'optional', key: 'boolean' },
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
        external_ids: { kind: 'map', key: 'string', value: 'string' },
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
    NAT: {
      isRoot: false,
      indexes: [],
      columns: {
        allowed_ext_ips: { kind: 'optional', key: 'uuid', refTable: 'Address_Set', refType: 'strong' },
        exempted_ext_ips: { kind: 'optional', key: 'uuid', refTable: 'Address_Set', refType: 'strong' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        external_ip: { kind: 'scalar', key: 'string' },
        external_mac: { kind: 'optional', key: 'string' },
        external_port_range: { kind: 'scalar', key: 'string' },
        gateway_port: { kind: 'optional', key: 'uuid', refTable: 'Logical_Router_Port', refType: 'weak' },
        logical_ip: { kind: 'scalar', key: 'string' },
        logical_port: { kind: 'optional', key: 'string' },
        match: { kind: 'scalar', key: 'string' },
        options: { kind: 'map', key: 'string', value: 'string' },
        priority: { kind: 'scalar', key: 'integer' },
        type: { kind: 'scalar', key: 'string', enum: ['dnat', 'snat', 'dnat_and_snat'] },
      },
    },
    NB_Global: {
      isRoot: true,
      indexes: [],
      maxRows: 1,
      columns: {
        connections: { kind: 'set', key: 'uuid', refTable: 'Connection', refType: 'strong' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        hv_cfg: { kind: 'scalar', key: 'integer' },
        hv_cfg_timestamp: { kind: 'scalar', key: 'integer' },
        ipsec: { kind: 'scalar', key: 'boolean' },
        name: { kind: 'scalar', key: 'string' },
        nb_cfg: { kind: 'scalar', key: 'integer' },
        nb_cfg_timestamp: { kind: 'scalar', key: 'integer' },
        options: { kind: 'map', key: 'string', value: 'string' },
        sb_cfg: { kind: 'scalar', key: 'integer' },
        sb_cfg_timestamp: { kind: 'scalar', key: 'integer' },
        ssl: { kind: 'optional', key: 'uuid', refTable: 'SSL', refType: 'strong' },
      },
    },
    Port_Group: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        acls: { kind: 'set', key: 'uuid', refTable: 'ACL', refType: 'strong' },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        name: { kind: 'scalar', key: 'string' },
        ports: { kind: 'set', key: 'uuid', refTable: 'Logical_Switch_Port', refType: 'weak' },
      },
    },
    QoS: {
      isRoot: false,
      indexes: [],
      columns: {
        action: { kind: 'map', key: 'string', value: 'integer', enum: ['dscp', 'mark'] },
        bandwidth: { kind: 'map', key: 'string', value: 'integer', enum: ['rate', 'burst'] },
        direction: { kind: 'scalar', key: 'string', enum: ['from-lport', 'to-lport'] },
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        match: { kind: 'scalar', key: 'string' },
        priority: { kind: 'scalar', key: 'integer' },
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
    Sample: {
      isRoot: false,
      indexes: [['metadata']],
      columns: {
        collectors: { kind: 'set', key: 'uuid', refTable: 'Sample_Collector', refType: 'strong' },
        metadata: { kind: 'scalar', key: 'integer' },
      },
    },
    Sample_Collector: {
      isRoot: true,
      indexes: [['id']],
      columns: {
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        id: { kind: 'scalar', key: 'integer' },
        name: { kind: 'scalar', key: 'string' },
        probability: { kind: 'scalar', key: 'integer' },
        set_id: { kind: 'scalar', key: 'integer' },
      },
    },
    Sampling_App: {
      isRoot: true,
      indexes: [['type']],
      columns: {
        external_ids: { kind: 'map', key: 'string', value: 'string' },
        id: { kind: 'scalar', key: 'integer' },
        type: { kind: 'scalar', key: 'string', enum: ['drop', 'acl-new', 'acl-est'] },
      },
    },
    Static_MAC_Binding: {
      isRoot: true,
      indexes: [['logical_port', 'ip']],
      columns: {
        ip: { kind: 'scalar', key: 'string' },
        logical_port: { kind: 'scalar', key: 'string' },
        mac: { kind: 'scalar', key: 'string' },
        override_dynamic_mac: { kind: 'scalar', key: 'boolean' },
      },
    },
  },
} as const;
