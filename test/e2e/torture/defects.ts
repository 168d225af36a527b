import type { VenueDriver, VenueOrder } from 'portcullis/desk';
import type { AppendLog, AppendReceipt, JsonValue } from 'portcullis/storage';
import { type Book, isOpen } from 'portcullis/trading';

/** Sends first and writes down later: says at once that `submitting` is durable, and appends it after the send. */
export class LateJournal {
  readonly #waiting = new Map<string, () => void>();

  log(inner: AppendLog): AppendLog {
    const append = (record: JsonValue | object): Promise<AppendReceipt> => {
      const { type, clientOrderId } = record as { type: string; clientOrderId?: string };
      if (type !== 'submitting' || clientOrderId === undefined) {
        if (clientOrderId !== undefined) this.#write(clientOrderId);
        return inner.append(record);
      }
      const copy = structuredClone(record);
      this.#waiting.set(clientOrderId, () => void inner.append(copy));
      return Promise.resolve({ seq: 0 });
    };
    return new Proxy(inner, {
      get: (target, key) => {
        if (key === 'append') return append;
        const member: unknown = Reflect.get(target, key, target);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
  }

  #write(clientOrderId: string): void {
    const write = this.#waiting.get(clientOrderId);
    this.#waiting.delete(clientOrderId);
    write?.();
  }
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
