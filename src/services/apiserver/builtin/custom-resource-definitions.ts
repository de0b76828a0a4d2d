import type { FieldError } from '../../../lib/schema/field-error.ts';
import { checkStructural } from '../../../lib/schema/check-structural.ts';
import { cloneJson, isObject, type Json } from '../../../lib/schema/structural-schema.ts';
import { compileJsonPath } from '../model/json-path.ts';
import { labelProblem, subdomainProblem } from '../model/names.ts';
import { at, listAt, plainText, textAt, timestamp, type KubeObject } from '../model/objects.ts';
import { builtIn, textColumn } from './define.ts';
import { messageOf } from '../../../lib/error/message.ts';

/** Removed when no instance is left; see custom-resources.ts. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

const COLUMN_TYPES: readonly string[] = ['integer', 'number', 'string', 'boolean', 'date'];

/** Fills what the user may leave out; the accepted names and conditions are known at once, for all names are checked here. */
function complete(definition: KubeObject): void {
  const spec = isObject(definition.spec) ? definition.spec : {};
  const names = isObject(spec.names) ? spec.names : {};
  const kind = textAt(names, 'kind');
  names.singular ||= kind.toLowerCase();
  names.listKind ||= kind ? `${kind}List` : '';
  spec.names = names;
  spec.conversion ??= { strategy: 'None' };
  definition.spec = spec;
}

function established(definition: KubeObject, old: KubeObject | undefined): void {
  const previous = listAt(old, 'status', 'conditions');
  const since = timestamp(new Date());
  const condition = (type: string, reason: string, message: string): Json => {
    const same = previous.find((it) => textAt(it, 'type') === type && textAt(it, 'status') === 'True');
    return same ? cloneJson(same) : { type, status: 'True', lastTransitionTime: since, reason, message };
  };
  const stored = listAt(definition, 'spec', 'versions').filter((version) => at(version, 'storage') === true);
  const earlier = listAt(old, 'status', 'storedVersions');
  definition.status = {
    ...(isObject(definition.status) ? definition.status : {}),
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ...listAt(definition, 'status', 'conditions').filter(
        (it) => !['NamesAccepted', 'Established'].includes(textAt(it, 'type')),
      ),
    ],
    acceptedNames: cloneJson(at(definition, 'spec', 'names') ?? {}),
    storedVersions: [...new Set([...earlier, ...stored.map((version) => textAt(version, 'name'))])],
  };
}

function nameErrors(definition: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const [group, plural] = [textAt(definition, 'spec', 'group'), textAt(definition, 'spec', 'names', 'plural')];
  const required = (path: string, value: string): void => {
    if (value === '') errors.push({ path, type: 'Required', detail: '' });
  };
  required('spec.group', group);
  required('spec.names.plural', plural);
  required('spec.names.kind', textAt(definition, 'spec', 'names', 'kind'));
  const groupProblem = group === '' ? undefined : subdomainProblem(group);
  if (groupProblem) errors.push({ path: 'spec.group', type: 'Invalid', value: group, detail: groupProblem });
  if (group !== '' && !group.includes('.'))
    errors.push({
      path: 'spec.group',
      type: 'Invalid',
      value: group,
      detail: 'should be a domain with at least one dot',
    });
  const wanted = `${plural}.${group}`;
  if (group !== '' && plural !== '' && definition.metadata.name !== wanted)
    errors.push({
      path: 'metadata.name',
      type: 'Invalid',
      value: definition.metadata.name,
      detail: `must be spec.names.plural+"."+spec.group`,
    });
  for (const [i, name] of listAt(definition, 'spec', 'names', 'shortNames').entries()) {
    const problem = labelProblem(plainText(name));
    if (problem) errors.push({ path: `spec.names.shortNames[${i}]`, type: 'Invalid', value: name, detail: problem });
  }
  const scope = textAt(definition, 'spec', 'scope');
  if (scope === '') required('spec.scope', scope);
  else if (scope !== 'Namespaced' && scope !== 'Cluster')
    errors.push({
      path: 'spec.scope',
      type: 'NotSupported',
      value: scope,
      detail: 'supported values: "Cluster", "Namespaced"',
    });
  return errors;
}

function versionErrors(definition: KubeObject): FieldError[] {
  const versions = listAt(definition, 'spec', 'versions');
  const errors: FieldError[] = versions.flatMap((version, i) => oneVersionErrors(version, `spec.versions[${i}]`));
  const storage = versions.filter((version) => at(version, 'storage') === true).length;
  if (storage !== 1)
    errors.push({
      path: 'spec.versions',
      type: 'Invalid',
      value: versions.map((version) => textAt(version, 'name')),
      detail: 'must have exactly one version marked as storage version',
    });
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    const name = textAt(version, 'name');
    if (seen.has(name)) errors.push({ path: `spec.versions[${i}].name`, type: 'Duplicate', value: name, detail: '' });
    seen.add(name);
  }
  return errors;
}

function oneVersionErrors(version: Json, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const problem = labelProblem(textAt(version, 'name'));
  if (problem) errors.push({ path: `${path}.name`, type: 'Invalid', value: textAt(version, 'name'), detail: problem });
  const schema = at(version, 'schema', 'openAPIV3Schema');
  if (schema === undefined)
    errors.push({ path: `${path}.schema.openAPIV3Schema`, type: 'Required', detail: 'schemas are required' });
  else {
    errors.push(...checkStructural(schema, `${path}.schema.openAPIV3Schema`));
    if (textAt(schema, 'type') !== 'object')
      errors.push({
        path: `${path}.schema.openAPIV3Schema.type`,
        type: 'Invalid',
        value: textAt(schema, 'type'),
        detail: 'must be object at the root',
      });
  }
  for (const [i, column] of listAt(version, 'additionalPrinterColumns').entries())
    errors.push(...columnErrors(column, `${path}.additionalPrinterColumns[${i}]`));
  return errors;
}

function columnErrors(column: Json, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const type = textAt(column, 'type');
  if (!COLUMN_TYPES.includes(type))
    errors.push({
      path: `${path}.type`,
      type: 'NotSupported',
      value: type,
      detail: `supported values: ${COLUMN_TYPES.join(', ')}`,
    });
  if (textAt(column, 'name') === '') errors.push({ path: `${path}.name`, type: 'Required', detail: '' });
  try {
    compileJsonPath(textAt(column, 'jsonPath'));
  } catch (error) {
    const detail = messageOf(error);
    errors.push({ path: `${path}.jsonPath`, type: 'Invalid', value: textAt(column, 'jsonPath'), detail });
  }
  return errors;
}

function immutableErrors(definition: KubeObject, old: KubeObject | undefined): FieldError[] {
  if (!old) return [];
  const fields = [
    ['spec', 'group'],
    ['spec', 'scope'],
    ['spec', 'names', 'plural'],
    ['spec', 'names', 'kind'],
  ];
  return fields
    .filter((path) => textAt(definition, ...path) !== textAt(old, ...path))
    .map((path) => ({
      path: path.join('.'),
      type: 'Invalid',
      value: textAt(definition, ...path),
      detail: 'field is immutable',
    }));
}

export const customResourceDefinitions = builtIn({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  status: true,
  showsAge: false,
  columns: [textColumn('Created At')],
  cells: (definition) => [definition.metadata.creationTimestamp],
  strategy: {
    countsGenerations: true,
    prepareForCreate(definition) {
      complete(definition);
      delete definition.status;
      const { finalizers = [] } = definition.metadata;
      definition.metadata.finalizers = [...new Set([...finalizers, CLEANUP_FINALIZER])];
      established(definition, undefined);
    },
    prepareForUpdate(definition, old) {
      definition.spec = cloneJson(definition.spec ?? {});
      complete(definition);
      established(definition, old);
    },
    validate: (definition, old) => [
      ...nameErrors(definition),
      ...versionErrors(definition),
      ...immutableErrors(definition, old),
    ],
  },
});
