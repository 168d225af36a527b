import type { AbortListener } from '../call-within.ts';
import type { Call } from '../call.ts';
import type { Failure } from '../failure.ts';

/** One call that waits, and is told when it is aborted. */
export interface Waiter extends AbortListener {
  readonly call: Call;
  readonly lane: Lane;
  readonly arrivedMs: number;
  /** Its place among all: the smallest goes first, of equal ones the smallest `order`. */
  readonly keyMs: number;
  /** Counts arrivals. */
  readonly order: number;
  /** It waits until then, and no longer. */
  readonly giveUpMs: number;
  /** Ends its wait: `undefined` lets it go. */
  readonly settle: (failure: Failure | undefined) => void;
  ahead: Waiter | undefined;
  behind: Waiter | undefined;
  /** Where it is in the heap of those that give up soonest. */
  heapAt: number;
}

/** Whether it goes before the other. */
export const goesBefore = (one: Waiter, other: Waiter): boolean =>
  one.keyMs === other.keyMs ? one.order < other.order : one.keyMs < other.keyMs;

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
