import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import type { BoundCounter, MetricsRegistry } from '../../telemetry/index.ts';
import { CallWithin, isAborted, listen, unlisten } from '../call-within.ts';
import type { Call } from '../call.ts';
import { type Failure, type TimedOut, aborted, abortedFor } from '../failure.ts';
import { type Outcome, failed } from '../outcome.ts';
import { Policy, type Work } from '../policy.ts';
import { ResilienceError } from '../resilience-error.ts';
import { Running } from './running.ts';

const TIMEOUTS = {
  name: 'trading_timeouts_total',
  help: 'Calls and attempts given up because their time was over, by target and scope.',
  labels: { target: 'any', scope: ['attempt', 'total'] },
} as const;

const schema = z.strictObject({
  /** Milliseconds, above 0. */
  timeoutMs: z.number().positive(),
  /** One attempt, which may be made again, or the call as a whole. */
  scope: z.enum(['attempt', 'total']),
  /** The `target` in metrics. */
  name: z.string().min(1).default('timeout'),
});

/** @interface */
export type TimeoutOptions = z.input<typeof schema>;

export interface TimeoutDeps {
  readonly clock: Clock;
  readonly metrics?: MetricsRegistry | undefined;
}

/**
 * Gives work up when its time is over: its signal aborts, and the outcome comes at once even if the work does not heed
 * the signal. Then `stillRunning` of the failure settles when the work has really ended; its late result is dropped.
 * Scope `total` heeds a call's own `timeoutMs`, and tells the policies inside by when the call must be over (`deadlineMs`).
 */
export class Timeout extends Policy {
  readonly #timeoutMs: number;
  readonly #scope: 'attempt' | 'total';
  readonly #clock: Clock;
  readonly #timeouts: BoundCounter | undefined;
  /** Of all that runs. */
  readonly #ends = new Set<(failure: Failure, reason: unknown) => void>();

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: TimeoutOptions, { clock, metrics }: TimeoutDeps) {
    super();
    const { timeoutMs, scope, name } = parseOptions('Timeout', schema, options);
    this.#timeoutMs = timeoutMs;
    this.#scope = scope;
    this.#clock = clock;
    this.#timeouts = metrics?.counter(TIMEOUTS).bind({ target: name, scope });
  }

  run<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    if (isAborted(call)) return Promise.resolve(failed(aborted(call.signal)));
    const nowMs = this.#clock.monotonicMs();
    const leftMs = call.deadlineMs - nowMs;
    if (!(leftMs > 0)) return Promise.resolve(failed(timedOut('total', 0, 'unknown')));
    if (this.#scope === 'attempt') return this.#within(this.#timeoutMs, call.deadlineMs, work, call);
    const ownMs = call.timeoutMs ?? this.#timeoutMs;
    return this.#within(Math.min(ownMs, leftMs), Math.min(nowMs + ownMs, call.deadlineMs), work, call);
  }

  /** Gives up all that runs; what comes later is as ever. */
  giveUpAll(reason: Error): void {
    for (const end of this.#ends) end(abortedFor(reason), reason);
  }

  #within<T>(timeoutMs: number, deadlineMs: number, work: Work<T>, call: Call): Promise<Outcome<T>> {
    const attemptsBefore = call.stats.attempts;
    return new Promise((resolve) => {
      const inner = new CallWithin(call, deadlineMs);
      const running = new Running<T>((outcome) => {
        unlisten(call, caller);
        this.#ends.delete(end);
        timer[Symbol.dispose]();
        resolve(outcome);
      });
      const end = (failure: Failure, reason: unknown): void => {
        running.giveUp(failure);
        inner.abort(reason);
      };
      const caller = {
        handleEvent: (): void => {
          end(endedFrom(call.signal), call.signal?.reason);
        },
      };
      listen(call, caller);
      this.#ends.add(end);
      const timer = this.#clock.deadline(timeoutMs, () => {
        const wasAsked = this.#scope === 'attempt' || call.stats.attempts > attemptsBefore;
        const failure = timedOut(this.#scope, timeoutMs, wasAsked ? 'failing' : 'unknown');
        this.#timeouts?.inc();
        end(failure, new ResilienceError(failure));
      });
      void running.start(work, inner);
    });
  }
}

/** An attempt that the total timeout cut short has timed out: the upstream has had all the time that the call had. */
function endedFrom(signal: AbortSignal | undefined): Failure {
  const reason: unknown = signal?.reason;
  const isLate = reason instanceof ResilienceError && reason.failure.code === 'TIMED_OUT';
  return isLate ? reason.failure : aborted(signal);
}

const timedOut = (
  scope: 'attempt' | 'total',
  timeoutMs: number,
  upstream: 'failing' | 'unknown',
): TimedOut => ({ code: 'TIMED_OUT', upstream, mayRetry: scope === 'attempt', scope, timeoutMs });
