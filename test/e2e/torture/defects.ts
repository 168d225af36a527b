import type { VenueDriver, VenueOrder } from 'portcullis/desk';
import type { AppendLog, AppendReceipt, JsonValue } from 'portcullis/storage';
import { type Book, isOpen } from 'portcullis/trading';

/** How much later. */
const LATE_MS = 40;
const AT_ONCE: AppendReceipt = { seq: 0 };

/** Sends first and writes down later: says at once that `submitting` is durable, and appends it after the send. */
export function lateJournal(inner: AppendLog): AppendLog {
  /** By order, what is still to be written about it. */
  const waiting = new Map<string, object[]>();
  const append = (record: JsonValue | object): Promise<AppendReceipt> => {
    const { type, clientOrderId = '' } = record as { type: string; clientOrderId?: string };
    const before = waiting.get(clientOrderId);
    if (before === undefined && type !== 'submitting') return inner.append(record);
    const copy = structuredClone(record) as object;
    if (before !== undefined) before.push(copy);
    else {
      waiting.set(clientOrderId, [copy]);
      setTimeout(() => {
        for (const one of waiting.get(clientOrderId) ?? []) void inner.append(one);
        waiting.delete(clientOrderId);
      }, LATE_MS);
    }
    return Promise.resolve(AT_ONCE);
  };
  return new Proxy(inner, {
    get: (target, key) => {
      if (key === 'append') return append;
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** Sends an order again when the first try gave no answer. */
export function retrying(inner: VenueDriver, timeoutMs: number): VenueDriver {
  const place = async (order: VenueOrder, signal: AbortSignal): ReturnType<VenueDriver['place']> => {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    return inner.place(order, patience).catch(() => inner.place(order, signal));
  };
  return over(inner, { place });
}

/** Forgets what works: releases its holds, and hears of none of it when it asks. */
export function forget(book: Book): ReadonlySet<string> {
  const live = [...book.liveOrders()].filter(({ state }) => isOpen(state));
  const ids = new Set(live.map(({ order }) => order.clientOrderId));
  for (const clientOrderId of ids) {
    book.apply({ type: 'rejected', clientOrderId, atMs: 0, reason: 'forgotten' });
  }
  return ids;
}

/** A driver that does not tell of orders that have been forgotten. */
export const silentAbout = (inner: VenueDriver, ids: ReadonlySet<string>): VenueDriver =>
  over(inner, {
    openOrders: async (signal) =>
      (await inner.openOrders(signal)).filter(({ clientOrderId }) => !ids.has(clientOrderId ?? '')),
  });

const over = (inner: VenueDriver, changed: Partial<VenueDriver>): VenueDriver => ({
  name: inner.name,
  place: (order, signal) => inner.place(order, signal),
  amend: (order, signal) =>
    inner.amend?.(order, signal) ?? Promise.reject(new Error('the venue cannot amend')),
  cancel: (id, signal) => inner.cancel(id, signal),
  lookup: (id, signal) => inner.lookup(id, signal),
  openOrders: (signal) => inner.openOrders(signal),
  fills: (sinceMs, signal) => inner.fills(sinceMs, signal),
  positions: (signal) => inner.positions(signal),
  balances: (signal) => inner.balances(signal),
  onEvent: (listener) => inner.onEvent(listener),
  ...changed,
});
