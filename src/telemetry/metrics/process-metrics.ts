import type { Clock } from '../../core/clock.ts';
import type { ForeignMetric, PromClientRegistry } from './foreign-metrics.ts';

/** How long one look at the process serves all scrapes: reading handles and files on each costs more than it tells. */
const FRESH_MS = 1000;

/** Coarser than the default of 10 ms, which wakes the process a hundred times a second for ever. */
const DELAY_RESOLUTION_MS = 20;

/** Says how long the scrape itself held the event loop, and nothing about the time before. The quantiles do. */
const MISLEADING = 'nodejs_eventloop_lag_seconds';

/**
 * CPU, memory, event loop and garbage collection of this process, from prom-client, in a registry of their own. Measuring
 * starts with the first look: a registry that is never scraped costs nothing.
 */
export class ProcessMetrics {
  readonly #prefix: string;
  readonly #clock: Clock;
  #registry: Promise<PromClientRegistry> | undefined;
  #last: { readonly atMs: number; readonly metrics: readonly ForeignMetric[] } | undefined;

  constructor(prefix: string, clock: Clock) {
    this.#prefix = prefix;
    this.#clock = clock;
  }

  async look(): Promise<readonly ForeignMetric[]> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#last !== undefined && nowMs - this.#last.atMs < FRESH_MS) return this.#last.metrics;
    this.#registry ??= this.#start();
    const all = await (await this.#registry).getMetricsAsJSON();
    const metrics = all.filter(({ name }) => name !== `${this.#prefix}${MISLEADING}`);
    this.#last = { atMs: nowMs, metrics };
    return metrics;
  }

  async #start(): Promise<PromClientRegistry> {
    const { Registry, collectDefaultMetrics } = await import('prom-client');
    const register = new Registry();
    collectDefaultMetrics({
      register,
      prefix: this.#prefix,
      eventLoopMonitoringPrecision: DELAY_RESOLUTION_MS,
    });
    return register;
  }
}
