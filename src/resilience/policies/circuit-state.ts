import type { CallStats } from '../call.ts';
import type { CallCounts } from './call-window.ts';

export const CIRCUIT_STATES = ['closed', 'open', 'half-open', 'isolated'] as const;

export type CircuitStateName = (typeof CIRCUIT_STATES)[number];

/** The result that opened a circuit, or that keeps it open. */
export interface CircuitCause {
  /** A code of a {@link Failure}, or `SLOW_CALL`. */
  readonly code: string;
  /** One line for people. */
  readonly description: string;
}

/** How a circuit came to open, and what the probes have said since. */
export interface CircuitOpening {
  /** What the window held when it opened, the last result included. */
  readonly counts: CallCounts;
  /** That of the latest probe, if one has failed. */
  readonly cause: CircuitCause;
  readonly failedProbes: number;
}

/** One way of being open, with the time between two probes before jitter. */
interface Opened {
  readonly opening: CircuitOpening;
  readonly openMs: number;
}

/** The place of the one probe. It is free again at `untilMs`, or as soon as its caller aborts. */
interface Probe {
  readonly untilMs: number;
  readonly signal: AbortSignal | undefined;
  /** Those of its call, and which attempt of it: whatever policies further in make of the call, these stay. */
  readonly stats: CallStats;
  readonly attempt: number;
}

/**
 * What a circuit is in. Times are monotonic. Each state is a new object, and a result counts only in the one that its call
 * began in: what comes later speaks of another period.
 */
export type CircuitState =
  | { readonly kind: 'closed'; readonly sinceMs: number }
  | ({ readonly kind: 'open'; readonly sinceMs: number; readonly untilMs: number } & Opened)
  | ({ readonly kind: 'half-open'; readonly sinceMs: number; readonly probe: Probe | undefined } & Opened)
  | { readonly kind: 'isolated'; readonly sinceMs: number; readonly reason: string };

export type CircuitOpenState = Extract<CircuitState, { kind: 'open' }>;
export type CircuitHalfOpenState = Extract<CircuitState, { kind: 'half-open' }>;
