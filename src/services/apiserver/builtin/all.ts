import type { Resource } from '../model/resource.ts';
import { configMaps, secrets } from './config.ts';
import { customResourceDefinitions } from './custom-resource-definitions.ts';
import { events } from './events.ts';
import { namespaces } from './namespaces.ts';
import { nodes } from './nodes.ts';
import { endpoints, leases, serviceAccounts, services } from './others.ts';
import { pods } from './pods.ts';

/** Every kind that exists without a CustomResourceDefinition. */
export const BUILT_IN: readonly Resource[] = [
  namespaces,
  nodes,
  pods,
  events,
  secrets,
  configMaps,
  serviceAccounts,
  services,
  endpoints,
  leases,
  customResourceDefinitions,
];
