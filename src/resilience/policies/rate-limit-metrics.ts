import type { BoundCounter, BoundHistogram, MetricsRegistry } from '../../telemetry/index.ts';
import type { RateLimited } from '../failure.ts';
import { PRIORITIES, type Priority } from '../priority.ts';
import type { SharedRateSide } from './shared-turn.ts';

type Because = RateLimited['because'];

const BECAUSE = ['queue-full', 'wait-too-long', 'banned', 'weight-too-high'] as const satisfies Because[];

const RATE_LIMIT_WAITS = {
  name: 'trading_rate_limit_waits_seconds',
  help: 'How long calls waited for tokens of a rate limiter, those that had to wait and went in the end.',
  labels: { target: 'any', priority: PRIORITIES },
} as const;

const RATE_LIMIT_REJECTIONS = {
  name: 'trading_rate_limit_rejections_total',
  help: 'Calls that a rate limiter refused, by the reason.',
  labels: { target: 'any', because: BECAUSE },
} as const;

const RATE_LIMIT_USAGE = {
  name: 'trading_rate_limit_usage_ratio',
  help: 'Part of the tokens of a bucket that is used up, 0 for full to 1 for empty.',
  labels: ['target', 'bucket'],
} as const;

const SIDES = ['shared', 'fallback'] as const satisfies SharedRateSide[];

const RATE_LIMIT_SHARED = {
  name: 'trading_rate_limit_shared_total',
  help: 'Calls that a limit held with other processes let go: by all of them, or by the part of this one while they could not be asked.',
  labels: { target: 'any', by: SIDES },
} as const;

const RATE_LIMIT_SHARED_FAILURES = {
  name: 'trading_rate_limit_shared_failures_total',
  help: 'Questions to the others who hold a limit that were not answered, or not in time.',
  labels: ['target'],
} as const;

/** Shows what one rate limiter does. */
export class RateLimitMetrics implements Disposable {
  readonly #waits: ReadonlyMap<Priority, BoundHistogram>;
  readonly #rejections: ReadonlyMap<Because, BoundCounter>;
  readonly #shared: ReadonlyMap<SharedRateSide, BoundCounter> | undefined;
  readonly #sharedFailures: BoundCounter | undefined;
  readonly #collector: Disposable;

  /**
   * @param isShared whether the limit is held with other processes
   * @param usage the part of each bucket that is used, by its name; asked before each exposition
   * @throws {PortcullisError} `METRIC_CONFLICT` when the registry has other metrics of these names
   */
  constructor(
    target: string,
    metrics: Pick<MetricsRegistry, 'counter' | 'gauge' | 'histogram' | 'collector'>,
    usage: () => Iterable<readonly [bucket: string, ratio: number]>,
    isShared = false,
  ) {
    const waits = metrics.histogram(RATE_LIMIT_WAITS);
    const rejections = metrics.counter(RATE_LIMIT_REJECTIONS);
    const gauge = metrics.gauge(RATE_LIMIT_USAGE);
    this.#waits = new Map(PRIORITIES.map((priority) => [priority, waits.bind({ target, priority })]));
    this.#rejections = new Map(BECAUSE.map((because) => [because, rejections.bind({ target, because })]));
    if (isShared) {
      const shared = metrics.counter(RATE_LIMIT_SHARED);
      this.#shared = new Map(SIDES.map((by) => [by, shared.bind({ target, by })]));
      this.#sharedFailures = metrics.counter(RATE_LIMIT_SHARED_FAILURES).bind({ target });
    }
    this.#collector = metrics.collector(() => {
      for (const [bucket, ratio] of usage()) gauge.set({ target, bucket }, ratio);
    });
  }

  waited(priority: Priority, waitedMs: number): void {
    this.#waits.get(priority)?.observe(waitedMs / 1_000);
  }

  refused(because: Because): void {
    this.#rejections.get(because)?.inc();
  }

  sharedBy(side: SharedRateSide): void {
    this.#shared?.get(side)?.inc();
  }

  sharedFailed(): void {
    this.#sharedFailures?.inc();
  }

  [Symbol.dispose](): void {
    this.#collector[Symbol.dispose]();
  }
}
