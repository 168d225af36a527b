const SLOTS = 20;

/** How many of the things counted in the last `windowMs` were hits. In slots of a twentieth, so that memory is bounded. */
export class RollingShare {
  readonly #slotMs: number;
  readonly #counts = new Array<number>(SLOTS + 1).fill(0);
  readonly #hits = new Array<number>(SLOTS + 1).fill(0);
  #slot = -Infinity;

  constructor(windowMs: number) {
    this.#slotMs = windowMs / SLOTS;
  }

  add(isHit: boolean, monotonicMs: number): void {
    this.#moveTo(monotonicMs);
    const at = this.#at(this.#slot);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    if (isHit) this.#hits[at] = (this.#hits[at] ?? 0) + 1;
  }

  /** What counts now: at least what came in the window, at most a slot more. */
  read(monotonicMs: number): { readonly count: number; readonly hits: number } {
    this.#moveTo(monotonicMs);
    return { count: sum(this.#counts), hits: sum(this.#hits) };
  }

  #moveTo(monotonicMs: number): void {
    const slot = Math.floor(monotonicMs / this.#slotMs);
    // A ring of one slot more than the window: what falls out is emptied on the way.
    for (let next = Math.max(this.#slot + 1, slot - SLOTS); next <= slot; next += 1) {
      this.#counts[this.#at(next)] = 0;
      this.#hits[this.#at(next)] = 0;
    }
    this.#slot = Math.max(this.#slot, slot);
  }

  #at(slot: number): number {
    return ((slot % (SLOTS + 1)) + SLOTS + 1) % (SLOTS + 1);
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
