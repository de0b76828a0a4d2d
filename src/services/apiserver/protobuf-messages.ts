/** Field numbers of the kinds that are accepted as protobuf (k8s.io/api and apimachinery, generated.proto). */

export type FieldType =
  | 'string'
  | 'bytes'
  | 'bool'
  | 'int'
  | 'time'
  | 'intOrString'
  | { readonly message: Message }
  | { readonly repeated: FieldType }
  | { readonly map: 'string' | 'bytes' };

/** field number -> member name and type */
export type Message = Readonly<Record<number, readonly [string, FieldType]>>;

const TEXTS = { repeated: 'string' } as const;
const TEXT_MAP = { map: 'string' } as const;

const OWNER_REFERENCE: Message = {
  1: ['kind', 'string'],
  3: ['name', 'string'],
  4: ['uid', 'string'],
  5: ['apiVersion', 'string'],
  6: ['controller', 'bool'],
  7: ['blockOwnerDeletion', 'bool'],
};

const OBJECT_META: Message = {
  1: ['name', 'string'],
  2: ['generateName', 'string'],
  3: ['namespace', 'string'],
  5: ['uid', 'string'],
  6: ['resourceVersion', 'string'],
  7: ['generation', 'int'],
  8: ['creationTimestamp', 'time'],
  9: ['deletionTimestamp', 'time'],
  10: ['deletionGracePeriodSeconds', 'int'],
  11: ['labels', TEXT_MAP],
  12: ['annotations', TEXT_MAP],
  13: ['ownerReferences', { repeated: { message: OWNER_REFERENCE } }],
  14: ['finalizers', TEXTS],
};

const METADATA = ['metadata', { message: OBJECT_META }] as const;

const OBJECT_REFERENCE: Message = {
  1: ['kind', 'string'],
  2: ['namespace', 'string'],
  3: ['name', 'string'],
  4: ['uid', 'string'],
  5: ['apiVersion', 'string'],
  6: ['resourceVersion', 'string'],
  7: ['fieldPath', 'string'],
};

const SERVICE_PORT: Message = {
  1: ['name', 'string'],
  2: ['protocol', 'string'],
  3: ['port', 'int'],
  4: ['targetPort', 'intOrString'],
  5: ['nodePort', 'int'],
  6: ['appProtocol', 'string'],
};

const SERVICE_SPEC: Message = {
  1: ['ports', { repeated: { message: SERVICE_PORT } }],
  2: ['selector', TEXT_MAP],
  3: ['clusterIP', 'string'],
  4: ['type', 'string'],
  5: ['externalIPs', TEXTS],
  7: ['sessionAffinity', 'string'],
  8: ['loadBalancerIP', 'string'],
  9: ['loadBalancerSourceRanges', TEXTS],
  10: ['externalName', 'string'],
  11: ['externalTrafficPolicy', 'string'],
  12: ['healthCheckNodePort', 'int'],
  13: ['publishNotReadyAddresses', 'bool'],
  17: ['ipFamilyPolicy', 'string'],
  18: ['clusterIPs', TEXTS],
  19: ['ipFamilies', TEXTS],
  22: ['internalTrafficPolicy', 'string'],
};

/** By kind. */
export const MESSAGES: Readonly<Record<string, Message>> = {
  Namespace: {
    1: METADATA,
    2: ['spec', { message: { 1: ['finalizers', TEXTS] } }],
    3: ['status', { message: { 1: ['phase', 'string'] } }],
  },
  ConfigMap: { 1: METADATA, 2: ['data', TEXT_MAP], 3: ['binaryData', { map: 'bytes' }], 4: ['immutable', 'bool'] },
  Secret: {
    1: METADATA,
    2: ['data', { map: 'bytes' }],
    3: ['type', 'string'],
    4: ['stringData', TEXT_MAP],
    5: ['immutable', 'bool'],
  },
  ServiceAccount: {
    1: METADATA,
    2: ['secrets', { repeated: { message: OBJECT_REFERENCE } }],
    3: ['imagePullSecrets', { repeated: { message: { 1: ['name', 'string'] } } }],
    4: ['automountServiceAccountToken', 'bool'],
  },
  Service: { 1: METADATA, 2: ['spec', { message: SERVICE_SPEC }] },
  Lease: {
    1: METADATA,
    2: [
      'spec',
      {
        message: {
          1: ['holderIdentity', 'string'],
          2: ['leaseDurationSeconds', 'int'],
          3: ['acquireTime', 'time'],
          4: ['renewTime', 'time'],
          5: ['leaseTransitions', 'int'],
        },
      },
    ],
  },
  DeleteOptions: {
    1: ['gracePeriodSeconds', 'int'],
    2: ['preconditions', { message: { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] } }],
    3: ['orphanDependents', 'bool'],
    4: ['propagationPolicy', 'string'],
    5: ['dryRun', TEXTS],
  },
};
