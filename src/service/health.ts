import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { type CheckReport, HealthCheck, type HealthProbe } from './health-check.ts';

const schema = z.strictObject({
  /** How long an answer is good for. */
  cacheMs: z.number().min(0).max(60_000).default(1000),
});

const checkSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-zA-Z][a-zA-Z0-9._-]{0,63}$/, 'expected a letter, then letters, digits and . _ -'),
  /** Whether the service is not ready without it. */
  critical: z.boolean().default(false),
  timeoutMs: z.number().positive().max(60_000).default(2000),
});

/** @interface */
export type HealthOptions = z.input<typeof schema>;
/** @interface */
export type HealthCheckOptions = Omit<z.input<typeof checkSchema>, 'name'>;

/** `degraded`: something is down, but nothing critical. */
export type HealthStatus = 'up' | 'degraded' | 'down';

export interface HealthReport {
  readonly status: HealthStatus;
  readonly checks: Readonly<Record<string, CheckReport>>;
}

/** The dependencies of a service and how they are. Liveness never asks it. */
export class Health {
  readonly #cacheMs: number;
  readonly #clock: Clock;
  readonly #checks = new Map<string, HealthCheck>();

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: HealthOptions, deps: { readonly clock: Clock }) {
    this.#cacheMs = parseOptions('Health', schema, options).cacheMs;
    this.#clock = deps.clock;
  }

  /** Adds a dependency. @throws {PortcullisError} `OPTION_INVALID`, also when the name is taken. */
  add(name: string, probe: HealthProbe, options: HealthCheckOptions = {}): void {
    const { critical, timeoutMs } = parseOptions('health.add', checkSchema, { ...options, name });
    if (this.#checks.has(name)) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `health.add: name: ${JSON.stringify(name)} is taken, expected another`,
      );
    }
    this.#checks.set(
      name,
      new HealthCheck(probe, { critical, timeoutMs, cacheMs: this.#cacheMs }, this.#clock),
    );
  }

  /** How everything is, asked where the last answer is no longer fresh. */
  async report(): Promise<HealthReport> {
    return summary(await this.#ask([...this.#checks]));
  }

  /** Names of the critical dependencies that are down; asks no others. */
  async criticalDown(): Promise<readonly string[]> {
    const reports = await this.#ask([...this.#checks].filter(([, check]) => check.critical));
    return reports.filter(([, { status }]) => status === 'down').map(([name]) => name);
  }

  #ask(checks: readonly (readonly [string, HealthCheck])[]): Promise<(readonly [string, CheckReport])[]> {
    return Promise.all(checks.map(async ([name, check]) => [name, await check.report()] as const));
  }
}

function summary(reports: readonly (readonly [string, CheckReport])[]): HealthReport {
  const down = reports.filter(([, { status }]) => status === 'down');
  const status = down.some(([, { critical }]) => critical) ? 'down' : down.length > 0 ? 'degraded' : 'up';
  return { status, checks: Object.fromEntries(reports) };
}
