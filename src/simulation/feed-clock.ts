import type { SeededRandom } from '../core/random.ts';

/** Stamps events: when they happened, and when we heard of it, which never goes back. */
export class FeedClock {
  readonly #latencyMs: number;
  readonly #random: SeededRandom;
  #receivedMs = -Infinity;

  /** @param latencyMs mean delay; none is shorter than half of it */
  constructor(latencyMs: number, random: SeededRandom) {
    this.#latencyMs = latencyMs;
    this.#random = random;
  }

  at(exchangeMs: number): { readonly exchangeMs: number; readonly receivedMs: number } {
    const delayMs = Math.round(this.#latencyMs * (0.5 - 0.5 * Math.log(1 - this.#random.next())));
    this.#receivedMs = Math.max(this.#receivedMs, exchangeMs + delayMs);
    return { exchangeMs, receivedMs: this.#receivedMs };
  }
}
