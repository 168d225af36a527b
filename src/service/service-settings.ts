import { z } from 'zod';
import { httpLimits } from './http/http-limits.ts';

/** What an operator may set: section `service` of the configuration. Options of the constructor are its defaults. */
export const serviceSettings = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 takes any free port. */
  port: z.int().min(0).max(65_535).default(0),
  /** A listener of its own for probes, metrics and administration; without it they are served on `port`. */
  adminPort: z.int().min(0).max(65_535).optional(),
  adminHost: z.string().min(1).default('127.0.0.1'),
  /** How long `/ready` says 503, with everything still answered, before connections are refused: longer than the load balancer takes to notice. */
  drainDelayMs: z.number().min(0).max(600_000).default(0),
  /** For requests and background work at hand; what takes longer is cut. */
  stopTimeoutMs: z.number().positive().max(600_000).default(10_000),
  /** For each thing that is closed or flushed after that. */
  closeTimeoutMs: z.number().positive().max(600_000).default(5_000),
  /** How often dependencies are asked without anyone asking. */
  checkEveryMs: z.number().min(100).max(600_000).default(5_000),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** A JSON file with feature flags, looked at again and again. Default: `FLAG_...` in the environment. */
  flagsFile: z.string().min(1).optional(),
  limits: httpLimits.prefault({}),
});

export type ServiceSettings = z.output<typeof serviceSettings>;

/** What only the code decides. */
export const serviceIdentity = {
  /** In logs, metrics, traces and `/health`. */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a lower-case letter, then letters, digits and -'),
  version: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, 'expected letters, digits and . _ + -')
    .default('0.0.0'),
  /** How long the answer of a health check is good for. */
  healthCacheMs: z.number().min(0).max(60_000).default(1000),
} as const;
