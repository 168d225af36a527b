/**
 * The lowest or the highest of the numbers that were added and have not expired, in O(1) amortised: what a later number
 * outdoes is forgotten at once, so that what is kept stands in order, the extreme one first.
 */
export class RollingExtreme {
  readonly #outdoes: (value: number, other: number) => boolean;
  readonly #places: number[] = [];
  readonly #values: number[] = [];
  /** Index of the oldest that still counts. */
  #first = 0;

  constructor(which: 'lowest' | 'highest') {
    this.#outdoes = which === 'lowest' ? (value, other) => value <= other : (value, other) => value >= other;
  }

  /** NaN while there are none. */
  get value(): number {
    return this.#values[this.#first] ?? NaN;
  }

  /** @param place where it stands in time; never below that of the number before */
  add(value: number, place: number): void {
    while (this.#values.length > this.#first && this.#outdoes(value, this.#values.at(-1) ?? NaN)) {
      this.#values.pop();
      this.#places.pop();
    }
    this.#values.push(value);
    this.#places.push(place);
  }

  /** Forgets what stands before the place. */
  expire(place: number): void {
    while ((this.#places[this.#first] ?? Infinity) < place) this.#first += 1;
    if (this.#first * 2 <= this.#places.length) return;
    this.#places.splice(0, this.#first);
    this.#values.splice(0, this.#first);
    this.#first = 0;
  }

  clear(): void {
    this.#places.length = 0;
    this.#values.length = 0;
    this.#first = 0;
  }
}
