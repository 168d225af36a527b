import type { Clock } from '../core/clock.ts';
import { lots, units } from '../core/units.ts';
import { messageOf } from '../core/message-of.ts';
import type { AccountView } from '../trading/account-view.ts';
import type { CellView } from '../trading/book-cell.ts';
import type { BookReader } from '../trading/book.ts';
import { type Denial, deny } from '../trading/denial.ts';
import type { GateTally } from '../trading/gate-tally.ts';
import { type GateExplanation, type Measurement, explained } from '../trading/measurement.ts';
import type { PricedOrder } from '../trading/price-order.ts';
import type { AskedGates, GateSet } from './guard-gates.ts';
import { type OrderShape, belowMinimum, shapeOrder } from './order-shape.ts';
import type { Reduction, RiskGate, RiskView } from './risk-gate.ts';
import type { TradingState } from './trading-state.ts';
import { worstWith } from './worst-with.ts';

/** What is asked of the moment. */
export interface Moment {
  readonly book: BookReader;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  trading(order: PricedOrder): TradingState;
  /** Scope and reason of what restricts trading. */
  why(trading: TradingState, order: PricedOrder): string | undefined;
}

export type Decision =
  | (OrderShape & {
      readonly kind: 'pass';
      readonly because: Denial | undefined;
      readonly markAgeMs: number;
      readonly decidedMonotonicMs: number;
    })
  | { readonly kind: 'reject'; readonly denials: readonly Denial[] };

/** What is done with a verdict besides giving it. */
export interface DecideOptions {
  /** Counts it. */
  readonly tally?: GateTally | undefined;
  /** Names of overridable gates that need not let it pass. */
  readonly overridden?: ReadonlySet<string> | undefined;
  /** Names of gates whose limits will be kept by the time: overridable or not. One that fails denies all the same. */
  readonly cleared?: ReadonlySet<string> | undefined;
}

const ACCOUNT_GATE = 'order';
const NOTHING: DecideOptions = {};

/**
 * Asks all gates; a denial by any of them wins over every reduction, and a reduced order passes all of them again.
 * Changes nothing but the tally.
 */
export function decide(
  moment: Moment,
  set: GateSet,
  order: PricedOrder,
  options: DecideOptions = NOTHING,
): Decision {
  const account = moment.book.account(order.accountId);
  if (account === undefined)
    return reject(deny(ACCOUNT_GATE, 'ACCOUNT_UNKNOWN', { measured: order.accountId }));
  const cell = account.cell(order.instrument.instrumentId);
  let shape = shapeOrder(order, account, order.qty, cell);
  let because: Denial | undefined;
  // Each pass is strictly smaller; a gate that is monotone asks for at most one reduction of its own.
  for (let pass = 0; pass <= set.gates.length; pass += 1) {
    if ('code' in shape) return reject(shape, because);
    const view = viewOf(moment, order, account, cell, shape);
    const objection = askAll(view.isExit ? set.exits : set, order, view, options);
    if (objection === undefined) {
      const tooSmall = belowMinimum(order, cell, shape);
      if (tooSmall !== undefined) return reject(tooSmall, because);
      const { qty, isExit } = shape;
      const { monotonicMs: decidedMonotonicMs, mark } = view;
      const markAgeMs = decidedMonotonicMs - (mark?.monotonicMs ?? -Infinity);
      return { kind: 'pass', qty, isExit, because, markAgeMs, decidedMonotonicMs };
    }
    if ('denials' in objection) {
      const { denials } = objection;
      return { kind: 'reject', denials: because === undefined ? denials : [...denials, because] };
    }
    because = objection.because;
    const reduceTo = lots(Math.floor(objection.reduceTo));
    if (!(reduceTo > 0 && reduceTo < shape.qty)) return reject(because);
    shape = shapeOrder(order, account, reduceTo, cell);
  }
  return reject(deny('risk-guard', 'GATE_FAILED', { note: 'the gates kept reducing' }), because);
}

/** What every gate measures, at the quantity that is asked for; nothing for an order that no gate is asked about. */
export function explainGates(moment: Moment, { gates }: GateSet, order: PricedOrder): GateExplanation[] {
  const account = moment.book.account(order.accountId);
  if (account === undefined) return [];
  const cell = account.cell(order.instrument.instrumentId);
  const shape = shapeOrder(order, account, order.qty, cell);
  if ('code' in shape) return [];
  const view = viewOf(moment, order, account, cell, shape);
  return gates.map((gate) => {
    if (view.isExit && gate.appliesTo === 'entries') return { gate: gate.name, outcome: 'exempt' };
    const answer = ask(gate, order, view);
    if (answer === undefined) return { gate: gate.name, outcome: 'passed', ...measured(gate, order, view) };
    return 'reduceTo' in answer ? explained(answer.because, 'reduced') : explained(answer);
  });
}

/** A gate that cannot say what it measured has let the order through all the same. */
function measured(gate: RiskGate, order: PricedOrder, view: RiskView): Measurement | undefined {
  try {
    return gate.measure?.(order, view);
  } catch (error) {
    return { note: `not measured: ${messageOf(error)}` };
  }
}

function viewOf(
  moment: Moment,
  order: PricedOrder,
  account: AccountView,
  cell: CellView | undefined,
  shape: OrderShape,
): RiskView {
  const mark = moment.book.markOf(order.instrument.instrumentId);
  const trading = moment.trading(order);
  // Field by field: spreads would be a quarter of the decision.
  return {
    nowMs: moment.clock.nowMs(),
    monotonicMs: moment.clock.monotonicMs(),
    market: order.view,
    mark,
    account,
    row: account,
    cell,
    trading,
    restriction: moment.why(trading, order),
    qty: shape.qty,
    isExit: shape.isExit,
    worstBefore: cell?.worst ?? units(0),
    worstAfter: worstWith(account, order, cell, mark, shape.qty),
  };
}

/** Every denial, else the smallest reduction; nothing when all let it pass. */
function askAll(
  { gates, slots }: AskedGates,
  order: PricedOrder,
  view: RiskView,
  { tally, overridden, cleared }: DecideOptions,
): { readonly denials: readonly Denial[] } | Reduction | undefined {
  let denials: Denial[] | undefined;
  let reduction: Reduction | undefined;
  tally?.checkedAll(slots);
  let index = -1;
  for (const gate of gates) {
    index += 1;
    const answer = ask(gate, order, view);
    if (answer === undefined) continue;
    const slot = slots[index] ?? -1;
    const isLifted = gate.overridable === true && overridden?.has(gate.name) === true;
    if ((isLifted || cleared?.has(gate.name) === true) && !isFailure(answer)) continue;
    if ('reduceTo' in answer) {
      tally?.reduced(slot);
      if (reduction === undefined || answer.reduceTo < reduction.reduceTo) reduction = answer;
    } else {
      tally?.denied(slot, answer);
      denials = withDenial(denials, answer);
    }
  }
  if (denials === undefined) return reduction;
  return { denials: reduction === undefined ? denials : withDenial(denials, reduction.because) };
}

/** What a broken gate says is no limit that could be overridden. */
const isFailure = (answer: Denial | Reduction): boolean => 'code' in answer && answer.code === 'GATE_FAILED';

/** Old and new limits may both be in force: what both deny is said once. */
function withDenial(denials: Denial[] | undefined, denial: Denial): Denial[] {
  if (denials === undefined) return [denial];
  const isKnown = denials.some(({ gate, code }) => gate === denial.gate && code === denial.code);
  if (!isKnown) denials.push(denial);
  return denials;
}

/** A gate that throws denies, in its own name. */
function ask(gate: RiskGate, order: PricedOrder, view: RiskView): Denial | Reduction | undefined {
  try {
    const answer = gate.check(order, view);
    if (answer === undefined || 'code' in answer || 'reduceTo' in answer) return answer;
    if ((answer as unknown) instanceof Promise) void (answer as Promise<unknown>).catch(() => undefined); // must not end the process
    return deny(gate.name, 'GATE_FAILED', { note: 'expected a denial, a reduction or undefined' });
  } catch (error) {
    return deny(gate.name, 'GATE_FAILED', { note: messageOf(error) });
  }
}

const reject = (denial: Denial, because?: Denial): Decision => ({
  kind: 'reject',
  denials: because === undefined ? [denial] : [denial, because],
});
