import type { Clock } from '../core/clock.ts';
import type { LeaseStore } from './lease-store.ts';
import { type LeaseValue, readLease } from './lease-value.ts';
import type { StateEntry } from './state-store.ts';

/** A lease that was taken. */
export interface TakenLease {
  /** Version of the write that took it. */
  readonly token: number;
  /** Monotonic time before that write was asked for. */
  readonly requestedMs: number;
}

export interface ContenderOptions {
  readonly ttlMs: number;
  readonly pollEveryMs: number;
  /** Written when it is taken. */
  readonly claim: LeaseValue;
}

export interface ContenderDeps {
  readonly store: LeaseStore;
  readonly clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
}

/**
 * Waits until the entry of a lease may be taken, and takes it: when it says that it is released, or when it has not changed
 * for as long as its holder may count on it, by our own monotonic clock from when we had seen it.
 */
export class LeaseContender {
  readonly #options: ContenderOptions;
  readonly #deps: ContenderDeps;
  #seen = { version: NaN, sinceMs: NaN };
  #isWoken = false;
  #wakeUp: (() => void) | undefined;

  constructor(options: ContenderOptions, deps: ContenderDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Looks at once. */
  wake(): void {
    this.#isWoken = true;
    this.#wakeUp?.();
  }

  /** `undefined` once it is given up. Never rejects. */
  async take(signal: AbortSignal): Promise<TakenLease | undefined> {
    while (!signal.aborted) {
      this.#isWoken = false;
      const found = await this.#look();
      if (typeof found === 'object') return found;
      await this.#wait(found, signal);
    }
    return undefined;
  }

  /** @returns the lease, or after how many milliseconds to look again */
  async #look(): Promise<TakenLease | number> {
    const { store, clock } = this.#deps;
    const { pollEveryMs, claim } = this.#options;
    const found = await store.look();
    if (found === undefined) return pollEveryMs;
    const { entry } = found;
    if (entry === undefined) {
      // Never written, or forgotten by the store while somebody counts on it: from here on it is waited for.
      const answer = await store.write({ state: 'unclaimed' }, 0);
      return answer === undefined ? pollEveryMs : 0;
    }
    const leftMs = this.#leftMs(entry);
    if (!(leftMs <= 0)) return Math.min(leftMs, pollEveryMs);
    const requestedMs = clock.monotonicMs();
    const answer = await store.write(claim, entry.version);
    return answer?.outcome === 'written' ? { token: answer.version, requestedMs } : pollEveryMs;
  }

  /** How long it is to be left alone yet. Counted from after the answer, when it was there for certain. */
  #leftMs(entry: StateEntry): number {
    const nowMs = this.#deps.clock.monotonicMs();
    if (entry.version !== this.#seen.version) this.#seen = { version: entry.version, sinceMs: nowMs };
    const value = readLease(entry);
    if (value?.state === 'released') return 0;
    const ttlMs = Math.max(this.#options.ttlMs, value?.state === 'held' ? value.ttlMs : 0);
    return ttlMs - (nowMs - this.#seen.sinceMs);
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isWoken || signal.aborted) {
        resolve();
        return;
      }
      const over = (): void => {
        timer[Symbol.dispose]();
        this.#wakeUp = undefined;
        signal.removeEventListener('abort', over);
        resolve();
      };
      const timer = this.#deps.clock.deadline(ms, over);
      this.#wakeUp = over;
      signal.addEventListener('abort', over, { once: true });
    });
  }
}
