// A small part of OVN's Northbound schema as types, so that the tests of this room need no other room.
export interface Northbound {
  readonly Logical_Switch: {
    readonly name: string;
    readonly ports: readonly string[];
    readonly external_ids: Readonly<Record<string, string>>;
  };
  readonly Logical_Switch_Port: {
    readonly name: string;
    readonly addresses: readonly string[];
    readonly tag?: number | undefined;
    readonly external_ids: Readonly<Record<string, string>>;
  };
  readonly Address_Set: {
    readonly name: string;
    readonly addresses: readonly string[];
    readonly external_ids: Readonly<Record<string, string>>;
  };
  readonly QoS: {
    readonly action: Readonly<Record<string, number>>;
    readonly priority: number;
    readonly match: string;
    readonly direction: 'from-lport' | 'to-lport';
  };
}
