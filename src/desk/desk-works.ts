import { PortcullisError } from '../core/errors.ts';
import { units } from '../core/units.ts';
import type { SpentOverride } from '../risk/overrides/override-register.ts';
import { FIRM, type Scope } from '../risk/trading-state.ts';
import type { OrderChange } from '../trading/amend-outcome.ts';
import type { OrderView } from '../trading/order-view.ts';
import type { MarketView } from '../trading/market-view.ts';
import { type Denial, deny } from '../trading/denial.ts';
import type { HeldOrder, OrderEvent } from '../trading/order-event.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import { isOpen } from '../trading/order-life-cycle.ts';
import type { AmendDecision, AmendDesk } from './amend.ts';
import type { CancelOutcome, CancelRoundDesk } from './cancel.ts';
import { Cancels } from './cancels.ts';
import { unwritable } from './desk-audit.ts';
import type { DeskParts, DeskRules } from './desk-parts.ts';
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
import { type SubmitDecision, type SubmitDesk, submit } from './submit.ts';
import type { Explanation } from './explain.ts';
import type { Outlet } from './venue/outlet.ts';
import type { VenueOrder } from './venue/venue-driver.ts';
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
  #accepting = true;

  constructor(rules: DeskRules, parts: DeskParts, outlet: Outlet) {
    const { book, clock, killSwitch } = parts;
    const { venue } = outlet;
    const { dayId } = parts.journal.recovered;
    parts.policy.restoreSpent(dayId, parts.journal.spent);
    this.#parts = parts;
    this.path = new OrderPath({ ...parts, dayId, noAudit: () => unwritable(parts.audit) });
    this.#listening = new SharedListening(() =>
      outlet.listen((event) => {
        this.rollIfDue();
        this.watch.takeIn(event);
      }),
    );
    this.recorder = new Recorder({
      ...parts,
      auditTimeoutMs: rules.auditTimeoutMs,
      path: this.path,
      isListening: () => this.#listening.isOn,
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
        this.#accepting ? spendOverride(this.#parts, intent, override) : Promise.resolve(undefined),
      preventSelfTrade: (intent, overridden) =>
        this.#accepting ? preventSelfTrade(this.#clearing, intent, overridden) : undefined,
      decide: (intent, older, override, atMost) =>
        this.#accepting ? this.#decide(intent, older, override, atMost) : REFUSED,
      decideChange: (row, change) => (this.#accepting ? this.#decideChange(row, change) : REFUSED),
      confirm: (order) => this.#confirm(order),
      send: (order, signal) => outlet.place(this.#taken(order), signal),
      sendAmended: (order, signal) => outlet.amend(venueOrder(order), signal),
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
      cancelAtVenue: (id, signal) => venue.cancel(id, signal),
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
      decide: (intent, older) => this.#decide(intent, older),
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

  rollIfDue(): void {
    const day = this.path.rollIfDue();
    if (day !== undefined) this.recorder.rolled(day);
  }

  /** Cancels what works, waits for its end as long as the venue may take, and for the disk. */
  async stop(): Promise<void> {
    const { book, journal, clock } = this.#parts;
    this.#accepting = false;
    this.watch.stop();
    await this.cancelAll(FIRM);
    const ids = Array.from(book.liveOrders(), ({ order }) => order.clientOrderId);
    // The unknown ones are not waited for.
    await this.#cancels.ended(ids, (state) => isOpen(state) && state !== 'unknown');
    await journal.settled(clock);
    for (const one of this.#held) one[Symbol.dispose]();
    await journal.settled(clock); // what came meanwhile
    await journal.checkpoint();
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
    return this.#accepting ? explanation : { ...explanation, decision: 'denied', denials: REFUSED.denials };
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
    const state = this.#parts.book.order(order.clientOrderId)?.state;
    return state === 'cancelPending' ? deny('confirm', 'CANCELLED_BEFORE_SEND') : this.path.confirm(order);
  }

  /** What was written down, given out once. */
  #taken({ clientOrderId }: HeldOrder): VenueOrder {
    const order = this.#inFlight.take(clientOrderId);
    if (order !== undefined) return order;
    throw new PortcullisError('SEAL_FORGED', `seal: order ${clientOrderId} is not waiting to be sent`);
  }
}

const REFUSED = { kind: 'denied', denials: [deny('desk', 'DESK_STOPPED')] } as const;
