import type { Lane } from './lane.ts';

/** Lanes that a handler may take, the one whose first event was offered first in front: a binary heap. */
export class ReadyLanes<T> {
  #heap: Lane<T>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  add(lane: Lane<T>): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.head.seq < lane.head.seq) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = lane;
  }

  take(): Lane<T> | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  /** Puts other lanes in the place of all. */
  reset(lanes: readonly Lane<T>[]): void {
    this.#heap = [...lanes].sort((a, b) => a.head.seq - b.head.seq);
  }

  /** Puts a lane in at the top and lets it down to where it belongs. */
  #sink(lane: Lane<T>): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const isRight = left !== undefined && right !== undefined && right.head.seq < left.head.seq;
      const child = isRight ? right : left;
      if (child === undefined || lane.head.seq < child.head.seq) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = lane;
  }
}
