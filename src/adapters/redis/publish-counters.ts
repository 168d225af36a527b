import type { BusStatus, PublishReceipt } from '../../events/event-bus.ts';
import { BUS_CONNECTED, BUS_PUBLISHED, BUS_PUBLISH_DURATION, BUS_WAITING } from '../../events/bus-metrics.ts';
import type { BoundCounter, BoundHistogram, MetricsRegistry } from '../../telemetry/index.ts';

type Outcome = PublishReceipt['outcome'];

interface TopicMetrics {
  readonly outcomes: Readonly<Record<Outcome, BoundCounter>>;
  readonly duration: BoundHistogram;
}

/** Counts what becomes of publications, and shows where events wait. */
export class PublishCounters {
  readonly #bus: string;
  readonly #metrics: MetricsRegistry | undefined;
  readonly #topics = new Map<string, TopicMetrics>();
  dropped = 0;
  /** Shows the last of it, and lets go. */
  unwatch: () => void = () => undefined;

  constructor(bus: string, metrics: MetricsRegistry | undefined) {
    this.#bus = bus;
    this.#metrics = metrics;
  }

  /** @param ms from publish to receipt */
  settled(topic: string, outcome: Outcome, ms: number): void {
    if (outcome === 'dropped') this.dropped++;
    const metrics = this.#of(topic);
    metrics?.outcomes[outcome].inc();
    if (outcome !== 'dropped') metrics?.duration.observe(ms / 1000);
  }

  /** Shows how the bus is, until `unwatch`. */
  watch(status: () => BusStatus): void {
    const metrics = this.#metrics;
    if (metrics === undefined) return;
    const bus = this.#bus;
    const connected = metrics.gauge(BUS_CONNECTED).bind({ bus });
    const memory = metrics.gauge(BUS_WAITING).bind({ bus, where: 'memory' });
    const disk = metrics.gauge(BUS_WAITING).bind({ bus, where: 'disk' });
    const show = (): void => {
      const { connected: is, waiting, spilled } = status();
      connected.set(is ? 1 : 0);
      memory.set(waiting - spilled);
      disk.set(spilled);
    };
    const watching = metrics.collector(show);
    this.unwatch = () => {
      show();
      watching[Symbol.dispose]();
    };
  }

  #of(topic: string): TopicMetrics | undefined {
    const metrics = this.#metrics;
    if (metrics === undefined) return undefined;
    let bound = this.#topics.get(topic);
    if (bound === undefined) {
      const bus = this.#bus;
      const published = metrics.counter(BUS_PUBLISHED);
      bound = {
        outcomes: {
          published: published.bind({ bus, topic, outcome: 'published' }),
          duplicate: published.bind({ bus, topic, outcome: 'duplicate' }),
          spilled: published.bind({ bus, topic, outcome: 'spilled' }),
          dropped: published.bind({ bus, topic, outcome: 'dropped' }),
        },
        duration: metrics.histogram(BUS_PUBLISH_DURATION).bind({ bus, topic }),
      };
      this.#topics.set(topic, bound);
    }
    return bound;
  }
}
