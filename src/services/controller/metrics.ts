/** What the controller did, as Prometheus metrics: work done, so that checks can assert it instead of time. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Compiler } from '../../core/compile/engine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { KIND_OF } from './resources.ts';

/** seconds */
const BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Metrics {
  readonly registry = new Registry();
  readonly transactions = this.#counter('weft_nb_transactions_total', 'Northbound transactions sent');
  readonly operations = this.#counter('weft_nb_operations_total', 'operations in them, without the guard');
  readonly repaired = this.#counter('weft_nb_rows_repaired_total', 'rows that somebody else had edited or deleted');
  readonly transactionSeconds = this.#histogram(
    'weft_nb_transaction_seconds',
    'from sending a transaction to seeing its effects',
  );
  readonly commitSeconds = this.#histogram(
    'weft_interface_commit_seconds',
    'from hearing of a pod to its port being committed',
  );
  readonly synced = new Gauge({
    name: 'weft_synced',
    help: '1 when everything declared is in the Northbound database',
    registers: [this.registry],
  });

  observeTransaction(operations: number, seconds: number): void {
    this.transactions.inc();
    this.operations.inc(operations);
    this.transactionSeconds.observe(seconds);
  }

  /** counters that others keep, read when somebody asks */
  follow(compiler: Compiler, client: KubeClient): void {
    const rules = new Counter({
      name: 'weft_rules_run_total',
      help: 'rules run by the compiler',
      labelNames: ['rule'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [rule, count] of Object.entries(compiler.counters.rulesRun)) this.inc({ rule }, count);
      },
    });
    const writes = new Counter({
      name: 'weft_api_writes_total',
      help: 'writes to the Kubernetes API',
      labelNames: ['kind', 'verb'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const kind of Object.values(KIND_OF))
          for (const verb of ['create', 'patch', 'delete']) this.inc({ kind, verb }, 0);
        for (const [key, count] of client.writes) {
          const [plural = '', verb = ''] = key.split('/');
          this.inc({ kind: KIND_OF[plural] ?? plural, verb }, count);
        }
      },
    });
    void [rules, writes];
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.registry] });
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ name, help, buckets: BUCKETS, registers: [this.registry] });
  }
}
