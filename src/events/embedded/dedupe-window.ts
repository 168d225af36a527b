/** The ids that callers gave to the newest events of a topic. */
export class DedupeWindow {
  readonly #events: number;
  readonly #seqs = new Map<string, number>();

  /** @param events how many events of the topic it looks back; 0 for none */
  constructor(events: number) {
    this.#events = events;
  }

  /** @param seq of the event to come */
  has(source: string, id: string, seq: number): boolean {
    return (this.#seqs.get(keyOf(source, id)) ?? -Infinity) >= seq - this.#events;
  }

  /** @param seq at least that of the one before */
  add(source: string, id: string, seq: number): void {
    if (this.#events === 0) return;
    const key = keyOf(source, id);
    this.#seqs.delete(key);
    this.#seqs.set(key, seq);
    for (const [oldest, at] of this.#seqs) {
      if (at > seq - this.#events) break;
      this.#seqs.delete(oldest);
    }
  }

  /** For an event that was not kept after all. */
  remove(source: string, id: string): void {
    this.#seqs.delete(keyOf(source, id));
  }
}

/** Neither part has blanks. */
const keyOf = (source: string, id: string): string => `${source} ${id}`;
