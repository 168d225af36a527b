import { type OrderDesk, type DeskEvent } from 'portcullis/desk';
import { EquityCurve } from 'portcullis/portfolio';
import { type KillRecord, type KillSwitch } from 'portcullis/risk';
import { type Book, type BookedOrder, type Denial, type Fill, type MarketEvent } from 'portcullis/trading';
import { StrategyLedger } from './strategy-ledger.ts';

interface TallyDeps {
  readonly desk: OrderDesk;
  readonly book: Book;
  readonly killSwitch: KillSwitch;
  readonly equityEveryMs: number;
}

/** What a run did, counted as it happens. */
export class RunTally {
  readonly events = { snapshot: 0, diff: 0, quote: 0, trade: 0 };
  readonly orders = {
    held: 0,
    denied: 0,
    duplicate: 0,
    resized: 0,
    abandoned: 0,
    accepted: 0,
    rejected: 0,
    unknown: 0,
    cancelled: 0,
    expired: 0,
  };
  /** By gate and code, such as `order BELOW_MINIMUM`. */
  readonly denials = new Map<string, number>();
  readonly fills = { count: 0, maker: 0, taker: 0 };
  readonly strategies = new StrategyLedger();
  readonly anomalies: string[] = [];
  readonly curve: EquityCurve;
  /** The first trip, and what came after it. */
  trip: { record: KillRecord; entriesDenied: number; exitsSent: number; exitFills: number } | undefined;
  /** Microseconds per decision, as they came. */
  readonly decisionUs: number[] = [];
  bars = 0;
  signals = 0;
  readonly #deps: TallyDeps;

  constructor(deps: TallyDeps) {
    this.#deps = deps;
    this.curve = new EquityCurve({ intervalMs: deps.equityEveryMs });
    deps.desk.onEvent((event) => {
      this.#onDesk(event);
    });
    deps.killSwitch.onChange((change) => {
      if (change.kind === 'tripped')
        this.trip ??= { record: change.record, entriesDenied: 0, exitsSent: 0, exitFills: 0 };
    });
  }

  event({ type, receivedMs }: MarketEvent): void {
    this.events[type] += 1;
    const [account] = this.#deps.book.accounts();
    if (account !== undefined) this.curve.add(receivedMs, account.equity / 1e6);
  }

  bar(): void {
    this.bars += 1;
  }

  signal(): void {
    this.signals += 1;
  }

  #onDesk(event: DeskEvent): void {
    if (event.kind === 'decided') this.#onDecision(event);
    else if (event.kind === 'order') this.#onOrder(event);
    else if (event.kind === 'anomaly') this.anomalies.push(`${event.code}: ${event.detail}`);
  }

  #onDecision({ decision, denials, tookMs }: DeskEvent & { kind: 'decided' }): void {
    this.orders[decision] += 1;
    this.decisionUs.push(tookMs * 1_000);
    if (decision === 'held' && denials.length > 0) this.orders.resized += 1;
    if (decision !== 'denied') return;
    for (const { gate, code } of denials) {
      const key = `${gate} ${code}`;
      this.denials.set(key, (this.denials.get(key) ?? 0) + 1);
    }
    if (this.trip !== undefined && denials.some(bySwitch)) this.trip.entriesDenied += 1;
  }

  #onOrder({ event, order: { order } }: DeskEvent & { kind: 'order' }): void {
    const { type } = event;
    const exitAfterTrip = order.isExit ? this.trip : undefined;
    if (type === 'filled') {
      this.#onFill(event.fill, order);
      if (exitAfterTrip !== undefined) exitAfterTrip.exitFills += 1;
    } else if (type === 'timedOut') {
      this.orders.unknown += 1;
    } else if (type in this.orders) {
      this.orders[type as keyof RunTally['orders']] += 1;
      if (type === 'accepted' && exitAfterTrip !== undefined) exitAfterTrip.exitsSent += 1;
    }
  }

  #onFill(fill: Fill, order: BookedOrder): void {
    const { liquidity } = fill;
    this.strategies.add(fill, order);
    this.fills.count += 1;
    this.fills[liquidity] += 1;
  }
}

const bySwitch = ({ gate }: Denial): boolean => gate === 'kill-switch';
