export interface CrossCheckOptions {
  readonly maxDeviationBps: number;
  readonly confirmMs: number;
}

interface Opinion {
  isTrusted: boolean;
  /** Whether there has been another price to compare its own with. */
  hasBeenCompared: boolean;
  /** As of the last look. */
  isDeviating: boolean;
  /** For how long it has deviated since it agreed for `confirmMs`, breaks left out. */
  deviatedMs: number;
  /** Since when it has agreed without a break, on the monotonic clock. */
  agreedSinceMs: number | undefined;
}

/**
 * Compares the prices of several sources of one instrument. A source agrees with another when they are within
 * `maxDeviationBps`, and is trusted while it agrees with more than half of those that can be compared, itself included: of
 * three the odd one is out, of two that differ both are. Whoever is trusted ceases to be when it has deviated for `confirmMs`
 * in all, and is again after it has agreed for `confirmMs` without a break. Only that long an agreement also forgets how long
 * it has deviated: breaks, in which a source has no price or agrees for a moment, do not. The first comparison of a source
 * with another counts at once, so that nothing is bought in the first `confirmMs` on prices that contradict each other.
 *
 * What has no good price of its own is not compared, and keeps the opinion that there was of it. Who is alone with a good
 * price agrees. So a source that turns out bad casts no doubt on the others for longer than `confirmMs`.
 */
export class CrossCheck {
  readonly #options: CrossCheckOptions;
  readonly #opinions: Opinion[];
  #deviationsBps: readonly number[] = [];
  #lookedMs = NaN;

  constructor(options: CrossCheckOptions, sources: number) {
    this.#options = options;
    this.#opinions = Array.from({ length: sources }, () => ({
      isTrusted: true,
      hasBeenCompared: false,
      isDeviating: false,
      deviatedMs: 0,
      agreedSinceMs: undefined,
    }));
  }

  isTrusted(source: number): boolean {
    return this.#opinions[source]?.isTrusted === true;
  }

  /** To the farthest of the others; NaN where nothing was compared. */
  deviationBps(source: number): number {
    return this.#deviationsBps[source] ?? NaN;
  }

  /** @param prices one for each source; NaN for one that has none, or no good one */
  look(prices: readonly number[], nowMs: number): void {
    this.#deviationsBps = prices.map((price, i) => farthestBps(price, prices, i));
    const compared = prices.filter((price) => price > 0).length;
    for (const [i, opinion] of this.#opinions.entries()) {
      if (opinion.isDeviating) opinion.deviatedMs += nowMs - this.#lookedMs;
      opinion.isDeviating = false;
      const price = prices[i] ?? NaN;
      if (!(price > 0)) opinion.agreedSinceMs = undefined;
      else if (this.#agrees(price, prices, compared)) this.#agreed(opinion, nowMs);
      else this.#deviated(opinion);
      if (price > 0 && compared > 1) opinion.hasBeenCompared = true;
    }
    this.#lookedMs = nowMs;
  }

  #agrees(price: number, prices: readonly number[], compared: number): boolean {
    const { maxDeviationBps } = this.#options;
    let agreeing = 0;
    for (const other of prices) if (distanceBps(price, other) <= maxDeviationBps) agreeing += 1;
    return agreeing > compared / 2;
  }

  #agreed(opinion: Opinion, nowMs: number): void {
    opinion.agreedSinceMs ??= nowMs;
    if (nowMs - opinion.agreedSinceMs < this.#options.confirmMs) return;
    opinion.isTrusted = true;
    opinion.deviatedMs = 0;
  }

  #deviated(opinion: Opinion): void {
    opinion.isDeviating = true;
    opinion.agreedSinceMs = undefined;
    if (!opinion.hasBeenCompared || opinion.deviatedMs >= this.#options.confirmMs) opinion.isTrusted = false;
  }
}

function farthestBps(price: number, prices: readonly number[], self: number): number {
  let farthest = NaN;
  for (const [i, other] of prices.entries()) {
    const bps = distanceBps(price, other);
    if (i !== self && bps >= 0 && !(bps <= farthest)) farthest = bps;
  }
  return farthest;
}

/** The same either way; NaN where one is none. */
const distanceBps = (a: number, b: number): number => (Math.abs(a - b) / Math.min(a, b)) * 1e4;
