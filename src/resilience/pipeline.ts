import type { Call } from './call.ts';
import type { Outcome } from './outcome.ts';
import { Policy, type Work } from './policy.ts';

/**
 * The policies of a pipeline, all optional, in the one order in which they run, outermost first. It is not a choice: each
 * place has its reason.
 */
export interface PipelinePolicies {
  /** Sees what all others could not save. */
  readonly fallback?: Policy | undefined;
  /** Before the deadline: the wait for tokens is bounded by the limiter itself. */
  readonly rateLimit?: Policy | undefined;
  /** Over all attempts and the waits between them. */
  readonly totalTimeout?: Policy | undefined;
  /** A second call beside a slow one, each with its own retries. */
  readonly hedge?: Policy | undefined;
  readonly retry?: Policy | undefined;
  /** Inside retry: it counts attempts, and an open circuit is not retried. */
  readonly breaker?: Policy | undefined;
  /** Inside the breaker: what it refuses says nothing of the upstream. */
  readonly bulkhead?: Policy | undefined;
  /** Innermost: it starts when the attempt has its slot. */
  readonly attemptTimeout?: Policy | undefined;
}

/** The places of a pipeline, outermost first. */
export const PIPELINE_ORDER = [
  'fallback',
  'rateLimit',
  'totalTimeout',
  'hedge',
  'retry',
  'breaker',
  'bulkhead',
  'attemptTimeout',
] as const satisfies readonly (keyof PipelinePolicies)[];

/** Several policies as one, in the order of {@link PIPELINE_ORDER}. */
export function pipeline(policies: PipelinePolicies): Policy {
  const chosen = PIPELINE_ORDER.map((place) => policies[place]).filter((policy) => policy !== undefined);
  return chosen.reduceRight<Policy>((inner, outer) => new Nested(outer, inner), new Bare());
}

class Nested extends Policy {
  readonly #outer: Policy;
  readonly #inner: Policy;

  constructor(outer: Policy, inner: Policy) {
    super();
    this.#outer = outer;
    this.#inner = inner;
  }

  run<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    return this.#outer.run((inner) => this.#inner.run(work, inner), call);
  }
}

class Bare extends Policy {
  run<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    return work(call);
  }
}
