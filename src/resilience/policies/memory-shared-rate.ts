import type { Clock } from '../../core/clock.ts';
import type { SharedRate, SharedRateAnswer, SharedRateTake } from './shared-rate.ts';

/** Since it was last full, and the tokens taken since: exact, however many are taken. */
interface Level {
  readonly sinceMs: number;
  readonly taken: number;
}

/** Rate limits that all who are given this object hold together: for tests, and for several limiters in one process. */
export class MemorySharedRate implements SharedRate {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #levels = new Map<string, Level>();

  constructor(deps: { readonly clock: Pick<Clock, 'monotonicMs'> }) {
    this.#clock = deps.clock;
  }

  take(limit: string, takes: readonly SharedRateTake[]): Promise<SharedRateAnswer> {
    const nowMs = this.#clock.monotonicMs();
    const after = new Map<string, Level>();
    let waitMs = 0;
    for (const { bucket, capacity, refillPerSecond, cost } of takes) {
      if (!(cost <= capacity)) return Promise.resolve({ outcome: 'never' });
      const key = `${limit} ${bucket}`;
      const { sinceMs, taken } = this.#level(key, refillPerSecond, nowMs);
      const leftMs = ((taken + cost - capacity) * 1_000) / refillPerSecond - (nowMs - sinceMs);
      if (!(leftMs <= waitMs)) waitMs = leftMs;
      if (cost > 0) after.set(key, { sinceMs, taken: taken + cost });
    }
    if (waitMs > 0) return Promise.resolve({ outcome: 'wait', waitMs });
    for (const [key, level] of after) this.#levels.set(key, level);
    return Promise.resolve({ outcome: 'allowed' });
  }

  #level(key: string, refillPerSecond: number, nowMs: number): Level {
    const level = this.#levels.get(key);
    if (level !== undefined && (level.taken * 1_000) / refillPerSecond > nowMs - level.sinceMs) return level;
    this.#levels.delete(key);
    return { sinceMs: nowMs, taken: 0 };
  }
}
