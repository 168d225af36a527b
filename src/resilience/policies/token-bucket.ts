export interface TokenBucketSize {
  /** Tokens that it holds when full, which is the burst that it allows. */
  readonly capacity: number;
  readonly refillPerSecond: number;
}

/**
 * Tokens that grow with time. It keeps what was taken since it was last full, and since when: a level that is counted up
 * would gather the rounding of every step, this does not, however long it runs. Needs no timer.
 *
 * Within any T seconds at most `capacity + T * refillPerSecond` are taken. Times are monotonic milliseconds; one that is not a
 * number, or before the last, is taken for the last.
 */
export class TokenBucket {
  readonly capacity: number;
  readonly #refillPerSecond: number;
  #nowMs: number;
  /** When it was last full, or its level last set. */
  #sinceMs: number;
  /** Tokens missing then, and those taken since. */
  #taken = 0;
  /** When it is full again. */
  #fullMs: number;

  /** A full one. */
  constructor({ capacity, refillPerSecond }: TokenBucketSize, nowMs: number) {
    this.capacity = capacity;
    this.#refillPerSecond = refillPerSecond;
    this.#nowMs = Number.isFinite(nowMs) ? nowMs : 0;
    this.#sinceMs = this.#nowMs;
    this.#fullMs = this.#nowMs;
  }

  /** Takes so many at once, or none. */
  take(amount: number, nowMs: number): boolean {
    const atMs = this.#moveTo(nowMs);
    if (!(amount >= 0 && this.readyMs(amount, atMs) <= atMs)) return false;
    const isFull = atMs >= this.#fullMs;
    this.#set(isFull ? atMs : this.#sinceMs, isFull ? amount : this.#taken + amount);
    return true;
  }

  /**
   * When so many are there, if nobody takes any before; `fromMs` or later. More than the capacity stands for several calls,
   * each of which takes what it needs as soon as it is there.
   */
  readyMs(amount: number, fromMs: number): number {
    const atMs = fromMs > this.#nowMs ? fromMs : this.#nowMs;
    if (atMs >= this.#fullMs)
      return amount <= this.capacity ? atMs : atMs + this.#growMs(amount - this.capacity);
    // The same sum whenever it is asked: what waits until then finds the tokens there.
    return Math.max(atMs, this.#sinceMs + this.#growMs(this.#taken + amount - this.capacity));
  }

  /** Tokens that are there, 0 to the capacity. */
  level(nowMs: number): number {
    const atMs = this.#moveTo(nowMs);
    if (atMs >= this.#fullMs) return this.capacity;
    const grown = ((atMs - this.#sinceMs) * this.#refillPerSecond) / 1_000;
    return Math.min(this.capacity, Math.max(0, this.capacity - this.#taken + grown));
  }

  /** Leaves at most so many in it; never adds any. */
  lowerTo(tokens: number, nowMs: number): void {
    if (tokens < this.level(nowMs)) this.#set(this.#nowMs, this.capacity - Math.max(0, tokens));
  }

  #set(sinceMs: number, taken: number): void {
    this.#sinceMs = sinceMs;
    this.#taken = taken;
    this.#fullMs = sinceMs + this.#growMs(taken);
  }

  #growMs(tokens: number): number {
    return (tokens * 1_000) / this.#refillPerSecond;
  }

  #moveTo(nowMs: number): number {
    if (nowMs > this.#nowMs && nowMs < Infinity) this.#nowMs = nowMs;
    return this.#nowMs;
  }
}
