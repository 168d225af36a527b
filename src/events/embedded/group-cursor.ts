/** What of a topic a group has acknowledged. */
export interface SavedCursor {
  /** All up to this one. */
  readonly floor: number;
  /** Ranges above it, both ends included, in order, with gaps between. */
  readonly above: readonly (readonly [from: number, to: number])[];
}

type Range = [from: number, to: number];

/** The acknowledged events of a topic: all up to a floor, and ranges above it, as many as events are on their way. */
export class GroupCursor {
  #floor: number;
  readonly #above: Range[];
  #isDirty = true;
  #savedTop: number;

  constructor({ floor, above }: SavedCursor) {
    this.#floor = floor;
    this.#above = above.map(([from, to]) => [from, to]);
    this.#savedTop = this.top;
  }

  get floor(): number {
    return this.#floor;
  }

  /** The highest that is acknowledged. */
  get top(): number {
    return this.#above.at(-1)?.[1] ?? this.#floor;
  }

  /** The highest that is on record as acknowledged. */
  get savedTop(): number {
    return this.#savedTop;
  }

  has(seq: number): boolean {
    return seq <= this.#floor || (this.#above[this.#behind(seq) - 1]?.[1] ?? 0) >= seq;
  }

  acknowledge(seq: number): void {
    if (this.has(seq)) return;
    this.#isDirty = true;
    if (seq !== this.#floor + 1) {
      this.#insert(seq);
      return;
    }
    this.#floor = seq;
    const first = this.#above[0];
    if (first !== undefined && first[0] === seq + 1) {
      this.#floor = first[1];
      this.#above.shift();
    }
  }

  /** Whether it has moved since it was last saved. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** It has not been saved after all, or more of its place is to be saved. */
  unsaved(): void {
    this.#isDirty = true;
  }

  /** To be written. @param also more that are acknowledged by then */
  save(also: readonly number[] = []): SavedCursor {
    this.#isDirty = false;
    if (also.length === 0) return this.#state();
    const then = new GroupCursor(this.#state());
    for (const seq of also) then.acknowledge(seq);
    return then.#state();
  }

  /** That has been written. */
  saved({ floor, above }: SavedCursor): void {
    this.#savedTop = above.at(-1)?.[1] ?? floor;
  }

  #state(): SavedCursor {
    return { floor: this.#floor, above: this.#above.map(([from, to]) => [from, to]) };
  }

  /** Index of the first range that begins behind `seq`. */
  #behind(seq: number): number {
    let [low, high] = [0, this.#above.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#above[middle]?.[0] ?? Infinity) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #insert(seq: number): void {
    const at = this.#behind(seq);
    const [before, after] = [this.#above[at - 1], this.#above[at]];
    const isNextToBefore = before?.[1] === seq - 1;
    if (after?.[0] === seq + 1) {
      after[0] = isNextToBefore ? before[0] : seq;
      if (isNextToBefore) this.#above.splice(at - 1, 1);
    } else if (isNextToBefore) before[1] = seq;
    else this.#above.splice(at, 0, [seq, seq]);
  }
}
