/** A map that has its last answer at hand: on the way of an order the same key is asked for several times in a row. */
export class RecentMap<V> {
  readonly #entries = new Map<string, V>();
  #key: string | undefined;
  #value: V | undefined;

  get(key: string): V | undefined {
    if (key === this.#key) return this.#value;
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#key = key;
      this.#value = value;
    }
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.set(key, value);
    this.#key = key;
    this.#value = value;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  values(): MapIterator<V> {
    return this.#entries.values();
  }
}
