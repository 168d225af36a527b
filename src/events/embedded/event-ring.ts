import type { KeptEntry } from './kept-event.ts';

/** The newest events of a topic by their sequence numbers, without gaps. */
export class EventRing {
  /** As long as a power of two. */
  #slots: (KeptEntry | undefined)[] = new Array<undefined>(256).fill(undefined);
  #first: number;
  #next: number;

  /** @param next sequence number of the first event to come */
  constructor(next: number) {
    this.#first = next;
    this.#next = next;
  }

  /** Sequence number of the oldest event, or of the one to come where there is none. */
  get first(): number {
    return this.#first;
  }

  get last(): number {
    return this.#next - 1;
  }

  get size(): number {
    return this.#next - this.#first;
  }

  /** @throws Error for any but the next one: every number after it would be wrong */
  push(entry: KeptEntry): void {
    if (entry.seq !== this.#next) throw new Error(`event ${entry.seq}: expected ${this.#next}`);
    if (this.size === this.#slots.length) this.#grow();
    this.#slots[this.#next & (this.#slots.length - 1)] = entry;
    this.#next += 1;
  }

  at(seq: number): KeptEntry | undefined {
    return seq >= this.#first && seq < this.#next ? this.#slots[seq & (this.#slots.length - 1)] : undefined;
  }

  /** Forgets the oldest. */
  shift(): void {
    if (this.size === 0) return;
    this.#slots[this.#first & (this.#slots.length - 1)] = undefined;
    this.#first += 1;
  }

  #grow(): void {
    const slots = new Array<KeptEntry | undefined>(this.#slots.length * 2).fill(undefined);
    for (let seq = this.#first; seq < this.#next; seq += 1) slots[seq & (slots.length - 1)] = this.at(seq);
    this.#slots = slots;
  }
}
