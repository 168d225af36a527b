import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { nextTurn } from '../../../src/core/clock.ts';
import { ManualClock } from '../../../src/core/index.ts';
import { newCall } from '../../../src/resilience/call.ts';
import { aborted } from '../../../src/resilience/failure.ts';
import {
  type Failure,
  Hedge,
  type Outcome,
  Retry,
  Timeout,
  type Work,
} from '../../../src/resilience/index.ts';
import { failed, success } from '../../../src/resilience/outcome.ts';
import { listenersOf } from '../../resilience/policies/attempts.ts';

/** How one attempt goes. */
interface Attempt {
  readonly ms: number;
  readonly end: 'ok' | 'retryable' | 'final';
  readonly heeds: boolean;
}

const TOTAL_MS = 300;

const failure = (mayRetry: boolean): Failure => ({
  code: 'WORK_FAILED',
  upstream: 'failing',
  mayRetry,
  error: 1,
});

class Upstream {
  running = 0;
  attempts = 0;
  readonly #clock: ManualClock;
  readonly #script: readonly Attempt[];

  constructor(clock: ManualClock, script: readonly Attempt[]) {
    this.#clock = clock;
    this.#script = script;
  }

  readonly work: Work<string> = (call) => {
    const attempt = this.#script[this.attempts % this.#script.length];
    this.attempts += 1;
    this.running += 1;
    call.stats.attempts += 1;
    return new Promise((resolve) => {
      const end = (outcome: Outcome<string>): void => {
        timer[Symbol.dispose]();
        call.signal?.removeEventListener('abort', onAbort);
        this.running -= 1;
        resolve(outcome);
      };
      const onAbort = (): void => {
        if (attempt?.heeds === true) end(failed(aborted(call.signal)));
      };
      const timer = this.#clock.deadline(attempt?.ms ?? 0, () => {
        end(attempt?.end === 'ok' ? success('ok') : failed(failure(attempt?.end === 'retryable')));
      });
      call.signal?.addEventListener('abort', onAbort);
    });
  };
}

const attempts = fc.array(
  fc.record({
    ms: fc.integer({ min: 0, max: 400 }),
    end: fc.constantFrom('ok', 'retryable', 'retryable', 'final'),
    heeds: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

describe('total timeout > hedge > retry > attempt timeout', () => {
  test.prop(
    [attempts, fc.option(fc.integer({ min: 1, max: 400 })), fc.double({ min: 0, max: 0.99, noNaN: true })],
    {
      numRuns: 300,
    },
  )(
    'ends in time, on an abort at once, and tells when the work it gave up has ended',
    async (script, abortMs, draw) => {
      const clock = new ManualClock();
      const upstream = new Upstream(clock, script);
      const total = new Timeout({ scope: 'total', timeoutMs: TOTAL_MS }, { clock });
      const hedge = new Hedge({ delayMs: 120 }, { clock });
      const retry = new Retry({ retries: 2, baseDelayMs: 40 }, { clock, random: () => draw });
      const attempt = new Timeout({ scope: 'attempt', timeoutMs: 90 }, { clock });
      const caller = new AbortController();
      const call = newCall({ signal: caller.signal });

      let seen: { outcome: Outcome<string>; atMs: number } | undefined;
      let ended: boolean | undefined;
      const done = total.run(
        (a) => hedge.run((b) => retry.run((c) => attempt.run(upstream.work, c), b), a),
        call,
      );
      void done.then(async (outcome) => {
        seen = { outcome, atMs: clock.monotonicMs() };
        if (outcome.ok) return;
        ended = outcome.failure.stillRunning === undefined;
        await outcome.failure.stillRunning;
        ended = true;
      });

      const look = async (): Promise<void> => {
        await nextTurn();
        if (seen?.outcome.ok === false) expect(ended).toBe(upstream.running === 0);
      };
      await look();
      while (clock.nextDueMs < Infinity || (abortMs !== null && !caller.signal.aborted)) {
        const isAbort = abortMs !== null && !caller.signal.aborted && abortMs <= clock.nextDueMs;
        clock.advanceTo(isAbort ? abortMs - 0.5 : clock.nextDueMs);
        if (isAbort) {
          const wasOver = seen !== undefined;
          caller.abort('left');
          await look();
          if (!wasOver)
            expect(seen).toMatchObject({ outcome: { failure: { code: 'ABORTED', reason: 'left' } } });
        }
        await look();
      }

      expect(seen?.atMs).toBeLessThanOrEqual(TOTAL_MS);
      expect([upstream.running, listenersOf(caller.signal)]).toEqual([0, 0]);
      expect(upstream.attempts).toBeLessThanOrEqual(2 * 3);
    },
  );
});
