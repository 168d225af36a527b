import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { MetricsRegistry } from '../../telemetry/index.ts';
import { checkFields, checkName, type Health } from './health.ts';
import type { HealthProbe } from './health-check.ts';
import { type Recover, Recovery } from './recovery.ts';

const schema = z.strictObject({
  name: checkName,
  ...checkFields,
  critical: checkFields.critical.default(true),
  failAfter: checkFields.failAfter.default(3),
  passAfter: checkFields.passAfter.default(2),
});

/** How a dependency is asked, brought back and closed. */
export interface DependencyOptions extends Omit<z.input<typeof schema>, 'name'> {
  /** Whether it is well. Without it the dependency is only closed. */
  readonly check?: HealthProbe;
  /** Tried with back-off while it is down; needs `check`, which says so. */
  readonly recover?: Recover;
  /** Default: its own `close`, `stop`, `destroy`, `Symbol.asyncDispose` or `Symbol.dispose`, the first that it has. */
  readonly close?: () => unknown;
}

const UP = {
  name: 'service_dependency_up',
  help: '1 while a dependency is up or degraded, 0 while it is down.',
  labels: ['dependency'],
} as const;

const TRANSITIONS = {
  name: 'service_dependency_transitions_total',
  help: 'How often a dependency changed, by what it became.',
  labels: { dependency: 'any', to: ['up', 'degraded', 'down'] },
} as const;

const RECOVERIES = {
  name: 'service_dependency_recoveries_total',
  help: 'Tries to bring a dependency back, by how they ended.',
  labels: { dependency: 'any', outcome: ['ok', 'error'] },
} as const;

const CHECK_DURATION = {
  name: 'service_dependency_check_duration_seconds',
  help: 'How long the probes of a dependency took.',
  labels: ['dependency'],
} as const;

export interface DependenciesDeps {
  readonly health: Health;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  /** Ends all recovery. */
  readonly signal: AbortSignal;
}

/** What a service has opened: watched while it runs, brought back when it fails, closed in reverse order at the end. */
export class Dependencies {
  readonly #deps: DependenciesDeps;
  readonly #recoveries = new Map<string, Recovery>();
  readonly #names = new Set<string>();
  readonly #open: { readonly name: string; readonly close: () => unknown }[] = [];
  #isOver = false;

  constructor(deps: DependenciesDeps) {
    this.#deps = deps;
    const { health, log, metrics } = deps;
    const up = metrics.gauge(UP);
    const transitions = metrics.counter(TRANSITIONS);
    const durations = metrics.histogram(CHECK_DURATION);
    health.onReport(({ name, report, before }) => {
      const { status, latencyMs, reason } = report;
      durations.observe({ dependency: name }, latencyMs / 1000);
      up.set({ dependency: name }, status === 'down' ? 0 : 1);
      transitions.expect({ dependency: name });
      if (status === before?.status) return;
      if (before !== undefined) transitions.inc({ dependency: name, to: status });
      if (status === 'down') this.#recoveries.get(name)?.begin();
      else this.#recoveries.get(name)?.end();
      if (status !== 'up') log.warn({ dependency: name, status, reason }, 'dependency');
      else if (before !== undefined) log.info({ dependency: name, status }, 'dependency');
    });
  }

  /**
   * Takes over what was opened, and gives it back.
   *
   * @throws {PortcullisError} `OPTION_INVALID`, also when the name is taken; `SERVICE_STOPPED` when all others are closed
   * already: then this one is closed at once.
   */
  use<T>(name: string, dependency: T, options: DependencyOptions = {}): T {
    const { check, recover, close = closeOf(dependency), ...rest } = options;
    const { name: _, ...settings } = parseOptions('use', schema, { ...rest, name });
    if (this.#isOver) this.#refuse(name, close);
    if (this.#names.has(name)) throw invalid(`name: ${JSON.stringify(name)} is taken, expected another`);
    if (recover !== undefined && check === undefined)
      throw invalid(`${name}: recover: expected a check as well`);
    this.#names.add(name);
    if (check !== undefined) this.#deps.health.add(name, check, settings);
    if (recover !== undefined) this.#recoveries.set(name, this.#recoveryOf(name, recover));
    if (close !== undefined) this.#open.push({ name, close });
    return dependency;
  }

  /** Takes what is to be closed, the last opened first. Nothing is taken over from now on. */
  takeOpen(): readonly { readonly name: string; readonly close: () => unknown }[] {
    this.#isOver = true;
    return this.#open.splice(0).toReversed();
  }

  #refuse(name: string, close: (() => unknown) | undefined): never {
    void (async () => {
      await close?.();
    })().catch((err: unknown) => {
      this.#deps.log.warn({ dependency: name, err }, 'opened too late, and not closed');
    });
    throw new PortcullisError('SERVICE_STOPPED', `use ${name}: the service has stopped`);
  }

  #recoveryOf(name: string, recover: Recover): Recovery {
    const { health, clock, random, log, metrics, signal } = this.#deps;
    const recoveries = metrics.counter(RECOVERIES);
    recoveries.expect({ dependency: name });
    return new Recovery(recover, {
      clock,
      random,
      signal,
      onTry: async (error) => {
        recoveries.inc({ dependency: name, outcome: error === undefined ? 'ok' : 'error' });
        if (error !== undefined) log.warn({ dependency: name, err: error }, 'recovery failed');
        await health.probe(name);
      },
    });
  }
}

const invalid = (message: string): PortcullisError =>
  new PortcullisError('OPTION_INVALID', `use: ${message}`);

/** Read when it is closed: what a dependency is closed with may be set later. */
function closeOf(dependency: unknown): (() => unknown) | undefined {
  if (typeof dependency !== 'object' || dependency === null) return undefined;
  const own = dependency as Readonly<Record<PropertyKey, unknown>>;
  const key = ['close', 'stop', 'destroy', Symbol.asyncDispose, Symbol.dispose].find(
    (name) => typeof own[name] === 'function',
  );
  return key === undefined ? undefined : () => (own[key] as () => unknown).call(dependency);
}
