/** Lets `burst` requests through at once and `perSecond` more each second. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #lastMs = -Infinity;

  constructor({ burst, perSecond }: { readonly burst: number; readonly perSecond: number }) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#tokens = burst;
  }

  /** Takes one: 0, or after how many milliseconds there will be one. */
  take(nowMs: number): number {
    const grown = Math.max(0, nowMs - this.#lastMs) * (this.#perSecond / 1000);
    this.#tokens = Math.min(this.#burst, this.#tokens + grown);
    this.#lastMs = nowMs;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / this.#perSecond);
    this.#tokens -= 1;
    return 0;
  }
}
