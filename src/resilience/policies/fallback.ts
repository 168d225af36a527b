import { z } from 'zod';
import { parseOptions } from '../../core/options.ts';
import type { BoundCounter, MetricsRegistry } from '../../telemetry/index.ts';
import type { Call } from '../call.ts';
import { type Failure, type FailureCode, aborted } from '../failure.ts';
import { linkedAbort } from '../linked-abort.ts';
import { type Outcome, failed, success } from '../outcome.ts';
import { Policy, type Work } from '../policy.ts';
import { withEarlier } from '../still-running.ts';
import { Running } from './running.ts';

const FALLBACKS = {
  name: 'trading_fallbacks_total',
  help: 'Calls that failed and were given a fallback value, by target.',
  labels: { target: 'any' },
} as const;

const SAVED_BY_DEFAULT = {
  WORK_FAILED: true,
  TIMED_OUT: true,
  ABORTED: false,
  CIRCUIT_OPEN: true,
  BULKHEAD_FULL: true,
  RATE_LIMITED: true,
  UPSTREAM_UNREACHABLE: true,
  UPSTREAM_UNTRUSTED: true,
  UPSTREAM_STATUS: true,
  RESPONSE_INVALID: true,
  RESPONSE_TOO_LARGE: true,
  ADDRESS_REFUSED: true,
} as const satisfies Record<FailureCode, boolean>;

const codes = Object.keys(SAVED_BY_DEFAULT) as FailureCode[];

const schema = z.strictObject({
  /** The failures that it is for. Default: all but `ABORTED`, whose caller waits no more. */
  codes: z
    .array(z.enum(codes))
    .min(1)
    .default(codes.filter((code) => SAVED_BY_DEFAULT[code])),
  /** The `target` in metrics. */
  name: z.string().min(1).default('fallback'),
});

/** @interface */
export type FallbackOptions = z.input<typeof schema>;

export interface FallbackDeps<V> {
  /** What the caller gets instead. When it throws, the caller gets the failure. */
  readonly fallback: (failure: Failure, call: Call) => V | Promise<V>;
  readonly metrics?: MetricsRegistry | undefined;
}

/**
 * Gives a value where a call has failed. All calls that are run under it must be for values like those it gives: the
 * compiler cannot see to that.
 */
export class Fallback<V> extends Policy {
  readonly #codes: ReadonlySet<FailureCode>;
  readonly #fallback: FallbackDeps<V>['fallback'];
  readonly #fallbacks: BoundCounter | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: FallbackOptions, { fallback, metrics }: FallbackDeps<V>) {
    super();
    const { codes, name } = parseOptions('Fallback', schema, options);
    this.#codes = new Set(codes);
    this.#fallback = fallback;
    this.#fallbacks = metrics?.counter(FALLBACKS).bind({ target: name });
  }

  async run<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    const outcome = await work(call);
    if (outcome.ok || !this.#codes.has(outcome.failure.code)) return outcome;
    const saved = await this.#save(outcome.failure, call);
    if (saved.ok) {
      this.#fallbacks?.inc();
      return success(saved.value as T); // see the class comment
    }
    if (saved.failure === outcome.failure) return outcome;
    return failed(withEarlier(saved.failure, outcome.failure.stillRunning));
  }

  /** The value, or the failure when there is none; an abort of the caller ends the wait for it. */
  #save(failure: Failure, call: Call): Promise<Outcome<Awaited<V>>> {
    return new Promise((resolve) => {
      const running = new Running<Awaited<V>>((outcome) => {
        link.dispose();
        resolve(outcome);
      });
      const link = linkedAbort(call.signal, () => {
        running.giveUp(aborted(call.signal));
      });
      void running.start((given) => this.#valueFor(failure, given), { ...call, signal: link.signal });
    });
  }

  async #valueFor(failure: Failure, call: Call): Promise<Outcome<Awaited<V>>> {
    try {
      return success(await this.#fallback(failure, call));
    } catch {
      return failed(failure);
    }
  }
}
