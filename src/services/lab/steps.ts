/** The steps of a start, for whoever watches: those that are over are told again to one who comes late. */
export const STEPS = {
  boxes: 'boxes and wires',
  central: 'OVN central',
  api: 'Kubernetes API',
  cluster: 'CRDs and Nodes',
  fabric: 'switch and router between the nodes',
  nodes: 'Open vSwitch and OVN on the nodes',
  controller: 'Weft controller',
} as const;

export type StepName = keyof typeof STEPS;

export interface StepEvent {
  readonly step: StepName;
  readonly state: 'begun' | 'done' | 'failed';
  /** seconds since the start of the lab */
  readonly at: number;
}

export class Steps {
  readonly #events: StepEvent[] = [];
  readonly #listeners = new Set<(event: StepEvent) => void>();
  readonly #startedAt = performance.now();

  async run<T>(step: StepName, work: () => Promise<T>): Promise<T> {
    this.#tell(step, 'begun');
    try {
      const result = await work();
      this.#tell(step, 'done');
      return result;
    } catch (error) {
      this.#tell(step, 'failed');
      throw error;
    }
  }

  /** Returns a function that removes the listener. */
  follow(listener: (event: StepEvent) => void): () => void {
    for (const event of this.#events) listener(event);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(step: StepName, state: StepEvent['state']): void {
    const event = { step, state, at: (performance.now() - this.#startedAt) / 1000 };
    this.#events.push(event);
    for (const listener of this.#listeners) listener(event);
  }
}
