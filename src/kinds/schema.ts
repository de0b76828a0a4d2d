/**
 * Small words for structural schemas (OpenAPI v3 as CustomResourceDefinitions take it): plain JSON that remembers the TypeScript type of its
 * values. Every property is optional unless listed in `required`. No library: every process imports the kinds when it starts.
 */

declare const VALUE: unique symbol;

/** JSON of a schema whose values are of type T */
export interface Schema<T = unknown> {
  readonly [VALUE]?: T;
  readonly [keyword: string]: unknown;
}

/** the type of a schema's values */
export type Static<S> = S extends { readonly [VALUE]?: infer T } ? T : never;

type Properties = Readonly<Record<string, Schema>>;
type Value<P extends Properties, R extends keyof P> = { readonly [K in Exclude<keyof P, R>]?: Static<P[K]> } & {
  readonly [K in R]: Static<P[K]>;
};

interface IntegerLimits {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: 'int32' | 'int64';
}

export const str = (description: string): Schema<string> => ({ type: 'string', description });
export const int = (description: string, limits: IntegerLimits = {}): Schema<number> => ({
  type: 'integer',
  ...limits,
  description,
});
export const num = (description: string): Schema<number> => ({ type: 'number', description });
export const bool = (description: string): Schema<boolean> => ({ type: 'boolean', description });
export const list = <T>(
  items: Schema<T>,
  description: string,
  limits: { readonly maxItems?: number } = {},
): Schema<readonly T[]> => ({
  type: 'array',
  items,
  ...limits,
  description,
});
export const strings = (description: string): Schema<readonly string[]> => list(TEXT, description);
export const choice = <const T extends readonly string[]>(values: T, description: string): Schema<T[number]> => ({
  type: 'string',
  enum: [...values],
  description,
});
export const mapOf = <T>(value: Schema<T>, description: string): Schema<Readonly<Record<string, T>>> => ({
  type: 'object',
  additionalProperties: value,
  description,
});
/** anything: kept as it is, checked by nobody */
export const anything = <T = unknown>(description: string): Schema<T> => ({
  'x-kubernetes-preserve-unknown-fields': true,
  description,
});
/** an object of which only some properties are named */
export const open = <T = Readonly<Record<string, unknown>>>(description: string): Schema<T> => ({
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  description,
});

export const obj = <P extends Properties, R extends keyof P & string = never>(
  properties: P,
  note: { readonly description?: string; readonly required?: readonly R[] } = {},
): Schema<Value<P, R>> => ({
  type: 'object',
  ...(note.description ? { description: note.description } : {}),
  ...(note.required ? { required: [...note.required] } : {}),
  properties,
});

/** text about which nothing is to be said */
const TEXT: Schema<string> = { type: 'string' };

export const labelSelector = (description: string) =>
  obj(
    {
      matchLabels: mapOf(TEXT, 'labels that must have these values'),
      matchExpressions: list(
        obj(
          { key: str('label key'), operator: str('In, NotIn, Exists or DoesNotExist'), values: strings('values') },
          { required: ['key', 'operator'] },
        ),
        'requirements',
      ),
    },
    { description },
  );

export const conditions = list(
  obj({
    type: str('what is said, e.g. Ready'),
    status: choice(['True', 'False', 'Unknown'], 'whether it is so'),
    reason: str('one CamelCase word for programs'),
    message: str('a sentence for people: what, why, what to do'),
    observedGeneration: int('generation of the spec that was judged', { format: 'int64' }),
    lastUpdateTime: str('when this was last written'),
    lastTransitionTime: str('when status last changed'),
  }),
  'what is known about the object',
);
