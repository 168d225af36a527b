import type { MetricsRegistry } from '../../telemetry/index.ts';
import type { SharedKillSwitch } from './shared-kill-switch.ts';
import { SHARED_LINK_STATES } from './shared-link.ts';

const SHARED_KILL_SWITCH_AGE = {
  name: 'trading_shared_kill_switch_age_seconds',
  help: 'How long ago what the other processes have tripped was last confirmed; -1 for never.',
} as const;

const SHARED_KILL_SWITCH_LINK = {
  name: 'trading_shared_kill_switch_link',
  help: '1 for how the process stands with the others; entries pass only in step.',
  labels: { state: SHARED_LINK_STATES },
} as const;

const SHARED_KILL_SWITCH_LOOKS = {
  name: 'trading_shared_kill_switch_looks',
  help: 'Looks at the shared entry since the start, for an announcement or by the timer.',
  labels: { cause: ['push', 'poll'] },
} as const;

const SHARED_KILL_SWITCH_CONFLICTS = {
  name: 'trading_shared_kill_switch_conflicts',
  help: 'Writes to the shared entry since the start that another process was faster than.',
} as const;

const SHARED_KILL_SWITCH_UNSHARED = {
  name: 'trading_shared_kill_switch_unshared',
  help: 'Trips of this process that the others do not know yet.',
} as const;

export interface SharedKillSwitchMetricsDeps {
  readonly metrics: MetricsRegistry;
  readonly shared: Pick<SharedKillSwitch, 'status'>;
}

/** Shows how a shared kill switch stands with the others, at each scrape, until disposed. */
export class SharedKillSwitchMetrics implements Disposable {
  readonly #collecting: Disposable;

  /** @throws {PortcullisError} `METRIC_CONFLICT` when the registry has other metrics of these names */
  constructor({ metrics, shared }: SharedKillSwitchMetricsDeps) {
    const age = metrics.gauge(SHARED_KILL_SWITCH_AGE);
    const link = metrics.gauge(SHARED_KILL_SWITCH_LINK);
    const looks = metrics.gauge(SHARED_KILL_SWITCH_LOOKS);
    const conflicts = metrics.gauge(SHARED_KILL_SWITCH_CONFLICTS);
    const unshared = metrics.gauge(SHARED_KILL_SWITCH_UNSHARED);
    this.#collecting = metrics.collector(() => {
      const { status } = shared;
      age.set(status.ageMs === undefined ? -1 : status.ageMs / 1_000);
      for (const state of SHARED_LINK_STATES) link.set({ state }, state === status.link ? 1 : 0);
      looks.set({ cause: 'push' }, status.pushes);
      looks.set({ cause: 'poll' }, status.polls);
      conflicts.set(status.conflicts);
      unshared.set(status.unshared);
    });
  }

  [Symbol.dispose](): void {
    this.#collecting[Symbol.dispose]();
  }
}
