import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { idSchema } from '../../core/ids.ts';
import { parseOptions } from '../../core/options.ts';
import { SeededRandom } from '../../core/random.ts';
import { feeSchema } from '../../simulation/fees.ts';
import type { MatchEvent } from '../../simulation/match-event.ts';
import { MatchingEngine, matchingShape } from '../../simulation/matching-engine.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { MarketEvent } from '../../trading/market-event.ts';
import { PaperFloor, type PaperOrder } from './paper-floor.ts';
import { type Execution, PaperLedger } from './paper-ledger.ts';
import { PaperLatency, latencyByLegSchema, latencySchema } from './paper-latency.ts';
import { paperOpeningSchema } from './paper-opening.ts';
import { PaperRejections, rejectionSchema } from './paper-rejections.ts';
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
} from '../venue/venue-driver.ts';

export type { PaperOrder } from './paper-floor.ts';
export type { Execution } from './paper-ledger.ts';

const schema = z.strictObject({
  name: idSchema.default('paper'),
  /** One way: a request reaches the market, and a report reaches us, after this long. A number, or a distribution. */
  latencyMs: latencySchema.default(20),
  /** Where it is not the usual one: of order entry, cancel, amend, query, and of all reports. */
  latencyMsByLeg: latencyByLegSchema.prefault({}),
  /** For what is drawn: latencies, and refusals by chance. */
  seed: z.int().default(1),
  rejections: rejectionSchema.prefault({}),
  ...matchingShape,
  ...feeSchema.shape,
  /** Fees by instrument, where they are not the usual ones. */
  fees: z.record(idSchema, feeSchema).default({}),
  /** What it held before. Default: no positions, no orders, and no balances to tell of. */
  opening: paperOpeningSchema.prefault({}),
});

/** @interface */
export type PaperVenueOptions = z.input<typeof schema>;

/**
 * A venue that exists on paper: real orders against a market that is given to it, with latency both ways, queue
 * positions, partial fills, refusals and fees (see `MatchingEngine` for what fills and what does not). Nothing leaves the
 * process.
 *
 * Everything goes through the clock, also with a latency of 0: on a manual clock an answer needs `advance()`. What the
 * venue tells of one order arrives in the order in which it happened, and all that it tells does so while the latency of
 * reports is constant. A fill never comes before the answer to its order has been served (some real venues do otherwise).
 * An aborted wait does not take the request back: the answer to an order, and to a change that was made, then comes as an
 * event. Questions are answered from the books as they are when the question arrives.
 */
export class PaperVenue implements VenueDriver {
  readonly name: string;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #wire: PaperWire;
  readonly #floor: PaperFloor;
  readonly #ledger: PaperLedger;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(
    options: PaperVenueOptions,
    deps: { readonly clock: Clock; readonly instruments: Iterable<Instrument> },
  ) {
    const { name, latencyMs, latencyMsByLeg, seed, rejections, fees, opening, ...usual } = parseOptions(
      'PaperVenue',
      schema,
      options,
    );
    const random = new SeededRandom(seed);
    this.name = name;
    this.#clock = deps.clock;
    this.#wire = new PaperWire(deps.clock, new PaperLatency(latencyMs, latencyMsByLeg, random));
    const instruments = [...deps.instruments];
    const listed = new Set(instruments.map(({ instrumentId }) => instrumentId));
    const unlisted = Object.keys(fees).find((instrumentId) => !listed.has(instrumentId));
    if (unlisted !== undefined) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `PaperVenue: fees.${unlisted}: expected a listed instrument`,
      );
    }
    this.#ledger = new PaperLedger(opening, instruments);
    this.#floor = new PaperFloor(
      instruments.map((instrument) => ({
        instrument,
        engine: new MatchingEngine({ ...usual, ...fees[instrument.instrumentId] }, { instrument }),
      })),
      {
        clock: deps.clock,
        ledger: this.#ledger,
        rejections: new PaperRejections(rejections, random.fork()),
      },
    );
  }

  /**
   * The market as the venue sees it, at the time of the clock.
   *
   * @throws {PortcullisError} `INSTRUMENT_UNKNOWN`
   */
  onMarket(event: MarketEvent): void {
    const said = this.#floor.onMarket(event);
    if (said === undefined) {
      throw new PortcullisError(
        'INSTRUMENT_UNKNOWN',
        `PaperVenue ${this.name}: expected a listed instrument, got ${event.instrumentId}`,
      );
    }
    for (const one of said) this.#tell(one);
  }

  place(order: VenueOrder, signal: AbortSignal): Promise<PlaceReply> {
    const copy = Object.freeze({ ...order });
    const { clientOrderId } = copy;
    const way = { leg: 'entry', orderId: clientOrderId } as const;
    return this.#wire.request<PlaceReply>(way, signal, (answer) => {
      const said = this.#floor.match(copy);
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
   * Rejected by name: what `MatchingEngine.amend` and the rules of `rejections` refuse, and `AMEND_UNSUPPORTED` for another
   * account, instrument, side, time in force or post-only flag.
   */
  amend(order: VenueOrder, signal: AbortSignal): Promise<AmendReply> {
    const copy = Object.freeze({ ...order });
    const way = { leg: 'amend', orderId: copy.clientOrderId } as const;
    return this.#wire.request<AmendReply>(way, signal, (answer) => {
      const [first, ...rest] = this.#floor.change(copy);
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
    return this.#wire.request<undefined>({ leg: 'cancel', orderId: clientOrderId }, signal, (answer) => {
      const said = this.#floor.cancel(clientOrderId);
      if (said !== undefined) {
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
    return this.#floor.resting();
  }

  /** Carries a question there and its answer back. */
  #ask<T>(signal: AbortSignal, look: () => T): Promise<T> {
    return this.#wire.request<T>({ leg: 'query' }, signal, (answer) => {
      answer.resolve(look());
    });
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
