import { hash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { parseOptions } from '../core/options.ts';
import { type Lots, add, lots, notional, ticks, units } from '../core/units.ts';
import type { Book, BookReader } from '../trading/book.ts';
import { type CellView, type Mark, worstQty } from '../trading/book-cell.ts';
import { type Denial, deny } from '../trading/denial.ts';
import { type GateCount, GateTally } from '../trading/gate-tally.ts';
import type { Applied, HeldOrder, OrderEvent } from '../trading/order-event.ts';
import type { PricedOrder } from '../trading/price-order.ts';
import { type Clusters, correlationGate } from './gates/correlation-gate.ts';
import { dailyLossGate } from './gates/daily-loss-gate.ts';
import { dataQualityGate } from './gates/data-quality-gate.ts';
import { drawdownGate } from './gates/drawdown-gate.ts';
import { killSwitchGate, restricted } from './gates/kill-switch-gate.ts';
import { positionCountGate } from './gates/position-count-gate.ts';
import { positionSizeGate } from './gates/position-size-gate.ts';
import { totalExposureGate } from './gates/total-exposure-gate.ts';
import type { KillSwitch } from './kill-switch.ts';
import { type OrderShape, belowMinimum, shapeOrder } from './order-shape.ts';
import { Reservation } from './reservation.ts';
import type { Reduction, RiskGate, RiskView } from './risk-gate.ts';
import { type RiskLimits, type RiskLimitsInput, riskLimitsSchema } from './risk-limits.ts';
import type { ReserveVerdict, RiskVerdict } from './risk-verdict.ts';
import type { TradingState } from './trading-state.ts';

const { freeze, getPrototypeOf } = Object; // as they were when we loaded

/** What the guard asks the kill switch: the state, and for the denial why. */
export type GuardKillSwitch = Pick<KillSwitch, 'tradingState'> & Partial<Pick<KillSwitch, 'whyRestricted'>>;

export interface RiskGuardDeps {
  readonly book: Book;
  readonly killSwitch: GuardKillSwitch;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** Default: everything moves together. */
  readonly clusters?: Clusters;
  /** Asked after the eight that are mandatory. */
  readonly gates?: readonly RiskGate[];
  /** Where its orders go to. To be named where desks of several venues share the kill switch; default: the venue of that. */
  readonly venueName?: string;
}

type Decision =
  | (OrderShape & { readonly kind: 'pass'; readonly because: Denial | undefined; readonly markAgeMs: number })
  | { readonly kind: 'reject'; readonly denials: readonly Denial[] };

const ACCOUNT_GATE = 'order';

/**
 * Answers whether an account may carry an order, and holds what it approves in the same synchronous step. Gates only
 * read; a denial by any of them wins over every reduction, and a reduced order passes all of them again.
 */
export class RiskGuard {
  readonly limits: RiskLimits;
  /** SHA-256 over the limits and the names of the gates: what a verdict was made under. */
  readonly limitsHash: string;
  readonly venueName: string | undefined;
  readonly #book: Book;
  readonly #killSwitch: GuardKillSwitch;
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly #gates: readonly RiskGate[];
  readonly #tally: GateTally;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(limits: RiskLimitsInput, deps: RiskGuardDeps) {
    this.limits = parseOptions('RiskGuard', riskLimitsSchema, limits);
    this.#book = deps.book;
    this.#killSwitch = deps.killSwitch;
    this.#clock = deps.clock;
    this.venueName = deps.venueName;
    this.#gates = [...mandatoryGates(this.limits, deps.clusters), ...(deps.gates ?? [])];
    const names = this.#gates.map(({ name }) => name);
    this.#tally = new GateTally(names);
    this.limitsHash = hash('sha256', JSON.stringify([this.limits, names]));
    // Neither an own property nor a subclass may stand in for a method: the desk relies on this.
    freeze(this);
  }

  /** Whether it is a RiskGuard made here, with the methods it was made with. */
  static is(value: unknown): value is RiskGuard {
    return (
      typeof value === 'object' &&
      value !== null &&
      #gates in value &&
      getPrototypeOf(value) === RiskGuard.prototype
    );
  }

  get book(): BookReader {
    return this.#book;
  }

  /** Whether it obeys this kill switch. */
  obeys(killSwitch: unknown): boolean {
    return this.#killSwitch === killSwitch;
  }

  /** A dry run: the verdict that `reserve` would give, without a trace. */
  evaluate(order: PricedOrder): RiskVerdict {
    const decision = this.#decide(order);
    if (decision.kind === 'reject') return { decision: 'reject', denials: decision.denials };
    const { qty: quantity, isExit, because, markAgeMs } = decision;
    return because === undefined
      ? { decision: 'approve', quantity, isExit, markAgeMs }
      : { decision: 'resize', because, quantity, isExit, markAgeMs };
  }

  /** Decides, and holds what is approved. Keep the reservation or dispose of it, in the same tick. */
  reserve(order: PricedOrder): ReserveVerdict {
    const decision = this.#decide(order, this.#tally);
    if (decision.kind === 'reject') return { decision: 'reject', denials: decision.denials };
    const { qty: quantity, isExit, because, markAgeMs } = decision;
    const held = this.#held(order, decision);
    this.#book.hold(held);
    const reservation = new Reservation(held, this.#book);
    return because === undefined
      ? { decision: 'approve', quantity, isExit, markAgeMs, reservation }
      : { decision: 'resize', because, quantity, isExit, markAgeMs, reservation };
  }

  /** The last look, in the tick of the send: the kill switch may have been tripped while the disk was busy. */
  confirm(order: HeldOrder): Denial | undefined {
    const trading = this.#killSwitch.tradingState(order, this.venueName);
    const late = restricted(trading, order.isExit, this.#why(trading, order));
    if (late !== undefined) return late;
    const ageMs = this.#clock.monotonicMs() - order.decidedMonotonicMs;
    if (ageMs >= 0 && ageMs <= this.limits.maxDecisionAgeMs) return undefined;
    return deny('confirm', 'DECISION_EXPIRED', { measured: ageMs, limit: this.limits.maxDecisionAgeMs });
  }

  /** Counts what happened to an order at once. */
  apply(event: OrderEvent): Applied {
    return this.#book.apply(event);
  }

  /** How often each gate decided what. Dry runs are not counted. */
  status(): readonly GateCount[] {
    return this.#tally.counts();
  }

  #why(trading: TradingState, order: PricedOrder | HeldOrder): string | undefined {
    return trading === 'active' ? undefined : this.#killSwitch.whyRestricted?.(order, this.venueName);
  }

  #decide(order: PricedOrder, tally?: GateTally): Decision {
    const account = this.#book.account(order.accountId);
    if (account === undefined)
      return reject(deny(ACCOUNT_GATE, 'ACCOUNT_UNKNOWN', { measured: order.accountId }));
    const { instrumentId } = order.instrument;
    const cell = account.cell(instrumentId);
    const mark = this.#book.markOf(instrumentId);
    const monotonicMs = this.#clock.monotonicMs();
    const nowMs = this.#clock.nowMs();
    const trading = this.#killSwitch.tradingState(order, this.venueName);
    const restriction = this.#why(trading, order);
    const worstBefore = cell?.worst ?? units(0);
    let shape = shapeOrder(order, account, order.qty);
    let because: Denial | undefined;
    // Each pass is strictly smaller; a gate that is monotone asks for at most one reduction of its own.
    for (let pass = 0; pass <= this.#gates.length; pass += 1) {
      if ('code' in shape) return reject(shape, because);
      // Field by field: spreads would be a quarter of the decision.
      const { qty, isExit } = shape;
      const worstAfter = worstWith(order, cell, mark, qty);
      const market = order.view;
      const view = {
        nowMs,
        monotonicMs,
        market,
        mark,
        account,
        cell,
        trading,
        restriction,
        qty,
        isExit,
        worstBefore,
        worstAfter,
      };
      const { denials, reduction } = this.#pass(order, view, tally);
      if (denials !== undefined)
        return { kind: 'reject', denials: because === undefined ? denials : [...denials, because] };
      if (reduction === undefined) {
        const tooSmall = belowMinimum(order, cell, shape);
        if (tooSmall !== undefined) return reject(tooSmall, because);
        return {
          kind: 'pass',
          qty,
          isExit,
          because,
          markAgeMs: monotonicMs - (mark?.monotonicMs ?? -Infinity),
        };
      }
      because = reduction.because;
      const reduceTo = lots(Math.floor(reduction.reduceTo));
      if (!(reduceTo > 0 && reduceTo < shape.qty)) return reject(because);
      shape = shapeOrder(order, account, reduceTo);
    }
    return reject(deny('risk-guard', 'GATE_FAILED', { note: 'the gates kept reducing' }), because);
  }

  #pass(
    order: PricedOrder,
    view: RiskView,
    tally: GateTally | undefined,
  ): { denials: Denial[] | undefined; reduction: Reduction | undefined } {
    let denials: Denial[] | undefined;
    let reduction: Reduction | undefined;
    let index = -1;
    for (const gate of this.#gates) {
      index += 1;
      if (view.isExit && gate.appliesTo === 'entries') continue;
      tally?.checked(index);
      const answer = ask(gate, order, view);
      if (answer === undefined) continue;
      if ('reduceTo' in answer) {
        tally?.reduced(index);
        if (reduction === undefined || answer.reduceTo < reduction.reduceTo) reduction = answer;
      } else {
        tally?.denied(index, answer);
        (denials ??= []).push(answer);
      }
    }
    if (reduction !== undefined) denials?.push(reduction.because);
    return { denials, reduction };
  }

  #held(order: PricedOrder, { qty, isExit }: OrderShape): HeldOrder {
    const { intent, clientOrderId, instrument, view, accountId, strategyId, side, type, worst, reduceOnly } =
      order;
    const timeInForce = order.timeInForce ?? 'GTC';
    const postOnly = order.postOnly ?? (!isExit && timeInForce === 'GTC');
    const decidedMonotonicMs = this.#clock.monotonicMs();
    // Frozen: what is held, kept and sent must be the same.
    return freeze({
      intent,
      clientOrderId,
      instrument,
      view,
      accountId,
      strategyId,
      side,
      type,
      qty,
      worst,
      reduceOnly,
      isExit,
      postOnly,
      timeInForce,
      decidedMonotonicMs,
    });
  }
}
freeze(RiskGuard.prototype);
freeze(RiskGuard);

/** Cheap and absolute first, the one that reduces last. */
const mandatoryGates = (limits: RiskLimits, clusters: Clusters | undefined): RiskGate[] => [
  killSwitchGate(),
  dataQualityGate(limits),
  dailyLossGate(limits.maxDailyLoss),
  drawdownGate(limits.maxDrawdownFraction),
  positionCountGate(limits.maxPositions),
  positionSizeGate(limits.maxPositionNotional),
  correlationGate(limits.maxClusterExposure, clusters),
  totalExposureGate(limits.maxTotalExposure),
];

/** A gate that throws denies, in its own name. */
function ask(gate: RiskGate, order: PricedOrder, view: RiskView): Denial | Reduction | undefined {
  try {
    const answer = gate.check(order, view);
    if (answer === undefined || 'code' in answer || 'reduceTo' in answer) return answer;
    if ((answer as unknown) instanceof Promise) void (answer as Promise<unknown>).catch(() => undefined); // must not end the process
    return deny(gate.name, 'GATE_FAILED', { note: 'expected a denial, a reduction or undefined' });
  } catch (error) {
    return deny(gate.name, 'GATE_FAILED', { note: error instanceof Error ? error.message : String(error) });
  }
}

const NO_MARK = ticks(NaN);
const NONE = lots(0);

function worstWith(
  { side, instrument }: PricedOrder,
  cell: CellView | undefined,
  mark: Mark | undefined,
  qty: Lots,
) {
  const { pos, buy, sell } = cell ?? { pos: NONE, buy: NONE, sell: NONE };
  const quantity = side === 'buy' ? worstQty(pos, add(buy, qty), sell) : worstQty(pos, buy, add(sell, qty));
  return notional(instrument.grid, quantity, mark?.price ?? NO_MARK);
}

const reject = (denial: Denial, because?: Denial): Decision => ({
  kind: 'reject',
  denials: because === undefined ? [denial] : [denial, because],
});
