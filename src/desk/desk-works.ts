import { PortcullisError } from '../core/errors.ts';
import { units } from '../core/units.ts';
import type { SpentOverride } from '../risk/overrides/override-register.ts';
import type { Scope } from '../risk/trading-state.ts';
import type { OrderChange } from '../trading/amend-outcome.ts';
import type { OrderView } from '../trading/order-view.ts';
import type { MarketView } from '../trading/market-view.ts';
import { type Denial, deny } from '../trading/denial.ts';
import type { HeldOrder, OrderEvent } from '../trading/order-event.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import type { AmendDecision, AmendDesk } from './amend.ts';
import type { CancelOutcome, CancelRoundDesk } from './cancel.ts';
import { Cancels } from './cancels.ts';
import { unwritable } from './desk-audit.ts';
import type { DeskParts, DeskRules } from './desk-parts.ts';
import { DeskTenure } from './desk-tenure.ts';
import type { Reconciliation } from './reconcile/difference.ts';
import { type FlattenDesk, type FlattenOrder, type FlattenReport, flatten } from './flatten.ts';
import { InFlight } from './in-flight.ts';
import { findOlder } from './older-order.ts';
import { OrderEnds } from './order-ends.ts';
import { type Older, OrderPath } from './order-path.ts';
import { recall } from './recall.ts';
import { Recorder } from './recorder.ts';
import { type AtMost, type SelfTradeDesk, preventSelfTrade } from './self-trade.ts';
import { SharedListening } from './shared-listening.ts';
import { spendOverride } from './spend-override.ts';
import { type StopDesk, type StopOptions, stop } from './stop.ts';
import { type SubmitDecision, type SubmitDesk, submit } from './submit.ts';
import type { Explanation } from './explain.ts';
import type { Outlet } from './venue/outlet.ts';
import type { VenueOrder } from './venue/venue-driver.ts';
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
  readonly #trail: VerdictTrail;
  readonly #inFlight: InFlight;
  readonly #cancels: Cancels;
  readonly #listening: SharedListening;
  /** What ends with the desk. */
  readonly #held: readonly Disposable[];
  #recalled: Promise<void> | undefined;
  readonly #tenure: DeskTenure;
  #accepting = true;
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
    this.#trail = new VerdictTrail(rules.verdictInputs, {
      ...parts,
      stopwatch: parts.stopwatch ?? clock,
      dayId: () => this.path.dayId,
      recorder: parts.audit && this.recorder,
    });
    this.#inFlight = new InFlight(book, clock);
    const ends = new OrderEnds(book);
    const { recorder } = this;
    const way = underTenure(this.#tenure, outlet);
    const inFlight = this.#inFlight;
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
        this.#refusal === undefined
          ? spendOverride(this.#parts, intent, override)
          : Promise.resolve(undefined),
      preventSelfTrade: (intent, overridden) =>
        this.#refusal === undefined ? preventSelfTrade(this.#clearing, intent, overridden) : undefined,
      decide: (intent, older, override, atMost) =>
        this.#refusal ?? this.#decide(intent, older, override, atMost),
      decideChange: (row, change) => this.#refusal ?? this.#decideChange(row, change),
      deposed: () => this.#tenure.denial(),
      confirm: (order) => this.#confirm(order),
      send: (order, signal) => way.place(this.#taken(order), signal),
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
    this.#cancels = new Cancels({ desk: this.verbs, killSwitch, inFlight, ends });
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
      decide: (intent, older) => this.#deposed ?? this.#decide(intent, older),
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
    this.#accepting = false;
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

  /** What `submit` would decide now. */
  async explain(intent: OrderIntent): Promise<Explanation> {
    const looking = findOlder(this.#parts, intent);
    const older = looking && (await looking);
    this.rollIfDue();
    const explanation = this.path.explain(intent, older);
    const refusal = this.#refusal;
    return refusal === undefined
      ? explanation
      : { ...explanation, decision: 'denied', denials: refusal.denials };
  }

  /** Why nothing is decided any more, if so. */
  get #refusal() {
    return this.#deposed ?? (this.#accepting ? undefined : refused(STOPPED));
  }

  get #deposed() {
    const lost = this.#tenure.denial();
    return lost && refused(lost);
  }

  #decide(intent: OrderIntent, older: Older, override?: SpentOverride, atMost?: AtMost): SubmitDecision {
    this.rollIfDue();
    const asked = { intent, older, overridden: override?.gates };
    const { decision, ...made } = this.#trail.around(asked, () =>
      this.path.decide(intent, older, override?.gates, atMost),
    );
    const rest = atMost === undefined ? made : { ...made, inputs: atMost.inputs };
    // Written before anybody is told: whatever a listener does about it stands behind it in the journal.
    const written = decision.kind === 'held' ? this.#writeDown(decision.order) : Promise.resolve();
    const { limitsHash } = this.#parts.guard;
    const audited = this.recorder.decided(intent, decision, { ...rest, limitsHash, override });
    return decision.kind === 'held' ? { ...decision, written, audited } : decision;
  }

  #decideChange(row: OrderView, change: OrderChange): AmendDecision {
    this.rollIfDue();
    const decision = this.path.decideChange(row, change);
    const audited = this.recorder.decidedChange(row, decision, this.#parts.guard.limitsHash);
    return decision.kind === 'changed' ? { ...decision, audited } : decision;
  }

  #writeDown(order: HeldOrder): Promise<unknown> {
    const { book, journal, guard } = this.#parts;
    const account = book.account(order.accountId);
    this.#inFlight.add(Object.freeze(venueOrder(order)));
    return journal.submitting(order, {
      limitsHash: guard.limitsHash,
      dayOpen: account?.dayOpen ?? units(NaN),
      highWater: account?.highWater ?? units(NaN),
      spent: this.path.spentBy(order.strategyId),
    });
  }

  #confirm(order: HeldOrder): Denial | undefined {
    // What waited for its disk for so long that the desk has ended meanwhile.
    if (!this.#listening.isOn) return STOPPED;
    const state = this.#parts.book.order(order.clientOrderId)?.state;
    const lost = this.#tenure.denial();
    if (lost !== undefined) return lost;
    return state === 'cancelPending' ? deny('confirm', 'CANCELLED_BEFORE_SEND') : this.path.confirm(order);
  }

  /** What was written down, given out once. */
  #taken({ clientOrderId }: HeldOrder): VenueOrder {
    const order = this.#inFlight.take(clientOrderId);
    if (order !== undefined) return order;
    throw new PortcullisError('SEAL_FORGED', `seal: order ${clientOrderId} is not waiting to be sent`);
  }
}

const refused = (denial: Denial) => ({ kind: 'denied', denials: [denial] }) as const;
const STOPPED = deny('desk', 'DESK_STOPPED');
