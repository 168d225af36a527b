import { describe, expect, test } from 'vitest';
import { type Call } from '../../src/resilience/call.ts';
import { type Outcome } from '../../src/resilience/outcome.ts';
import { PIPELINE_ORDER, type PipelinePolicies, pipeline } from '../../src/resilience/pipeline.ts';
import { Policy, type Work } from '../../src/resilience/policy.ts';

/** Writes down when it is entered and left. */
class Traced extends Policy {
  readonly #name: string;
  readonly #seen: string[];

  constructor(name: string, seen: string[]) {
    super();
    this.#name = name;
    this.#seen = seen;
  }

  async run<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    this.#seen.push(`> ${this.#name}`);
    const outcome = await work(call);
    this.#seen.push(`< ${this.#name}`);
    return outcome;
  }
}

describe('pipeline', () => {
  test('has one order, whatever the order in which its policies are named', async () => {
    const seen: string[] = [];
    const policies = Object.fromEntries(
      [...PIPELINE_ORDER].reverse().map((place) => [place, new Traced(place, seen)]),
    ) as PipelinePolicies;

    await expect(pipeline(policies).execute(() => Promise.resolve(seen.push('work')))).resolves.toBe(9);

    const order = [
      'fallback',
      'rateLimit',
      'totalTimeout',
      'hedge',
      'retry',
      'breaker',
      'bulkhead',
      'attemptTimeout',
    ];
    expect(seen).toEqual([
      ...order.map((place) => `> ${place}`),
      'work',
      ...order.toReversed().map((place) => `< ${place}`),
    ]);
  });

  test('leaves out what is not there', async () => {
    const seen: string[] = [];
    const some = pipeline({
      breaker: new Traced('breaker', seen),
      retry: new Traced('retry', seen),
      hedge: undefined,
    });
    await some.execute(() => Promise.resolve());
    expect(seen).toEqual(['> retry', '> breaker', '< breaker', '< retry']);
  });

  test('without policies is the work alone', async () => {
    await expect(pipeline({}).tryExecute(() => Promise.resolve(7))).resolves.toEqual({ ok: true, value: 7 });
  });
});
