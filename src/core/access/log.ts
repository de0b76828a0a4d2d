/** Logging of a subnet's rules, turned on by annotations; Kube-OVN's names, which it knows on NetworkPolicies. */
import type { AccessProblem, Action } from './rules.ts';

const ENABLE = 'ovn.kubernetes.io/enable_log';
const ACTIONS = 'ovn.kubernetes.io/log_acl_actions';
const RATE = 'ovn.kubernetes.io/acl_log_meter_rate';

/** packets per second, of each rule on each node */
const DEFAULT_RATE = 10;
const MAX_RATE = 10_000;
const LOGGED = ['allow', 'drop', 'reject'] as const;

export interface AccessLog {
  readonly rate: number;
  readonly logs: (action: Action) => boolean;
}

export interface AccessLogging {
  readonly log?: AccessLog;
  readonly problems: readonly AccessProblem[];
}

export function accessLogging(annotations: Readonly<Record<string, string>> = {}): AccessLogging {
  const problems: AccessProblem[] = [];
  const wrong = (annotation: string, detail: string) =>
    problems.push({ path: `metadata.annotations[${annotation}]`, value: annotations[annotation], detail });
  const enable = annotations[ENABLE] ?? 'false';
  if (enable !== 'true' && enable !== 'false') wrong(ENABLE, 'must be "true" or "false"');
  const actions = (annotations[ACTIONS] ?? 'drop,reject').split(',').map((text) => text.trim());
  if (!actions.every((action) => (LOGGED as readonly string[]).includes(action)))
    wrong(ACTIONS, `must be some of ${LOGGED.join(', ')}, separated by comma`);
  const text = annotations[RATE] ?? String(DEFAULT_RATE);
  const rate = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  const fits = rate >= 1 && rate <= MAX_RATE;
  if (!fits) wrong(RATE, `must be 1 to ${MAX_RATE} packets per second`);
  if (enable !== 'true') return { problems };
  const logs = (action: Action) => actions.includes(action.startsWith('allow') ? 'allow' : action);
  return { log: { rate: fits ? rate : DEFAULT_RATE, logs }, problems };
}
