import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { parseOptions } from '../core/options.ts';
import type { MetricsRegistry } from '../telemetry/index.ts';
import type { KillSwitch } from './kill-switch.ts';
import { scopeSchema } from './scope-schema.ts';
import { FIRM, type TradingState, scopeKey } from './trading-state.ts';

const STATES = ['active', 'reducing', 'halted'] as const satisfies readonly TradingState[];

export const KILL_SWITCH_TRIPPED = {
  name: 'trading_kill_switch_tripped',
  help: '1 while a scope is tripped: firm, or kind and id such as account:main.',
  labels: ['scope'],
} as const;

export const KILL_SWITCH_STATE = {
  name: 'trading_kill_switch_state',
  help: '1 for the strictest state of trading in force anywhere, restraints included: not reconciled yet, or disconnected.',
  labels: { state: STATES },
} as const;

export const KILL_SWITCH_ACTIVATIONS = {
  name: 'trading_kill_switch_activations_total',
  help: 'Trips that made a scope stricter. reason: the part of the system that tripped it, or person; the text is in the audit log.',
  labels: ['scope', 'reason'],
} as const;

export const KILL_SWITCH_LAST_CHECK = {
  name: 'trading_kill_switch_last_check_timestamp_seconds',
  help: 'When what trips by itself last looked, seconds since the Unix epoch; 0 for never.',
  labels: ['scope'],
} as const;

const schema = z.strictObject({
  /** Scopes besides the firm whose series are there from the start. */
  scopes: z.array(scopeSchema).readonly().default([]),
  /** Names of what trips by itself, such as `drawdown-monitor`, for the same reason. */
  monitors: z.array(z.string().min(1)).readonly().default([]),
});

/** @interface */
export type KillSwitchMetricsOptions = z.input<typeof schema>;

export interface KillSwitchMetricsDeps {
  readonly metrics: MetricsRegistry;
  readonly killSwitch: Pick<KillSwitch, 'records' | 'tradingState' | 'onChange'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/** Shows a kill switch in metrics, until disposed: what is tripped at each scrape, and each trip as it happens. */
export class KillSwitchMetrics implements Disposable {
  readonly #deps: KillSwitchMetricsDeps;
  readonly #tripped;
  readonly #state;
  readonly #lastCheck;
  /** Those that have a series. */
  readonly #scopes = new Set<string>();
  #checkedMs = 0;
  readonly #held: readonly Disposable[];

  /** @throws {PortcullisError} `OPTION_INVALID`; `METRIC_CONFLICT` when the registry has other metrics of these names */
  constructor(options: KillSwitchMetricsOptions, deps: KillSwitchMetricsDeps) {
    this.#deps = deps;
    const { metrics, killSwitch } = deps;
    const { scopes, monitors } = parseOptions('KillSwitchMetrics', schema, options);
    this.#tripped = metrics.gauge(KILL_SWITCH_TRIPPED);
    this.#state = metrics.gauge(KILL_SWITCH_STATE);
    const activations = metrics.counter(KILL_SWITCH_ACTIVATIONS);
    this.#lastCheck = metrics.timestamp(KILL_SWITCH_LAST_CHECK);
    for (const scope of [FIRM, ...scopes].map(scopeKey)) {
      this.#scopes.add(scope);
      for (const reason of ['person', 'order-desk', ...monitors]) activations.expect({ scope, reason });
    }
    this.#held = [
      killSwitch.onChange((change) => {
        if (change.kind !== 'tripped') return;
        const { scope, by } = change.record;
        activations.inc({ scope: scopeKey(scope), reason: by.kind === 'person' ? 'person' : by.id });
      }),
      metrics.collector(() => {
        this.#read();
      }),
    ];
  }

  /** What trips by itself has looked. As cheap as a look at the clock. */
  checked(): void {
    this.#checkedMs = this.#deps.clock.nowMs();
  }

  [Symbol.dispose](): void {
    for (const one of this.#held) one[Symbol.dispose]();
  }

  #read(): void {
    const { killSwitch } = this.#deps;
    const tripped = new Set(killSwitch.records().map(({ scope }) => scopeKey(scope)));
    for (const scope of tripped) this.#scopes.add(scope);
    for (const scope of this.#scopes) this.#tripped.set({ scope }, tripped.has(scope) ? 1 : 0);
    const now = killSwitch.tradingState();
    for (const state of STATES) this.#state.set({ state }, state === now ? 1 : 0);
    this.#lastCheck.set({ scope: scopeKey(FIRM) }, this.#checkedMs);
  }
}
