import type { Clock } from '../../core/clock.ts';
import { toGrid } from '../../core/increment.ts';
import { type Lots, type Ticks, lots, ticks } from '../../core/units.ts';
import type { MatchEvent } from '../../simulation/match-event.ts';
import type { MatchingEngine } from '../../simulation/matching-engine.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { MarketEvent } from '../../trading/market-event.ts';
import type { PaperLedger } from './paper-ledger.ts';
import type { PaperRejections } from './paper-rejections.ts';
import type { VenueOrder } from '../venue/venue-driver.ts';

/** A resting order as the venue has it. */
export interface PaperOrder {
  readonly order: VenueOrder;
  /** What has been filled. */
  readonly cumulative: string;
}

export interface PaperListing {
  readonly instrument: Instrument;
  readonly engine: MatchingEngine;
}

interface PaperFloorDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly ledger: PaperLedger;
  readonly rejections: PaperRejections;
}

/** Where the orders of a paper venue meet their market: one engine for each instrument, and the rules that hold for all. */
export class PaperFloor {
  readonly #listings: ReadonlyMap<string, PaperListing>;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #ledger: PaperLedger;
  readonly #rejections: PaperRejections;

  constructor(listings: readonly PaperListing[], { clock, ledger, rejections }: PaperFloorDeps) {
    this.#listings = new Map(listings.map((listing) => [listing.instrument.instrumentId, listing]));
    this.#clock = clock;
    this.#ledger = ledger;
    this.#rejections = rejections;
  }

  /** What it did to our resting orders; `undefined` for an instrument that is not listed. */
  onMarket(event: MarketEvent): readonly MatchEvent[] | undefined {
    return this.#listings.get(event.instrumentId)?.engine.onMarket(event);
  }

  /** Hands the order to its engine: why it was refused, or what became of it at once. */
  match(order: VenueOrder): string | readonly MatchEvent[] {
    const { clientOrderId, instrumentId, side, postOnly, timeInForce } = order;
    const listing = this.#listings.get(instrumentId);
    if (listing === undefined) return 'INSTRUMENT_UNKNOWN';
    const { engine, instrument } = listing;
    // Ids are unique at the venue, not only within an instrument.
    if (this.#ledger.isTaken(clientOrderId)) return 'DUPLICATE_ORDER_ID';
    const asked = onGrid(order, instrument);
    const { middle } = engine;
    const refused = this.#rejections.ofOrder({
      nowMs: this.#clock.nowMs(),
      price: asked.price,
      middle,
      timeInForce,
      openOrders: () => this.#restingOf(order.accountId),
    });
    if (refused !== undefined) return refused;
    const [first, ...rest] = engine.place({
      orderId: clientOrderId,
      instrumentId,
      side,
      ...asked,
      postOnly,
      timeInForce,
    });
    if (first?.type === 'rejected') return first.reason;
    this.#ledger.take(order, instrument);
    return rest;
  }

  /** Changes an order in its engine: why that was refused, or what became of it. */
  change(order: VenueOrder): readonly [AmendSaid, ...MatchEvent[]] {
    const { clientOrderId, instrumentId } = order;
    const refused = (reason: string): readonly [AmendSaid] => [{ type: 'refused', reason }];
    const present = this.#ledger.order(clientOrderId);
    const listing = this.#listings.get(instrumentId);
    if (present === undefined) return refused('ORDER_NOT_WORKING');
    if (listing === undefined || FIXED.some((key) => order[key] !== present[key]))
      return refused('AMEND_UNSUPPORTED');
    const { quantity, price } = onGrid(order, listing.instrument);
    const { middle } = listing.engine;
    const reason = this.#rejections.ofAmend({ nowMs: this.#clock.nowMs(), price, middle });
    if (reason !== undefined) return refused(reason);
    const [first, ...rest] = listing.engine.amend(clientOrderId, quantity, price);
    if (first?.type === 'amended') return [first, ...rest];
    return refused(first?.type === 'amendRefused' ? first.reason : 'ORDER_NOT_WORKING');
  }

  /** The end of a working order; `undefined` when there is none of this id. */
  cancel(clientOrderId: string): Cancelled | undefined {
    const instrumentId = this.#ledger.order(clientOrderId)?.instrumentId ?? '';
    const [said] = this.#listings.get(instrumentId)?.engine.cancel(clientOrderId) ?? [];
    return said?.type === 'cancelled' ? said : undefined;
  }

  /** By instrument, in the order in which they came. */
  resting(): readonly PaperOrder[] {
    return [...this.#listings.values()].flatMap(({ engine }) =>
      engine.openOrders().flatMap(({ order: { orderId } }) => {
        const order = this.#ledger.order(orderId);
        const cumulative = this.#ledger.report(orderId)?.cumulative;
        return order === undefined || cumulative === undefined ? [] : [{ order, cumulative }];
      }),
    );
  }

  #restingOf(accountId: string): number {
    return this.resting().filter(({ order }) => order.accountId === accountId).length;
  }
}

/** What a change leaves as it is. */
const FIXED = ['accountId', 'instrumentId', 'side', 'timeInForce', 'postOnly'] as const;

type Cancelled = Extract<MatchEvent, { type: 'cancelled' }>;

type AmendSaid =
  Extract<MatchEvent, { type: 'amended' }> | { readonly type: 'refused'; readonly reason: string };

const onGrid = ({ quantity, price }: VenueOrder, { grid }: Instrument): { quantity: Lots; price: Ticks } => ({
  quantity: lots(toGrid(quantity, grid.step, 'exact')),
  price: ticks(toGrid(price, grid.tick, 'exact')),
});
