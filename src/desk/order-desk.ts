import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { units } from '../core/units.ts';
import type { CancelRule } from '../risk/kill-switch.ts';
import { FIRM, type Scope } from '../risk/trading-state.ts';
import type { BookReader } from '../trading/book.ts';
import { deny } from '../trading/denial.ts';
import type { MarketView } from '../trading/market-view.ts';
import type { HeldOrder, OrderEvent } from '../trading/order-event.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import type { OrderOutcome } from '../trading/order-outcome.ts';
import { type CancelDesk, type CancelOutcome, cancel, ordersToCancel } from './cancel.ts';
import { answerInTime } from './answer-in-time.ts';
import type { DeskListener } from './desk-event.ts';
import { type DeskParts, type OrderDeskOptions, checkParts, orderDeskOptionsSchema } from './desk-parts.ts';
import { InFlight } from './in-flight.ts';
import { OrderPath } from './order-path.ts';
import { Recorder } from './recorder.ts';
import { type SubmitDecision, type SubmitDesk, submit } from './submit.ts';
import type { PlaceReply, VenueDriver, VenueOrder } from './venue-driver.ts';
import { venueOrder } from './venue-order.ts';
import { readReport } from './venue-report.ts';

/*
 * The seal, the venue and the desk are one module, because what mints a sealed order must not be an export of any file.
 */

const freeze = Object.freeze; // as it was when we loaded
const KEY = Symbol('desk');

let openSeal: (sealed: unknown, venue: Venue, monotonicMs: number) => VenueOrder;

/** An order that has passed. A type without a constructor: single use, expiring, for one venue. */
class Sealed {
  readonly #order: VenueOrder;
  readonly #venue: Venue;
  readonly #expiresMs: number;
  #spent = false;

  constructor(key: symbol, order: VenueOrder, venue: Venue, expiresMs: number) {
    if (key !== KEY || new.target !== Sealed) throw forged('a sealed order is made by an OrderDesk only');
    this.#order = freeze({ ...order });
    this.#venue = venue;
    this.#expiresMs = expiresMs;
    freeze(this);
  }

  static {
    // Spends the seal and gives out its own copy of the order; nothing is read from the object's surface.
    openSeal = (sealed, venue, monotonicMs) => {
      if (typeof sealed !== 'object' || sealed === null || !(#order in sealed)) {
        throw forged('expected an order sealed by the desk of this venue (by this copy of portcullis)');
      }
      if (sealed.#spent)
        throw new PortcullisError('SEAL_SPENT', `order ${sealed.#order.clientOrderId} has been sent before`);
      if (sealed.#venue !== venue) {
        throw new PortcullisError(
          'SEAL_WRONG_VENUE',
          `order ${sealed.#order.clientOrderId} was sealed for another venue`,
        );
      }
      if (!(monotonicMs <= sealed.#expiresMs)) {
        throw new PortcullisError('SEAL_EXPIRED', `order ${sealed.#order.clientOrderId} was held too long`);
      }
      sealed.#spent = true;
      return sealed.#order;
    };
  }
}
freeze(Sealed.prototype);
freeze(Sealed);

export type { Sealed as SealedOrder };

const forged = (message: string): PortcullisError => new PortcullisError('SEAL_FORGED', `seal: ${message}`);

let claim: (venue: Venue, clock: Pick<Clock, 'monotonicMs'>) => VenueDriver['onEvent'];

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
    claim = (venue, clock) => {
      if (!(#driver in venue)) throw forged('expected a Venue made by this copy of portcullis');
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
    return this.#driver.place(openSeal(order, this, this.#owner.clock?.monotonicMs() ?? NaN), signal);
  }

  /** Cancels need no seal: they are never blocked. */
  async cancel(clientOrderId: string, signal: AbortSignal): Promise<void> {
    return this.#driver.cancel(clientOrderId, signal);
  }
}
freeze(Venue.prototype);
freeze(Venue);

export interface OrderDeskDeps extends DeskParts {
  readonly venue: Venue;
}

const SEAL_MS = 1_000;

/**
 * The only way to a venue. What it is given is decided, held, written down, looked at again, sealed and sent; what
 * happens then is counted at once, and told when it is on disk.
 */
export class OrderDesk {
  readonly #deps: OrderDeskDeps;
  readonly #path: OrderPath;
  readonly #stopwatch: Pick<Clock, 'monotonicMs'>;
  readonly #recorder: Recorder;
  readonly #submitting: SubmitDesk;
  readonly #cancelling: CancelDesk;
  readonly #inFlight: InFlight;
  readonly #state: { accepting: boolean } = { accepting: true };

  /** @throws {PortcullisError} `OPTION_INVALID`; `ENGINE_NOT_GENUINE`; `VENUE_CLAIMED` when the venue has a desk already */
  constructor(options: OrderDeskOptions, deps: OrderDeskDeps) {
    const { venueTimeoutMs } = parseOptions('OrderDesk', orderDeskOptionsSchema, options);
    this.#deps = freeze({ ...deps });
    this.#stopwatch = deps.stopwatch ?? deps.clock;
    this.#path = new OrderPath({ ...deps, dayId: deps.journal.recovered.dayId });
    checkParts(deps);
    this.#recorder = new Recorder({ ...deps, path: this.#path });
    const { book, clock, venue } = deps;
    this.#inFlight = new InFlight(book);
    const record = (event: OrderEvent) => this.#inFlight.around(event, () => this.#recorder.record(event));
    this.#submitting = {
      clock,
      venueTimeoutMs,
      decide: (intent) => this.#decide(intent),
      confirm: (order) => this.#confirm(order),
      send: (order, signal) => this.#send(order, signal),
      record,
    };
    this.#cancelling = {
      book,
      clock,
      venueTimeoutMs,
      wasSent: (id) => !this.#inFlight.isUnsent(id),
      placed: (id) => this.#inFlight.placed(id),
      cancelAtVenue: (id, signal) => venue.cancel(id, signal),
      record,
    };
    const listen = claim(deps.venue, deps.clock);
    listen((event) => {
      this.#onVenueEvent(event);
    });
    deps.killSwitch.attach({ cancel: (scope, rule) => this.#cancelNow(scope, rule) });
    freeze(this);
  }

  /**
   * Sends the order once. Never repeats it: a timeout comes back as `unknown`. Decides before it returns its promise.
   *
   * @returns `denied` (nothing left the process; so is everything after `stop()`), `duplicate`, `accepted`, `rejected` by
   *   the venue, or `unknown`
   */
  async submit(intent: OrderIntent): Promise<OrderOutcome> {
    if (!this.#state.accepting) return { kind: 'denied', denials: [deny('desk', 'DESK_STOPPED')] };
    return submit(this.#submitting, intent);
  }

  /** Asks the venue to cancel an order. Never blocked. */
  cancel(clientOrderId: string): Promise<CancelOutcome> {
    return cancel(this.#cancelling, clientOrderId);
  }

  /** Cancels every open order in a scope. */
  cancelAll(scope: Scope = FIRM): Promise<readonly CancelOutcome[]> {
    const ids = ordersToCancel(this.#deps.book, scope, 'all', this.#deps.venue.name);
    return Promise.all(ids.map((id) => this.cancel(id)));
  }

  /** Takes a view: marks, profit and loss, and the roll of the day before them. */
  mark(view: MarketView): void {
    this.#rollIfDue();
    this.#path.mark(view);
  }

  /** Tells what happens, in the order of the journal. */
  onEvent(listener: DeskListener): Disposable {
    return this.#recorder.onEvent(listener);
  }

  get book(): BookReader {
    return this.#deps.book;
  }

  /** Resolves when nothing is under way but answers of the venue. */
  settled(): Promise<void> {
    return this.#deps.journal.settled(this.#deps.clock);
  }

  /** Takes no more orders, cancels those that work, waits for their end as long as the venue may take, and for the disk. */
  async stop(): Promise<void> {
    this.#state.accepting = false;
    await this.cancelAll();
    await answerInTime(this.#deps.clock, this.#cancelling.venueTimeoutMs, () => this.#inFlight.ended());
    await this.settled();
  }

  #decide(intent: OrderIntent): SubmitDecision {
    this.#rollIfDue();
    const startedMs = this.#stopwatch.monotonicMs();
    const decision = this.#path.decide(intent);
    const tookMs = this.#stopwatch.monotonicMs() - startedMs;
    // Written before anybody is told: whatever a listener does about it stands behind it in the journal.
    const decided =
      decision.kind === 'held' ? { ...decision, written: this.#writeDown(decision.order) } : decision;
    this.#recorder.decided(intent, decision, this.#deps.guard.limitsHash, tookMs);
    return decided;
  }

  #writeDown(order: HeldOrder): Promise<unknown> {
    const account = this.#deps.book.account(order.accountId);
    this.#inFlight.add(freeze(venueOrder(order)));
    return this.#deps.journal.submitting(order, {
      limitsHash: this.#deps.guard.limitsHash,
      dayOpen: account?.dayOpen ?? units(NaN),
      highWater: account?.highWater ?? units(NaN),
    });
  }

  #confirm(order: HeldOrder) {
    if (this.#deps.book.order(order.clientOrderId)?.state === 'cancelPending') {
      return { gate: 'confirm', code: 'CANCELLED_BEFORE_SEND' } as const;
    }
    return this.#path.confirm(order);
  }

  #send({ clientOrderId }: HeldOrder, signal: AbortSignal): Promise<PlaceReply> {
    const { venue, clock } = this.#deps;
    const order = this.#inFlight.take(clientOrderId);
    if (order === undefined) throw forged(`order ${clientOrderId} is not waiting to be sent`);
    return venue.submit(new Sealed(KEY, order, venue, clock.monotonicMs() + SEAL_MS), signal);
  }

  /** Whatever a driver tells: it is not ours to trust. Never throws. */
  #onVenueEvent(event: unknown): void {
    this.#rollIfDue();
    const told = (event ?? {}) as { clientOrderId?: unknown; type?: unknown };
    const clientOrderId = typeof told.clientOrderId === 'string' ? told.clientOrderId : '(none)';
    const order = this.#inFlight.isUnsent(clientOrderId)
      ? undefined
      : this.#deps.book.order(clientOrderId)?.order;
    if (order === undefined) {
      const what = typeof told.type === 'string' ? told.type : 'something';
      const detail = `the venue tells ${what} of an order we never sent`;
      this.#recorder.anomaly({ code: 'ORDER_UNKNOWN', clientOrderId, detail });
      return;
    }
    const report = readReport(event, order.instrument, this.#deps.clock.nowMs());
    if (typeof report === 'string')
      this.#recorder.anomaly({ code: 'REPORT_INVALID', clientOrderId, detail: report });
    else void this.#submitting.record(report);
  }

  #cancelNow(scope: Scope, rule: CancelRule): readonly string[] {
    const ids = ordersToCancel(this.#deps.book, scope, rule, this.#deps.venue.name);
    // What is being cancelled already is not asked again: a trip may be the answer to a cancel.
    for (const id of ids) if (!this.#inFlight.isCancelling(id)) void this.cancel(id);
    return ids;
  }

  #rollIfDue(): void {
    const day = this.#path.rollIfDue();
    if (day !== undefined) this.#recorder.rolled(day);
  }
}
freeze(OrderDesk.prototype);
freeze(OrderDesk);
