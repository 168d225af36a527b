import { hash } from 'node:crypto';
import type { DayId } from '../core/trading-day.ts';
import { type Ticks, type Units, sub, units } from '../core/units.ts';
import type { Denial } from '../trading/denial.ts';
import { type GateCount, GateTally } from '../trading/gate-tally.ts';
import type { GateExplanation } from '../trading/measurement.ts';
import type { HeldOrder } from '../trading/order-event.ts';
import { askGates, explainGates } from './ask-gates.ts';
import type { ExecutionBasis } from './execution-basis.ts';
import type { ExecutionGate, ExecutionView } from './execution-gate.ts';
import {
  type ExecutionLimits,
  type ExecutionLimitsInput,
  checkParsed,
  parseExecutionLimits,
} from './execution-limits.ts';
import { type GateSet, checkOwnNames, gateSet, gatesOf } from './gate-set.ts';
import { type SlippageTerms, slippageMoney } from './gates/slippage-gate.ts';
import { SlippageCounters, type SpentBy, type SpentSlippage } from './spent-slippage.ts';

const { freeze, getPrototypeOf } = Object; // as they were when we loaded

export interface ExecutionPolicyDeps {
  /** Asked after the seven that are mandatory and those that are configured. */
  readonly gates?: readonly ExecutionGate[];
}

/** What the caller knows of the moment; the policy adds its own counters. */
export type ExecutionFacts = Omit<ExecutionView, 'spentSlippage' | 'spentSlippageByStrategy'>;

/**
 * Answers whether an order is sane for the market as it is now. It never changes a quantity: that is the guard's. Counters
 * are spent by `spend`, once an order is really going out.
 */
export class ExecutionPolicy {
  readonly #own: readonly ExecutionGate[];
  readonly #tally = new GateTally([]);
  readonly #spent = new SlippageCounters();
  #limits: ExecutionLimits;
  /** In force besides, while limits are being changed. */
  #besides: readonly ExecutionLimits[] = [];
  /** Of all limits in force. */
  #gates: GateSet;
  #basis: ExecutionBasis;
  #limitsHash: string;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(limits: ExecutionLimitsInput = {}, deps: ExecutionPolicyDeps = {}) {
    this.#own = [...(deps.gates ?? [])];
    checkOwnNames(this.#own);
    this.#limits = parseExecutionLimits(limits);
    this.#gates = this.#gatesInForce();
    this.#basis = this.#basisInForce();
    this.#limitsHash = hashOf(this.#basis);
    // Neither an own property nor a subclass may stand in for a method: the desk relies on this.
    freeze(this);
  }

  /** Whether it is an ExecutionPolicy made here, with the methods it was made with. */
  static is(value: unknown): value is ExecutionPolicy {
    return (
      typeof value === 'object' &&
      value !== null &&
      #gates in value &&
      getPrototypeOf(value) === ExecutionPolicy.prototype
    );
  }

  /** Those of the constructor, or of the last `adopt`; what `tighten` puts beside them is not among them. */
  get limits(): ExecutionLimits {
    return this.#limits;
  }

  /** SHA-256 over all limits in force, those of `tighten` as well, and the names of the gates: what a verdict was made under. */
  get limitsHash(): string {
    return this.#limitsHash;
  }

  /** For records from which a verdict can be made again. The same object until the limits change. */
  get basis(): ExecutionBasis {
    return this.#basis;
  }

  /**
   * Puts limits in force instead of all that are. Counters are kept.
   *
   * @param limits as `parseExecutionLimits` gives them
   * @throws {PortcullisError} `OPTION_INVALID` for other ones; then nothing changes
   */
  adopt(limits: ExecutionLimits): void {
    checkParsed(limits);
    this.#enforce(limits, []);
  }

  /**
   * Puts limits in force beside the ones that are, until `adopt` or `withdraw`: an order has to pass the gates of both. So
   * what is tighter counts at once, and what is looser not yet. Called again, it adds to what it added.
   *
   * @param limits as `parseExecutionLimits` gives them
   * @throws {PortcullisError} `OPTION_INVALID` for other ones; then nothing changes
   */
  tighten(limits: ExecutionLimits): void {
    checkParsed(limits);
    this.#enforce(this.#limits, [...this.#besides, limits]);
  }

  /** Ends what `tighten` began: the limits of before are in force alone. */
  withdraw(): void {
    this.#enforce(this.#limits, []);
  }

  /** Whether a signed override may let one order pass the gate of exactly this name. */
  canOverride(gate: string): boolean {
    const named = this.#gates.gates.filter(({ name }) => name === gate);
    return named.length > 0 && named.every(({ overridable }) => overridable === true);
  }

  /**
   * Every reason against the order; none means it may go.
   *
   * @param instead the order whose place it takes, as far as that is not filled: of the budget, only what is added counts
   * @param skip names of overridable gates whose limits need not be kept; other names in it change nothing
   */
  evaluate(
    order: HeldOrder,
    facts: ExecutionFacts,
    instead?: SlippageTerms,
    skip?: ReadonlySet<string>,
  ): readonly Denial[] {
    return askGates(this.#gates, order, this.#viewOf(order, facts, instead), this.#tally, skip);
  }

  /**
   * What each gate measures against which limit, in the order in which they are asked: one entry a gate, and a second one
   * where `tighten` has put another limit beside it. Says denied where `evaluate` denies. Leaves no trace, not even in `status`.
   *
   * @param instead as in `evaluate`
   */
  explain(order: HeldOrder, facts: ExecutionFacts, instead?: SlippageTerms): readonly GateExplanation[] {
    return explainGates(this.#gates, order, this.#viewOf(order, facts, instead));
  }

  /**
   * Spends the day's slippage budget, and that of the strategy, on an entry that goes out. Nothing is ever given back.
   *
   * @param instead the order whose place it takes, as far as that is not filled: only what is added is spent
   */
  spend(
    order: SlippageTerms,
    { dayId, mark }: { readonly dayId: DayId; readonly mark: Ticks },
    instead?: SlippageTerms,
  ): void {
    const added = sub(budgeted(order, mark), budgeted(instead, mark));
    if (added <= 0) return;
    this.#spent.spend(dayId, order.strategyId, added);
  }

  /** What was spent on a day so far, to be kept with the orders and given to `restoreSpent` after a restart. */
  spentOn(dayId: DayId): SpentSlippage {
    return this.#spent.on(dayId);
  }

  /** The same of one strategy, at the cost of a look-up. */
  spentBy(dayId: DayId, strategyId: string): SpentBy {
    return this.#spent.by(dayId, strategyId);
  }

  /**
   * Takes over what was spent on a day before a restart. Never lowers what has been counted since; may be called again,
   * with what another record says.
   *
   * @throws {PortcullisError} `INPUT_INVALID` for an amount that is not a whole number of millionths, 0 or more
   */
  restoreSpent(dayId: DayId, spent: SpentSlippage): void {
    this.#spent.restore(dayId, spent);
  }

  /** How often each gate decided what. */
  status(): readonly GateCount[] {
    return this.#tally.counts();
  }

  #viewOf(order: HeldOrder, facts: ExecutionFacts, instead: SlippageTerms | undefined): ExecutionView {
    const { nowMs, monotonicMs, dayId, mark, seen } = facts;
    const own = budgeted(instead, mark);
    const spentSlippage = sub(this.#spent.total(dayId), own);
    const spentSlippageByStrategy = sub(this.#spent.of(dayId, order.strategyId), own);
    return { nowMs, monotonicMs, dayId, mark, seen, spentSlippage, spentSlippageByStrategy };
  }

  #enforce(limits: ExecutionLimits, besides: readonly ExecutionLimits[]): void {
    this.#limits = limits;
    this.#besides = besides;
    this.#gates = this.#gatesInForce();
    this.#basis = this.#basisInForce();
    this.#limitsHash = hashOf(this.#basis);
  }

  #gatesInForce(): GateSet {
    const besides = this.#besides.flatMap(gatesOf);
    return gateSet([...gatesOf(this.#limits), ...this.#own, ...besides], this.#tally);
  }

  #basisInForce(): ExecutionBasis {
    const limits = freeze([this.#limits, ...this.#besides]);
    return freeze({ limits, gates: freeze(this.#gates.gates.map(({ name }) => name)) });
  }
}
freeze(ExecutionPolicy.prototype);
freeze(ExecutionPolicy);

const hashOf = ({ limits, gates }: ExecutionBasis): string =>
  hash('sha256', JSON.stringify([...limits, gates]));

/** What an order takes of the budget: exits take nothing. */
const budgeted = (order: SlippageTerms | undefined, mark: Ticks): Units =>
  order === undefined || order.isExit ? units(0) : slippageMoney(order, mark);
