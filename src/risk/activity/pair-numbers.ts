/** Numbers pairs of keys: to look one up no text has to be made of it. As many are remembered as there ever were. */
export class PairNumbers<A, B> {
  readonly #numbers = new Map<A, Map<B, number>>();
  #count = 0;

  /** `undefined` for a pair that has none. */
  find(a: A, b: B): number | undefined {
    return this.#numbers.get(a)?.get(b);
  }

  /** The number of a pair, 0 for the first. */
  of(a: A, b: B): number {
    const present = this.find(a, b);
    if (present !== undefined) return present;
    const others = this.#numbers.get(a);
    if (others === undefined) this.#numbers.set(a, new Map([[b, this.#count]]));
    else others.set(b, this.#count);
    this.#count += 1;
    return this.#count - 1;
  }
}
