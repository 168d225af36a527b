import type { BoundCounter, MetricsRegistry } from '../../telemetry/index.ts';

const desk = ['desk'] as const;

const LAG = {
  name: 'trading_desk_relay_lag_records',
  help: 'Durable records of the journal that the event bus does not have yet.',
  labels: desk,
} as const;

const OLDEST_AGE = {
  name: 'trading_desk_relay_oldest_age_seconds',
  help: 'Age of the oldest of them by its own time; 0 when there is none.',
  unit: 'seconds',
  labels: desk,
} as const;

const FAILURES = {
  name: 'trading_desk_relay_failures_total',
  help: 'Publications that the bus did not take, and that are tried again.',
  labels: desk,
} as const;

/** Why records never reach the bus. */
const LOST_BECAUSE = ['trimmed', 'restored', 'unreadable', 'refused'] as const;
export type LostBecause = (typeof LOST_BECAUSE)[number];

const LOST = {
  name: 'trading_desk_relay_lost_records_total',
  help: 'What never reaches the event bus: records that were removed before, or written since a backup that was put back, or cannot be read; events that the bus refuses.',
  labels: { desk: 'any', because: LOST_BECAUSE },
} as const;

const REWINDS = {
  name: 'trading_desk_relay_rewinds_total',
  help: 'How often the event bus had lost what it held: what it may have lost was told again, or where to begin with that was not known any more.',
  labels: { desk: 'any', outcome: ['told-again', 'impossible'] },
} as const;

/** What is read at each scrape. */
export interface RelayReading {
  readonly lag: number;
  readonly oldestAgeMs: number;
}

/** Shows a relay in metrics, until disposed. */
export class RelayMetrics implements Disposable {
  readonly #failures: BoundCounter;
  readonly #lost: (because: LostBecause, records: number) => void;
  readonly #rewound: (outcome: 'told-again' | 'impossible') => void;
  readonly #collector: Disposable;

  constructor(name: string, metrics: MetricsRegistry, read: () => RelayReading) {
    const labels = { desk: name };
    const [lag, oldestAge, lost] = [metrics.gauge(LAG), metrics.gauge(OLDEST_AGE), metrics.counter(LOST)];
    this.#failures = metrics.counter(FAILURES).bind(labels);
    const rewinds = metrics.counter(REWINDS);
    lost.expect(labels);
    rewinds.expect(labels);
    this.#rewound = (outcome) => {
      rewinds.inc({ desk: name, outcome });
    };
    this.#lost = (because, records) => {
      lost.inc({ desk: name, because }, records);
    };
    this.#collector = metrics.collector(() => {
      const { lag: records, oldestAgeMs } = read();
      lag.set(labels, records);
      oldestAge.set(labels, Math.max(0, oldestAgeMs) / 1_000);
    });
  }

  failed(): void {
    this.#failures.inc();
  }

  lost(because: LostBecause, records: number): void {
    this.#lost(because, records);
  }

  rewound(outcome: 'told-again' | 'impossible'): void {
    this.#rewound(outcome);
  }

  [Symbol.dispose](): void {
    this.#collector[Symbol.dispose]();
  }
}
