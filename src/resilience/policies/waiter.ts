import type { Call } from '../call.ts';
import type { Failure } from '../failure.ts';
import type { Lane } from './lane.ts';

/** One call that waits. */
export interface Waiter {
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
  readonly onAbort: () => void;
  ahead: Waiter | undefined;
  behind: Waiter | undefined;
  /** Where it is in the heap of those that give up soonest. */
  heapAt: number;
}

/** Whether it goes before the other. */
export const goesBefore = (one: Waiter, other: Waiter): boolean =>
  one.keyMs === other.keyMs ? one.order < other.order : one.keyMs < other.keyMs;
