/** How many series all metrics of a registry may have together. What a definition lists is always admitted, and counts. */
export class SeriesBudget {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** True if `count` more were within the cap; they are counted then. */
  take(count: number): boolean {
    if (!(this.#taken + count <= this.#max)) return false;
    this.#taken += count;
    return true;
  }

  /** Counts what is there by definition. */
  add(count: number): void {
    this.#taken += count;
  }

  give(count: number): void {
    this.#taken -= count;
  }
}
