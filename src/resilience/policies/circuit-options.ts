import { z } from 'zod';

const LONGEST_OPEN_MS = 30_000;
const durationMs = z.number().positive();

export const circuitBreakerSchema = z
  .strictObject({
    /** What is called, such as `binance`: its label in metrics. */
    name: z.string().min(1).default('circuit-breaker'),
    /** It never opens on less than this many completed calls within the window. */
    minCalls: z.int().min(1).default(20),
    /** It opens when failed and slow calls are this fraction of the window or more; above 0, at most 1. */
    failureRate: z.number().gt(0).max(1).default(0.5),
    windowMs: durationMs.default(10_000),
    /** A call that takes longer counts as a failure; its value is delivered all the same. Infinity for none. */
    slowCallMs: durationMs.or(z.literal(Infinity)).default(Infinity),
    /** How long it stays open before a probe may go, at most: jitter shortens it. Doubles with each probe that fails. */
    openMs: durationMs.default(5_000),
    /** Where doubling ends. Default 30,000, or `openMs` when that is longer. */
    maxOpenMs: durationMs.optional(),
    /** How much of that time jitter may take off, 0 to 1, so that a fleet does not probe together. */
    jitterFraction: z.number().min(0).max(1).default(0.2),
    /** When a probe has not come back after this time, another one may go; from then on only that one counts. */
    probeTimeoutMs: durationMs.default(10_000),
  })
  .transform((options) => ({
    ...options,
    maxOpenMs: options.maxOpenMs ?? Math.max(LONGEST_OPEN_MS, options.openMs),
  }))
  .refine(({ openMs, maxOpenMs }) => maxOpenMs >= openMs, {
    path: ['maxOpenMs'],
    message: 'expected openMs or more',
  });

/** @interface */
export type CircuitBreakerOptions = z.input<typeof circuitBreakerSchema>;

export type CircuitRules = z.output<typeof circuitBreakerSchema>;
