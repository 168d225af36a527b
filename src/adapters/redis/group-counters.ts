import {
  BUS_EVENTS_KEPT,
  BUS_LAG,
  BUS_LOST,
  BUS_PENDING,
  BUS_REDELIVERED,
} from '../../events/bus-metrics.ts';
import type { MetricsRegistry } from '../../telemetry/index.ts';

/** What the reading half counts. */
export class GroupCounters {
  readonly #bus: string;
  readonly metrics: MetricsRegistry | undefined;

  constructor(bus: string, metrics: MetricsRegistry | undefined) {
    this.#bus = bus;
    this.metrics = metrics;
  }

  redelivered(group: string): void {
    this.metrics?.counter(BUS_REDELIVERED).inc({ bus: this.#bus, group });
  }

  lost(topic: string, group: string, because: 'trimmed' | 'reset', count = 1): void {
    this.metrics?.counter(BUS_LOST).inc({ bus: this.#bus, topic, group, because }, count);
  }

  /** Of the partitions that this process owns; a lag that is not known is not shown. */
  standing(
    topic: string,
    group: string,
    { lag, pending }: { lag: number | undefined; pending: number },
  ): void {
    const labels = { bus: this.#bus, topic, group };
    const lags = this.metrics?.gauge(BUS_LAG);
    if (lag === undefined) lags?.remove(labels);
    else lags?.set(labels, lag);
    this.metrics?.gauge(BUS_PENDING).set(labels, pending);
  }

  gone(topic: string, group: string): void {
    const labels = { bus: this.#bus, topic, group };
    this.metrics?.gauge(BUS_LAG).remove(labels);
    this.metrics?.gauge(BUS_PENDING).remove(labels);
  }

  kept(topic: string, count: number): void {
    this.metrics?.gauge(BUS_EVENTS_KEPT).set({ bus: this.#bus, topic }, count);
  }
}
