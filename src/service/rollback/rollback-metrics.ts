import type { LabelsOf } from '../../telemetry/metrics/metric-definition.ts';
import type { Counter, Gauge } from '../../telemetry/metrics/metrics.ts';
import type { MetricsRegistry } from '../../telemetry/metrics/metrics-registry.ts';
import type { ActionOutcome } from './rollback-action.ts';
import type { TriggerCheck } from './rollback-trigger.ts';
import type { Verdict } from './verdict.ts';

export const ROLLBACK_STATE = {
  name: 'service_rollback_state',
  help: 'State of a rollback trigger: 1 for the one it is in. Fired until a person arms it again.',
  labels: { trigger: 'any', state: ['pass', 'fail', 'inconclusive', 'fired'] },
} as const;

export const ROLLBACK_CHECKS = {
  name: 'service_rollback_checks_total',
  help: 'Checks of a rollback trigger by verdict.',
  labels: { trigger: 'any', verdict: ['pass', 'fail', 'inconclusive'] },
} as const;

export const ROLLBACK_ACTIONS = {
  name: 'service_rollback_actions_total',
  help: 'What rollback triggers set off, by action and how it ended.',
  labels: { action: 'any', outcome: ['done', 'failed', 'late', 'dry-run'] },
} as const;

const STATES = ROLLBACK_STATE.labels.state;

/** Shows triggers and counts their checks; without a registry it does nothing. */
export class RollbackMetrics {
  readonly #state: Gauge<LabelsOf<typeof ROLLBACK_STATE.labels>> | undefined;
  readonly #checks: Counter<LabelsOf<typeof ROLLBACK_CHECKS.labels>> | undefined;
  readonly #actions: Counter<LabelsOf<typeof ROLLBACK_ACTIONS.labels>> | undefined;

  constructor(
    registry: MetricsRegistry | undefined,
    triggers: readonly string[],
    actions: readonly string[],
  ) {
    this.#state = registry?.gauge(ROLLBACK_STATE);
    this.#checks = registry?.counter(ROLLBACK_CHECKS);
    this.#actions = registry?.counter(ROLLBACK_ACTIONS);
    for (const trigger of triggers) {
      this.#checks?.expect({ trigger });
      this.show(trigger, 'inconclusive');
    }
    for (const action of actions) this.#actions?.expect({ action });
  }

  checked(trigger: string, { verdict, isFired }: TriggerCheck): void {
    this.#checks?.inc({ trigger, verdict });
    this.show(trigger, isFired ? 'fired' : verdict);
  }

  show(trigger: string, now: Verdict | 'fired'): void {
    for (const state of STATES) this.#state?.set({ trigger, state }, state === now ? 1 : 0);
  }

  acted({ action, outcome }: ActionOutcome): void {
    this.#actions?.inc({ action, outcome });
  }
}
