import type { BoundCounter, MetricsRegistry } from '../../telemetry/index.ts';
import type { SecondLevelError } from './store-access.ts';

/** How a cache answered: from its two levels, with an old value, with a kept failure, or not by itself. */
const RESULTS = ['l1', 'l2', 'stale', 'negative', 'miss'] as const;
const LEVELS = ['l1', 'l2-read', 'l2-write', 'l2-write-lost', 'l2-entry', 'renewal', 'callback'] as const;

export type CacheResult = (typeof RESULTS)[number];
/**
 * Beside those of the second level: a value whose size cannot be told, a renewal in the background that failed, and a
 * function of the user that threw.
 */
export type CacheError = SecondLevelError | 'l1' | 'renewal' | 'callback';

const CACHE_REQUESTS = {
  name: 'trading_cache_requests_total',
  help: 'Calls by how the cache answered them; a miss waited for the origin.',
  labels: { target: 'any', result: RESULTS },
} as const;

const CACHE_ERRORS = {
  name: 'trading_cache_errors_total',
  help: 'What went wrong in a cache without failing a call: reads, writes, lost writes and damaged entries of the second level, renewals that failed, functions that threw.',
  labels: { target: 'any', level: LEVELS },
} as const;

export type CacheRegistry = Pick<MetricsRegistry, 'counter'>;

/** Bound handles: a hit touches one number. */
export class CacheMetrics {
  readonly #requests: Readonly<Record<CacheResult, BoundCounter>> | undefined;
  readonly #errors: Readonly<Record<CacheError, BoundCounter>> | undefined;

  constructor(target: string, metrics: CacheRegistry | undefined) {
    if (metrics === undefined) return;
    const requests = metrics.counter(CACHE_REQUESTS);
    const errors = metrics.counter(CACHE_ERRORS);
    this.#requests = byName(RESULTS, (result) => requests.bind({ target, result }));
    this.#errors = byName(LEVELS, (level) => errors.bind({ target, level }));
  }

  answered(result: CacheResult): void {
    this.#requests?.[result].inc();
  }

  failed(error: CacheError): void {
    this.#errors?.[error].inc();
  }

  /** What a function of the user answers; when it throws, that is counted, and the answer is this. */
  answerOf<R>(ask: () => R, otherwise: R): R {
    try {
      return ask();
    } catch {
      this.failed('callback');
      return otherwise;
    }
  }
}

const byName = <Name extends string, V>(names: readonly Name[], make: (name: Name) => V): Record<Name, V> =>
  Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, V>;
