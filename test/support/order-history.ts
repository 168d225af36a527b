import { decimal, lots } from '../../src/core/index.ts';
import type { Reservation, RiskGuard } from '../../src/risk/index.ts';
import type { OrderEvent } from '../../src/trading/index.ts';
import { type PricedOverrides, pricedOf } from './orders.ts';

/** One thing that happens. `pick` chooses among what is there, `amount` says how much of it. */
export type Step =
  | { readonly kind: 'reserve'; readonly order: PricedOverrides; readonly keep: boolean | 'later' }
  | {
      readonly kind:
        'keep' | 'drop' | 'accept' | 'time-out' | 'cancel' | 'cancel-unclear' | 'reject' | 'look-up';
      readonly pick: number;
    }
  | { readonly kind: 'trade'; readonly pick: number; readonly amount: number }
  /** `fill`: all that is left, reported at once. */
  | { readonly kind: 'fill' | 'report' | 'report-again'; readonly pick: number };

/** The truth about an order at the venue, which knows nothing of what we hold for it. */
interface VenueOrder {
  readonly id: string;
  readonly accountId: string;
  readonly instrumentId: string;
  readonly side: 'buy' | 'sell';
  readonly qty: number;
  /** What the venue has traded. */
  filled: number;
  /** Whether it may still trade. */
  live: boolean;
  /** Trades in the order of their execution, and how many of them have been reported. */
  readonly trades: number[];
  reported: number;
  /** What we were told in the end: nothing, that it never was, or what was traded in all. */
  told: 'nothing' | 'never' | 'final';
}

interface Pending {
  readonly reservation: Reservation;
  readonly order: VenueOrder;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const reportedOf = (order: VenueOrder): number => sum(order.trades.slice(0, order.reported));

/** Position, and what may still be bought and sold. */
export interface Lots3 {
  readonly pos: number;
  readonly buy: number;
  readonly sell: number;
}

/**
 * A guard and a venue that trades as it likes, reports late or twice, and forgets to answer. Everything can be computed
 * anew from what the venue said, without a look at what the Book holds.
 */
export class OrderHistory {
  readonly #guard: RiskGuard;
  readonly #orders: VenueOrder[] = [];
  readonly #pending: Pending[] = [];
  #nextId = 0;

  constructor(guard: RiskGuard) {
    this.#guard = guard;
  }

  /** Returns what the guard said, if it was asked. */
  run(step: Step) {
    switch (step.kind) {
      case 'reserve':
        return this.#reserve(step.order, step.keep);
      case 'keep':
      case 'drop':
        this.#end(step.pick, step.kind);
        return undefined;
      case 'trade':
        this.#trade(step.pick, step.amount);
        return undefined;
      case 'fill':
        this.#fill(step.pick);
        return undefined;
      case 'report':
        this.#report(this.#pick(this.#orders, step.pick, (order) => order.reported < order.trades.length));
        return undefined;
      case 'report-again':
        this.#reportAgain(this.#pick(this.#orders, step.pick, (order) => order.reported > 0));
        return undefined;
      default:
        this.#tell(step.kind, step.pick);
        return undefined;
    }
  }

  /** The venue ends everything and tells it. */
  finish(): void {
    for (const { reservation } of this.#pending.splice(0)) reservation[Symbol.dispose]();
    for (const order of this.#orders) {
      if (order.told === 'nothing') {
        order.live = false;
        this.#final(order);
      }
      while (order.reported < order.trades.length) this.#report(order);
    }
  }

  /** What must be held, from what we were told and nothing else. */
  held(accountId: string, instrumentId: string): Lots3 {
    const mine = this.#orders.filter(
      (order) => order.accountId === accountId && order.instrumentId === instrumentId,
    );
    const leaves = (order: VenueOrder): number => {
      if (order.told === 'never') return 0;
      return (order.told === 'final' ? order.filled : order.qty) - reportedOf(order);
    };
    const unkept = this.#pending
      .map(({ order }) => order)
      .filter((order) => order.accountId === accountId && order.instrumentId === instrumentId);
    const side = (which: 'buy' | 'sell'): number =>
      sum(mine.filter((order) => order.side === which).map(leaves)) +
      sum(unkept.filter((order) => order.side === which).map(({ qty }) => qty));
    const bought = sum(mine.filter((order) => order.side === 'buy').map(reportedOf));
    const sold = sum(mine.filter((order) => order.side === 'sell').map(reportedOf));
    return { pos: bought - sold, buy: side('buy'), sell: side('sell') };
  }

  /** What the venue has traded, and what it still may. */
  truth(accountId: string, instrumentId: string): Lots3 {
    const mine = this.#orders.filter(
      (order) => order.accountId === accountId && order.instrumentId === instrumentId,
    );
    const side = (which: 'buy' | 'sell'): readonly VenueOrder[] =>
      mine.filter((order) => order.side === which);
    const open = (which: 'buy' | 'sell'): number =>
      sum(side(which).map((order) => (order.live ? order.qty - order.filled : 0)));
    const filled = (which: 'buy' | 'sell'): number => sum(side(which).map((order) => order.filled));
    return { pos: filled('buy') - filled('sell'), buy: open('buy'), sell: open('sell') };
  }

  #reserve(overrides: PricedOverrides, keep: boolean | 'later') {
    const intentId = `intent-${(this.#nextId += 1)}`;
    const verdict = this.#guard.reserve(pricedOf({ ...overrides, intentId }));
    if (verdict.decision === 'reject') return verdict;
    const { reservation } = verdict;
    const { order } = reservation;
    this.#pending.push({
      reservation,
      order: {
        id: order.clientOrderId,
        accountId: order.accountId,
        instrumentId: order.instrument.instrumentId,
        side: order.side,
        qty: order.qty,
        filled: 0,
        live: true,
        trades: [],
        reported: 0,
        told: 'nothing',
      },
    });
    if (keep !== 'later') this.#end(-1, keep ? 'keep' : 'drop');
    return verdict;
  }

  #end(pick: number, how: 'keep' | 'drop'): void {
    const at = pick < 0 ? this.#pending.length - 1 : pick % Math.max(this.#pending.length, 1);
    const [pending] = this.#pending.splice(at, 1);
    if (pending === undefined) return;
    if (how === 'drop') {
      pending.reservation[Symbol.dispose]();
      return;
    }
    pending.reservation.keep();
    this.#orders.push(pending.order);
  }

  #trade(pick: number, amount: number): void {
    const order = this.#pick(this.#orders, pick, ({ live, qty, filled }) => live && filled < qty);
    if (order === undefined) return;
    const quantity = 1 + (amount % (order.qty - order.filled));
    order.trades.push(quantity);
    order.filled += quantity;
  }

  #fill(pick: number): void {
    const order = this.#pick(this.#orders, pick, ({ live, qty, filled }) => live && filled < qty);
    if (order === undefined) return;
    order.trades.push(order.qty - order.filled);
    order.filled = order.qty;
    while (order.reported < order.trades.length) this.#report(order);
  }

  #report(order: VenueOrder | undefined): void {
    if (order === undefined) return;
    order.reported += 1;
    this.#apply(this.#filled(order, order.reported));
  }

  #reportAgain(order: VenueOrder | undefined): void {
    if (order !== undefined) this.#apply(this.#filled(order, order.reported));
  }

  #filled(order: VenueOrder, number: number): OrderEvent {
    return {
      type: 'filled',
      clientOrderId: order.id,
      atMs: 0,
      fill: {
        executionId: `${order.id}-${number}`,
        quantity: lots(order.trades[number - 1] ?? NaN),
        price: decimal('1'),
        fee: { amount: decimal('0'), currency: 'USDT' },
        liquidity: 'maker',
      },
    };
  }

  #tell(
    kind: Exclude<Step['kind'], 'reserve' | 'keep' | 'drop' | 'trade' | 'fill' | 'report' | 'report-again'>,
    pick: number,
  ): void {
    const order = this.#pick(this.#orders, pick, ({ told }) => told === 'nothing');
    if (order === undefined) return;
    const common = { clientOrderId: order.id, atMs: 0 };
    switch (kind) {
      case 'accept':
        this.#apply({ ...common, type: 'accepted' });
        return;
      case 'time-out':
        this.#apply({ ...common, type: 'timedOut', reason: 'no answer' });
        return;
      case 'cancel':
        order.live = false;
        this.#final(order);
        return;
      case 'cancel-unclear':
        order.live = false;
        this.#apply({ ...common, type: 'cancelled' });
        return;
      case 'reject':
      case 'look-up':
        // A venue rejects what it has not traded or ended; a lookup finds what there is.
        if (order.filled > 0 || !order.live) return;
        order.live = false;
        order.told = 'never';
        if (kind === 'reject') this.#apply({ ...common, type: 'rejected', reason: 'no' });
        else {
          this.#apply({ ...common, type: 'timedOut', reason: 'no answer' });
          this.#apply({ ...common, type: 'absent' });
        }
    }
  }

  #final(order: VenueOrder): void {
    order.told = 'final';
    this.#apply({ type: 'cancelled', clientOrderId: order.id, atMs: 0, cumulative: lots(order.filled) });
  }

  #apply(event: OrderEvent): void {
    this.#guard.apply(event);
  }

  #pick(
    from: readonly VenueOrder[],
    pick: number,
    is: (order: VenueOrder) => boolean,
  ): VenueOrder | undefined {
    const those = from.filter(is);
    return those[pick % Math.max(those.length, 1)];
  }
}
