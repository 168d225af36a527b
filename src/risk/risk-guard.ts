import { hash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { neg } from '../core/units.ts';
import type { Book, BookReader } from '../trading/book.ts';
import { type Denial, deny } from '../trading/denial.ts';
import { type GateCount, GateTally } from '../trading/gate-tally.ts';
import type { GateExplanation } from '../trading/measurement.ts';
import type { Applied, HeldOrder, OrderEvent } from '../trading/order-event.ts';
import type { PricedOrder } from '../trading/price-order.ts';
import { OrderActivity } from './activity/order-activity.ts';
import type { PastMessage } from './activity/past-message.ts';
import { type Moment, decide, explainGates } from './decide.ts';
import type { Clusters } from './gates/correlation-gate.ts';
import { restricted } from './gates/kill-switch-gate.ts';
import { type GateDeps, type GateSet, gateSet, gatesOf } from './guard-gates.ts';
import { heldOrder } from './held-order.ts';
import type { KillSwitch } from './kill-switch.ts';
import { Reservation } from './reservation.ts';
import type { RiskBasis } from './risk-basis.ts';
import type { RiskGate } from './risk-gate.ts';
import { type RiskLimits, type RiskLimitsInput, parseRiskLimits } from './risk-limits.ts';
import type { ReturnHistory } from './returns/return-history.ts';
import type { ReserveVerdict, RiskVerdict } from './risk-verdict.ts';
import type { TradingState } from './trading-state.ts';

const { freeze, getPrototypeOf } = Object; // as they were when we loaded

/** What the guard asks the kill switch: the state, and for the denial why. What repeats itself too often it trips. */
export type GuardKillSwitch = Pick<KillSwitch, 'tradingState'> &
  Partial<Pick<KillSwitch, 'whyRestricted' | 'trip'>>;

export interface RiskGuardDeps {
  readonly book: Book;
  readonly killSwitch: GuardKillSwitch;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** Default: everything moves together. */
  readonly clusters?: Clusters;
  /** What `valueAtRisk` is taken from, if that is set or may be later. */
  readonly returns?: ReturnHistory;
  /** Asked after the eight that are mandatory and the controls that are set. */
  readonly gates?: readonly RiskGate[];
  /** Where its orders go to. To be named where desks of several venues share the kill switch; default: the venue of that. */
  readonly venueName?: string;
}

/** Limits, and the gates that they make. */
interface Rules {
  readonly limits: RiskLimits;
  readonly gates: readonly RiskGate[];
}

/**
 * Answers whether an account may carry an order, and holds what it approves in the same synchronous step. Gates only
 * read; a denial by any of them wins over every reduction, and a reduced order passes all of them again.
 */
export class RiskGuard {
  readonly venueName: string | undefined;
  readonly #book: Book;
  readonly #killSwitch: GuardKillSwitch;
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly #activity: OrderActivity;
  readonly #tally = new GateTally([]);
  readonly #gateDeps: GateDeps;
  readonly #moment: Moment;
  readonly #hold: { keep(order: HeldOrder): void; drop(order: HeldOrder): void };
  #rules: Rules;
  #hash: string;
  #basis: RiskBasis;
  /** Of the rules in force; of two sets while limits are being changed. */
  #gates: GateSet;
  #maxDecisionAgeMs: number;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(limits: RiskLimitsInput, deps: RiskGuardDeps) {
    const { book, killSwitch, clock, clusters, returns, gates = [], venueName } = deps;
    this.#book = book;
    this.#killSwitch = killSwitch;
    this.#clock = clock;
    this.venueName = venueName;
    this.#activity = new OrderActivity({ clock, killSwitch });
    this.#gateDeps = { book, activity: this.#activity, clusters, venueName, returns, gates };
    this.#moment = {
      book,
      clock,
      trading: (order) => killSwitch.tradingState(order, venueName),
      why: (trading, order) => this.#why(trading, order),
    };
    this.#hold = {
      keep: (order) => {
        book.keep(order);
        this.#activity.kept(order);
        for (const gate of this.#gates.keeping) gate.kept(order);
      },
      drop: (order) => {
        book.drop(order);
      },
    };
    this.#rules = this.#rulesOf(parseRiskLimits(limits));
    this.#gates = gateSet(this.#rules.gates, this.#tally);
    this.#basis = this.#basisOf([this.#rules.limits]);
    this.#hash = hashOf(this.#basis);
    this.#maxDecisionAgeMs = this.#rules.limits.maxDecisionAgeMs;
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

  get limits(): RiskLimits {
    return this.#rules.limits;
  }

  /** SHA-256 over all limits in force, also those beside the others, and the names of the gates: what a verdict is made under. */
  get limitsHash(): string {
    return this.#hash;
  }

  /** For records from which a verdict can be made again. The same object until the limits change. */
  get basis(): RiskBasis {
    return this.#basis;
  }

  /** Whether it obeys this kill switch. */
  obeys(killSwitch: unknown): boolean {
    return this.#killSwitch === killSwitch;
  }

  /**
   * Puts limits in force beside the ones that are, until `adopt` or `withdraw`: an order has to pass all of them. So
   * whatever is tighter counts at once, and whatever is looser not yet. Called again, it adds to what it added.
   *
   * @param limits as `parseRiskLimits` gives them
   */
  tighten(limits: RiskLimits): void {
    this.#rulesOf(limits); // refuses what could not be adopted
    // The user's own gates are asked already.
    const gates = gatesOf(limits, { ...this.#gateDeps, gates: [] });
    this.#gates = gateSet([...this.#gates.gates, ...gates], this.#tally);
    this.#basis = this.#basisOf([...this.#basis.limits, limits]);
    this.#hash = hashOf(this.#basis);
    this.#maxDecisionAgeMs = Math.min(this.#maxDecisionAgeMs, limits.maxDecisionAgeMs);
  }

  /** Whether a signed override may let one order pass the gate of exactly this name. */
  canOverride(gate: string): boolean {
    const named = this.#gates.gates.filter(({ name }) => name === gate);
    return named.length > 0 && named.every(({ overridable }) => overridable === true);
  }

  /** Ends what `tighten` began: the limits of before are in force alone. */
  withdraw(): void {
    this.#enforce(this.#rules);
  }

  /** Puts limits in force instead of the ones that are. Counters are kept. */
  adopt(limits: RiskLimits): void {
    this.#enforce(this.#rulesOf(limits));
  }

  /**
   * A dry run: the verdict that `reserve` would give, without a trace.
   *
   * @param overridden names of overridable gates that need not let it pass
   * @param cleared names of gates that what is about to be done satisfies: so they need not let it pass now
   */
  evaluate(order: PricedOrder, overridden?: ReadonlySet<string>, cleared?: ReadonlySet<string>): RiskVerdict {
    const decision = decide(this.#moment, this.#gates, order, { overridden, cleared });
    if (decision.kind === 'reject') return { decision: 'reject', denials: decision.denials };
    const { qty: quantity, isExit, because, markAgeMs } = decision;
    return because === undefined
      ? { decision: 'approve', quantity, isExit, markAgeMs }
      : { decision: 'resize', because, quantity, isExit, markAgeMs };
  }

  /** What each gate measures against which limit, at the quantity that is asked for. Leaves no trace. */
  explain(order: PricedOrder): readonly GateExplanation[] {
    return explainGates(this.#moment, this.#gates, order);
  }

  /**
   * Decides, and holds what is approved. Keep the reservation or dispose of it, in the same tick.
   *
   * @param overridden as in `evaluate`
   */
  reserve(order: PricedOrder, overridden?: ReadonlySet<string>): ReserveVerdict {
    const decision = decide(this.#moment, this.#gates, order, { tally: this.#tally, overridden });
    if (decision.kind === 'reject') return { decision: 'reject', denials: decision.denials };
    const { qty: quantity, isExit, because, markAgeMs, decidedMonotonicMs } = decision;
    const held = heldOrder(order, decision, decidedMonotonicMs);
    this.#book.hold(held);
    const reservation = new Reservation(held, this.#hold);
    return because === undefined
      ? { decision: 'approve', quantity, isExit, markAgeMs, reservation }
      : { decision: 'resize', because, quantity, isExit, markAgeMs, reservation };
  }

  /** The last look, in the tick of the send: the kill switch may have been tripped while the disk was busy. */
  confirm(order: HeldOrder): Denial | undefined {
    const trading = this.#killSwitch.tradingState(order, this.venueName);
    const late = restricted(trading, this.#isStillExit(order), this.#why(trading, order));
    if (late !== undefined) return late;
    const ageMs = this.#clock.monotonicMs() - order.decidedMonotonicMs;
    if (ageMs >= 0 && ageMs <= this.#maxDecisionAgeMs) return undefined;
    return deny('confirm', 'DECISION_EXPIRED', { measured: ageMs, limit: this.#maxDecisionAgeMs });
  }

  /**
   * Counts an order that another system has sent now, once, in what gates count of orders: it can make later verdicts
   * stricter, no more. Neither the Book nor the kill switch hears of it.
   */
  count(order: HeldOrder): void {
    this.#activity.kept({ ...order, decidedMonotonicMs: this.#clock.monotonicMs() });
  }

  /** How far back its counters look; 0 when nothing is counted. */
  get lookBackMs(): number {
    return this.#activity.lookBackMs;
  }

  /**
   * Feeds the counters, and nothing else, with what was sent before a restart. Once, oldest first, and before entries go.
   * A strategy that had sent all that it may is stopped again.
   */
  recall({ type, order, monotonicMs }: PastMessage): void {
    const { clientOrderId } = order;
    if (type !== 'submitting') {
      this.#activity.happened({ type, clientOrderId }, order, monotonicMs);
      return;
    }
    const sent = { ...order, decidedMonotonicMs: monotonicMs };
    this.#activity.kept(sent);
    for (const gate of this.#gates.keeping) gate.kept(sent);
  }

  /** Counts what happened to an order at once. */
  apply(event: OrderEvent): Applied {
    const applied = this.#book.apply(event);
    const isCounted = applied === 'applied' && this.#activity.isOn;
    const order = isCounted ? this.#book.order(event.clientOrderId)?.order : undefined;
    if (order !== undefined) this.#activity.happened(event, order);
    return applied;
  }

  /** How often each gate decided what. Dry runs are not counted. */
  status(): readonly GateCount[] {
    return this.#tally.counts();
  }

  #rulesOf(limits: RiskLimits): Rules {
    const gates = gatesOf(limits, this.#gateDeps);
    const names = gates.map(({ name }) => name);
    new GateTally(names); // refuses two gates of one name
    return { limits, gates };
  }

  #basisOf(limits: readonly RiskLimits[]): RiskBasis {
    const gates = this.#gates.gates.map(({ name }) => name);
    return freeze({ limits: freeze(limits), gates: freeze(gates), clusters: this.#gateDeps.clusters });
  }

  #enforce(rules: Rules): void {
    this.#rules = rules;
    this.#gates = gateSet(rules.gates, this.#tally);
    this.#basis = this.#basisOf([rules.limits]);
    this.#hash = hashOf(this.#basis);
    this.#maxDecisionAgeMs = rules.limits.maxDecisionAgeMs;
  }

  /** The position may have moved since it was decided, as no hold foresaw. What it holds is among what works on its side. */
  #isStillExit({ isExit, accountId, instrument, side }: HeldOrder): boolean {
    const cell = isExit ? this.#book.cell(accountId, instrument.instrumentId) : undefined;
    return cell !== undefined && (side === 'sell' ? cell.sell <= cell.pos : cell.buy <= neg(cell.pos));
  }

  #why(trading: TradingState, order: PricedOrder | HeldOrder): string | undefined {
    return trading === 'active' ? undefined : this.#killSwitch.whyRestricted?.(order, this.venueName);
  }
}
freeze(RiskGuard.prototype);
freeze(RiskGuard);

const hashOf = ({ limits, gates }: RiskBasis): string =>
  hash('sha256', JSON.stringify(limits.length === 1 ? [limits[0], gates] : [limits, gates]));
