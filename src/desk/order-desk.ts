import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { FIRM, type Scope } from '../risk/trading-state.ts';
import type { BookReader } from '../trading/book.ts';
import type { AmendOutcome, OrderChange } from '../trading/amend-outcome.ts';
import type { MarketView } from '../trading/market-view.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import type { OrderOutcome } from '../trading/order-outcome.ts';
import { type AdjustOrder, adjust } from './adjust.ts';
import { amend } from './amend.ts';
import { type CancelOutcome, cancel } from './cancel.ts';
import type { DeskListener } from './desk-event.ts';
import { type DeskParts, type OrderDeskOptions, checkParts, orderDeskOptionsSchema } from './desk-parts.ts';
import { DeskWorks } from './desk-works.ts';
import type { Reconciliation } from './reconcile/difference.ts';
import type { Explanation } from './explain.ts';
import type { FlattenOrder, FlattenReport } from './flatten.ts';
import { type FlowOrder, type FundingOrder, flow, fund } from './flow.ts';
import { forged, sealError } from './seal-error.ts';
import type { StopOptions } from './stop.ts';
import type { SubmitOptions } from './submit.ts';
import { type DeskTracing, tracedSubmit } from './telemetry/traced-submit.ts';
import type { AmendReply, PlaceReply, VenueDriver, VenueOrder } from './venue/venue-driver.ts';
import { type VenueAnswers, answersOf } from './venue/venue-questions.ts';
import type { WriteOffOrder, WriteOffOutcome } from './reconcile/write-off.ts';

// The seal, the venue and the desk are one module, because what mints a sealed order must not be an export of any file.

const freeze = Object.freeze; // as it was when we loaded
const KEY = Symbol('desk');

type Verb = 'place' | 'amend';

let openSeal: (sealed: unknown, venue: Venue, verb: Verb, monotonicMs: number) => VenueOrder;

/** An order that has passed. A type without a constructor: single use, expiring, for one venue. */
class Sealed {
  readonly #order: VenueOrder;
  readonly #venue: Venue;
  readonly #verb: Verb;
  readonly #expiresMs: number;
  #spent = false;

  constructor(key: symbol, order: VenueOrder, venue: Venue, verb: Verb, expiresMs: number) {
    if (key !== KEY || new.target !== Sealed) throw forged('a sealed order is made by an OrderDesk only');
    this.#order = freeze({ ...order });
    this.#venue = venue;
    this.#verb = verb;
    this.#expiresMs = expiresMs;
    freeze(this);
  }

  static {
    // Spends the seal and gives out its own copy of the order; nothing is read from the object's surface.
    openSeal = (sealed, venue, verb, monotonicMs) => {
      if (typeof sealed !== 'object' || sealed === null || !(#order in sealed)) {
        throw forged('expected an order sealed by the desk of this venue (by this copy of portcullis)');
      }
      const id = sealed.#order.clientOrderId;
      if (sealed.#spent) throw sealError('SEAL_SPENT', id, 'has been sent before');
      if (sealed.#venue !== venue) throw sealError('SEAL_WRONG_VENUE', id, 'was sealed for another venue');
      if (sealed.#verb !== verb) throw forged(`order ${id} was sealed to ${sealed.#verb}, not to ${verb}`);
      if (!(monotonicMs <= sealed.#expiresMs)) throw sealError('SEAL_EXPIRED', id, 'was held too long');
      sealed.#spent = true;
      return sealed.#order;
    };
  }
}
freeze(Sealed.prototype);
freeze(Sealed);

export type { Sealed as SealedOrder };

let claim: (venue: Venue, clock: Pick<Clock, 'monotonicMs'>, check: () => void) => VenueDriver['onEvent'];

/**
 * A place where orders go, as only its desk can use it. The driver is out of reach; an order is taken only under the seal of
 * the one desk that the venue belongs to for life.
 */
export class Venue {
  readonly name: string;
  readonly #driver: VenueDriver;
  readonly #owner: { clock?: Pick<Clock, 'monotonicMs'> } = {};

  /** @param driver keep no other reference to it: who holds the driver can trade */
  constructor(driver: VenueDriver) {
    if (new.target !== Venue) throw forged('Venue cannot be extended; write a VenueDriver');
    this.name = driver.name;
    this.#driver = driver;
    freeze(this);
  }

  static {
    claim = (venue, clock, check) => {
      if (!(#driver in venue)) throw forged('expected a Venue made by this copy of portcullis');
      check();
      if (venue.#owner.clock !== undefined) {
        throw new PortcullisError('VENUE_CLAIMED', `venue ${venue.name} belongs to another desk for life`);
      }
      venue.#owner.clock = clock;
      return (listener) => venue.#driver.onEvent(listener);
    };
  }

  /**
   * Sends a sealed order once.
   *
   * @throws {PortcullisError} `SEAL_FORGED`, `SEAL_SPENT`, `SEAL_EXPIRED`, `SEAL_WRONG_VENUE`: then nothing was sent
   */
  async submit(order: Sealed, signal: AbortSignal): Promise<PlaceReply> {
    return this.#driver.place(openSeal(order, this, 'place', this.#nowMs()), signal);
  }

  get canAmend(): boolean {
    return this.#driver.amend !== undefined;
  }

  /**
   * Changes an open order to what is sealed, once.
   *
   * @throws {PortcullisError} as `submit`; `OPTION_INVALID` when the venue cannot
   */
  async amend(order: Sealed, signal: AbortSignal): Promise<AmendReply> {
    const sealed = openSeal(order, this, 'amend', this.#nowMs());
    const asked = this.#driver.amend?.(sealed, signal);
    if (asked !== undefined) return asked;
    throw new PortcullisError('OPTION_INVALID', `venue ${this.name} cannot change an order`);
  }

  /** Cancels need no seal: they are never blocked. */
  async cancel(clientOrderId: string, signal: AbortSignal): Promise<void> {
    return this.#driver.cancel(clientOrderId, signal);
  }

  /** Questions need no seal either. */
  get answers(): VenueAnswers {
    return answersOf(this.#driver);
  }

  #nowMs(): number {
    return this.#owner.clock?.monotonicMs() ?? NaN;
  }
}
freeze(Venue.prototype);
freeze(Venue);

export interface OrderDeskDeps extends DeskParts, DeskTracing {
  readonly venue: Venue;
}

const SEAL_MS = 1_000;

/**
 * The only way to a venue. What it is given is decided, held, written down, looked at again, sealed and sent; what
 * happens then is counted at once, and told when it is on disk.
 */
export class OrderDesk {
  readonly #deps: OrderDeskDeps;
  readonly #works: DeskWorks;

  /**
   * Lets only exits through until `start()` has compared its books with the venue's.
   *
   * @throws {PortcullisError} `OPTION_INVALID`; `ENGINE_NOT_GENUINE`; `VENUE_CLAIMED` when the venue has a desk already
   */
  constructor(options: OrderDeskOptions, deps: OrderDeskDeps) {
    const rules = parseOptions('OrderDesk', orderDeskOptionsSchema, options);
    const { venue, clock } = deps;
    this.#deps = freeze({ ...deps });
    const listen = claim(venue, clock, () => {
      checkParts(deps, venue.name);
    });
    const seal = (order: VenueOrder, verb: Verb) =>
      new Sealed(KEY, order, venue, verb, clock.monotonicMs() + SEAL_MS);
    this.#works = new DeskWorks(rules, deps, {
      venue,
      listen,
      place: (order, signal) => venue.submit(seal(order, 'place'), signal),
      amend: (order, signal) => venue.amend(seal(order, 'amend'), signal),
    });
    freeze(this);
  }

  /**
   * Compares our books with the venue's, then lets entries through. While that fails only exits pass, and it keeps trying.
   *
   * @returns what the first comparison found
   */
  start(): Promise<Reconciliation> {
    return this.#works.start();
  }

  /**
   * Sends the order once. Never repeats it: a timeout comes back as `unknown`, and is looked up until the venue has said
   * what became of it. Decides before it returns its promise, unless the id may be one of days ago.
   *
   * @returns `denied` (nothing left the process; so is everything after `stop()`), `duplicate`, `accepted`, `rejected` by
   *   the venue, or `unknown`
   */
  submit(intent: OrderIntent, options?: SubmitOptions): Promise<OrderOutcome> {
    return tracedSubmit(this.#works.verbs, this.#deps, intent, options);
  }

  /** What the gates say now, what each measures, and what self-trade prevention would do first. Decides when `submit` would; leaves no trace. */
  explain(intent: OrderIntent): Promise<Explanation> {
    return this.#works.decisions.explain(intent);
  }

  /** Changes quantity or limit of a working order. It passes all gates as it would be; all of it or nothing. */
  amend(clientOrderId: string, change: OrderChange): Promise<AmendOutcome> {
    return amend(this.#works.verbs, clientOrderId, change);
  }

  /** Asks the venue to cancel an order. Never blocked. */
  cancel(clientOrderId: string): Promise<CancelOutcome> {
    return cancel(this.#works.verbs, clientOrderId);
  }

  /** Cancels every open order in a scope. */
  cancelAll(scope: Scope = FIRM): Promise<readonly CancelOutcome[]> {
    return this.#works.cancelAll(scope);
  }

  /**
   * Cancels all and closes all positions of a scope at the market, also while halted or stopped.
   *
   * @throws {PortcullisError} `PRINCIPAL_REQUIRED` unless a named person gives a reason; `OPTION_INVALID`
   */
  flatten(order: FlattenOrder): Promise<FlattenReport> {
    return this.#works.flatten(order);
  }

  /** Compares our books with the venue's now. What the venue can prove is taken over. */
  reconcile(): Promise<Reconciliation> {
    return this.#works.watch.reconcile();
  }

  /**
   * Books what a named person has found to be true, and no order explains. The same `adjustmentId` counts once.
   *
   * @throws {PortcullisError} `PRINCIPAL_REQUIRED`, `INPUT_INVALID`, `NUMBER_INVALID`, `ACCOUNT_UNKNOWN`,
   *   `INSTRUMENT_UNKNOWN`; `LOG_WRITE_FAILED` when it is counted but not on disk, or not in the audit log; `LEASE_LOST`
   */
  async adjust(order: AdjustOrder): Promise<'adjusted' | 'duplicate'> {
    this.#works.beforeBooking('adjustment');
    return adjust({ ...this.#deps, recorder: this.#works.recorder }, order);
  }

  /** Books a deposit or a withdrawal once by its id: neither profit nor loss, and the drawdown stays. Throws as `adjust`. */
  async flow(order: FlowOrder): Promise<'booked' | 'duplicate'> {
    this.#works.beforeBooking('flow');
    return flow({ ...this.#deps, recorder: this.#works.recorder }, order);
  }

  /** Books funding that the venue settled: profit or loss of the day. The same `fundingId` counts once. Throws as `adjust`. */
  async fund(order: FundingOrder): Promise<'booked' | 'duplicate'> {
    this.#works.beforeBooking('funding');
    return fund({ ...this.#deps, recorder: this.#works.recorder }, order);
  }

  /**
   * Ends the hold of an order in doubt by the word of a named person: one that is `unknown`, that is over with fills which
   * never come, or whose amendment nobody can settle (then it is as it was). A fill that comes after all is booked, and trips.
   *
   * @throws {PortcullisError} `PRINCIPAL_REQUIRED`; `LOG_WRITE_FAILED` when it is not on disk, or not in the audit log: then it stays held
   */
  writeOff(clientOrderId: string, order: WriteOffOrder): Promise<WriteOffOutcome> {
    return this.#works.writeOff(clientOrderId, order);
  }

  /** Takes a view: marks, profit and loss, and the roll of the day before them. */
  mark(view: MarketView): void {
    this.#works.mark(view);
  }

  /** Tells what happens, in the order of the journal. */
  onEvent(listener: DeskListener): Disposable {
    return this.#works.recorder.onEvent(listener);
  }

  get book(): BookReader {
    return this.#deps.book;
  }

  /** Resolves when nothing is under way but answers of the venue. */
  settled(): Promise<void> {
    return this.#works.settled();
  }

  /**
   * Takes no more orders, cancels those that work, or leaves them to the desk that comes after, waits for what is under way as
   * long as the venue may take, and for the disk.
   */
  stop(options: StopOptions = {}): Promise<void> {
    return this.#works.stop(options);
  }
}
freeze(OrderDesk.prototype);
freeze(OrderDesk);
