import type { Attempt } from './member-attempt.ts';

/** A delivery that was offered, until it is done, dead or given back. */
export class Entry<T> {
  readonly delivery: T;
  /** Its number in the order offered. */
  readonly seq: number;
  /** Attempts begun, earlier ones of other processes included. */
  attempts: number;
  attempt: Attempt | undefined = undefined;
  next: Entry<T> | undefined = undefined;

  constructor(delivery: T, seq: number, attempts: number) {
    this.delivery = delivery;
    this.seq = seq;
    this.attempts = attempts;
  }
}

/** What the first event of a lane is at. Who waits for something keeps the state, and knows by it whether it is still the case. */
export type LaneState =
  /** Waits for a handler that is free. */
  | { readonly kind: 'waiting' }
  /** Its handler has been called and has not returned. */
  | { readonly kind: 'called' }
  /** Its handler has returned a promise. */
  | { readonly kind: 'running'; readonly watch: Disposable }
  /** Waits for the next attempt. */
  | { readonly kind: 'back-off'; readonly timer: Disposable }
  /** Its dead letter is being written. */
  | { readonly kind: 'dying' }
  /** Its dead letter could not be written. */
  | { readonly kind: 'stuck' }
  /** Nobody's any more. */
  | { readonly kind: 'gone' };

export const WAITING: LaneState = { kind: 'waiting' };
export const CALLED: LaneState = { kind: 'called' };
export const STUCK: LaneState = { kind: 'stuck' };
export const GONE: LaneState = { kind: 'gone' };

/** The events of one key of one topic, in their order; there is one as long as there are any. */
export class Lane<T> {
  readonly key: string;
  head: Entry<T>;
  tail: Entry<T>;
  state: LaneState = WAITING;

  constructor(key: string, first: Entry<T>) {
    this.key = key;
    this.head = first;
    this.tail = first;
  }
}
