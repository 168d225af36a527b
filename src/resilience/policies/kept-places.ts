import type { Call, CallStats } from '../call.ts';

/**
 * Places that are kept for calls on their way. All attempts of a call share its `stats`, whatever the policies between have
 * made of it: that tells whose place it is.
 */
export class KeptPlaces {
  readonly #ofCalls = new Map<CallStats, number>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  begin({ stats }: Call): void {
    if (!this.#ofCalls.has(stats)) this.#ofCalls.set(stats, 0);
  }

  /** Keeps one more, for a call that has begun. */
  keep({ stats }: Call): void {
    const kept = this.#ofCalls.get(stats);
    if (kept === undefined) return;
    this.#ofCalls.set(stats, kept + 1);
    this.#count += 1;
  }

  /** Uses one up, for an attempt that has come; false when none is kept for its call. */
  take({ stats }: Call): boolean {
    const kept = this.#ofCalls.get(stats) ?? 0;
    if (kept === 0) return false;
    this.#ofCalls.set(stats, kept - 1);
    this.#count -= 1;
    return true;
  }

  /** @returns whether there were any left, which are free now */
  end({ stats }: Call): boolean {
    const kept = this.#ofCalls.get(stats) ?? 0;
    this.#ofCalls.delete(stats);
    this.#count -= kept;
    return kept > 0;
  }
}
