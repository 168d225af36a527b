import type { Instrument, MarketView, OrderIntent } from 'portcullis/trading';

/** The limits of the suite, in whole money of the account. */
export interface OracleLimits {
  readonly maxPositions: number;
  readonly maxPositionNotional: bigint;
  readonly maxTotalExposure: bigint;
  readonly maxClusterExposure: bigint;
}

export interface OracleVerdict {
  readonly decision: 'approve' | 'reject' | 'resize';
  readonly lots: bigint;
}

const MILLIONTHS = 1_000_000n;
const REJECT: OracleVerdict = { decision: 'reject', lots: 0n };

/**
 * Decides entries to buy as the engines should, from records of its own, in bigint, the long way round: every sum is
 * made anew from all holdings for each order. Knows what the suite varies; everything else passes there by construction.
 */
export class Oracle {
  readonly #limits: OracleLimits;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #holdings = new Map<string, Map<string, bigint>>();
  readonly #views = new Map<string, MarketView>();

  constructor(limits: OracleLimits, instruments: readonly Instrument[]) {
    this.#limits = limits;
    this.#instruments = new Map(instruments.map((one) => [one.instrumentId, one]));
  }

  see(view: MarketView): void {
    this.#views.set(view.instrumentId, view);
  }

  /** What an account is buying, or holds: it is exposed to both alike. */
  take({ accountId, instrumentId }: OrderIntent, lots: number): void {
    const account = this.#holdings.get(accountId) ?? new Map<string, bigint>();
    this.#holdings.set(accountId, account);
    account.set(instrumentId, (account.get(instrumentId) ?? 0n) + BigInt(lots));
  }

  /** What an account has room for under its total limit, in millionths. */
  room(accountId: string): bigint {
    return this.#limits.maxTotalExposure * MILLIONTHS - this.#gross(accountId);
  }

  decide(intent: OrderIntent): OracleVerdict {
    const asked = lotsOf(intent.quantity, 3);
    const first = this.#pass(intent, asked);
    if (first.kind !== 'reduce')
      return first.kind === 'approve' ? { decision: 'approve', lots: asked } : REJECT;
    const again = this.#pass(intent, first.lots);
    return again.kind === 'approve' ? { decision: 'resize', lots: first.lots } : REJECT;
  }

  #pass(
    { accountId, instrumentId }: OrderIntent,
    lots: bigint,
  ): { kind: 'approve' | 'reject' } | { kind: 'reduce'; lots: bigint } {
    const { maxPositions, maxPositionNotional, maxTotalExposure, maxClusterExposure } = this.#limits;
    const account = this.#holdings.get(accountId) ?? new Map<string, bigint>();
    const held = account.get(instrumentId) ?? 0n;
    const worst = this.#money(instrumentId, held + lots);
    const others = this.#gross(accountId) - this.#money(instrumentId, held);
    const count = account.size + (account.has(instrumentId) ? 0 : 1);
    if (count > maxPositions || worst > maxPositionNotional * MILLIONTHS) return { kind: 'reject' };
    if (others + worst > maxClusterExposure * MILLIONTHS) return { kind: 'reject' };
    const limit = maxTotalExposure * MILLIONTHS;
    // The policy looks at what the guard has approved.
    if (others + worst <= limit) return { kind: this.#isSane(instrumentId, lots) ? 'approve' : 'reject' };
    let most = lots;
    // The long way: halve, then step.
    const fits = (lots: bigint): boolean => others + this.#money(instrumentId, held + lots) <= limit;
    while (most > 0n && !fits(most)) most /= 2n;
    for (let step = most; step > 0n; step /= 2n) while (fits(most + step)) most += step;
    return most > 0n ? { kind: 'reduce', lots: most } : { kind: 'reject' };
  }

  /** The spread, and ten levels of depth against the order. */
  #isSane(instrumentId: string, lots: bigint): boolean {
    const view = this.#views.get(instrumentId);
    const [bid, ask] = [view?.bids[0]?.price, view?.asks[0]?.price];
    if (view === undefined || bid === undefined || ask === undefined) return false;
    if (BigInt(ask - bid) * 20_000n > 50n * BigInt(ask + bid)) return false;
    return view.asks.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n) >= lots;
  }

  #gross(accountId: string): bigint {
    let gross = 0n;
    for (const [instrumentId, held] of this.#holdings.get(accountId) ?? [])
      gross += this.#money(instrumentId, held);
    return gross;
  }

  /** `lots` at the mark, in millionths, rounded up. Ticks are hundredths and steps thousandths here. */
  #money(instrumentId: string, lots: bigint): bigint {
    const view = this.#views.get(instrumentId);
    if (view === undefined || !this.#instruments.has(instrumentId))
      throw new Error(`no view of ${instrumentId}`);
    return lots * BigInt(view.mark) * 10n;
  }
}

/** A plain decimal as lots of 10^-places, further digits dropped. */
function lotsOf(quantity: OrderIntent['quantity'], places: number): bigint {
  const [whole = '0', fraction = ''] = String(quantity).split('.');
  return BigInt(whole + fraction.padEnd(places, '0').slice(0, places));
}
