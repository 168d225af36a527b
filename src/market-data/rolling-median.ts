/**
 * The median of the numbers that were added and have not expired, first in, first out. Adding one and expiring one are a
 * binary search and a block move within at most `capacity` numbers each. Nothing is allocated after construction.
 */
export class RollingMedian {
  readonly #capacity: number;
  /** In the order in which they were added, as rings. */
  readonly #values: Float64Array;
  readonly #places: Float64Array;
  /** The same values in order of size. */
  readonly #sorted: Float64Array;
  #first = 0;
  #size = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#values = new Float64Array(capacity);
    this.#places = new Float64Array(capacity);
    this.#sorted = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** NaN while there are none; of an even number the mean of the two in the middle. */
  get median(): number {
    if (this.#size === 0) return NaN;
    const half = this.#size >> 1;
    const upper = this.#sorted[half] ?? NaN;
    return this.#size % 2 === 1 ? upper : ((this.#sorted[half - 1] ?? NaN) + upper) / 2;
  }

  /**
   * When it is full, the oldest goes.
   *
   * @param place where it stands in time; never below that of the number before
   */
  add(value: number, place: number): void {
    if (this.#size === this.#capacity) this.#drop();
    const rank = this.#rankOf(value);
    this.#sorted.copyWithin(rank + 1, rank, this.#size);
    this.#sorted[rank] = value;
    const at = (this.#first + this.#size) % this.#capacity;
    this.#values[at] = value;
    this.#places[at] = place;
    this.#size += 1;
  }

  /** Forgets what stands before the place. */
  expire(place: number): void {
    while (this.#size > 0 && (this.#places[this.#first] ?? NaN) < place) this.#drop();
  }

  clear(): void {
    this.#size = 0;
  }

  #drop(): void {
    const rank = this.#rankOf(this.#values[this.#first] ?? NaN);
    this.#sorted.copyWithin(rank, rank + 1, this.#size);
    this.#first = (this.#first + 1) % this.#capacity;
    this.#size -= 1;
  }

  /** How many of them are smaller. */
  #rankOf(value: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] ?? Infinity) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
