/** What was added over the last `windowMs`, in O(1) amortised. Whole numbers, so that nothing drifts. */
export class RollingSum {
  readonly #windowMs: number;
  readonly #times: number[] = [];
  readonly #amounts: number[] = [];
  /** Index of the oldest entry that still counts. */
  #first = 0;
  #sum = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(amount: number, atMs: number): void {
    this.#times.push(atMs);
    this.#amounts.push(amount);
    this.#sum += amount;
  }

  /** @param nowMs on the same clock as `add`; an amount counts for less than `windowMs`. */
  at(nowMs: number): number {
    const gone = nowMs - this.#windowMs;
    while ((this.#times[this.#first] ?? Infinity) <= gone) {
      this.#sum -= this.#amounts[this.#first] ?? 0;
      this.#first += 1;
    }
    this.#forget();
    return this.#sum;
  }

  /** Frees what has left the window, once that is more than half. */
  #forget(): void {
    if (this.#first * 2 <= this.#times.length) return;
    this.#times.splice(0, this.#first);
    this.#amounts.splice(0, this.#first);
    this.#first = 0;
  }
}
