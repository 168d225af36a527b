import { parseOptions } from '../core/options.ts';
import type { DayId } from '../core/trading-day.ts';
import { type Ticks, type Units, add, sub, units } from '../core/units.ts';
import { type Denial, deny } from '../trading/denial.ts';
import { type GateCount, GateTally } from '../trading/gate-tally.ts';
import type { HeldOrder } from '../trading/order-event.ts';
import type { ExecutionGate, ExecutionView } from './execution-gate.ts';
import {
  type ExecutionLimits,
  type ExecutionLimitsInput,
  executionLimitsSchema,
} from './execution-limits.ts';
import { depthGate } from './gates/depth-gate.ts';
import { idempotencyGate } from './gates/idempotency-gate.ts';
import { priceCollarGate } from './gates/price-collar-gate.ts';
import { type SlippageTerms, slippageGate, slippageMoney } from './gates/slippage-gate.ts';
import { spreadGate } from './gates/spread-gate.ts';
import { timeInForceGate } from './gates/time-in-force-gate.ts';
import { volumeGate } from './gates/volume-gate.ts';

const { freeze, getPrototypeOf } = Object; // as they were when we loaded

export interface ExecutionPolicyDeps {
  /** Asked after the seven that are mandatory. */
  readonly gates?: readonly ExecutionGate[];
}

/** What the caller knows of the moment; the policy adds its own counters. */
export type ExecutionFacts = Omit<ExecutionView, 'spentSlippage'>;

/**
 * Answers whether an order is sane for the market as it is now. It never changes a quantity: that is the guard's. Counters
 * are spent by `spend`, once an order is really going out.
 */
export class ExecutionPolicy {
  readonly limits: ExecutionLimits;
  readonly #gates: readonly ExecutionGate[];
  readonly #tally: GateTally;
  readonly #spent: { dayId: DayId; slippage: Units } = { dayId: '', slippage: units(0) };

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(limits: ExecutionLimitsInput = {}, deps: ExecutionPolicyDeps = {}) {
    this.limits = parseOptions('ExecutionPolicy', executionLimitsSchema, limits);
    this.#gates = [...mandatoryGates(this.limits), ...(deps.gates ?? [])];
    this.#tally = new GateTally(this.#gates.map(({ name }) => name));
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

  /**
   * Every reason against the order; none means it may go.
   *
   * @param instead the order whose place it takes, as far as that is not filled: of the budget, only what is added counts
   */
  evaluate(order: HeldOrder, facts: ExecutionFacts, instead?: SlippageTerms): readonly Denial[] {
    const spentSlippage = sub(this.#spentOn(facts.dayId), budgeted(instead, facts.mark));
    const view: ExecutionView = { ...facts, spentSlippage };
    let denials: Denial[] | undefined;
    let index = -1;
    for (const gate of this.#gates) {
      index += 1;
      this.#tally.checked(index);
      const denial = ask(gate, order, view);
      if (denial === undefined) continue;
      this.#tally.denied(index, denial);
      (denials ??= []).push(denial);
    }
    return denials ?? NONE;
  }

  /**
   * Spends the day's slippage budget on an entry that goes out. Nothing is ever given back.
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
    this.#spent.slippage = add(this.#spentOn(dayId), added);
    this.#spent.dayId = dayId;
  }

  /** How often each gate decided what. */
  status(): readonly GateCount[] {
    return this.#tally.counts();
  }

  #spentOn(dayId: DayId): Units {
    return this.#spent.dayId === dayId ? this.#spent.slippage : units(0);
  }
}
freeze(ExecutionPolicy.prototype);
freeze(ExecutionPolicy);

/** What an order takes of the budget: exits take nothing. */
const budgeted = (order: SlippageTerms | undefined, mark: Ticks): Units =>
  order === undefined || order.isExit ? units(0) : slippageMoney(order, mark);

const NONE: readonly Denial[] = Object.freeze([]);

const mandatoryGates = (limits: ExecutionLimits): ExecutionGate[] => [
  idempotencyGate(),
  timeInForceGate(limits.timeInForce),
  priceCollarGate(limits.collarBps),
  spreadGate(limits.spreadBps),
  depthGate(limits.depth),
  volumeGate(limits.volumeFraction),
  slippageGate(limits.slippage),
];

/** A gate that throws denies, in its own name. */
function ask(gate: ExecutionGate, order: HeldOrder, view: ExecutionView): Denial | undefined {
  try {
    const answer = gate.check(order, view);
    if (answer === undefined || 'code' in answer) return answer;
    if ((answer as unknown) instanceof Promise) void (answer as Promise<unknown>).catch(() => undefined); // must not end the process
    return deny(gate.name, 'GATE_FAILED', { note: 'expected a denial or undefined' });
  } catch (error) {
    return deny(gate.name, 'GATE_FAILED', { note: error instanceof Error ? error.message : String(error) });
  }
}
