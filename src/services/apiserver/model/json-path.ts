/**
 * The JSONPath of printer columns and selectable fields: `.spec.vpc`, `.status.conditions[?(@.type=="Ready")].status`,
 * `.metadata.labels.app\.kubernetes\.io/name`, `['a.b']`, `[0]`, `[*]`
 * (https://kubernetes.io/docs/reference/kubectl/jsonpath/, simple paths only).
 */
import { equalJson, isObject, type Json } from '../../../lib/schema/structural-schema.ts';
import { stringifyJson } from '../../../lib/schema/json-text.ts';

export type JsonPath = (value: Json) => Json[];
type Step = (value: Json) => Json[];

const TOKEN =
  /\.((?:\\.|[^.[\\])+)|\[(\d+)\]|\[\*\]|\['([^']*)'\]|\[\?\(@\.([\w.-]+)\s*(==|!=)\s*("[^"]*"|'[^']*'|[\w.+-]+)\s*\)\]/y;

/** Compiles a path. @throws SyntaxError naming the place that is not understood */
export function compileJsonPath(path: string): JsonPath {
  const text = path.replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, '');
  const source = text.startsWith('.') || text.startsWith('[') ? text : `.${text}`;
  const steps: Step[] = [];
  // a copy: filters compile paths within this path
  const tokens = new RegExp(TOKEN);
  while (tokens.lastIndex < source.length) {
    const start = tokens.lastIndex;
    const match = tokens.exec(source);
    if (!match)
      throw new SyntaxError(
        `JSONPath ${JSON.stringify(path)}: not understood from ${JSON.stringify(source.slice(start))} on`,
      );
    steps.push(stepOf(match));
  }
  return (value) => steps.reduce<Json[]>((values, step) => values.flatMap(step), [value]);
}

function stepOf([token, member, index, quoted, filterPath, operator, literal]: RegExpExecArray): Step {
  if (token === '[*]' || member === '*')
    return (value) => (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []);
  const name = quoted ?? member?.replace(/\\(.)/g, '$1');
  if (name !== undefined) return (value) => (isObject(value) && Object.hasOwn(value, name) ? [value[name]!] : []);
  if (index !== undefined)
    return (value) => (Array.isArray(value) && value[Number(index)] !== undefined ? [value[Number(index)]!] : []);
  const left = compileJsonPath(filterPath!);
  const right = literalOf(literal!);
  return (value) =>
    Array.isArray(value) ? value.filter((item) => equalJson(left(item)[0], right) === (operator === '==')) : [];
}

function literalOf(text: string): Json {
  if (text.startsWith('"') || text.startsWith("'")) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

/** A value as kubectl prints it: text bare, lists and objects as JSON, nothing as ''. */
export function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : stringifyJson(value);
}
