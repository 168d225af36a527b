import { z } from 'zod';
import type { AuditEvent, AuditLog } from '../../audit/audit-log.ts';
import { type Clock, onDispose } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { toText } from '../../core/increment.ts';
import { parseOptions } from '../../core/options.ts';
import { system } from '../../core/principal.ts';
import type { TradingDay } from '../../core/trading-day.ts';
import type { ExecutionPolicy } from '../../execution/execution-policy.ts';
import { heldOrder } from '../../risk/held-order.ts';
import { shapeOrder } from '../../risk/order-shape.ts';
import type { GuardKillSwitch, RiskGuard } from '../../risk/risk-guard.ts';
import type { Book } from '../../trading/book.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { MarketView } from '../../trading/market-view.ts';
import type { Applied, BookedOrder, OrderEvent } from '../../trading/order-event.ts';
import { type OrderIntent, type Side, copyIntent } from '../../trading/order-intent.ts';
import { priceOrder } from '../../trading/price-order.ts';
import { externalOrder } from '../journal/journal-order.ts';
import { type Decision, OrderPath } from '../order-path.ts';
import { ShadowCounts, type ShadowReport, type ShadowVerdict } from './shadow-report.ts';
import { denialsOf, plainJson, verdictEvent } from '../verdict-inputs/verdict-inputs-event.ts';
import { VerdictTrail } from '../verdict-inputs/verdict-inputs-trail.ts';

const schema = z.strictObject({
  /** How many of the worst orders the report names for each gate and code. */
  examples: z.int().min(0).default(5),
  /** Of which verdicts the audit log takes down what they were made from. */
  verdictInputs: z.enum(['all', 'denied', 'none']).default('all'),
});

/** @interface */
export type ShadowDeskOptions = z.input<typeof schema>;

export interface ShadowDeskDeps {
  readonly book: Book;
  readonly guard: RiskGuard;
  readonly policy: ExecutionPolicy;
  /** The one that the guard obeys. */
  readonly killSwitch: GuardKillSwitch;
  readonly instruments: readonly Instrument[];
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** Default: UTC days. */
  readonly tradingDay?: TradingDay;
  /** Every verdict is recorded there. What cannot be written is counted as the anomaly `AUDIT_FAILED`. */
  readonly audit?: Pick<AuditLog, 'record'>;
}

/** Whose fill it is, for orders that were never observed. */
export interface FillOf {
  readonly accountId: string;
  readonly instrumentId: string;
  readonly side: Side;
}

const BY = system('shadow-desk');

/**
 * Says what the gates would have said to the orders of another system, from a copy of what it sends and hears (drop copy).
 * Verdicts only: there is no venue, so nothing can go out. What the other system has sent counts as sent, whatever the
 * verdict, so that the Book stays what that system has.
 */
export class ShadowDesk {
  readonly #deps: ShadowDeskDeps;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #path: OrderPath;
  readonly #trail: VerdictTrail;
  readonly #counts: ShadowCounts;
  readonly #listeners = new Set<(verdict: ShadowVerdict) => void>();

  /** @throws {PortcullisError} `OPTION_INVALID`; `ENGINE_NOT_GENUINE` for anything but engines over this Book */
  constructor(options: ShadowDeskOptions, deps: ShadowDeskDeps) {
    const { examples, verdictInputs } = parseOptions('ShadowDesk', schema, options);
    if (!deps.guard.obeys(deps.killSwitch)) {
      throw new PortcullisError(
        'OPTION_INVALID',
        'ShadowDesk: killSwitch: expected the one that the guard obeys',
      );
    }
    this.#deps = { ...deps };
    this.#instruments = new Map(deps.instruments.map((one) => [one.instrumentId, one]));
    this.#path = new OrderPath(deps);
    this.#counts = new ShadowCounts(examples);
    const recorder = { audit: (event: AuditEvent) => void this.#audit(event) };
    this.#trail = new VerdictTrail(verdictInputs, {
      ...deps,
      stopwatch: deps.clock,
      dayId: () => this.#path.dayId,
      recorder: deps.audit && recorder,
    });
  }

  /**
   * Gives the verdict on an order that was sent, and takes it into the Book as the fact that it is.
   *
   * @param atMs when it was sent, wall time; default: now
   */
  observe(intent: OrderIntent, atMs = this.#deps.clock.nowMs()): ShadowVerdict {
    this.#path.rollIfDue();
    const asked = copyIntent(intent);
    const { decision, inputs } = this.#trail.around({ intent: asked }, () => this.#path.decide(asked));
    const { limitsHash } = this.#deps.guard;
    void this.#audit(verdictEvent('shadow.decided', asked, decision, { limitsHash, inputs }));
    const clientOrderId = this.#take(asked, decision, atMs);
    const verdict: ShadowVerdict = {
      atMs,
      intent: asked,
      decision: nameOf(decision),
      denials: denialsOf(decision),
      ...(decision.kind === 'held' && { quantity: decision.order.qty }),
      ...(clientOrderId !== undefined && { clientOrderId }),
    };
    this.#counts.count(verdict);
    for (const listener of this.#listeners) this.#tell(listener, verdict);
    return verdict;
  }

  /**
   * Counts what happened to an order.
   *
   * @param of whose fill it is: with it, a fill of an order that was never observed is booked as external
   */
  happened(event: OrderEvent, of?: FillOf): Applied {
    this.#path.rollIfDue();
    const { book } = this.#deps;
    const isKnown = book.order(event.clientOrderId) !== undefined;
    if (isKnown) return this.#noted(this.#path.apply(event));
    const instrument = of && this.#instruments.get(of.instrumentId);
    if (event.type !== 'filled' || of === undefined || instrument === undefined) {
      this.#counts.unknown += 1;
      return { anomaly: 'ORDER_UNKNOWN' };
    }
    const { fill } = event;
    const quantity = toText(fill.quantity, instrument.grid.step);
    const { executionId } = fill;
    const order = externalOrder({ ...of, executionId, quantity, price: fill.price.toFixed() }, instrument);
    const applied = this.#path.external(order, fill, event.atMs);
    if (applied === 'applied') this.#counts.external += 1;
    return this.#noted(applied);
  }

  /** Takes a view: marks, profit and loss, and the roll of the day before them. */
  mark(view: MarketView): void {
    this.#path.rollIfDue();
    this.#path.mark(view);
  }

  /** Hears every verdict as it is given. */
  onVerdict(listener: (verdict: ShadowVerdict) => void): Disposable {
    this.#listeners.add(listener);
    return onDispose(() => {
      this.#listeners.delete(listener);
    });
  }

  /** What would have been denied and made smaller so far, by gate and code, with the worst of each. */
  report(): ShadowReport {
    return this.#counts.report();
  }

  /** The id of the order in the Book, which has all that was asked for; `undefined` where it cannot be taken. */
  #take(intent: OrderIntent, decision: Decision, atMs: number): string | undefined {
    if (decision.kind === 'duplicate') return decision.known.order.clientOrderId;
    if (decision.kind === 'denied') return this.#force(intent);
    const { order, reduced } = decision;
    const { clientOrderId, worst, isExit } = order;
    const priced = reduced === undefined ? undefined : this.#priced(intent);
    if (priced === undefined) return clientOrderId;
    // It works as it was asked for: as if the one that was made smaller had been changed back. In the Book only, since
    // the other system has sent one message.
    const { book } = this.#deps;
    const about = { clientOrderId, atMs };
    const { qty } = priced;
    book.apply({ type: 'accepted', ...about });
    book.apply({ type: 'amendRequested', ...about, to: { qty, worst, isExit } });
    book.apply({ type: 'amended', ...about, qty, worst });
    this.#spend({ ...order, qty }, order);
    return clientOrderId;
  }

  #force(intent: OrderIntent): string | undefined {
    const { book, guard, clock } = this.#deps;
    const priced = this.#priced(intent);
    const account = book.account(intent.accountId);
    if (priced === undefined || account === undefined || book.order(priced.clientOrderId) !== undefined)
      return undefined;
    const shape = shapeOrder(priced, account, priced.qty);
    const held = heldOrder(
      priced,
      'code' in shape ? { qty: priced.qty, isExit: false } : shape,
      clock.monotonicMs(),
    );
    book.hold(held);
    book.keep(held);
    guard.count(held);
    this.#spend(held);
    return held.clientOrderId;
  }

  /** The budget for slippage is spent by what was sent. */
  #spend(order: BookedOrder, instead?: BookedOrder): void {
    const { book, policy } = this.#deps;
    const mark = book.markOf(order.instrument.instrumentId)?.price;
    // Without a mark nobody knows how far off it is.
    if (mark !== undefined) policy.spend(order, { dayId: this.#path.dayId, mark }, instead);
  }

  #priced(intent: OrderIntent) {
    const { book } = this.#deps;
    const instrument = this.#instruments.get(intent.instrumentId);
    const priced = priceOrder(intent, instrument, book.view(intent.instrumentId));
    return 'code' in priced ? undefined : priced;
  }

  #noted(applied: Applied): Applied {
    if (typeof applied === 'object') this.#counts.anomaly(applied.anomaly);
    return applied;
  }

  #tell(listener: (verdict: ShadowVerdict) => void, verdict: ShadowVerdict): void {
    try {
      listener(verdict);
    } catch {
      this.#counts.anomaly('LISTENER_FAILED');
    }
  }

  async #audit(event: AuditEvent): Promise<void> {
    try {
      await this.#deps.audit?.record({ by: BY, ...(plainJson(event) as AuditEvent) });
    } catch {
      this.#counts.anomaly('AUDIT_FAILED');
    }
  }
}

function nameOf(decision: Decision): ShadowVerdict['decision'] {
  if (decision.kind !== 'held') return decision.kind;
  return decision.reduced === undefined ? 'approved' : 'resized';
}
