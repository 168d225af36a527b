import type { Clock } from '../core/clock.ts';
import {
  type Counter,
  type Gauge,
  type LabelsOf,
  type Logger,
  type MetricsRegistry,
  type Tracing,
  correlation,
} from '../telemetry/index.ts';

/** What background work gets. */
export interface WorkContext {
  readonly correlationId: string;
  /** Aborts when the service stops: no request is waited for any more. */
  readonly signal: AbortSignal;
}

const OPERATIONS = {
  name: 'trading_operations_total',
  help: 'Background work by what was done and how it ended.',
  labels: { operation: 'any', outcome: ['ok', 'error'] },
} as const;

const IN_FLIGHT = {
  name: 'trading_operations_in_flight',
  help: 'Background work that is under way.',
} as const;

/** Background work of a service: each piece under a correlation id, counted, measured, and awaited at the end. */
export class BackgroundWork {
  readonly #service: string;
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #metrics: MetricsRegistry;
  readonly #tracing: Tracing;
  readonly #operations: Counter<LabelsOf<typeof OPERATIONS.labels>>;
  readonly #inFlight: Gauge<object>;
  readonly #running = new Set<Promise<unknown>>();

  constructor(
    service: string,
    signal: AbortSignal,
    deps: {
      readonly clock: Clock;
      readonly log: Logger;
      readonly metrics: MetricsRegistry;
      readonly tracing: Tracing;
    },
  ) {
    this.#service = service;
    this.#signal = signal;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#metrics = deps.metrics;
    this.#tracing = deps.tracing;
    this.#operations = deps.metrics.counter(OPERATIONS);
    this.#inFlight = deps.metrics.gauge(IN_FLIGHT);
  }

  async run<T>(operation: string, fn: (context: WorkContext) => T | Promise<T>): Promise<T> {
    const correlationId = correlation.id() ?? correlation.create();
    const work = this.#tracing.span(operation, { correlationId }, () =>
      this.#measured(operation, fn, correlationId),
    );
    this.#running.add(work);
    this.#inFlight.set(this.#running.size);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
      this.#inFlight.set(this.#running.size);
    }
  }

  /** How much is under way. */
  get count(): number {
    return this.#running.size;
  }

  /** Resolves when nothing runs any more, what was begun meanwhile included. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #measured<T>(
    operation: string,
    fn: (context: WorkContext) => T | Promise<T>,
    correlationId: string,
  ): Promise<T> {
    const startMs = this.#clock.monotonicMs();
    let outcome: 'ok' | 'error' = 'error';
    try {
      const value = await fn({ correlationId, signal: this.#signal });
      outcome = 'ok';
      return value;
    } catch (err) {
      this.#log.error({ err, operation }, 'operation failed');
      throw err;
    } finally {
      const seconds = (this.#clock.monotonicMs() - startMs) / 1000;
      this.#operations.inc({ operation, outcome });
      this.#metrics.recordLatency({ operation, target: this.#service, seconds });
    }
  }
}
