import { FIRM, type Scope } from '../risk/trading-state.ts';
import type { KillSwitch } from '../risk/kill-switch.ts';
import type { CancelRound, CancelRule, WorkingOrders } from '../risk/working-orders.ts';
import { type OrderState, isOpen } from '../trading/order-life-cycle.ts';
import { answerInTime } from './answer-in-time.ts';
import {
  type CancelOutcome,
  type CancelRoundDesk,
  cancel,
  cancelBy,
  cancelRound,
  ordersToCancel,
} from './cancel.ts';
import type { InFlight } from './in-flight.ts';
import type { OrderEnds } from './order-ends.ts';

export interface CancelsDeps {
  readonly desk: CancelRoundDesk;
  readonly killSwitch: Pick<KillSwitch, 'records'>;
  readonly inFlight: InFlight;
  readonly ends: OrderEnds;
  isDeposed(): boolean;
}

/** The cancels of many orders, and the waits for their ends. Through here a trip cancels. */
export class Cancels implements WorkingOrders {
  readonly #deps: CancelsDeps;

  constructor(deps: CancelsDeps) {
    this.#deps = deps;
  }

  cancel(scope: Scope, rule: CancelRule): CancelRound {
    return cancelRound(this.#deps.desk, scope, rule);
  }

  isDeposed(): boolean {
    return this.#deps.isDeposed();
  }

  /** Cancels every open order in a scope. */
  all(scope: Scope): Promise<readonly CancelOutcome[]> {
    const { desk } = this.#deps;
    const ids = ordersToCancel(desk.book, scope, 'all', desk.venue);
    return Promise.all(ids.map((id) => cancel(desk, id)));
  }

  /** Cancels what the records of the switch do not let stand, but for what was asked a moment ago. */
  enforce(): void {
    for (const { scope, state } of this.#deps.killSwitch.records()) {
      cancelBy(this.#deps.desk, scope, state === 'halted' ? 'all' : 'not-reducing');
    }
  }

  /** Cancels what is not to stay while the venue cannot be heard. */
  disconnected(rule: CancelRule | 'none'): void {
    if (rule !== 'none') cancelBy(this.#deps.desk, FIRM, rule);
  }

  /** Asks anew for what the venue was asked before. The record has it already. */
  async again(id: string): Promise<void> {
    const { desk, inFlight } = this.#deps;
    inFlight.cancelling(id);
    const answer = await answerInTime(desk.clock, desk.venueTimeoutMs, (signal) =>
      desk.cancelAtVenue(id, signal),
    );
    if (answer.kind === 'none') inFlight.cancelFailed(id);
  }

  /** Resolves when none of these orders is open, or the venue has had its time. */
  async ended(ids: readonly string[], isAwaited: (state: OrderState) => boolean = isOpen): Promise<void> {
    const { desk, ends } = this.#deps;
    await answerInTime(desk.clock, desk.venueTimeoutMs, (signal) => ends.of(ids, signal, isAwaited));
  }
}
