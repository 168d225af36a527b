import type { BoundCounter, MetricsRegistry } from '../../telemetry/index.ts';
import {
  BUS_DEAD_LETTERS,
  BUS_LOST,
  BUS_PUBLISHED,
  BUS_PUBLISH_DURATION,
  BUS_REDELIVERED,
} from '../bus-metrics.ts';
import type { DeadReason } from '../dead-letter.ts';

/** What a topic counts. */
export interface TopicCounts {
  readonly published: Tally;
  readonly duplicate: Tally;
  readonly dropped: Tally;
  /** How long one took to get to disk. */
  took(seconds: number): void;
  lost(group: string, because: 'dropped' | 'trimmed' | 'reset', events: number): void;
}

/** Counts, and says how many. */
class Tally {
  #value = 0;
  readonly #metric: BoundCounter | undefined;

  constructor(metric?: BoundCounter) {
    this.#metric = metric;
  }

  get value(): number {
    return this.#value;
  }

  inc(by = 1): void {
    this.#value += by;
    this.#metric?.inc(by);
  }
}

/** What a bus counts, for metrics and for its status. */
export class EmbeddedCounts {
  readonly #bus: string;
  readonly #metrics: MetricsRegistry | undefined;
  readonly #topics = new Map<string, TopicCounts>();
  #lost = 0;

  constructor(bus: string, metrics: MetricsRegistry | undefined) {
    this.#bus = bus;
    this.#metrics = metrics;
  }

  /** Events given up by a policy. */
  get dropped(): number {
    return [...this.#topics.values()].reduce((sum, { dropped }) => sum + dropped.value, this.#lost);
  }

  topic(topic: string): TopicCounts {
    const found = this.#topics.get(topic);
    if (found !== undefined) return found;
    const bus = this.#bus;
    const published = this.#metrics?.counter(BUS_PUBLISHED);
    const lost = this.#metrics?.counter(BUS_LOST);
    const duration = this.#metrics?.histogram(BUS_PUBLISH_DURATION).bind({ bus, topic });
    const counts: TopicCounts = {
      published: new Tally(published?.bind({ bus, topic, outcome: 'published' })),
      duplicate: new Tally(published?.bind({ bus, topic, outcome: 'duplicate' })),
      dropped: new Tally(published?.bind({ bus, topic, outcome: 'dropped' })),
      took: (seconds) => duration?.observe(seconds),
      lost: (group, because, events) => {
        if (because === 'dropped') this.#lost += events;
        lost?.inc({ bus, topic, group, because }, events);
      },
    };
    this.#topics.set(topic, counts);
    return counts;
  }

  /** An event that no member has had, since it could not be read. */
  dead(group: string, reason: DeadReason): void {
    this.#metrics?.counter(BUS_DEAD_LETTERS).inc({ bus: this.#bus, group, reason });
  }

  /** A dead letter that had to make room for newer ones. */
  lostLetter(group: string, topic: string): void {
    this.#lost += 1;
    this.#metrics?.counter(BUS_LOST).inc({ bus: this.#bus, topic, group, because: 'dropped' });
  }

  redelivered(group: string, events: number): void {
    this.#metrics?.counter(BUS_REDELIVERED).inc({ bus: this.#bus, group }, events);
  }
}
