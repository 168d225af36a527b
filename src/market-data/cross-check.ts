export interface CrossCheckOptions {
  readonly maxDeviationBps: number;
  readonly confirmMs: number;
}

interface Opinion {
  readonly isTrusted: boolean;
  /** Since when it looks the other way, on the monotonic clock. */
  readonly otherwiseSinceMs: number | undefined;
}

/**
 * Compares the prices of several sources of one instrument. A source agrees with another when they are within
 * `maxDeviationBps`, and is trusted while it agrees with more than half of those that can be compared, itself included: of
 * three the odd one is out, of two that differ both are. Whoever is trusted ceases to be after `confirmMs` of this, and is
 * again after `confirmMs` of the contrary.
 *
 * What has no good price of its own is not compared, and keeps the opinion that there was of it. So a source that turns out
 * bad casts no doubt on the others for longer than `confirmMs`.
 */
export class CrossCheck {
  readonly #options: CrossCheckOptions;
  readonly #opinions: Opinion[];
  #deviationsBps: readonly number[] = [];

  constructor(options: CrossCheckOptions, sources: number) {
    this.#options = options;
    this.#opinions = Array.from({ length: sources }, () => ({
      isTrusted: true,
      otherwiseSinceMs: undefined,
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
      const price = prices[i] ?? NaN;
      this.#opinions[i] = this.#next(
        opinion,
        price > 0 ? this.#agrees(price, prices, compared) : undefined,
        nowMs,
      );
    }
  }

  #agrees(price: number, prices: readonly number[], compared: number): boolean {
    const { maxDeviationBps } = this.#options;
    let agreeing = 0;
    for (const other of prices) if (distanceBps(price, other) <= maxDeviationBps) agreeing += 1;
    return agreeing > compared / 2;
  }

  #next(opinion: Opinion, agrees: boolean | undefined, nowMs: number): Opinion {
    const { isTrusted, otherwiseSinceMs } = opinion;
    if (agrees === undefined || agrees === isTrusted) {
      return otherwiseSinceMs === undefined ? opinion : { isTrusted, otherwiseSinceMs: undefined };
    }
    if (otherwiseSinceMs === undefined)
      return this.#next({ isTrusted, otherwiseSinceMs: nowMs }, agrees, nowMs);
    return nowMs - otherwiseSinceMs >= this.#options.confirmMs
      ? { isTrusted: agrees, otherwiseSinceMs: undefined }
      : opinion;
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
