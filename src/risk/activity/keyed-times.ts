import { RecentTimes } from './recent-times.ts';

/** How far back limits look. */
export interface LookBack {
  readonly max: number;
  readonly windowMs: number;
}

/** So many keys may stand idle. */
const IDLE = 1_024;

/** Recent times by key. Keys that have been quiet for longer than any limit looks back are forgotten. */
export class KeyedTimes<K> {
  readonly #times = new Map<K, RecentTimes>();
  #most = 0;
  #windowMs = 0;
  #sweepAt = IDLE;

  /** Looks back as far from now on, if it did not before. */
  extend({ max, windowMs }: LookBack): void {
    this.#windowMs = Math.max(this.#windowMs, windowMs);
    if (max <= this.#most) return;
    this.#most = max;
    for (const times of this.#times.values()) times.extend(max);
  }

  add(key: K, atMs: number): void {
    this.#of(key, atMs).add(atMs);
  }

  /** The n-th last of a key; minus infinity when there have not been as many. */
  last(key: K, n: number): number {
    return this.#times.get(key)?.last(n) ?? -Infinity;
  }

  countWithin(key: K, windowMs: number, nowMs: number): number {
    return this.#times.get(key)?.countWithin(windowMs, nowMs) ?? 0;
  }

  /** A key starts anew. */
  clear(key: K): void {
    this.#times.delete(key);
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#times.size;
  }

  #of(key: K, nowMs: number): RecentTimes {
    const present = this.#times.get(key);
    if (present !== undefined) return present;
    if (this.#times.size >= this.#sweepAt) this.#sweep(nowMs);
    const times = new RecentTimes(this.#most);
    this.#times.set(key, times);
    return times;
  }

  #sweep(nowMs: number): void {
    for (const [key, times] of this.#times)
      if (nowMs - times.last(1) >= this.#windowMs) this.#times.delete(key);
    this.#sweepAt = Math.max(IDLE, 2 * this.#times.size);
  }
}
