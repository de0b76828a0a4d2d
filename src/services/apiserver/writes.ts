/**
 * Create and update: from a conforming object to a staged change.
 *
 *   identity -> strategy -> metadata, schema, strategy validation -> admission -> store
 *
 * All of it is synchronous, in one turn of the event loop: that is the critical section.
 */
import { randomUUID } from 'node:crypto';
import { equalJson, type JsonObject } from '../../lib/schema/structural-schema.ts';
import type { AdmissionAnswer, AdmissionReader, AdmissionRequest, Admit } from './admission.ts';
import { schemaErrors } from './conform.ts';
import { metadataErrors } from './metadata.ts';
import { generatedName } from './model/names.ts';
import { storedObject, timestamp, type KubeObject, type Stored } from './model/objects.ts';
import type { Registry, ServedResource } from './registry.ts';
import { apiVersionOf, kindSubject, resourceId, resourceSubject } from './model/resource.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  modifiedMeanwhile,
  notFound,
  tooManyRequests,
} from './model/status-error.ts';
import type { Store } from './store.ts';

export interface WriteContext {
  readonly store: Store;
  readonly registry: Registry;
  readonly admit: Admit | undefined;
  readonly now: () => Date;
}

/** What a request addresses. */
export interface Target extends ServedResource {
  /** '' for cluster scope, and for all namespaces */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

export interface WriteOptions {
  readonly dryRun: boolean;
  /** gets what kubectl shows to the user */
  readonly warnings: string[];
}

/** Stages a new object. The object is owned by the store afterwards. @throws StatusError */
export function create(context: WriteContext, target: Target, object: KubeObject, options: WriteOptions): Stored {
  const { resource, version } = target;
  const { metadata } = object;
  settleNames(target, object);
  if (metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  if (!metadata.name && metadata.generateName) metadata.name = generatedName(metadata.generateName);
  const id = resourceId(resource);
  if (resource.namespaced) requireNamespace(context, target, metadata.name);
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp(context.now());
  delete metadata.generation;
  if (countsGenerations(target)) metadata.generation = 1;
  if (resource.custom && version.status) delete object.status;
  resource.strategy.prepareForCreate?.(object);
  assertValid(target, object, undefined);
  if (context.store.get(id, metadata.namespace ?? '', metadata.name))
    throw alreadyExists(resourceSubject(resource, metadata.name));
  const admitted = admitObject(context, target, 'CREATE', object, undefined, options);
  return stage(context, target, admitted, options);
}

/** Stages a new state of an object. @param object made from `old`, or sent whole @throws StatusError */
export function update(
  context: WriteContext,
  target: Target,
  old: Stored,
  sent: KubeObject,
  options: WriteOptions,
): Stored {
  const { resource } = target;
  settleNames(target, sent);
  requireSameObject(target, old, sent);
  const object = mergeSubresource(target, old.object, sent);
  keepSystemMetadata(object, old.object);
  resource.strategy.prepareForUpdate?.(object, old.object);
  if (countsGenerations(target)) settleGeneration(target, object, old.object);
  if (equalJson(object, storedAs(target, old.object))) return old;
  assertValid(target, object, old.object);
  const admitted = admitObject(context, target, 'UPDATE', object, old.object, options);
  if (isDeletable(admitted, resource)) return options.dryRun ? old : context.store.remove(old);
  return stage(context, target, admitted, options);
}

/** The object that is there, or 404. */
export function existing(context: Pick<WriteContext, 'store'>, target: Target): Stored {
  const stored = context.store.get(resourceId(target.resource), target.namespace, target.name);
  if (!stored) throw notFound(resourceSubject(target.resource, target.name));
  return stored;
}

/** Asks the admission hook. @returns the object to store @throws StatusError */
export function admitObject(
  context: WriteContext,
  target: Target,
  operation: AdmissionRequest['operation'],
  object: KubeObject | undefined,
  old: KubeObject | undefined,
  options: WriteOptions,
): KubeObject {
  const kept = object ?? old!;
  if (!context.admit) return kept;
  const { resource, version, subresource } = target;
  const answer = context.admit(
    {
      operation,
      ...(subresource ? { subresource } : {}),
      kind: resource.kind,
      apiVersion: apiVersionOf(resource.group, version.name),
      resource: resourceId(resource),
      namespace: kept.metadata.namespace ?? '',
      name: kept.metadata.name,
      ...(object ? { object } : {}),
      ...(old ? { old } : {}),
      dryRun: options.dryRun,
    },
    readerOf(context.store),
  );
  options.warnings.push(...(answer.warnings ?? []));
  throwRefusal(target, kept.metadata.name, answer);
  if (!answer.object || !object) return kept;
  const errors = schemaErrors(target, answer.object);
  if (errors.length > 0) throw invalid(kindSubject(resource, object.metadata.name), errors);
  return answer.object;
}

function throwRefusal({ resource }: Target, name: string, { errors = [], denied }: AdmissionAnswer): void {
  if (errors.length > 0) throw invalid(kindSubject(resource, name), errors);
  if (denied?.reason === 'Forbidden') throw forbidden(resourceSubject(resource, name), denied.message);
  if (denied?.reason === 'Conflict') throw conflict(resourceSubject(resource, name), denied.message);
  if (denied?.reason === 'TooManyRequests') throw tooManyRequests(denied.message);
}

function readerOf(store: Store): AdmissionReader {
  return {
    get: (resource, namespace, name) => store.get(resource, namespace, name)?.object,
    list: (resource, namespace) => store.list(resource, namespace).map(({ object }) => object),
  };
}

function stage(context: WriteContext, { resource }: Target, object: KubeObject, { dryRun }: WriteOptions): Stored {
  object.apiVersion = apiVersionOf(resource.group, resource.storageVersion);
  const id = resourceId(resource);
  if (!dryRun) return context.store.put(id, object);
  const old = context.store.get(id, object.metadata.namespace ?? '', object.metadata.name);
  return storedObject(id, object, old?.revision ?? 0);
}

/** Name and namespace of the URL and of the object must agree. */
function settleNames({ resource, namespace, name }: Target, object: KubeObject): void {
  const { metadata } = object;
  if (resource.namespaced) {
    metadata.namespace ??= namespace;
    if (metadata.namespace !== namespace)
      throw badRequest(
        `the namespace of the provided object does not match the namespace sent on the request (${metadata.namespace} and ${namespace})`,
      );
  } else if (metadata.namespace) throw badRequest(`namespace is not allowed on cluster scoped ${resource.kind}`);
  else delete metadata.namespace;
  if (name === '') return;
  metadata.name ??= name;
  if (metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
}

function requireNamespace({ store }: WriteContext, { resource, namespace }: Target, name: string): void {
  const parent = store.get('namespaces', '', namespace);
  if (!parent) throw notFound({ group: '', kind: 'namespaces', name: namespace });
  if (!parent.object.metadata.deletionTimestamp) return;
  throw forbidden(
    resourceSubject(resource, name),
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  );
}

function requireSameObject({ resource }: Target, old: Stored, { metadata }: KubeObject): void {
  if (!metadata.resourceVersion) {
    if (resource.strategy.allowsUnconditionalUpdate ?? !resource.custom)
      metadata.resourceVersion = String(old.revision);
    else
      throw invalid(kindSubject(resource, old.name), [
        { path: 'metadata.resourceVersion', type: 'Invalid', value: 0, detail: 'must be specified for an update' },
      ]);
  }
  if (metadata.uid && metadata.uid !== old.object.metadata.uid)
    throw conflict(
      resourceSubject(resource, old.name),
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${old.object.metadata.uid}`,
    );
  if (metadata.resourceVersion !== String(old.revision)) throw modifiedMeanwhile(resourceSubject(resource, old.name));
}

/** `status` changes only the status; the resource itself everything else, if it has that subresource. */
function mergeSubresource({ resource, version, subresource }: Target, old: KubeObject, sent: KubeObject): KubeObject {
  if (subresource === '' && !version.status) return sent;
  const [base, status] = subresource === 'status' ? [old, sent.status] : [sent, old.status];
  // built-in kinds let a status update change labels and annotations too
  const metadata = resource.custom ? base.metadata : sent.metadata;
  const { status: _dropped, ...rest } = base;
  const { apiVersion, kind } = sent;
  return { ...rest, apiVersion, kind, metadata: { ...metadata }, ...(status === undefined ? {} : { status }) };
}

function keepSystemMetadata({ metadata }: KubeObject, { metadata: old }: KubeObject): void {
  metadata.uid = old.uid;
  metadata.creationTimestamp = old.creationTimestamp;
  metadata.resourceVersion = old.resourceVersion;
  const meta: JsonObject = metadata;
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'generateName'] as const) {
    if (old[field] === undefined) delete meta[field];
    else meta[field] = old[field];
  }
  // an object that is being deleted gets no new finalizer
  if (old.deletionTimestamp && metadata.finalizers)
    metadata.finalizers = metadata.finalizers.filter((finalizer) => old.finalizers?.includes(finalizer));
}

function countsGenerations({ resource }: Target): boolean {
  return resource.strategy.countsGenerations ?? resource.custom;
}

function settleGeneration({ version }: Target, object: KubeObject, old: KubeObject): void {
  const spec = ({ metadata: _metadata, status, ...rest }: KubeObject): JsonObject =>
    version.status || status === undefined ? rest : { ...rest, status };
  const previous = old.metadata.generation ?? 1;
  const changed = !equalJson(spec(object), { ...spec(old), apiVersion: object.apiVersion });
  object.metadata.generation = changed ? previous + 1 : previous;
}

function storedAs({ resource, version }: Target, object: KubeObject): KubeObject {
  return { ...object, apiVersion: apiVersionOf(resource.group, version.name) };
}

function assertValid(target: Target, object: KubeObject, old: KubeObject | undefined): void {
  const { resource } = target;
  const errors = [
    ...metadataErrors(object, resource.strategy.nameRule ?? 'subdomain'),
    ...schemaErrors(target, object),
    ...(resource.strategy.validate?.(object, old) ?? []),
  ];
  if (errors.length > 0) throw invalid(kindSubject(resource, object.metadata.name ?? ''), errors);
}

/** Deletion was asked for and nothing holds the object any longer. */
function isDeletable(object: KubeObject, { strategy }: Target['resource']): boolean {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  return deletionTimestamp !== undefined && finalizers.length === 0 && !strategy.isHeld?.(object);
}
