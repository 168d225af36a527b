import type { Waiter } from './waiter.ts';

/** The waiters of one priority, first come first; each may leave from anywhere at the same cost. */
export class Lane {
  /** 0 for the most urgent priority. */
  readonly rank: number;
  first: Waiter | undefined;
  last: Waiter | undefined;
  count = 0;
  /** Of all their calls. */
  weight = 0;

  constructor(rank: number) {
    this.rank = rank;
  }

  push(waiter: Waiter): void {
    waiter.ahead = this.last;
    if (this.last === undefined) this.first = waiter;
    else this.last.behind = waiter;
    this.last = waiter;
    this.count += 1;
    this.weight += waiter.call.weight;
  }

  remove(waiter: Waiter): void {
    const { ahead, behind } = waiter;
    if (ahead === undefined) this.first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.last = ahead;
    else behind.ahead = ahead;
    this.count -= 1;
    // Sums of fractions do not come back to 0 by themselves.
    this.weight = this.count === 0 ? 0 : this.weight - waiter.call.weight;
  }
}
