/**
 * Puts numbered messages back in order and knows when one is missing. It does not know how long to wait: `skip()` gives
 * up on what has not come.
 */
export class SequenceWindow<T> {
  readonly #held = new Map<number, T>();
  readonly #skipped = new Set<number>();
  #next: number;
  #highest: number;

  /** @param last number of the last message before the first that will come */
  constructor(last: number) {
    this.#next = last + 1;
    this.#highest = last;
  }

  /** Whether something is missing that the other side has sent. */
  get waiting(): boolean {
    return this.#highest >= this.#next;
  }

  /** Takes a message; gives what is ready, in order. A repetition gives nothing. */
  take(sequence: number, message: T): { readonly ready: readonly T[]; readonly late?: T } {
    if (sequence < this.#next)
      return this.#skipped.delete(sequence) ? { ready: [], late: message } : { ready: [] };
    this.sent(sequence);
    this.#held.set(sequence, message);
    const ready: T[] = [];
    for (let held = this.#held.get(this.#next); held !== undefined; held = this.#held.get(this.#next)) {
      this.#held.delete(this.#next);
      this.#next += 1;
      ready.push(held);
    }
    return { ready };
  }

  /** The other side says how far it is. */
  sent(sequence: number): void {
    this.#highest = Math.max(this.#highest, sequence);
  }

  /** Gives up on what is missing: how many, and what had come after them, in order. */
  skip(): { readonly missed: number; readonly ready: readonly T[] } {
    const ready: T[] = [];
    let missed = 0;
    for (; this.#next <= this.#highest; this.#next += 1) {
      const held = this.#held.get(this.#next);
      if (held === undefined) {
        this.#skipped.add(this.#next);
        missed += 1;
      } else ready.push(held);
    }
    this.#held.clear();
    return { missed, ready };
  }
}
