import { z } from 'zod';
import type { AuditEvent, AuditTrail } from '../../audit/audit-log.ts';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { idSchema } from '../../core/ids.ts';
import { parseOptions } from '../../core/options.ts';
import { type Principal, requirePerson, system } from '../../core/principal.ts';
import type { StateStore } from '../../storage/state-store.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { MetricsRegistry } from '../../telemetry/metrics/metrics-registry.ts';
import { silentLogger } from '../../telemetry/silent-logger.ts';
import { settleWithin } from '../settle-within.ts';
import type { BaselineStore } from './baseline-store.ts';
import { type RollbackTriggerOptions, triggerSchema } from './criterion.ts';
import { FiredLatch } from './fired-latch.ts';
import {
  type ActionOutcome,
  type RollbackAction,
  type RollbackReport,
  runActions,
} from './rollback-action.ts';
import { RollbackMetrics } from './rollback-metrics.ts';
import { type BaselineInput, RollbackTrigger, type TriggerCheck } from './rollback-trigger.ts';
import { type StatsSample, statsSampleSchema, type VersionStats } from './version-stats.ts';

const schema = z.strictObject({
  /** The version that runs. */
  version: idSchema,
  triggers: z
    .array(triggerSchema)
    .min(1)
    .refine((triggers) => isUnique(triggers.map(({ name }) => name)), 'expected names that differ'),
  /** How often `run` checks. */
  everyMs: z.int().min(100).max(86_400_000).default(60_000),
  /** From the first check on nothing counts for so long. */
  warmUpMs: z.int().min(0).max(86_400_000).default(60_000),
  /** Says what it would do, and does nothing. */
  dryRun: z.boolean().default(false),
  /** A sample that takes longer is no data. */
  sampleTimeoutMs: z.int().min(1).max(60_000).default(5000),
  /** An action that takes longer is given up. */
  actionTimeoutMs: z.int().min(1).max(600_000).default(30_000),
});

/** @interface */
export interface RollbackWatchOptions extends Omit<z.input<typeof schema>, 'triggers'> {
  readonly triggers: readonly RollbackTriggerOptions[];
}

/** What the running version is compared with: counters of another one now, or what was recorded of a version. */
export type BaselineSource =
  | { readonly kind: 'live'; readonly stats: VersionStats }
  | { readonly kind: 'recorded'; readonly store: BaselineStore; readonly version: string };

export interface RollbackWatchDeps {
  readonly clock: Clock;
  /** The running version. */
  readonly stats: VersionStats;
  /** Without one, triggers against a baseline stay inconclusive. */
  readonly baseline?: BaselineSource;
  /** What is done when a trigger fires, all of it at once. */
  readonly actions: readonly RollbackAction[];
  readonly audit: AuditTrail;
  /** Keeps what has fired over a restart of the same version. Default: as long as the process. */
  readonly state?: StateStore;
  readonly metrics?: MetricsRegistry;
  readonly logger?: Logger;
}

/** What one check of one trigger found, and what came of it. */
export interface TriggerReport extends TriggerCheck {
  readonly trigger: string;
  /** Of the actions, if this check fired the trigger. */
  readonly outcomes: readonly ActionOutcome[];
}

/**
 * Watches the running version and undoes it when a trigger fires: flips a flag, calls a hook, posts a webhook. Check by hand, or
 * let `run` do it. A rollback does not wait for the audit log: that it could not be written is logged.
 */
export class RollbackWatch {
  readonly #settings: z.output<typeof schema>;
  readonly #deps: RollbackWatchDeps;
  readonly #log: Logger;
  readonly #triggers: readonly RollbackTrigger[];
  readonly #metrics: RollbackMetrics;
  readonly #latch: FiredLatch;
  #warmUpUntilMs: number | undefined;
  #recorded: StatsSample | undefined;
  #checking: Promise<readonly TriggerReport[]> | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID`, naming the field. */
  constructor(options: RollbackWatchOptions, deps: RollbackWatchDeps) {
    const { triggers, ...rest } = options;
    this.#settings = parseOptions('RollbackWatch', schema, { ...rest, triggers: [...triggers] });
    this.#deps = deps;
    this.#log = deps.logger ?? silentLogger;
    this.#triggers = this.#settings.triggers.map((settings) => new RollbackTrigger(settings));
    const actions = deps.actions.map(({ name }) => name);
    if (!isUnique(actions)) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `RollbackWatch: actions: expected names that differ, got ${actions.join(', ')}`,
      );
    }
    this.#metrics = new RollbackMetrics(
      deps.metrics,
      this.#triggers.map(({ name }) => name),
      actions,
    );
    this.#latch = new FiredLatch(this.#settings.version, deps.state);
  }

  /** Names of the triggers that have fired and that nobody has armed again. */
  get fired(): readonly string[] {
    return this.#triggers.filter(({ isFired }) => isFired).map(({ name }) => name);
  }

  /**
   * Checks every trigger once, and resolves when what they set off is done. Asked while a check is under way, it gives that one.
   * Never rejects.
   */
  check(): Promise<readonly TriggerReport[]> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  /** Checks now and every `everyMs`, until the signal aborts and the check under way is through. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    void this.check();
    const timer = this.#deps.clock.every(this.#settings.everyMs, () => void this.check());
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
    });
    timer[Symbol.dispose]();
    await this.#checking;
  }

  /**
   * Lets a trigger fire again, from nothing; one that has not fired stays as it is. Rejects with `PRINCIPAL_REQUIRED` without a
   * named person and a reason, with `INPUT_INVALID` for an unknown trigger, and as audit log and store do: then it stays fired.
   */
  async rearm(name: string, by: Principal, reason: string): Promise<void> {
    requirePerson(by, reason, `re-arm rollback trigger ${name}`);
    const trigger = this.#triggers.find((one) => one.name === name);
    if (trigger === undefined) {
      const names = this.#triggers.map((one) => one.name).join(', ');
      throw new PortcullisError(
        'INPUT_INVALID',
        `rollback trigger ${JSON.stringify(name)}: expected one of ${names}`,
      );
    }
    await this.#checking; // what it has just set off is through, and written down
    if (!trigger.isFired) return;
    const { version } = this.#settings;
    await this.#deps.audit.record({ kind: 'rollback.rearmed', by, reason, trigger: name, version });
    await this.#latch.clear(name);
    trigger.rearm();
    this.#metrics.show(name, 'inconclusive');
  }

  async #check(): Promise<readonly TriggerReport[]> {
    const { clock, stats } = this.#deps;
    if (this.#warmUpUntilMs === undefined) {
      this.#warmUpUntilMs = clock.monotonicMs() + this.#settings.warmUpMs;
      await this.#restore();
    }
    const [sample, baseline] = await Promise.all([
      this.#sample('the running version', stats),
      this.#baseline(),
    ]);
    const atMs = clock.monotonicMs();
    const isWarmingUp = atMs < this.#warmUpUntilMs;
    // All verdicts first, in one step: what one trigger sets off takes nothing from the others.
    const checks = this.#triggers.map((trigger) => ({
      trigger: trigger.name,
      ...trigger.check({ atMs, sample, baseline, isWarmingUp }),
    }));
    for (const check of checks) this.#metrics.checked(check.trigger, check);
    return Promise.all(
      checks.map(async (check) => ({ ...check, outcomes: check.isFiring ? await this.#fire(check) : [] })),
    );
  }

  async #fire(check: TriggerCheck & { readonly trigger: string }): Promise<readonly ActionOutcome[]> {
    const { clock, actions } = this.#deps;
    const { version, dryRun, actionTimeoutMs } = this.#settings;
    const { trigger, isFired: _, isFiring: __, failed, conclusive, ...verdict } = check;
    const report: RollbackReport = { trigger, version, atMs: clock.nowMs(), verdict, failed, conclusive };
    const by = system(`rollback/${trigger}`);
    this.#log.error({ ...report, dryRun }, 'rollback: fired');
    const told = this.#tell({ kind: 'rollback.fired', by, ...report, dryRun });
    const latched = this.#keep(trigger, report.atMs);
    const outcomes = dryRun
      ? actions.map(({ name }) => ({ action: name, outcome: 'dry-run' }) as const)
      : await runActions(actions, report, { clock, timeoutMs: actionTimeoutMs });
    for (const outcome of outcomes) this.#metrics.acted(outcome);
    const bad = outcomes.filter(({ outcome }) => outcome === 'failed' || outcome === 'late');
    if (bad.length > 0) this.#log.error({ trigger, outcomes: bad }, 'rollback: not everything was done');
    await Promise.all([told, latched]);
    await this.#tell({ kind: 'rollback.acted', by, trigger, version, outcomes });
    return outcomes;
  }

  #restore(): Promise<void> {
    return this.#attempt('rollback: what has fired before cannot be read', async () => {
      const fired = await this.#latch.fired();
      for (const trigger of this.#triggers) if (fired.includes(trigger.name)) trigger.latch();
    });
  }

  #keep(trigger: string, atMs: number): Promise<void> {
    return this.#attempt('rollback: that it has fired cannot be kept', () => this.#latch.set(trigger, atMs));
  }

  #tell(event: AuditEvent): Promise<void> {
    return this.#attempt('rollback: the audit log does not take it', async () => {
      await this.#deps.audit.record(event);
    });
  }

  /** For what must not stand in the way of a rollback: a failure, and what hangs, is logged. Never rejects. */
  async #attempt(otherwise: string, work: () => Promise<void>): Promise<void> {
    const end = await settleWithin(this.#deps.clock, this.#settings.actionTimeoutMs, work);
    if (end.kind === 'failed') this.#log.error({ err: end.error }, otherwise);
    if (end.kind === 'late') this.#log.error({ waitedMs: this.#settings.actionTimeoutMs }, otherwise);
  }

  async #baseline(): Promise<BaselineInput | undefined> {
    const { baseline, clock } = this.#deps;
    if (baseline === undefined) return undefined;
    if (baseline.kind === 'live')
      return { kind: 'live', sample: await this.#sample('the baseline', baseline.stats) };
    if (this.#recorded === undefined) {
      const { store, version } = baseline;
      const end = await settleWithin(clock, this.#settings.sampleTimeoutMs, () => store.find(version));
      if (end.kind === 'done') this.#recorded = end.value?.stats;
      else this.#log.warn({ version, ...end }, 'rollback: no baseline');
    }
    return this.#recorded === undefined ? undefined : { kind: 'recorded', total: this.#recorded };
  }

  /** No data, with a warning, for whatever is no sample. */
  async #sample(of: string, stats: VersionStats): Promise<StatsSample | undefined> {
    const abort = new AbortController();
    const end = await settleWithin(this.#deps.clock, this.#settings.sampleTimeoutMs, () =>
      stats.sample(abort.signal),
    );
    if (end.kind === 'late') abort.abort(new Error('late'));
    if (end.kind === 'done' && end.value === undefined) return undefined;
    const parsed = end.kind === 'done' ? statsSampleSchema.safeParse(end.value) : undefined;
    if (parsed?.success === true) return parsed.data;
    this.#log.warn({ of, why: parsed?.error.issues ?? end }, 'rollback: no data');
    return undefined;
  }
}

function isUnique(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
