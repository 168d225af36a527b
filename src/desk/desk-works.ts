import type { Scope } from '../risk/trading-state.ts';
import type { MarketView } from '../trading/market-view.ts';
import type { OrderEvent } from '../trading/order-event.ts';
import type { AmendDesk } from './amend.ts';
import type { CancelOutcome, CancelRoundDesk } from './cancel.ts';
import { Cancels } from './cancels.ts';
import { unwritable } from './desk-audit.ts';
import { DeskDecisions } from './desk-decisions.ts';
import type { DeskParts, DeskRules } from './desk-parts.ts';
import { DeskTenure } from './desk-tenure.ts';
import type { Reconciliation } from './reconcile/difference.ts';
import { type FlattenDesk, type FlattenOrder, type FlattenReport, flatten } from './flatten.ts';
import { InFlight } from './in-flight.ts';
import { findOlder } from './older-order.ts';
import { OrderEnds } from './order-ends.ts';
import { OrderPath } from './order-path.ts';
import { recall } from './recall.ts';
import { Recorder } from './recorder.ts';
import { type SelfTradeDesk, preventSelfTrade } from './self-trade.ts';
import { SharedListening } from './shared-listening.ts';
import { spendOverride } from './spend-override.ts';
import { type StopDesk, type StopOptions, stop } from './stop.ts';
import { type SubmitDesk, submit } from './submit.ts';
import type { Outlet } from './venue/outlet.ts';
import { underTenure } from './venue/under-tenure.ts';
import { venueOrder } from './venue/venue-order.ts';
import { VenueWatch } from './reconcile/venue-watch.ts';
import { VerdictTrail } from './verdict-inputs/verdict-inputs-trail.ts';
import {
  type WriteOffDesk,
  type WriteOffOrder,
  type WriteOffOutcome,
  writeOff,
} from './reconcile/write-off.ts';

/** What the desk works with: its path, its recorder, what is under way, what watches the venue, and what each verb needs. */
export class DeskWorks {
  readonly path: OrderPath;
  readonly recorder: Recorder;
  readonly watch: VenueWatch;
  readonly verbs: SubmitDesk & CancelRoundDesk & AmendDesk;
  readonly #parts: DeskParts;
  readonly #clearing: SelfTradeDesk;
  readonly decisions: DeskDecisions;
  readonly #inFlight: InFlight;
  readonly #cancels: Cancels;
  readonly #listening: SharedListening;
  /** What ends with the desk. */
  readonly #held: readonly Disposable[];
  #recalled: Promise<void> | undefined;
  readonly #tenure: DeskTenure;
  #left: Promise<void> | undefined;

  constructor(rules: DeskRules, parts: DeskParts, outlet: Outlet) {
    const { book, clock, killSwitch } = parts;
    const { venue } = outlet;
    const { dayId } = parts.journal.recovered;
    parts.policy.restoreSpent(dayId, parts.journal.spent);
    this.#parts = parts;
    // What goes on by itself, such as looks at orders in doubt, ends with it.
    this.#tenure = new DeskTenure(parts.tenure, () => {
      this.watch.stop('the lease is not held any more');
    });
    this.path = new OrderPath({ ...parts, dayId, noAudit: () => unwritable(parts.audit) });
    this.#listening = new SharedListening(() =>
      outlet.listen((event) => {
        if (this.#tenure.isOver) return;
        this.rollIfDue();
        this.watch.takeIn(event);
      }),
    );
    this.recorder = new Recorder({
      ...parts,
      auditTimeoutMs: rules.auditTimeoutMs,
      path: this.path,
      deskTenure: this.#tenure,
      isListening: () => this.#listening.isOn && !this.#tenure.isOver,
      onMoved: () => {
        this.#cancels.enforce();
      },
    });
    const trail = new VerdictTrail(rules.verdictInputs, {
      ...parts,
      stopwatch: parts.stopwatch ?? clock,
      dayId: () => this.path.dayId,
      recorder: parts.audit && this.recorder,
    });
    this.#inFlight = new InFlight(book, clock);
    const ends = new OrderEnds(book);
    const { recorder, path } = this;
    const way = underTenure(this.#tenure, outlet);
    const inFlight = this.#inFlight;
    const decisions = new DeskDecisions({
      ...{ parts, path, recorder, trail, inFlight },
      tenure: this.#tenure,
      isListening: () => this.#listening.isOn,
      rollIfDue: () => {
        this.rollIfDue();
      },
    });
    this.decisions = decisions;
    const record = (event: OrderEvent): Promise<boolean> => {
      const turnsUp = inFlight.turnsUp(event);
      const written = inFlight.around(event, () => recorder.record(event));
      ends.note(event.clientOrderId);
      this.watch.noteOf(event, book);
      // What a trip could not cancel, because nobody knew of it, must not stay.
      if (turnsUp) this.#cancels.enforce();
      return written;
    };
    this.verbs = {
      book,
      clock,
      venueTimeoutMs: rules.venueTimeoutMs,
      venue: venue.name,
      canAmend: venue.canAmend,
      older: (intent) => findOlder(parts, intent),
      spendOverride: (intent, override) =>
        decisions.refusal === undefined ? spendOverride(parts, intent, override) : Promise.resolve(undefined),
      preventSelfTrade: (intent, overridden) =>
        decisions.refusal === undefined ? preventSelfTrade(this.#clearing, intent, overridden) : undefined,
      decide: (intent, older, override, atMost) => decisions.decide(intent, older, override, atMost),
      decideChange: (row, change) => decisions.decideChange(row, change),
      deposed: () => this.#tenure.denial(),
      confirm: (order) => decisions.confirm(order),
      send: (order, signal) => way.place(decisions.taken(order), signal),
      sendAmended: (order, signal) => way.amend(venueOrder(order), signal),
      amending: (id) => inFlight.amending(id),
      watch: (id) => {
        this.watch.watch(id);
      },
      ask: (id) => {
        this.watch.ask(id);
      },
      wasSent: (id) => !inFlight.isUnsent(id),
      placed: (id) => inFlight.placed(id),
      isCancelling: (id) => inFlight.isCancelling(id),
      ended: (ids, signal) => ends.of(ids, signal),
      cancelAtVenue: (id, signal) => inFlight.asked(way.cancel(id, signal)),
      record,
    };
    this.#clearing = { ...this.verbs, guard: parts.guard, recorder, path: this.path };
    this.#cancels = new Cancels({
      ...{ desk: this.verbs, killSwitch, inFlight, ends },
      isDeposed: () => this.#tenure.isOver,
    });
    this.watch = new VenueWatch({
      parts,
      rules,
      venue: venue.name,
      answers: venue.answers,
      inFlight,
      recorder,
      deskTenure: this.#tenure,
      record,
      cancels: this.#cancels,
    });
    this.#held = [killSwitch.attach(this.#cancels), this.#listening.hold()];
  }

  /** What was tripped before a restart is cancelled at once: the venue may be long in answering what we ask it first. */
  start(): Promise<Reconciliation> {
    this.#cancels.enforce();
    this.#recalled ??= recall(this.#parts);
    return this.#recalled === undefined ? this.watch.start() : this.#recalled.then(() => this.watch.start());
  }

  /** Closes positions. A desk that has been stopped listens for as long as that takes. */
  async flatten(order: FlattenOrder): Promise<FlattenReport> {
    using _listening = this.#listening.hold();
    const report = await flatten(this.#flattening, order);
    this.recorder.audit({ kind: 'desk.flattened', ...order, ...report });
    return report;
  }

  /** Ends a doubt by the word of a person, also of a desk that has been stopped. */
  async writeOff(clientOrderId: string, order: WriteOffOrder): Promise<WriteOffOutcome> {
    this.#tenure.require('write-off');
    using _listening = this.#listening.hold();
    const desk: WriteOffDesk = {
      ...this.verbs,
      isAmending: (id) => this.#inFlight.isAmending(id),
      holdOn: (held, qty) => this.path.holdOn(held, qty),
      audit: (event) => this.recorder.kept(event),
    };
    return await writeOff(desk, clientOrderId, order);
  }

  /** Cancels every open order in a scope. */
  cancelAll(scope: Scope): Promise<readonly CancelOutcome[]> {
    return this.#cancels.all(scope);
  }

  /** What flattening needs. Its exits go out of a desk that has been stopped as well. */
  get #flattening(): FlattenDesk {
    const { book, clock, killSwitch } = this.#parts;
    const verbs: SubmitDesk = {
      ...this.verbs,
      decide: (intent, older) => this.decisions.decideExit(intent, older),
    };
    return {
      book,
      clock,
      venue: this.verbs.venue,
      cancelAll: (scope) => this.cancelAll(scope),
      gone: (ids) => this.#cancels.ended(ids),
      submit: (intent) => submit(verbs, intent),
      permitExit: (id, why) => killSwitch.permitExit(id, why),
    };
  }

  /** Takes a view: the roll of the day first. */
  mark(view: MarketView): void {
    this.rollIfDue();
    this.path.mark(view);
  }

  /** Before something is booked by the word of somebody. @throws {PortcullisError} `LEASE_LOST` */
  beforeBooking(what: string): void {
    this.#tenure.require(what);
    this.rollIfDue();
  }

  rollIfDue(): void {
    const day = this.path.rollIfDue();
    if (day !== undefined) this.recorder.rolled(day);
  }

  get #stopping(): StopDesk {
    const { journal, clock } = this.#parts;
    return {
      ...this.verbs,
      clock,
      journal,
      inFlight: this.#inFlight,
      isDeposed: () => this.#tenure.isOver,
      cancelAll: (scope) => this.cancelAll(scope),
      ended: (ids, isAwaited) => this.#cancels.ended(ids, isAwaited),
      close: () => {
        for (const one of this.#held) one[Symbol.dispose]();
      },
    };
  }

  /** What has been left to the next desk is not cancelled by a second call. */
  stop(options: StopOptions): Promise<void> {
    if (this.#left !== undefined) return this.#left;
    this.decisions.end();
    this.watch.stop();
    const stopped = stop(this.#stopping, options);
    if (options.workingOrders === 'leave') this.#left = stopped;
    return stopped;
  }

  /** Resolves when nothing is on its way to a disk, and nothing that waited for that wants to write more. */
  async settled(): Promise<void> {
    const { journal, clock } = this.#parts;
    do {
      await this.recorder.audited();
      await journal.settled(clock);
    } while (this.recorder.isAuditing);
  }
}
