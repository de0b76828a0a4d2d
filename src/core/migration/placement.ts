/**
 * On which nodes the ports of a machine may be bound: an observation, made of the machine's launchers, of its instance and of its migrations. Pure.
 *
 * From the moment at which a target pod has a node until the machine runs there, that is two nodes; the target is silent until the machine
 * announces itself (ovn-nb(5): requested-chassis, activation-strategy).
 */
export interface Placement {
  /** where the machine runs */
  readonly node: string;
  /** where it is about to be */
  readonly target?: string;
  /** where it came from by its last migration */
  readonly left?: string;
}

export interface LauncherView {
  readonly node: string;
  /** uid of the migration that it is the target of, or was */
  readonly migration: string | undefined;
}

/**
 * @param launchers those that have not ended and have a node
 * @param instanceNode status.nodeName of the instance: it changes when the machine has arrived
 * @param active uids of migrations that have not ended
 * @param left where the instance's last migration, which is complete, has taken it from
 * @returns undefined when it runs nowhere
 */
export function placementOf(
  launchers: readonly LauncherView[],
  instanceNode: string | undefined,
  active: ReadonlySet<string>,
  left?: string,
): Placement | undefined {
  const isTarget = ({ migration }: LauncherView) => migration !== undefined && active.has(migration);
  const home =
    launchers.find(({ node }) => node === instanceNode) ??
    launchers.find((launcher) => !isTarget(launcher)) ??
    launchers[0];
  if (!home) return undefined;
  const target = launchers.find((launcher) => isTarget(launcher) && launcher.node !== home.node);
  const came = left !== undefined && left !== home.node && home.node === instanceNode;
  return { node: home.node, ...(target ? { target: target.node } : {}), ...(came ? { left } : {}) };
}
