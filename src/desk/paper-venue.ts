import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { idSchema } from '../core/ids.ts';
import { toGrid } from '../core/increment.ts';
import { parseOptions } from '../core/options.ts';
import { type Lots, type Ticks, lots, ticks } from '../core/units.ts';
import { feeSchema } from '../simulation/fees.ts';
import type { MatchEvent } from '../simulation/match-event.ts';
import { MatchingEngine } from '../simulation/matching-engine.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import { type Execution, PaperLedger } from './paper-ledger.ts';
import { paperOpeningSchema } from './paper-opening.ts';
import { PaperWire } from './paper-wire.ts';
import type {
  AmendReply,
  PlaceReply,
  VenueBalance,
  VenueDriver,
  VenueEvent,
  VenueFill,
  VenueOrder,
  VenueOrderReport,
  VenuePosition,
} from './venue-driver.ts';

export type { Execution } from './paper-ledger.ts';

const schema = z.strictObject({
  name: idSchema.default('paper'),
  /** One way: a request reaches the market, and an answer reaches us, after this long. */
  latencyMs: z.number().min(0).max(60_000).default(20),
  ...feeSchema.shape,
  /** Fees by instrument, where they are not the usual ones. */
  fees: z.record(idSchema, feeSchema).default({}),
  /** What it held before. Default: no positions, no orders, and no balances to tell of. */
  opening: paperOpeningSchema.prefault({}),
});

/** @interface */
export type PaperVenueOptions = z.input<typeof schema>;

/** A resting order as the venue has it. */
export interface PaperOrder {
  readonly order: VenueOrder;
  /** What has been filled. */
  readonly cumulative: string;
}

interface Listing {
  readonly instrument: Instrument;
  readonly engine: MatchingEngine;
}

/**
 * A venue that exists on paper: real orders against a market that is given to it, with latency both ways, queue
 * positions, partial fills and fees (see `MatchingEngine` for what fills and what does not). Nothing leaves the process.
 *
 * Everything goes through the clock, also with a latency of 0: on a manual clock an answer needs `advance()`. What the
 * venue tells arrives in the order in which it happened; a fill never before the answer to its order has been served
 * (some real venues do otherwise). An aborted wait does not take the request back: the answer to an order, and to a change
 * that was made, then comes as an event. Questions are answered from the books as they are when the question arrives.
 */
export class PaperVenue implements VenueDriver {
  readonly name: string;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #wire: PaperWire;
  readonly #listings = new Map<string, Listing>();
  readonly #ledger: PaperLedger;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(
    options: PaperVenueOptions,
    deps: { readonly clock: Clock; readonly instruments: Iterable<Instrument> },
  ) {
    const { name, latencyMs, fees, opening, ...usual } = parseOptions('PaperVenue', schema, options);
    this.name = name;
    this.#clock = deps.clock;
    this.#wire = new PaperWire(deps.clock, latencyMs);
    for (const instrument of deps.instruments) {
      const engine = new MatchingEngine(fees[instrument.instrumentId] ?? usual, { instrument });
      this.#listings.set(instrument.instrumentId, { instrument, engine });
    }
    const unlisted = Object.keys(fees).find((instrumentId) => !this.#listings.has(instrumentId));
    if (unlisted !== undefined) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `PaperVenue: fees.${unlisted}: expected a listed instrument`,
      );
    }
    const instruments = Array.from(this.#listings.values(), ({ instrument }) => instrument);
    this.#ledger = new PaperLedger(opening, instruments);
  }

  /**
   * The market as the venue sees it, at the time of the clock.
   *
   * @throws {PortcullisError} `INSTRUMENT_UNKNOWN`
   */
  onMarket(event: MarketEvent): void {
    const listing = this.#listings.get(event.instrumentId);
    if (listing === undefined) {
      throw new PortcullisError(
        'INSTRUMENT_UNKNOWN',
        `PaperVenue ${this.name}: expected a listed instrument, got ${event.instrumentId}`,
      );
    }
    for (const said of listing.engine.onMarket(event)) this.#tell(said);
  }

  place(order: VenueOrder, signal: AbortSignal): Promise<PlaceReply> {
    const copy = Object.freeze({ ...order });
    const { clientOrderId } = copy;
    return this.#wire.request<PlaceReply>(signal, (answer) => {
      const said = this.#match(copy);
      if (typeof said === 'string') {
        this.#ledger.refuse(copy, said);
        answer.resolve(
          { status: 'rejected', reason: said },
          { type: 'rejected', clientOrderId, reason: said },
        );
        return;
      }
      answer.resolve({ status: 'accepted' }, { type: 'accepted', clientOrderId });
      for (const event of said) this.#tell(event);
    });
  }

  /**
   * Rejected by name: what `MatchingEngine.amend` refuses, and `AMEND_UNSUPPORTED` for another account, instrument, side,
   * time in force or post-only flag.
   */
  amend(order: VenueOrder, signal: AbortSignal): Promise<AmendReply> {
    const copy = Object.freeze({ ...order });
    return this.#wire.request<AmendReply>(signal, (answer) => {
      const [first, ...rest] = this.#change(copy);
      if (first.type !== 'amended') {
        answer.resolve({ status: 'rejected', reason: first.reason });
        return;
      }
      const { clientOrderId } = copy;
      this.#ledger.amend(clientOrderId, first.quantity, first.price);
      const { quantity, price } = this.#ledger.order(clientOrderId) ?? copy;
      answer.resolve({ status: 'amended' }, { type: 'amended', clientOrderId, quantity, price });
      for (const event of rest) this.#tell(event);
    });
  }

  /** Rejects with `CANCEL_REFUSED` when no working order has this id. */
  cancel(clientOrderId: string, signal: AbortSignal): Promise<void> {
    return this.#wire.request<undefined>(signal, (answer) => {
      const [said] = this.#engineOf(clientOrderId)?.cancel(clientOrderId) ?? [];
      if (said?.type === 'cancelled') {
        answer.resolve(undefined);
        this.#tell(said);
      } else {
        const message = `PaperVenue ${this.name}: cancel: expected a working order, got ${clientOrderId}`;
        answer.reject(new PortcullisError('CANCEL_REFUSED', message));
      }
    });
  }

  /** Refused orders are known as well, until their id is taken; orders of `opening` for ever. */
  lookup(clientOrderId: string, signal: AbortSignal): Promise<VenueOrderReport | undefined> {
    return this.#ask(signal, () => this.#ledger.report(clientOrderId));
  }

  openOrders(signal: AbortSignal): Promise<readonly VenueOrderReport[]> {
    return this.#ask(signal, () =>
      this.resting().flatMap(({ order }) => this.#ledger.report(order.clientOrderId) ?? []),
    );
  }

  /** Fills of before this process are not among them. */
  fills(sinceMs: number, signal: AbortSignal): Promise<readonly VenueFill[]> {
    return this.#ask(signal, () => this.#ledger.executions().filter(({ atMs }) => atMs >= sinceMs));
  }

  positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    return this.#ask(signal, () => this.#ledger.positions());
  }

  balances(signal: AbortSignal): Promise<readonly VenueBalance[]> {
    return this.#ask(signal, () => this.#ledger.balances());
  }

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    return this.#wire.onEvent(listener);
  }

  /** What the venue did, in the order in which it did it. */
  executions(): readonly Execution[] {
    return this.#ledger.executions();
  }

  /** What rests at the venue now, without asking: by instrument, in the order in which it came. */
  resting(): readonly PaperOrder[] {
    return [...this.#listings.values()].flatMap(({ engine }) =>
      engine.openOrders().flatMap(({ order: { orderId } }) => {
        const order = this.#ledger.order(orderId);
        const cumulative = this.#ledger.report(orderId)?.cumulative;
        return order === undefined || cumulative === undefined ? [] : [{ order, cumulative }];
      }),
    );
  }

  /** Carries a question there and its answer back. */
  #ask<T>(signal: AbortSignal, look: () => T): Promise<T> {
    return this.#wire.request<T>(signal, (answer) => {
      answer.resolve(look());
    });
  }

  #engineOf(clientOrderId: string): MatchingEngine | undefined {
    return this.#listings.get(this.#ledger.order(clientOrderId)?.instrumentId ?? '')?.engine;
  }

  /** Hands the order to its engine: why it was refused, or what became of it at once. */
  #match(order: VenueOrder): string | readonly MatchEvent[] {
    const { clientOrderId, instrumentId, side, postOnly, timeInForce } = order;
    const listing = this.#listings.get(instrumentId);
    if (listing === undefined) return 'INSTRUMENT_UNKNOWN';
    const { engine, instrument } = listing;
    // Ids are unique at the venue, not only within an instrument.
    if (this.#ledger.isTaken(clientOrderId)) return 'DUPLICATE_ORDER_ID';
    const [first, ...rest] = engine.place({
      orderId: clientOrderId,
      instrumentId,
      side,
      ...onGrid(order, instrument),
      postOnly,
      timeInForce,
    });
    if (first?.type === 'rejected') return first.reason;
    this.#ledger.take(order, instrument);
    return rest;
  }

  #change(order: VenueOrder): readonly [AmendSaid, ...MatchEvent[]] {
    const { clientOrderId, instrumentId } = order;
    const refused = (reason: string): readonly [AmendSaid] => [{ type: 'refused', reason }];
    const present = this.#ledger.order(clientOrderId);
    const listing = this.#listings.get(instrumentId);
    if (present === undefined) return refused('ORDER_NOT_WORKING');
    if (listing === undefined || FIXED.some((key) => order[key] !== present[key]))
      return refused('AMEND_UNSUPPORTED');
    const { quantity, price } = onGrid(order, listing.instrument);
    const [first, ...rest] = listing.engine.amend(clientOrderId, quantity, price);
    if (first?.type === 'amended') return [first, ...rest];
    return refused(first?.type === 'amendRefused' ? first.reason : 'ORDER_NOT_WORKING');
  }

  /** Books what an engine did, and tells it. */
  #tell(said: MatchEvent): void {
    const event =
      said.type === 'cancelled'
        ? this.#ledger.cancel(said.orderId)
        : said.type === 'filled'
          ? this.#ledger.fill(said, this.#clock.nowMs())
          : undefined;
    if (event !== undefined) this.#wire.tell(event);
  }
}

/** What a change leaves as it is. */
const FIXED = ['accountId', 'instrumentId', 'side', 'timeInForce', 'postOnly'] as const;

type AmendSaid =
  Extract<MatchEvent, { type: 'amended' }> | { readonly type: 'refused'; readonly reason: string };

const onGrid = ({ quantity, price }: VenueOrder, { grid }: Instrument): { quantity: Lots; price: Ticks } => ({
  quantity: lots(toGrid(quantity, grid.step, 'exact')),
  price: ticks(toGrid(price, grid.tick, 'exact')),
});
