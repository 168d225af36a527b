import type { PublishReceipt } from '../../events/event-bus.ts';
import { unavailable } from './redis-failure.ts';

/** An event on its way to the server. */
export interface OutgoingEvent {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly text: string;
  /** Source and id, where the caller gave the id. */
  readonly given: readonly [source: string, id: string] | undefined;
  /** Of the only server that it may go to, and never to disk. `undefined`: to any. */
  readonly generation: string | undefined;
  /** Place in the order of publications of this process. 0 for what an earlier one left on disk. */
  readonly order: number;
  /** Monotonic. */
  readonly sinceMs: number;
  /** Numbers of one publisher have no gaps within what is sent one behind the other. 0: has none yet. */
  publisher: string;
  seq: number;
  /** On disk as well, so that it need not be kept here. */
  isOnDisk: boolean;
  /** Counted among those in memory. */
  isCounted: boolean;
  /** In the queue on disk, where it was read from there. */
  readonly record: number | undefined;
  /** Tells the caller, once. */
  settle: ((receipt: PublishReceipt) => void) | undefined;
  /** Tells the caller that nothing of it was kept. */
  readonly refuse: ((error: Error) => void) | undefined;
}

/** As it lies on disk. */
export interface SpilledEvent {
  readonly i: string;
  readonly t: string;
  readonly p: number;
  readonly e: string;
  readonly g?: readonly [source: string, id: string];
  readonly by: string;
  readonly n: number;
}

export const toSpilled = (event: OutgoingEvent): SpilledEvent => ({
  i: event.id,
  t: event.topic,
  p: event.partition,
  e: event.text,
  ...(event.given === undefined ? {} : { g: event.given }),
  by: event.publisher,
  n: event.seq,
});

export const fromSpilled = (
  { i, t, p, e, g, by, n }: SpilledEvent,
  record: number,
  sinceMs: number,
): OutgoingEvent => ({
  id: i,
  topic: t,
  partition: p,
  text: e,
  given: g,
  generation: undefined,
  refuse: undefined,
  order: 0,
  sinceMs,
  publisher: by,
  seq: n,
  isOnDisk: true,
  isCounted: false,
  record,
  settle: undefined,
});

/** Gives up an event that is only for a server which this is not, or may not be. */
export function refuseEvent(event: OutgoingEvent): void {
  if (event.settle === undefined) return;
  event.settle = undefined;
  event.refuse?.(unavailable('nothing of the event was kept: the server is not the one that it is for'));
}

/** Gives the event its receipt, unless it has one. */
export function settleEvent(event: OutgoingEvent, receipt: PublishReceipt): boolean {
  const { settle } = event;
  event.settle = undefined;
  settle?.(receipt);
  return settle !== undefined;
}
