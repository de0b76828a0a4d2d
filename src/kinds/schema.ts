/** Small words for structural schemas (OpenAPI v3 as CustomResourceDefinitions take it). Every property is optional unless listed in `required`. */
import Type, { type Static, type TSchema } from 'typebox';

interface Note {
  /** shown by `kubectl explain` */
  readonly description?: string;
}

export const str = (
  description: string,
  more: { pattern?: string; maxLength?: number; minLength?: number; default?: string } = {},
) => Type.String({ description, ...more });
export const int = (
  description: string,
  more: { minimum?: number; maximum?: number; default?: number; format?: 'int32' | 'int64' } = {},
) => Type.Integer({ description, ...more });
export const num = (description: string) => Type.Number({ description });
export const bool = (description: string, more: { default?: boolean } = {}) => Type.Boolean({ description, ...more });
export const list = <T extends TSchema>(items: T, description: string) => Type.Array(items, { description });
export const strings = (description: string) => Type.Array(Type.String(), { description });
export const choice = <const T extends readonly string[]>(
  values: T,
  description: string,
  more: { default?: T[number] } = {},
) => Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description, ...more });
export const mapOf = <T extends TSchema>(value: T, description: string) =>
  Type.Unsafe<Readonly<Record<string, Static<T>>>>({ type: 'object', additionalProperties: value, description });
/** anything: kept as it is, checked by nobody */
export const anything = <T = unknown>(description: string) =>
  Type.Unsafe<T>({ 'x-kubernetes-preserve-unknown-fields': true, description });
/** an object of which only some properties are named */
export const open = <T = Readonly<Record<string, unknown>>>(description: string) =>
  Type.Unsafe<T>({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true, description });

type Properties = Readonly<Record<string, TSchema>>;
type Value<P extends Properties, R extends keyof P> = { readonly [K in Exclude<keyof P, R>]?: Static<P[K]> } & {
  readonly [K in R]: Static<P[K]>;
};

export const obj = <P extends Properties, R extends keyof P & string = never>(
  properties: P,
  note: Note & { required?: readonly R[] } = {},
) =>
  Type.Unsafe<Value<P, R>>({
    type: 'object',
    ...(note.description ? { description: note.description } : {}),
    ...(note.required ? { required: [...note.required] } : {}),
    properties: { ...properties },
  });

export const labelSelector = (description: string) =>
  obj(
    {
      matchLabels: mapOf(Type.String(), 'labels that must have these values'),
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
