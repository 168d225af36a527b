import type { Lots, Ticks } from '../core/units.ts';
import type { ExecutionFacts, ExecutionPolicy } from '../execution/execution-policy.ts';
import { heldOrder } from '../risk/held-order.ts';
import { shapeOrder } from '../risk/order-shape.ts';
import type { RiskGuard } from '../risk/risk-guard.ts';
import type { BookReader } from '../trading/book.ts';
import type { Denial } from '../trading/denial.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { GateExplanation } from '../trading/measurement.ts';
import type { HeldOrder } from '../trading/order-event.ts';
import { type OrderIntent, copyIntent } from '../trading/order-intent.ts';
import type { OrderView } from '../trading/order-view.ts';
import { type PricedOrder, priceOrder } from '../trading/price-order.ts';
import { type ExplainedSelfTrade, explainedSelfTrade, withSelfTrade } from './explain-self-trade.ts';
import { selfTradePlan } from './self-trade-plan.ts';
import { wouldGo } from './would-go.ts';

/** What the gates say to an intent in this tick, and what every gate measures against which limit. */
export interface Explanation {
  readonly intent: OrderIntent;
  /** What the gates decide, as orders rest now; `submit` does first what `selfTrade` says. */
  readonly decision: 'held' | 'denied' | 'duplicate';
  /** Why not, or why less. */
  readonly denials: readonly Denial[];
  /** The order, as far as it could be read and priced. */
  readonly order?: ExplainedOrder;
  /** What self-trade prevention would do first; missing where it would do nothing. */
  readonly selfTrade?: ExplainedSelfTrade;
  /** At the quantity that is asked for. Empty where no gate is asked: for what cannot be read, or is known. */
  readonly risk: readonly GateExplanation[];
  /** At the quantity that would go: after a reduction, the reduced one. */
  readonly execution: readonly GateExplanation[];
}

export interface ExplainedOrder {
  readonly clientOrderId: string;
  readonly instrument: Instrument;
  readonly asked: Lots;
  /** As it would go; missing when nothing would. */
  readonly quantity?: Lots;
  /** Missing where it was not asked. */
  readonly isExit?: boolean;
  /** The worst price that it could trade at. */
  readonly worst: Ticks;
  /** The last good mark, and how old it is; missing without one. */
  readonly mark?: { readonly price: Ticks; readonly ageMs: number };
}

/** What explaining needs of the path. */
export interface ExplainDeps<Known> {
  readonly book: BookReader;
  readonly guard: RiskGuard;
  readonly policy: ExecutionPolicy;
  readonly clock: { monotonicMs(): number };
  instrument(instrumentId: string): Instrument | undefined;
  factsOf(order: HeldOrder): ExecutionFacts;
  /** Why nothing may be let through that has to be audited. */
  noAudit(): Denial | undefined;
  /** What an intent of an id that exists is answered with. */
  known(intent: OrderIntent, older: Known | undefined, id?: string): KnownAnswer | undefined;
}

/** An order of the same id exists. */
type KnownAnswer =
  | { readonly kind: 'duplicate'; readonly known: Pick<OrderView, 'order' | 'state'> }
  | { readonly kind: 'denied'; readonly denials: readonly Denial[] };

/** The verdict that would be given now, gate by gate. Leaves no trace. */
export function explain<Known extends object>(
  deps: ExplainDeps<Known>,
  intent: OrderIntent,
  older?: Known | Denial,
): Explanation {
  if (older !== undefined && 'code' in older) return unasked(copyIntent(intent), denied(older));
  const instrument = deps.instrument(intent.instrumentId);
  const priced = priceOrder(intent, instrument, deps.book.view(intent.instrumentId));
  if ('code' in priced) {
    const copy = copyIntent(intent);
    return unasked(copy, deps.known(copy, older) ?? denied(priced));
  }
  const known = deps.known(priced.intent, older, priced.clientOrderId);
  const order = orderOf(deps, priced);
  if (known !== undefined) return { ...unasked(priced.intent, known), order };
  const explanation = explainPriced(deps, priced, order);
  const plan = selfTradePlan({ ...deps, wouldGo: wouldGo.bind(undefined, deps) }, priced);
  if (plan === undefined) return explanation;
  const selfTrade = explainedSelfTrade(plan);
  const risk = explanation.risk.map((entry) => withSelfTrade(entry, selfTrade));
  return { ...explanation, selfTrade, risk };
}

function explainPriced<Known>(
  deps: ExplainDeps<Known>,
  priced: PricedOrder,
  order: ExplainedOrder,
): Explanation {
  const { book, guard, policy, clock } = deps;
  const { intent } = priced;
  const verdict = guard.evaluate(priced);
  const risk = guard.explain(priced);
  const account = book.account(priced.accountId);
  // What the guard rejects is shown to the policy as it was asked for.
  const shape =
    verdict.decision !== 'reject'
      ? { qty: verdict.quantity, isExit: verdict.isExit }
      : account && shapeOrder(priced, account, priced.qty);
  const explained = (to: Pick<Explanation, 'decision' | 'denials'>): Explanation => ({
    intent,
    ...to,
    order,
    risk,
    execution: [],
  });
  if (shape === undefined || 'code' in shape) {
    return explained({ decision: 'denied', denials: verdict.decision === 'reject' ? verdict.denials : [] });
  }
  const held = heldOrder(priced, shape, clock.monotonicMs());
  const execution = policy.explain(held, deps.factsOf(held));
  const { isExit } = shape;
  if (verdict.decision === 'reject') {
    const { denials } = verdict;
    return { ...explained({ decision: 'denied', denials }), order: { ...order, isExit }, execution };
  }
  const unaudited = isExit ? undefined : deps.noAudit();
  const denied = denialsOf(execution);
  const against = denied.length > 0 || unaudited === undefined ? denied : [unaudited];
  if (against.length > 0) {
    const to = { decision: 'denied', denials: against } as const;
    return { ...explained(to), order: { ...order, isExit }, execution };
  }
  const denials = verdict.decision === 'resize' ? [verdict.because] : [];
  return {
    ...explained({ decision: 'held', denials }),
    order: { ...order, quantity: shape.qty, isExit },
    execution,
  };
}

function orderOf<Known>({ book, clock }: ExplainDeps<Known>, priced: PricedOrder): ExplainedOrder {
  const { clientOrderId, instrument, qty: asked, worst } = priced;
  const mark = book.markOf(instrument.instrumentId);
  return {
    clientOrderId,
    instrument,
    asked,
    worst,
    ...(mark && { mark: { price: mark.price, ageMs: clock.monotonicMs() - mark.monotonicMs } }),
  };
}

const denied = (denial: Denial): KnownAnswer => ({ kind: 'denied', denials: [denial] });

const unasked = (intent: OrderIntent, answer: KnownAnswer): Explanation => ({
  intent,
  decision: answer.kind,
  denials: answer.kind === 'denied' ? answer.denials : [],
  risk: [],
  execution: [],
});

/** What denies of what was explained, as the policy says it. */
function denialsOf(explanations: readonly GateExplanation[]): readonly Denial[] {
  return explanations.flatMap(({ outcome, code, ...facts }) =>
    outcome === 'denied' && code !== undefined ? [{ code, ...facts }] : [],
  );
}
