/** The last times of something, as many as a limit has to look back on, oldest first in whatever order they come. */
export class RecentTimes {
  /** A ring, once it is full. */
  #times: number[] = [];
  /** Where the oldest is. */
  #oldest = 0;
  #most: number;

  /** @param most how many are remembered */
  constructor(most: number) {
    this.#most = most;
  }

  /** Remembers more than before. What was forgotten stays so. */
  extend(most: number): void {
    if (!(most > this.#most)) return;
    this.#times = [...this.#times.slice(this.#oldest), ...this.#times.slice(0, this.#oldest)];
    this.#oldest = 0;
    this.#most = most;
  }

  add(atMs: number): void {
    if (this.#most === 0) return;
    if (this.#times.length < this.#most) {
      this.#times.push(atMs);
    } else {
      if (atMs < this.last(this.#most)) return;
      this.#times[this.#oldest] = atMs;
      this.#oldest = (this.#oldest + 1) % this.#most;
    }
    this.#settle(atMs);
  }

  /** The n-th last, 1 for the last; minus infinity when there have not been as many. */
  last(n: number): number {
    const { length } = this.#times;
    if (n > length) return -Infinity;
    return this.#times[this.#at(n)] ?? NaN;
  }

  /** How many of those that are remembered are younger than `windowMs`. */
  countWithin(windowMs: number, nowMs: number): number {
    let [from, to] = [0, this.#times.length];
    while (from < to) {
      const middle = Math.ceil((from + to) / 2);
      if (nowMs - this.last(middle) >= windowMs) to = middle - 1;
      else from = middle;
    }
    return from;
  }

  /** Puts the last one where it belongs. */
  #settle(atMs: number): void {
    for (let n = 2; this.last(n) > atMs; n += 1) {
      this.#times[this.#at(n - 1)] = this.last(n);
      this.#times[this.#at(n)] = atMs;
    }
  }

  #at(n: number): number {
    const { length } = this.#times;
    return (this.#oldest + length - n) % length;
  }

  clear(): void {
    this.#times = [];
    this.#oldest = 0;
  }
}
