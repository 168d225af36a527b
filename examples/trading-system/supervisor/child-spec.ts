import { z } from 'zod';

/** One process that is to run. */
export interface ChildSpec {
  /** In events and commands: `trading-1`. */
  readonly name: string;
  readonly role: string;
  /** From 1. */
  readonly instance: number;
  /** For Node: the file to run, then its arguments. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Those of a lower one are ready before those of a higher one are started; they are stopped the other way round. */
  readonly stage: number;
  /** Whether a rolling restart leaves it alone. Default: false. */
  readonly isFixed?: boolean;
}

/**
 * Exit code of a child that has lost its lease: another one trades, and this one is to stand by again at once. One that asks for
 * it again before it has stayed up waits longer each time, up to `maxBackoffMs`, and is never given up for it.
 */
export const EXIT_RESTART = 75;

export const rulesSchema = z.strictObject({
  /** For a child to become ready; one that takes longer is ended, and counts as one that died. */
  readyTimeoutMs: z.int().min(100).default(60_000),
  /** For a child to end after SIGTERM; then SIGKILL. */
  stopTimeoutMs: z.int().min(10).default(20_000),
  /** Wait before a child that died is started again; doubles with each death until one stays up. */
  backoffMs: z.int().min(1).default(200),
  maxBackoffMs: z.int().min(1).default(5_000),
  /** A child that dies so often within `crashWindowMs` is given up. */
  maxCrashes: z.int().min(1).default(5),
  crashWindowMs: z.int().min(1).default(30_000),
  /** One that ran for so long has stayed up. */
  steadyMs: z.int().min(1).default(10_000),
  /** How often a child is asked whether it is alive, and for how long it may owe an answer. */
  liveEveryMs: z.int().min(10).default(2_000),
  liveTimeoutMs: z.int().min(10).default(3_000),
  /** So many answers in a row that do not come, and it is killed. */
  liveFailures: z.int().min(1).default(4),
});

export type SupervisorRules = z.output<typeof rulesSchema>;
/** @interface */
export type SupervisorRulesInput = z.input<typeof rulesSchema>;

/** `waiting`: it died, and is started again in a while. `given-up`: it died too often. */
export type ChildState = 'stopped' | 'starting' | 'ready' | 'stopping' | 'waiting' | 'given-up';

export interface ChildStatus {
  readonly name: string;
  readonly role: string;
  readonly instance: number;
  readonly state: ChildState;
  readonly pid?: number;
  /** Where its HTTP is, as it said itself. */
  readonly url?: string;
  /** How often it has been started. */
  readonly starts: number;
  /** How often it has ended without being asked to. */
  readonly deaths: number;
}

/** What becomes of children: one line each. */
export type ChildEvent =
  | { readonly event: 'started'; readonly child: string; readonly pid: number; readonly starts: number }
  | {
      readonly event: 'ready';
      readonly child: string;
      readonly pid: number;
      readonly url?: string;
      readonly tookMs: number;
    }
  /** It does not answer, or did not become ready: it is ended. */
  | { readonly event: 'unresponsive'; readonly child: string; readonly reason: string }
  | { readonly event: 'stopping'; readonly child: string }
  /** It did not end in time. */
  | { readonly event: 'killed'; readonly child: string }
  | {
      readonly event: 'ended';
      readonly child: string;
      readonly code: number | null;
      readonly signal: string | null;
      /** Why it could not be started. */
      readonly error?: string;
      /** Whether it was told to. */
      readonly asked: boolean;
      readonly ranMs: number;
    }
  | { readonly event: 'waiting'; readonly child: string; readonly forMs: number; readonly crashes: number }
  | {
      readonly event: 'given-up';
      readonly child: string;
      readonly crashes: number;
      readonly withinMs: number;
    };
