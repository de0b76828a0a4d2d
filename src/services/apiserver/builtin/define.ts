import type { StructuralSchema } from '../../../lib/schema/structural-schema.ts';
import { AGE_COLUMN, NAME_COLUMN } from '../model/columns.ts';
import { age } from '../model/human-duration.ts';
import type { Column, Resource, RowPrinter, Strategy, Subresource } from '../model/resource.ts';

export interface BuiltIn {
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  readonly status?: boolean;
  /** columns between Name and Age */
  readonly columns?: readonly Column[];
  /** cells between name and age */
  readonly cells?: RowPrinter;
  readonly wideColumns?: readonly Column[];
  readonly wideCells?: RowPrinter;
  /** the table ends with the age; default true */
  readonly showsAge?: boolean;
  readonly strategy?: Strategy;
  readonly subresources?: readonly Subresource[];
  readonly schema?: StructuralSchema;
}

/** A resource definition for a kind that Kubernetes itself has: one version, a table with name and age. */
export function builtIn(kind: BuiltIn): Resource {
  const { version = 'v1', columns = [], wideColumns = [], showsAge = true, cells, wideCells } = kind;
  return {
    group: kind.group ?? '',
    kind: kind.kind,
    listKind: `${kind.kind}List`,
    plural: kind.plural,
    singular: kind.kind.toLowerCase(),
    shortNames: kind.shortNames ?? [],
    categories: kind.categories ?? [],
    namespaced: kind.namespaced,
    storageVersion: version,
    custom: false,
    strategy: kind.strategy ?? {},
    ...(kind.subresources ? { subresources: kind.subresources } : {}),
    versions: [
      {
        name: version,
        served: true,
        status: kind.status ?? false,
        columns: [NAME_COLUMN, ...columns, ...(showsAge ? [AGE_COLUMN] : []), ...wideColumns],
        row: (object, now) => [
          object.metadata.name,
          ...(cells?.(object, now) ?? []),
          ...(showsAge ? [age(object.metadata.creationTimestamp, now)] : []),
          ...(wideCells?.(object, now) ?? []),
        ],
        ...(kind.schema ? { schema: kind.schema } : {}),
      },
    ],
  };
}

/** A column of text; `wide` ones show with `-o wide` only. */
export function textColumn(name: string, options: { readonly wide?: boolean } = {}): Column {
  return { name, type: 'string', priority: options.wide ? 1 : 0 };
}
