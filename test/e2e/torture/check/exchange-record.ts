import { type LogLine, readExchangeLog } from '../../../../examples/toy-exchange/exchange-log.ts';
import { fromExchangeId } from '../../../../examples/toy-exchange/driver/client-id.ts';
import type { Fact, FactOf } from '../../../../examples/toy-exchange/facts.ts';

type OfOrder = 'accepted' | 'rejected' | 'amended' | 'filled' | 'cancelled' | 'expired';
type OrderFact = FactOf<OfOrder>;

/** An order as the exchange's own log has it. */
export interface ExchangeOrderRecord {
  readonly clientOrderId: string;
  /** When each request to place it arrived, whatever came of it. */
  readonly placedMs: number[];
  /** Its terms, when it was looked at. */
  terms: FactOf<'accepted'> | FactOf<'rejected'> | undefined;
  readonly amended: FactOf<'amended'>[];
  readonly fills: FactOf<'filled'>[];
  end: 'cancelled' | 'expired' | 'rejected' | undefined;
}

/** What the exchange says, from its own log and nothing else. */
export interface ExchangeRecord {
  readonly lines: readonly LogLine[];
  readonly orders: ReadonlyMap<string, ExchangeOrderRecord>;
}

const ABOUT_ORDERS: ReadonlySet<string> = new Set<OfOrder>([
  'accepted',
  'rejected',
  'amended',
  'filled',
  'cancelled',
  'expired',
]);

export const isOrderFact = (fact: Fact): fact is OrderFact => ABOUT_ORDERS.has(fact.type);

export const readExchange = (directory: string): ExchangeRecord => recordOf(readExchangeLog(directory));

export function recordOf(lines: readonly LogLine[]): ExchangeRecord {
  const orders = new Map<string, ExchangeOrderRecord>();
  const row = (clientId: string): ExchangeOrderRecord => {
    const clientOrderId = fromExchangeId(clientId) ?? clientId;
    const present = orders.get(clientOrderId);
    if (present !== undefined) return present;
    const fresh = { clientOrderId, placedMs: [], terms: undefined, amended: [], fills: [], end: undefined };
    orders.set(clientOrderId, fresh);
    return fresh;
  };
  for (const { atMs, facts } of lines) {
    for (const fact of facts) {
      if (fact.type === 'refused' && fact.op === 'place' && fact.clientId !== undefined) {
        row(fact.clientId).placedMs.push(atMs);
      }
      if (isOrderFact(fact)) take(row(fact.clientId), fact, atMs);
    }
  }
  return { lines, orders };
}

function take(order: ExchangeOrderRecord, fact: OrderFact, atMs: number): void {
  switch (fact.type) {
    case 'accepted':
    case 'rejected':
      order.placedMs.push(atMs);
      order.terms = fact;
      if (fact.type === 'rejected') order.end = 'rejected';
      return;
    case 'amended':
      order.amended.push(fact);
      return;
    case 'filled':
      order.fills.push(fact);
      return;
    case 'cancelled':
    case 'expired':
      order.end = fact.type;
  }
}
