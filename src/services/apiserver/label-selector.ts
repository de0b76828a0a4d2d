import { labelValueProblem, qualifiedNameProblem } from './model/names.ts';
import { badRequest } from './model/status-error.ts';

type Labels = Readonly<Record<string, string>>;
export type LabelTest = (labels: Labels) => boolean;

/** Set requirement: `key in (a, b)`, `key notin (a)` */
const SET = /^\s*([^\s!=<>(),]+)\s+(in|notin)\s*\(([^()]*)\)\s*$/;
/** Equality, existence: `key`, `!key`, `key=value`, `key==value`, `key!=value`, `key>1` */
const PLAIN = /^\s*(!?)\s*([^\s!=<>(),]+)\s*(?:(==|=|!=|>|<)\s*([^\s!=<>(),]*)\s*)?$/;

/**
 * Parses a label selector (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors).
 * @returns undefined for an empty one, which selects everything @throws StatusError BadRequest
 */
export function parseLabelSelector(text: string): LabelTest | undefined {
  if (text.trim() === '') return undefined;
  const tests = splitRequirements(text).map((requirement) => parseRequirement(text, requirement));
  return (labels) => tests.every((test) => test(labels));
}

/** Splits at commas that are not in parentheses. */
function splitRequirements(text: string): string[] {
  return text.split(/,(?![^(]*\))/);
}

function parseRequirement(selector: string, requirement: string): LabelTest {
  const set = SET.exec(requirement);
  if (set)
    return setTest(
      selector,
      set[1]!,
      set[2] === 'in',
      set[3]!.split(',').map((value) => value.trim()),
    );
  const plain = PLAIN.exec(requirement);
  if (!plain) throw unparsable(selector, `found '${requirement.trim()}', expected: an identifier`);
  const [, negation, key = '', operator, value = ''] = plain;
  check(selector, qualifiedNameProblem(key));
  if (operator === undefined)
    return negation ? (labels) => !Object.hasOwn(labels, key) : (labels) => Object.hasOwn(labels, key);
  if (negation) throw unparsable(selector, `'!' with an operator in '${requirement.trim()}'`);
  if (operator === '>' || operator === '<') return orderTest(selector, key, operator, value);
  return setTest(selector, key, operator !== '!=', [value]);
}

function setTest(selector: string, key: string, isIn: boolean, values: readonly string[]): LabelTest {
  check(selector, qualifiedNameProblem(key));
  for (const value of values) check(selector, labelValueProblem(value));
  const set = new Set(values);
  if (isIn) return (labels) => Object.hasOwn(labels, key) && set.has(labels[key]!);
  return (labels) => !Object.hasOwn(labels, key) || !set.has(labels[key]!);
}

function orderTest(selector: string, key: string, operator: '>' | '<', value: string): LabelTest {
  if (!/^-?\d+$/.test(value)) throw unparsable(selector, `for '${operator}' the value must be an integer`);
  const bound = BigInt(value);
  return (labels) => {
    const label = labels[key];
    if (label === undefined || !/^-?\d+$/.test(label)) return false;
    return operator === '>' ? BigInt(label) > bound : BigInt(label) < bound;
  };
}

function check(selector: string, problem: string | undefined): void {
  if (problem) throw unparsable(selector, problem);
}

function unparsable(selector: string, why: string): Error {
  return badRequest(`unable to parse requirement: ${why} (label selector ${JSON.stringify(selector)})`);
}
