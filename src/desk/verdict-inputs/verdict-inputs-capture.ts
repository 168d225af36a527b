import type { Clock } from '../../core/clock.ts';
import { clientOrderId } from '../../core/ids.ts';
import type { DayId } from '../../core/trading-day.ts';
import type { ExecutionPolicy } from '../../execution/execution-policy.ts';
import type { Clusters } from '../../risk/gates/correlation-gate.ts';
import { firstCrossing, reachOf } from '../../risk/gates/self-crossing.ts';
import type { GuardKillSwitch, RiskGuard } from '../../risk/risk-guard.ts';
import type { BookReader } from '../../trading/book.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { Level, MarketView } from '../../trading/market-view.ts';
import { type OrderIntent, copyIntent } from '../../trading/order-intent.ts';
import { priceOrder } from '../../trading/price-order.ts';
import type { Older } from '../order-path.ts';
import { accountInputs } from './verdict-inputs-accounts.ts';
import { type VerdictRules, rulesHash, rulesOf } from './verdict-inputs-rules.ts';
import {
  type AccountInputs,
  type CrossingInputs,
  INPUTS_VERSION,
  type VerdictInputs,
  type ViewInputs,
} from './verdict-inputs.ts';

export interface CaptureDeps {
  readonly book: BookReader;
  readonly guard: RiskGuard;
  readonly policy: ExecutionPolicy;
  readonly killSwitch: GuardKillSwitch;
  readonly instruments: readonly Instrument[];
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** The trading day that is open. */
  dayId(): DayId;
}

/** Rules that verdicts are made under, with what they are referred to by. */
export interface RulesInForce {
  readonly hash: string;
  readonly rules: VerdictRules;
}

/** Writes down what a verdict is made from, and under which rules. Only reads. */
export class VerdictCapture {
  readonly #deps: CaptureDeps;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  #inForce: (RulesInForce & { readonly risk: object; readonly execution: object }) | undefined;

  constructor(deps: CaptureDeps) {
    this.#deps = deps;
    this.#instruments = new Map(deps.instruments.map((one) => [one.instrumentId, one]));
  }

  /** The rules in force; the same object until limits change. */
  rules(): RulesInForce {
    const { guard, policy, instruments } = this.#deps;
    const [risk, execution] = [guard.basis, policy.basis];
    if (this.#inForce?.risk === risk && this.#inForce.execution === execution) return this.#inForce;
    const rules = rulesOf(guard, policy, instruments);
    this.#inForce = { hash: rulesHash(rules), rules, risk, execution };
    return this.#inForce;
  }

  /** To be called before the verdict, or after one that has left no trace. */
  take(asked: OrderIntent, older?: Older): VerdictInputs {
    const { book, guard, clock } = this.#deps;
    const common = {
      version: INPUTS_VERSION,
      rules: this.rules().hash,
      nowMs: clock.nowMs(),
      monotonicMs: clock.monotonicMs(),
      spanMs: 0,
      dayId: this.#deps.dayId(),
    } as const;
    if (older !== undefined && 'code' in older) return { ...common, older };
    const intent = copyIntent(asked);
    const instrument = this.#instruments.get(intent.instrumentId);
    const view = book.view(intent.instrumentId);
    const id = clientOrderId(intent.accountId, intent.strategyId, intent.intentId);
    const known = book.order(id) ?? older;
    if (known !== undefined) {
      const { order, state } = known;
      const same = { intent: order.intent, clientOrderId: order.clientOrderId, state };
      return { ...common, ...(view && { view: viewInputs(view, 'none', 0) }), known: same };
    }
    if (instrument === undefined || view === undefined)
      return { ...common, ...(view && { view: viewInputs(view, 'none', 0) }) };
    const order = { ...intent, instrument, clientOrderId: id };
    const scopes = guard.basis.limits.flatMap((limits) => limits.scopes);
    return {
      ...common,
      view: this.#viewOf(intent, view),
      ...this.#accountsOf(accountInputs(book, order, scopes, guard.venueName), intent.instrumentId),
      ...this.#switchFor(order),
      ...this.#crossing(intent, instrument, view),
      spentSlippage: this.#spent(intent.strategyId, common.dayId),
    };
  }

  #viewOf({ side }: OrderIntent, view: MarketView): ViewInputs {
    const read = this.#deps.policy.basis.limits.flatMap(({ depth: { multiple, withinBps } }) =>
      multiple.entry === 'none' && multiple.exit === 'none' ? [] : [withinBps],
    );
    return viewInputs(view, read.length > 0 ? side : 'none', Math.max(...read));
  }

  #accountsOf(accounts: readonly AccountInputs[], instrumentId: string) {
    const { book, guard } = this.#deps;
    const ids = new Set([instrumentId]);
    for (const { cells } of accounts) for (const [id] of cells) ids.add(id);
    const marks: [string, number, number][] = [];
    for (const id of ids) {
      const mark = book.markOf(id);
      if (mark !== undefined) marks.push([id, mark.price, mark.monotonicMs]);
    }
    const { clusters } = guard.basis;
    const movesWith = clusters && membersOf(clusters, instrumentId, ids);
    return { accounts, marks, ...(movesWith && { movesWith }) };
  }

  #crossing(intent: OrderIntent, instrument: Instrument, view: MarketView) {
    const { book, guard } = this.#deps;
    const isRead = guard.basis.limits.some(
      ({ selfTrade, scopes }) =>
        selfTrade !== undefined || scopes.some((scoped) => scoped.selfTrade !== undefined),
    );
    const priced = isRead ? priceOrder(intent, instrument, view) : undefined;
    const row = priced === undefined || 'code' in priced ? undefined : firstCrossing(book, priced);
    if (row === undefined) return undefined;
    const { clientOrderId: id, accountId, strategyId, side } = row.order;
    return { crossing: [id, accountId, strategyId, side, reachOf(row)] as CrossingInputs };
  }

  #switchFor(order: Parameters<GuardKillSwitch['tradingState']>[0]) {
    const { killSwitch, guard } = this.#deps;
    const trading = killSwitch.tradingState(order, guard.venueName);
    if (trading === 'active') return { trading };
    const restriction = killSwitch.whyRestricted?.(order, guard.venueName);
    return { trading, ...(restriction !== undefined && { restriction }) };
  }

  #spent(strategyId: string, day: DayId): [number, number] {
    const { total, byStrategy } = this.#deps.policy.spentOn(day);
    return [total, byStrategy[strategyId] ?? 0];
  }
}

function membersOf(clusters: Clusters, instrumentId: string, ids: Iterable<string>) {
  const members: ([string] | [string, number | null])[] = [];
  for (const id of ids) {
    if (id === instrumentId || !clusters.correlated(instrumentId, id)) continue;
    if (clusters.correlation === undefined) members.push([id]);
    else members.push([id, clusters.correlation(instrumentId, id) ?? null]);
  }
  return members;
}

/** The view as far as it is read: the touch of both sides, and the far side as far as its depth counts. */
function viewInputs(view: MarketView, side: unknown, withinBps: number): ViewInputs {
  const { bids, asks, mark, recentVolume, volumeWindowMs, recentSpread, recentMarks } = view;
  const { receivedMonotonicMs, receivedMs } = view;
  const blocking = view.problems.filter((problem) => problem.blocking).map(({ code }) => code);
  return {
    bids: near(bids, side === 'sell' ? withinBps : 0),
    asks: near(asks, side === 'buy' ? withinBps : 0),
    mark,
    recentVolume,
    volumeWindowMs,
    ...(recentSpread && {
      recentSpread: [recentSpread.medianBps, recentSpread.samples, recentSpread.windowMs],
    }),
    ...(recentMarks && { recentMarks: [recentMarks.low, recentMarks.high, recentMarks.windowMs] }),
    receivedMonotonicMs,
    receivedMs,
    ...(blocking.length > 0 && { blocking }),
  };
}

/** The touch, and what is not further from it. */
function near(levels: readonly Level[], withinBps: number): [number, number][] {
  const touch = levels[0]?.price ?? NaN;
  const reach = (touch * withinBps) / 10_000;
  const read: [number, number][] = [];
  for (const { price, quantity } of levels) {
    if (read.length > 0 && !(Math.abs(price - touch) <= reach)) break;
    read.push([price, quantity]);
  }
  return read;
}
