import type { Clock } from '../../core/clock.ts';
import type { BookedOrder } from '../../trading/order-event.ts';
import type { Scope } from '../trading-state.ts';
import { ContentWindow } from './content-window.ts';
import { ExecutionCounts } from './execution-counts.ts';
import type { LookBack } from './keyed-times.ts';
import { MessageCounts } from './message-counts.ts';
import type { OrderSign, OrderTracker, SentOrder } from './order-tracker.ts';
import { type LatchSwitch, StrategyLatch } from './strategy-latch.ts';

export interface OrderActivityDeps {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly killSwitch: LatchSwitch;
}

/**
 * All that is counted of orders, kept when limits change. A tracker begins to count when a gate first needs it, and looks
 * back as far as any gate ever asked it to; none costs anything before.
 */
export class OrderActivity {
  readonly #deps: OrderActivityDeps;
  readonly #messages = new Map<Scope['kind'], MessageCounts>();
  readonly #executions = new Map<Scope['kind'], ExecutionCounts>();
  #contents: ContentWindow | undefined;
  #latch: StrategyLatch | undefined;
  readonly #trackers: OrderTracker[] = [];
  #lookBackMs = 0;

  constructor(deps: OrderActivityDeps) {
    this.#deps = deps;
  }

  messages(by: Scope['kind'], lookBack: LookBack): MessageCounts {
    const counts = this.#messages.get(by) ?? this.#added(new MessageCounts(by));
    this.#messages.set(by, counts);
    this.#lookBack(lookBack.windowMs);
    counts.extend(lookBack);
    return counts;
  }

  executions(by: Scope['kind'], lookBack: LookBack): ExecutionCounts {
    const counts = this.#executions.get(by) ?? this.#added(new ExecutionCounts(by));
    this.#executions.set(by, counts);
    this.#lookBack(lookBack.windowMs);
    counts.extend(lookBack);
    return counts;
  }

  contents(windowMs: number): ContentWindow {
    this.#contents ??= this.#added(new ContentWindow());
    this.#contents.extend(windowMs);
    this.#lookBack(windowMs);
    return this.#contents;
  }

  latch(): StrategyLatch {
    return (this.#latch ??= this.#added(new StrategyLatch(this.#deps.killSwitch)));
  }

  /** Whether anything is counted. */
  get isOn(): boolean {
    return this.#trackers.length > 0;
  }

  /** How far back anything that is counted matters; 0 when nothing is counted. */
  get lookBackMs(): number {
    return this.#lookBackMs;
  }

  kept(order: SentOrder): void {
    for (const tracker of this.#trackers) tracker.kept(order);
  }

  /** @param monotonicMs when it happened; default: now */
  happened(sign: OrderSign, order: BookedOrder, monotonicMs = this.#deps.clock.monotonicMs()): void {
    for (const tracker of this.#trackers) tracker.happened(sign, order, monotonicMs);
  }

  #lookBack(windowMs: number): void {
    this.#lookBackMs = Math.max(this.#lookBackMs, windowMs);
  }

  #added<T extends OrderTracker>(tracker: T): T {
    this.#trackers.push(tracker);
    return tracker;
  }
}
