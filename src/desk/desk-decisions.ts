import { PortcullisError } from '../core/errors.ts';
import { units } from '../core/units.ts';
import type { SpentOverride } from '../risk/overrides/override-register.ts';
import type { OrderChange } from '../trading/amend-outcome.ts';
import { type Denial, deny } from '../trading/denial.ts';
import type { HeldOrder } from '../trading/order-event.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import type { OrderView } from '../trading/order-view.ts';
import type { AmendDecision } from './amend.ts';
import type { DeskParts } from './desk-parts.ts';
import type { DeskTenure } from './desk-tenure.ts';
import type { Explanation } from './explain.ts';
import type { InFlight } from './in-flight.ts';
import { findOlder } from './older-order.ts';
import type { Older, OrderPath } from './order-path.ts';
import type { Recorder } from './recorder.ts';
import type { AtMost } from './self-trade.ts';
import type { SubmitDecision } from './submit.ts';
import type { VenueOrder } from './venue/venue-driver.ts';
import { venueOrder } from './venue/venue-order.ts';
import type { VerdictTrail } from './verdict-inputs/verdict-inputs-trail.ts';

export interface DeskDecisionsDeps {
  readonly parts: Pick<DeskParts, 'book' | 'journal' | 'guard'>;
  readonly path: OrderPath;
  readonly recorder: Recorder;
  readonly trail: VerdictTrail;
  readonly inFlight: InFlight;
  readonly tenure: DeskTenure;
  /** Whether the desk still listens to its venue: nothing is sent that nobody would hear of. */
  isListening(): boolean;
  rollIfDue(): void;
}

/** What a desk decides about an order: whether it may go, that it is written down, the last look, and the one copy that is sent. */
export class DeskDecisions {
  readonly #deps: DeskDecisionsDeps;
  #isAccepting = true;

  constructor(deps: DeskDecisionsDeps) {
    this.#deps = deps;
  }

  /** From here on everything but exits of a person is denied. */
  end(): void {
    this.#isAccepting = false;
  }

  /** Why nothing is decided any more, if so. */
  get refusal() {
    return this.#deposed ?? (this.#isAccepting ? undefined : refused(STOPPED));
  }

  get #deposed() {
    const lost = this.#deps.tenure.denial();
    return lost && refused(lost);
  }

  decide(intent: OrderIntent, older: Older, override?: SpentOverride, atMost?: AtMost): SubmitDecision {
    return this.refusal ?? this.#decide(intent, older, override, atMost);
  }

  /** Also for a desk that has been stopped. */
  decideExit(intent: OrderIntent, older: Older): SubmitDecision {
    return this.#deposed ?? this.#decide(intent, older);
  }

  decideChange(row: OrderView, change: OrderChange): AmendDecision {
    return this.refusal ?? this.#decideChange(row, change);
  }

  /** What `decide` would say now. */
  async explain(intent: OrderIntent): Promise<Explanation> {
    const looking = findOlder(this.#deps.parts, intent);
    const older = looking && (await looking);
    this.#deps.rollIfDue();
    const explanation = this.#deps.path.explain(intent, older);
    const { refusal } = this;
    return refusal === undefined
      ? explanation
      : { ...explanation, decision: 'denied', denials: refusal.denials };
  }

  /** The last look, in the tick of the send. */
  confirm(order: HeldOrder): Denial | undefined {
    const { parts, path, tenure } = this.#deps;
    // What waited for its disk for so long that the desk has ended meanwhile.
    if (!this.#deps.isListening()) return STOPPED;
    const state = parts.book.order(order.clientOrderId)?.state;
    const lost = tenure.denial();
    if (lost !== undefined) return lost;
    return state === 'cancelPending' ? deny('confirm', 'CANCELLED_BEFORE_SEND') : path.confirm(order);
  }

  /** What was written down, given out once. @throws {PortcullisError} `SEAL_FORGED` */
  taken({ clientOrderId }: HeldOrder): VenueOrder {
    const order = this.#deps.inFlight.take(clientOrderId);
    if (order !== undefined) return order;
    throw new PortcullisError('SEAL_FORGED', `seal: order ${clientOrderId} is not waiting to be sent`);
  }

  #decide(intent: OrderIntent, older: Older, override?: SpentOverride, atMost?: AtMost): SubmitDecision {
    const { path, trail, recorder, parts } = this.#deps;
    this.#deps.rollIfDue();
    const asked = { intent, older, overridden: override?.gates };
    const { decision, ...made } = trail.around(asked, () =>
      path.decide(intent, older, override?.gates, atMost),
    );
    const rest = atMost === undefined ? made : { ...made, inputs: atMost.inputs };
    // Written before anybody is told: whatever a listener does about it stands behind it in the journal.
    const written = decision.kind === 'held' ? this.#writeDown(decision.order) : Promise.resolve();
    const { limitsHash } = parts.guard;
    const audited = recorder.decided(intent, decision, { ...rest, limitsHash, override });
    return decision.kind === 'held' ? { ...decision, written, audited } : decision;
  }

  #decideChange(row: OrderView, change: OrderChange): AmendDecision {
    const { path, recorder, parts } = this.#deps;
    this.#deps.rollIfDue();
    const decision = path.decideChange(row, change);
    const audited = recorder.decidedChange(row, decision, parts.guard.limitsHash);
    return decision.kind === 'changed' ? { ...decision, audited } : decision;
  }

  #writeDown(order: HeldOrder): Promise<unknown> {
    const { parts, path, inFlight } = this.#deps;
    const { book, journal, guard } = parts;
    const account = book.account(order.accountId);
    inFlight.add(Object.freeze(venueOrder(order)));
    return journal.submitting(order, {
      limitsHash: guard.limitsHash,
      dayOpen: account?.dayOpen ?? units(NaN),
      highWater: account?.highWater ?? units(NaN),
      spent: path.spentBy(order.strategyId),
    });
  }
}

const refused = (denial: Denial) => ({ kind: 'denied', denials: [denial] }) as const;
const STOPPED = deny('desk', 'DESK_STOPPED');
