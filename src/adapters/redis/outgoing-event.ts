import type { PublishReceipt } from '../../events/event-bus.ts';

/** An event on its way to the server. */
export interface OutgoingEvent {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly text: string;
  /** Source and id, where the caller gave the id. */
  readonly given: readonly [source: string, id: string] | undefined;
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
  order: 0,
  sinceMs,
  publisher: by,
  seq: n,
  isOnDisk: true,
  isCounted: false,
  record,
  settle: undefined,
});

/** Gives the event its receipt, unless it has one. */
export function settleEvent(event: OutgoingEvent, receipt: PublishReceipt): boolean {
  const { settle } = event;
  event.settle = undefined;
  settle?.(receipt);
  return settle !== undefined;
}
