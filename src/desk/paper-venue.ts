import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { idSchema } from '../core/ids.ts';
import { toGrid, toText } from '../core/increment.ts';
import { parseOptions } from '../core/options.ts';
import { lots, ticks } from '../core/units.ts';
import { feeSchema } from '../simulation/fees.ts';
import type { MatchEvent } from '../simulation/match-event.ts';
import { MatchingEngine } from '../simulation/matching-engine.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import type { Side } from '../trading/order-intent.ts';
import { PaperWire } from './paper-wire.ts';
import type { PlaceReply, VenueDriver, VenueEvent, VenueOrder } from './venue-driver.ts';

const schema = z.strictObject({
  name: idSchema.default('paper'),
  /** One way: a request reaches the market, and an answer reaches us, after this long. */
  latencyMs: z.number().min(0).max(60_000).default(20),
  ...feeSchema.shape,
  /** Fees by instrument, where they are not the usual ones. */
  fees: z.record(idSchema, feeSchema).default({}),
});

/** @interface */
export type PaperVenueOptions = z.input<typeof schema>;

/** A fill as the venue made it, whether we have been told yet or not. */
export interface Execution {
  readonly executionId: string;
  readonly clientOrderId: string;
  readonly accountId: string;
  readonly instrumentId: string;
  readonly side: Side;
  readonly quantity: string;
  readonly price: string;
  readonly fee: { readonly amount: string; readonly currency: string };
  readonly liquidity: 'maker' | 'taker';
  /** Time of the venue: `latencyMs` before it is told. */
  readonly atMs: number;
}

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
 * (some real venues do otherwise). An aborted wait does not take the order back: its answer then comes as an event.
 */
export class PaperVenue implements VenueDriver {
  readonly name: string;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #wire: PaperWire;
  readonly #listings = new Map<string, Listing>();
  /** Every order ever accepted. */
  readonly #orders = new Map<string, VenueOrder>();
  readonly #executions: Execution[] = [];

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(
    options: PaperVenueOptions,
    deps: { readonly clock: Clock; readonly instruments: Iterable<Instrument> },
  ) {
    const { name, latencyMs, fees, ...usual } = parseOptions('PaperVenue', schema, options);
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

  /** Rejects with `CANCEL_REFUSED` when no working order has this id. */
  cancel(clientOrderId: string, signal: AbortSignal): Promise<void> {
    return this.#wire.request<undefined>(signal, (answer) => {
      const instrumentId = this.#orders.get(clientOrderId)?.instrumentId ?? '';
      const [said] = this.#listings.get(instrumentId)?.engine.cancel(clientOrderId) ?? [];
      if (said?.type === 'cancelled') {
        answer.resolve(undefined);
        this.#tell(said);
      } else {
        const message = `PaperVenue ${this.name}: cancel: expected a working order, got ${clientOrderId}`;
        answer.reject(new PortcullisError('CANCEL_REFUSED', message));
      }
    });
  }

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    return this.#wire.onEvent(listener);
  }

  /** What the venue did, in the order in which it did it. */
  executions(): readonly Execution[] {
    return [...this.#executions];
  }

  /** What rests at the venue now. */
  openOrders(): readonly PaperOrder[] {
    return [...this.#listings.values()].flatMap(({ instrument, engine }) =>
      engine.openOrders().flatMap(({ order: { orderId }, cumulative }) => {
        const order = this.#orders.get(orderId);
        return order === undefined ? [] : [{ order, cumulative: toText(cumulative, instrument.grid.step) }];
      }),
    );
  }

  /** Hands the order to its engine: why it was refused, or what became of it at once. */
  #match(order: VenueOrder): string | readonly MatchEvent[] {
    const { clientOrderId, instrumentId, side, postOnly, timeInForce } = order;
    const listing = this.#listings.get(instrumentId);
    if (listing === undefined) return 'INSTRUMENT_UNKNOWN';
    const { engine, instrument } = listing;
    // Ids are unique at the venue, not only within an instrument.
    if (this.#orders.has(clientOrderId)) return 'DUPLICATE_ORDER_ID';
    const [first, ...rest] = engine.place({
      orderId: clientOrderId,
      instrumentId,
      side,
      quantity: lots(toGrid(order.quantity, instrument.grid.step, 'exact')),
      price: ticks(toGrid(order.price, instrument.grid.tick, 'exact')),
      postOnly,
      timeInForce,
    });
    if (first?.type === 'rejected') return first.reason;
    this.#orders.set(clientOrderId, order);
    return rest;
  }

  /** Notes what an engine did, and tells it. */
  #tell(said: MatchEvent): void {
    const clientOrderId = said.orderId;
    const order = this.#orders.get(clientOrderId);
    const grid = this.#listings.get(order?.instrumentId ?? '')?.instrument.grid;
    if (order === undefined || grid === undefined) return;
    if (said.type === 'cancelled') {
      const cumulative = toText(said.cumulative, grid.step);
      this.#wire.tell({ type: 'cancelled', clientOrderId, cumulative });
    }
    if (said.type !== 'filled') return;
    const { executionId, side, liquidity } = said;
    const fill = {
      executionId,
      clientOrderId,
      quantity: toText(said.quantity, grid.step),
      price: toText(said.price, grid.tick),
      fee: { amount: said.fee.amount.toFixed(), currency: said.fee.currency },
      liquidity,
    };
    const { accountId, instrumentId } = order;
    this.#executions.push({ ...fill, accountId, instrumentId, side, atMs: this.#clock.nowMs() });
    this.#wire.tell({ type: 'filled', ...fill });
  }
}
