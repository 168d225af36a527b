import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { idSchema } from '../../core/ids.ts';
import { parseOptions } from '../../core/options.ts';
import type { ExecutionPolicy } from '../../execution/execution-policy.ts';
import type { KillSwitch } from '../../risk/kill-switch.ts';
import type { RiskGuard } from '../../risk/risk-guard.ts';
import { type MetricsRegistry, TRADES, TRADE_NOTIONAL } from '../../telemetry/index.ts';

import type { Instrument } from '../../trading/instrument.ts';
import type { DeskEvent } from '../desk-event.ts';
import type { Journal } from '../journal/journal.ts';
import type { OrderDesk } from '../order-desk.ts';
import type { Reconciliation } from '../reconcile/difference.ts';
import { AccountMetrics } from './account-metrics.ts';
import { JOURNAL_PENDING, POSITION_MISMATCHES, RECONCILED, STRATEGY_ENABLED } from './account-vocabulary.ts';
import { GateMetrics } from './gate-metrics.ts';
import { OrderMetrics } from './order-metrics.ts';

const schema = z.strictObject({
  /** The name of the venue, as a label. */
  venue: idSchema,
  /** The strategies that trade here, so that their series are there from the start. */
  strategies: z.array(idSchema).readonly().default([]),
  /** Whether the money is real, as a label. */
  mode: z.enum(['paper', 'live']),
});

/** @interface */
export type DeskMetricsOptions = z.input<typeof schema>;

export interface DeskMetricsDeps {
  readonly metrics: MetricsRegistry;
  readonly desk: Pick<OrderDesk, 'onEvent' | 'book'>;
  readonly guard: RiskGuard;
  readonly policy: ExecutionPolicy;
  readonly killSwitch: KillSwitch;
  readonly journal: Journal;
  readonly instruments: readonly Instrument[];
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
}

/**
 * Shows a desk in metrics, until disposed: orders, fills and reconciliations as they happen; accounts, limits, gates and
 * what is open at each scrape. A decision costs one observation on a bound histogram. One for each desk of a registry;
 * desks that share one need venues of different names.
 */
export class DeskMetrics implements Disposable {
  readonly #options: z.output<typeof schema>;
  readonly #deps: DeskMetricsDeps;
  readonly #orders: OrderMetrics;
  readonly #accounts: AccountMetrics;
  readonly #gates: GateMetrics;
  readonly #reconciled;
  readonly #mismatches;
  readonly #enabled;
  readonly #pending;
  readonly #held: readonly Disposable[];

  /** @throws {PortcullisError} `OPTION_INVALID`; `METRIC_CONFLICT` when the registry has other metrics of these names */
  constructor(options: DeskMetricsOptions, deps: DeskMetricsDeps) {
    this.#options = parseOptions('DeskMetrics', schema, options);
    this.#deps = deps;
    const { venue } = this.#options;
    const { metrics, desk } = deps;
    const read = { ...deps, book: desk.book };
    this.#orders = new OrderMetrics(venue, read);
    this.#accounts = new AccountMetrics(venue, read);
    this.#gates = new GateMetrics(deps);
    this.#reconciled = metrics.timestamp(RECONCILED);
    this.#mismatches = metrics.gauge(POSITION_MISMATCHES);
    this.#enabled = metrics.gauge(STRATEGY_ENABLED);
    this.#pending = metrics.gauge(JOURNAL_PENDING);
    this.#expect();
    this.#held = [
      desk.onEvent((event) => {
        this.#take(event);
      }),
      metrics.collector(() => {
        this.#read();
      }),
    ];
  }

  [Symbol.dispose](): void {
    for (const one of this.#held) one[Symbol.dispose]();
  }

  /** What may come is there from the start: what is born at 1 never fires an alert. */
  #expect(): void {
    const { venue, strategies } = this.#options;
    const { metrics, instruments } = this.#deps;
    this.#reconciled.expect({ venue });
    this.#mismatches.expect({ venue });
    for (const currency of new Set(instruments.map(({ quote }) => quote))) this.#orders.expect(currency);
    for (const trades of [metrics.counter(TRADES), metrics.counter(TRADE_NOTIONAL)]) {
      for (const strategy of strategies) {
        for (const { instrumentId } of instruments)
          trades.expect({ symbol: instrumentId, strategy, status: 'filled' });
      }
    }
    this.#gates.read();
  }

  #take(event: DeskEvent): void {
    if (event.kind === 'decided') this.#orders.decided(event);
    else if (event.kind === 'order') this.#orders.happened(event);
    else if (event.kind === 'reconciled') this.#compared(event.result);
  }

  #compared(result: Reconciliation): void {
    if (result.kind === 'failed') return;
    const { venue } = this.#options;
    this.#reconciled.set({ venue }, result.atMs);
    const differ = result.differences.filter(({ code }) => code === 'POSITION_MISMATCH');
    this.#mismatches.set({ venue }, differ.length);
  }

  #read(): void {
    this.#orders.read();
    this.#accounts.read();
    this.#gates.read();
    this.#pending.set({ queue: 'journal' }, this.#deps.journal.pending);
    const { strategies, mode } = this.#options;
    for (const strategy of strategies)
      this.#enabled.set({ strategy, mode }, this.#isEnabled(strategy) ? 1 : 0);
  }

  #isEnabled(strategyId: string): boolean {
    const { killSwitch } = this.#deps;
    return [...killSwitch.records(), ...killSwitch.restraints()].every(
      ({ scope }) => scope.kind !== 'firm' && !(scope.kind === 'strategy' && scope.id === strategyId),
    );
  }
}
