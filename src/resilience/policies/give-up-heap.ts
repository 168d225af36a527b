import type { Waiter } from './lane.ts';

/** Waiters by when they give up, the soonest at hand; a binary heap, whose waiters know where they are in it. */
export class GiveUpHeap {
  readonly #all: Waiter[] = [];

  get soonest(): Waiter | undefined {
    return this.#all[0];
  }

  push(waiter: Waiter): void {
    this.#all.push(waiter);
    this.#rise(waiter, this.#all.length - 1);
  }

  remove(waiter: Waiter): void {
    const last = this.#all.pop();
    if (last === undefined || last === waiter) return;
    const at = waiter.heapAt;
    this.#sink(last, at);
    this.#rise(last, last.heapAt);
  }

  #rise(waiter: Waiter, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = this.#all[above];
      if (other === undefined || other.giveUpMs <= waiter.giveUpMs) break;
      this.#put(other, at);
      at = above;
    }
    this.#put(waiter, at);
  }

  #sink(waiter: Waiter, from: number): void {
    let at = from;
    for (;;) {
      const below = this.#sooner(2 * at + 1);
      const other = this.#all[below];
      if (other === undefined || waiter.giveUpMs <= other.giveUpMs) break;
      this.#put(other, at);
      at = below;
    }
    this.#put(waiter, at);
  }

  /** Of two neighbours the one that gives up sooner. */
  #sooner(left: number): number {
    const one = this.#all[left];
    const other = this.#all[left + 1];
    return one !== undefined && other !== undefined && other.giveUpMs < one.giveUpMs ? left + 1 : left;
  }

  #put(waiter: Waiter, at: number): void {
    this.#all[at] = waiter;
    waiter.heapAt = at;
  }
}
