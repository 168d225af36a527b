/** Lets `burst` requests through at once and `perSecond` more each second. */
export class TokenBucket {
  readonly #burst: number;
  /** How long one token takes to grow. */
  readonly #eachMs: number;
  /** When the bucket will be full again. Counting time instead of tokens adds up no fractions. */
  #fullAtMs = -Infinity;

  constructor({ burst, perSecond }: { readonly burst: number; readonly perSecond: number }) {
    this.#burst = burst;
    this.#eachMs = 1000 / perSecond;
  }

  /** Takes one: 0, or after how many milliseconds there will be one. */
  take(nowMs: number): number {
    const fullAtMs = Math.max(this.#fullAtMs, nowMs) + this.#eachMs;
    const waitMs = fullAtMs - nowMs - this.#burst * this.#eachMs;
    if (waitMs > 0) return Math.ceil(waitMs);
    this.#fullAtMs = fullAtMs;
    return 0;
  }
}
