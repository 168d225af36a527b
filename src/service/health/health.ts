import { z } from 'zod';
import { type Clock, onDispose } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { type Logger, silentLogger } from '../../telemetry/index.ts';
import {
  type CheckReport,
  HealthCheck,
  type HealthProbe,
  type HealthReport,
  type HealthStatus,
} from './health-check.ts';

const schema = z.strictObject({
  /** How long an answer is good for. */
  cacheMs: z.number().min(0).max(60_000).default(1000),
});

export const checkFields = {
  /** Whether the service is not ready without it. */
  critical: z.boolean(),
  timeoutMs: z.number().positive().max(60_000).default(2000),
  /** Failures in a row that turn it down. */
  failAfter: z.int().min(1).max(100),
  /** Passes in a row that turn it up again. */
  passAfter: z.int().min(1).max(100),
} as const;

export const checkName = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9._-]{0,63}$/, 'expected a letter, then letters, digits and . _ -');

const checkSchema = z.strictObject({
  name: checkName,
  ...checkFields,
  critical: checkFields.critical.default(false),
  failAfter: checkFields.failAfter.default(1),
  passAfter: checkFields.passAfter.default(1),
});

/** @interface */
export type HealthOptions = z.input<typeof schema>;
/** @interface */
export type HealthCheckOptions = Omit<z.input<typeof checkSchema>, 'name'>;

/** One probe is over. */
export interface HealthChange {
  readonly name: string;
  readonly report: CheckReport;
  /** What was known before, if anything. */
  readonly before: CheckReport | undefined;
}

/** The dependencies of a service and how they are. Liveness never asks it. */
export class Health {
  readonly #cacheMs: number;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #checks = new Map<string, HealthCheck>();
  readonly #listeners = new Set<(change: HealthChange) => void>();

  /**
   * @param deps.log gets what a listener throws. Default: nowhere
   * @throws {PortcullisError} `OPTION_INVALID`
   */
  constructor(options: HealthOptions, deps: { readonly clock: Clock; readonly log?: Logger }) {
    this.#cacheMs = parseOptions('Health', schema, options).cacheMs;
    this.#clock = deps.clock;
    this.#log = deps.log ?? silentLogger;
  }

  /**
   * Adds a dependency; unless told otherwise one answer is enough to turn it down or up.
   *
   * @throws {PortcullisError} `OPTION_INVALID`, also when the name is taken.
   */
  add(name: string, probe: HealthProbe, options: HealthCheckOptions = {}): void {
    const { name: _, ...settings } = parseOptions('health.add', checkSchema, { ...options, name });
    if (this.#checks.has(name)) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `health.add: name: ${JSON.stringify(name)} is taken, expected another`,
      );
    }
    const onReport = (report: CheckReport, before: CheckReport | undefined): void => {
      for (const listener of [...this.#listeners]) this.#tell(listener, { name, report, before });
    };
    this.#checks.set(
      name,
      new HealthCheck(probe, { ...settings, cacheMs: this.#cacheMs }, this.#clock, onReport),
    );
  }

  /**
   * Tells of each probe that is over, until disposed. Compare `report` and `before` for what has changed. A listener that
   * throws is logged, and keeps nobody from being told.
   */
  onReport(listener: (change: HealthChange) => void): Disposable {
    const own = (change: HealthChange): void => {
      listener(change);
    };
    this.#listeners.add(own);
    return onDispose(() => this.#listeners.delete(own));
  }

  /** How everything is, asked where the last answer is no longer fresh. */
  async report(): Promise<HealthReport> {
    return summary(await this.#ask([...this.#checks]));
  }

  /** Asks one dependency now, whatever is known of it; nothing where there is none of that name. */
  async probe(name: string): Promise<CheckReport | undefined> {
    return this.#checks.get(name)?.ask();
  }

  /** What was known last of all: asks nobody. What was never asked counts as up. */
  get status(): HealthStatus {
    return this.known.status;
  }

  /** What was known last of those that were ever asked: asks nobody. */
  get known(): HealthReport {
    const known = [...this.#checks].flatMap(([name, { last }]) =>
      last === undefined ? [] : [[name, last] as const],
    );
    return summary(known);
  }

  /** Names of the critical dependencies that are down; asks no others. */
  async criticalDown(): Promise<readonly string[]> {
    const reports = await this.#ask([...this.#checks].filter(([, check]) => check.critical));
    return reports.filter(([, { status }]) => status === 'down').map(([name]) => name);
  }

  #tell(listener: (change: HealthChange) => void, change: HealthChange): void {
    try {
      listener(change);
    } catch (err) {
      this.#log.error({ err, check: change.name }, 'listener of the health failed');
    }
  }

  #ask(checks: readonly (readonly [string, HealthCheck])[]): Promise<(readonly [string, CheckReport])[]> {
    return Promise.all(checks.map(async ([name, check]) => [name, await check.report()] as const));
  }
}

function summary(reports: readonly (readonly [string, CheckReport])[]): HealthReport {
  const isDown = reports.some(([, { status, critical }]) => critical && status === 'down');
  const isDegraded = reports.some(([, { status }]) => status !== 'up');
  return { status: isDown ? 'down' : isDegraded ? 'degraded' : 'up', checks: Object.fromEntries(reports) };
}
