import { z } from 'zod';

const MINUTE_MS = 60_000;

export const crashSchema = z.strictObject({
  /** When it begins, as a fraction of the run. */
  atFraction: z.number().min(0).max(1).default(0.6),
  /** How far the price falls, as a fraction of it. */
  depthFraction: z.number().min(0).max(0.95).default(0.12),
  /** How long it falls. */
  fallMinutes: z.number().positive().max(100_000).default(30),
  /** How much of the fall comes back. */
  recoveryFraction: z.number().min(0).max(1).default(0.4),
  /** How long that takes. */
  recoveryMinutes: z.number().positive().max(1_000_000).default(240),
});

/** What a crash does at a moment. */
export interface CrashState {
  /** Added to the logarithm of the price: 0 before, log(1 - depth) at the bottom. */
  readonly shift: number;
  /** 0 in a quiet market, 1 in the fall; spreads widen and depth thins with it. */
  readonly stress: number;
  readonly falling: boolean;
}

const QUIET: CrashState = { shift: 0, stress: 0, falling: false };

/** The state of a crash that began `sinceMs` ago (negative: it will begin). */
export function crashState(crash: z.output<typeof crashSchema>, sinceMs: number): CrashState {
  if (sinceMs < 0) return QUIET;
  const bottom = Math.log(1 - crash.depthFraction);
  const fall = sinceMs / (crash.fallMinutes * MINUTE_MS);
  if (fall < 1) return { shift: bottom * smooth(fall), stress: Math.min(1, 4 * fall), falling: true };
  const recovery = Math.min(1, (fall - 1) * (crash.fallMinutes / crash.recoveryMinutes));
  return {
    shift: bottom * (1 - crash.recoveryFraction * smooth(recovery)),
    stress: 1 - recovery,
    falling: false,
  };
}

/** From 0 to 1 without an edge at either end. */
const smooth = (x: number): number => x * x * (3 - 2 * x);
