import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { system } from '../core/principal.ts';
import { messageOf } from '../core/message-of.ts';
import type { KillSwitch } from '../risk/kill-switch.ts';
import { scopeKey } from '../risk/trading-state.ts';
import type { Bar } from '../trading/bar.ts';
import type { MarketView } from '../trading/market-view.ts';
import type { Signal } from '../trading/signal.ts';
import type { Strategy, StrategyContext } from '../trading/strategy.ts';
import type { OrderDesk } from './order-desk.ts';

export interface StrategyHostDeps {
  readonly desk: OrderDesk;
  readonly killSwitch: KillSwitch;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly onSignal?: (signal: Signal) => void;
}

interface Hosted {
  readonly strategy: Strategy;
  readonly context: StrategyContext;
}

/**
 * Runs strategies on a desk. Each sees its own instruments and orders, and trades under its own name. One that throws is
 * tripped to reducing, alone.
 */
export class StrategyHost {
  readonly #deps: StrategyHostDeps;
  readonly #hosted: readonly Hosted[];

  /** @throws {PortcullisError} `OPTION_INVALID` when two strategies have one id */
  constructor(strategies: readonly Strategy[], deps: StrategyHostDeps) {
    const ids = strategies.map(({ id }) => id);
    if (new Set(ids).size !== ids.length) {
      throw new PortcullisError('OPTION_INVALID', `strategies: expected distinct ids, got ${ids.join(', ')}`);
    }
    this.#deps = deps;
    this.#hosted = strategies.map((strategy) => ({ strategy, context: this.#context(strategy.id) }));
    deps.desk.onEvent((event) => {
      if (event.kind !== 'order') return;
      const owner = this.#hosted.find(({ strategy }) => strategy.id === event.order.order.strategyId);
      if (owner !== undefined) this.#run(owner, () => owner.strategy.onOrder?.(event.event, owner.context));
    });
  }

  /** Takes a view that the desk has marked. */
  onMarket(view: MarketView): void {
    for (const hosted of this.#hosted) {
      if (!hosted.strategy.instruments.includes(view.instrumentId)) continue;
      this.#run(hosted, () => hosted.strategy.onMarket(view, hosted.context));
    }
  }

  onBar(bar: Bar): void {
    for (const hosted of this.#hosted) {
      if (!hosted.strategy.instruments.includes(bar.instrumentId)) continue;
      this.#run(hosted, () => hosted.strategy.onBar?.(bar, hosted.context));
    }
  }

  #context(strategyId: string): StrategyContext {
    const { desk, clock, onSignal } = this.#deps;
    const owns = (id: string): boolean => desk.book.order(id)?.order.strategyId === strategyId;
    return {
      submit: (intent) => desk.submit({ ...intent, strategyId }),
      amend: async (clientOrderId, change) =>
        owns(clientOrderId) ? desk.amend(clientOrderId, change) : { kind: 'not-found', clientOrderId },
      cancel: async (clientOrderId) => {
        if (owns(clientOrderId)) await desk.cancel(clientOrderId);
      },
      signal: (signal) => onSignal?.({ ...signal, strategyId }),
      book: desk.book,
      clock,
    };
  }

  #run({ strategy }: Hosted, hook: () => void | Promise<void>): void {
    try {
      hook()?.catch((error: unknown) => {
        this.#trip(strategy, error);
      });
    } catch (error) {
      this.#trip(strategy, error);
    }
  }

  #trip(strategy: Strategy, error: unknown): void {
    const { killSwitch } = this.#deps;
    const scope = { kind: 'strategy', id: strategy.id } as const;
    // Once: it may throw again over each cancel that the trip itself asks for.
    if (killSwitch.records().some((record) => scopeKey(record.scope) === scopeKey(scope))) return;
    void killSwitch.trip({
      scope,
      to: 'reducing',
      reason: `the strategy threw: ${messageOf(error)}`,
      by: system('strategy-host'),
    });
  }
}
