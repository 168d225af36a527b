import { readAmount } from '../../../../examples/toy-exchange/decimals.ts';
import type { Fact } from '../../../../examples/toy-exchange/facts.ts';
import { LIMITS } from '../market.ts';
import { type ExchangeRecord, isOrderFact } from './exchange-record.ts';
import type { Finding } from './finding.ts';

/** An order may have been decided so long before it arrived, at a price of then. */
const WINDOW_MS = 3_000;
/** The trader's mark counts its own quotes as well, which ours leaves out. */
const TOLERANCE = 1.003;

export interface LimitCheck {
  readonly findings: readonly Finding[];
  /** How near to its limit the exposure came, as a fraction of it. */
  readonly fullest: { readonly position: number; readonly total: number };
}

/** Nothing that the exchange accepted let the worst case grow beyond a limit, at the lowest price of the last seconds. */
export function checkLimits({ lines }: ExchangeRecord): LimitCheck {
  const findings: Finding[] = [];
  const fullest = { position: 0, total: 0 };
  const markets = new Map<string, Market>();
  const marketOf = (symbol: string): Market => {
    const market = markets.get(symbol) ?? new Market();
    markets.set(symbol, market);
    return market;
  };
  const symbols = new Map<string, string>();
  for (const { n, atMs, facts } of lines) {
    for (const fact of facts) {
      if (fact.type === 'quoted') marketOf(fact.symbol).quoted(fact, atMs);
      if (fact.type === 'accepted') symbols.set(fact.orderId, fact.symbol);
      const symbol = isOrderFact(fact) ? symbols.get(fact.orderId) : undefined;
      if (!isOrderFact(fact) || symbol === undefined) continue;
      const market = marketOf(symbol);
      const before = market.worst();
      market.take(fact);
      if (fact.type !== 'accepted' && fact.type !== 'amended') continue;
      if (market.worst() <= before) continue;
      const position = market.worst() * market.lowest(atMs);
      const total = [...markets.values()].reduce((sum, one) => sum + one.worst() * one.lowest(atMs), 0);
      const what = `line ${n}: ${fact.type} ${fact.clientId}`;
      for (const [name, amount, limit] of [
        ['position', position, Number(LIMITS.maxPositionNotional)],
        ['total', total, Number(LIMITS.maxTotalExposure)],
      ] as const) {
        fullest[name] = Math.max(fullest[name], amount / limit);
        if (amount <= limit * TOLERANCE) continue;
        const detail = `${what}: ${name} ${amount.toFixed(2)} of ${limit}`;
        findings.push({ code: 'LIMIT_EXCEEDED', detail });
      }
    }
  }
  return { findings, fullest };
}

/** Position, open orders and prices of one symbol, as the exchange has them. */
class Market {
  #position = 0;
  readonly #open = new Map<string, { side: 'buy' | 'sell'; quantity: number; filled: number }>();
  #mids: { readonly atMs: number; readonly mid: number }[] = [];

  quoted({ bids, asks }: Fact & { type: 'quoted' }, atMs: number): void {
    const mid = (Number(bids[0]?.[0]) + Number(asks[0]?.[0])) / 2;
    if (!Number.isNaN(mid)) this.#mids.push({ atMs, mid });
  }

  take(fact: Extract<Fact, { orderId: string }>): void {
    const order = this.#open.get(fact.orderId);
    switch (fact.type) {
      case 'accepted':
        this.#open.set(fact.orderId, { side: fact.side, quantity: amount(fact.quantity), filled: 0 });
        return;
      case 'amended':
        if (order !== undefined) order.quantity = amount(fact.quantity);
        return;
      case 'filled':
        this.#position += (fact.side === 'buy' ? 1 : -1) * amount(fact.quantity);
        if (order !== undefined) order.filled += amount(fact.quantity);
        return;
      default:
        this.#open.delete(fact.orderId);
    }
  }

  /** The largest position that any order of fills can lead to, in units of the base. */
  worst(): number {
    const left = { buy: 0, sell: 0 };
    for (const { side, quantity, filled } of this.#open.values())
      left[side] += Math.max(0, quantity - filled);
    return Math.max(Math.abs(this.#position + left.buy), Math.abs(this.#position - left.sell)) / 1e12;
  }

  lowest(atMs: number): number {
    this.#mids = this.#mids.filter((one) => one.atMs >= atMs - WINDOW_MS);
    return Math.min(...this.#mids.map(({ mid }) => mid));
  }
}

/** In 10^-12: whole numbers, so that sums are exact. */
const amount = (text: string): number => Number(readAmount(text) ?? 0n);
