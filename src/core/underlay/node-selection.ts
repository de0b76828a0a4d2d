/** Whether a selector chooses a node. Sources: Harvester's VlanConfig (a map of labels), metav1.LabelSelector. */

type Labels = Readonly<Record<string, string>>;

export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** an empty map chooses every node */
export function hasLabels(wanted: Labels | undefined, labels: Labels): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

/** An empty selector chooses every node; an operator that does not exist chooses none. */
export function isSelected({ matchLabels, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  return (
    hasLabels(matchLabels, labels) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const has = Object.hasOwn(labels, key);
      switch (operator) {
        case 'In':
          return has && values.includes(labels[key]!);
        case 'NotIn':
          return !has || !values.includes(labels[key]!);
        case 'Exists':
          return has;
        case 'DoesNotExist':
          return !has;
        default:
          return false;
      }
    })
  );
}
